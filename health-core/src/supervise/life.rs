//! The life of an instance: its begin, its exit, and what follows (R2 to R9, R22).

use super::config::RestartPolicy;
use super::event::{EndReason, GivenUpReason, GroupCommand, GroupEvent, RestartCause};
use super::machine::Supervisor;
use super::replica::{Life, Place, Rest, Signals, Then};
use crate::base::{Instant, ReplicaState};
use crate::check::probe::Exit;

impl Supervisor {
    /// R2: the next instance of the replica begins.
    pub(super) fn begin(&mut self, now: Instant, index: usize) {
        self.replicas[index].begin(now);
        self.report_state(now, index);
        if !self.config.is_external {
            let instance = self.replicas[index].instance();
            self.command(now, GroupCommand::Start(instance));
        }
    }

    /// R3, and what depends on the state. Reports the state if it is another one.
    pub(super) fn report_state(&mut self, now: Instant, index: usize) {
        use ReplicaState::{Ready, Started, Unready};
        let replica = &mut self.replicas[index];
        let (from, to) = (replica.state, replica.current());
        if matches!(to, Started | Ready | Unready) {
            self.is_short = false;
            replica.well_since.get_or_insert(now);
        }
        if to == Ready {
            self.was_ready = true;
            replica.was_ready = true;
            replica.is_restarting = false;
            replica.ready_since.get_or_insert(now);
        } else {
            replica.ready_since = None;
        }
        if from != to {
            replica.state = to;
            replica.since = now;
            let replica = replica.index;
            self.report(GroupEvent::State {
                at: now,
                replica,
                from,
                to,
            });
        }
    }

    /// R4: the instance is ended, for this reason.
    pub(super) fn end_instance(&mut self, now: Instant, index: usize, then: Then, why: Place) {
        let (delay, grace) = match why {
            Place::Verdict => (core::time::Duration::ZERO, self.config.failure_grace()),
            Place::Request => (self.config.drain_delay, self.config.stop_grace),
        };
        let is_external = self.config.is_external;
        let replica = &mut self.replicas[index];
        replica.ended = Some(now);
        let cause = replica.verdict.take().map(|it| it.cause);
        replica.ending = Some(EndReason::from(cause.filter(|_| why == Place::Verdict)));
        replica.life = match then {
            // What is not ours cannot be ended.
            Then::Failed if is_external => Life::Failed,
            then => Life::Ending(then),
        };
        replica.signals = match (replica.life, is_external) {
            (Life::Failed, _) => Signals::None,
            (_, true) => Signals::RestartCommand(now + delay),
            (_, false) => Signals::Terminate {
                due: now + delay,
                grace,
            },
        };
        self.report_state(now, index);
    }

    /// Queues the signal that is due, or the restart command.
    pub(super) fn signal(&mut self, now: Instant, index: usize) {
        let replica = &mut self.replicas[index];
        let instance = replica.instance();
        if let Signals::RestartCommand(_) = replica.signals {
            replica.signals = Signals::Terminate {
                due: now + self.config.restart_timeout,
                grace: self.config.stop_grace,
            };
            self.command(now, GroupCommand::Restart(instance));
        } else {
            let signal = replica.take_signal(now);
            self.command(now, GroupCommand::Signal { instance, signal });
        }
    }

    /// R5, R6: the leader has exited.
    pub(super) fn exited(&mut self, now: Instant, index: usize, exit: Exit, is_rest_left: bool) {
        let grace = self.config.stop_grace;
        let replica = &mut self.replicas[index];
        replica.rest = Some(Rest { exit, at: now });
        replica.note_end(now, Some(exit));
        if replica.life == Life::Running {
            replica.life = Life::Left;
            replica.end_well(now, &self.config);
            (replica.verdict, replica.is_requested) = (None, false);
            self.fail_place(now, index);
        }
        if is_rest_left {
            self.replicas[index].terminate_rest(now, grace);
        } else {
            self.gone(now, index);
        }
    }

    /// Nothing is left of an instance whose leader has exited.
    pub(super) fn gone(&mut self, now: Instant, index: usize) {
        let is_stopping = self.is_stopping();
        let replica = &mut self.replicas[index];
        replica.signals = Signals::None;
        match (replica.life, replica.rest) {
            (Life::Ending(then), _) => self.over(now, index, then),
            _ if is_stopping => self.over(now, index, Then::Stopped),
            (_, Some(rest)) => self.follow_exit(now, index, rest),
            _ => {}
        }
    }

    /// R7: this machine is short of something; that is nobody else's fault.
    pub(super) fn not_spawned(&mut self, now: Instant, index: usize) {
        let replica = &mut self.replicas[index];
        replica.note_end(now, None);
        if let Life::Ending(then) = replica.life {
            replica.signals = Signals::None;
            return self.over(now, index, then);
        }
        replica.life = Life::Backoff(now + self.config.spawn_retry);
        (replica.verdict, replica.is_requested) = (None, false);
        let replica = replica.index;
        if !self.is_short {
            self.is_short = true;
            self.report(GroupEvent::SpawnTrouble { at: now, replica });
        }
    }

    /// R22: the restart command has ended.
    pub(super) fn restarted(&mut self, now: Instant, index: usize, is_ok: bool) {
        let replica = &mut self.replicas[index];
        let Life::Ending(then) = replica.life else {
            return;
        };
        replica.signals = Signals::None;
        replica.note_end(now, None);
        if !is_ok && then == Then::Begin {
            let replica = replica.index;
            self.report(GroupEvent::RestartFailed { at: now, replica });
            self.fail_place(now, index);
        }
        self.over(now, index, then);
    }

    /// R12, R13: whether the replica, or the group, has been restarted as often as is allowed.
    pub(super) fn limit(&mut self, now: Instant, index: usize) -> Option<GivenUpReason> {
        let streak = self.replicas[index].streak;
        if self.config.max_restarts.is_some_and(|most| streak >= most) {
            return Some(GivenUpReason::MaxRestarts);
        }
        let budget = self.config.budget?;
        let is_past = |at: &Instant| now.duration_since(*at) >= budget.period;
        while self.counted.front().is_some_and(is_past) {
            self.counted.pop_front();
        }
        let is_used_up = self.counted.len() >= budget.restarts as usize;
        is_used_up.then_some(GivenUpReason::Budget)
    }

    /// Counts a restart of the replica, now.
    pub(super) fn count(&mut self, now: Instant, index: usize) {
        self.replicas[index].count();
        if self.config.budget.is_some() {
            self.counted.push_back(now);
        }
    }

    /// The replica is not restarted any more, or the whole group if the reason is the budget. `code`
    /// stands for the end that led to it.
    pub(super) fn give_up(&mut self, now: Instant, index: usize, code: u8, reason: GivenUpReason) {
        self.given_up = Some(code);
        let is_group = reason == GivenUpReason::Budget;
        let replica = (!is_group).then(|| self.replicas[index].index);
        self.report(GroupEvent::GivenUp {
            at: now,
            replica,
            reason,
        });
    }

    /// R8: what an exit leads to by its code alone.
    pub(super) fn after_exit(&self, exit: Exit) -> AfterExit {
        let config = &self.config;
        let is_in = |codes: &[i32]| matches!(exit, Exit::Code(code) if codes.contains(&code));
        let is_success = is_in(&config.success_exits);
        if is_in(&config.fatal_exits) {
            return AfterExit::GiveUp(GivenUpReason::FatalExit);
        }
        match config.restart {
            RestartPolicy::Always => AfterExit::Restart,
            RestartPolicy::OnFailure if !is_success => AfterExit::Restart,
            _ if is_success => AfterExit::Stop,
            _ => AfterExit::GiveUp(GivenUpReason::Policy),
        }
    }

    /// What was to follow when nothing is left of the instance.
    fn over(&mut self, now: Instant, index: usize, then: Then) {
        match then {
            Then::Begin => self.begin(now, index),
            Then::Failed => self.replicas[index].life = Life::Failed,
            Then::Stopped => self.replicas[index].life = Life::Stopped,
        }
    }

    /// R8, from the exit codes on: what follows when an instance has ended by itself.
    fn follow_exit(&mut self, now: Instant, index: usize, rest: Rest) {
        let reason = match self.after_exit(rest.exit) {
            AfterExit::Stop => return self.over(now, index, Then::Stopped),
            AfterExit::GiveUp(reason) => Some(reason),
            AfterExit::Restart => self.limit(now, index),
        };
        let Some(reason) = reason else {
            return self.plan_after_exit(now, index, rest.at);
        };
        self.give_up(now, index, code_of(rest.exit), reason);
        self.over(now, index, Then::Failed);
        if reason == GivenUpReason::Budget {
            self.report_state(now, index);
            self.stop_all(now, true);
        }
    }

    /// R9: the next instance begins after the back-off, perhaps at once.
    fn plan_after_exit(&mut self, now: Instant, index: usize, exited: Instant) {
        self.count(now, index);
        let replica = &mut self.replicas[index];
        let due = replica.due_after(exited, &self.config);
        replica.life = Life::Backoff(due);
        let (replica, streak) = (replica.index, replica.streak);
        self.report(GroupEvent::Planned {
            at: now,
            replica,
            cause: RestartCause::Exit,
            streak,
            due,
        });
        if due <= now {
            self.begin(now, index);
        }
    }
}

/// What an exit leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AfterExit {
    Stop,
    GiveUp(GivenUpReason),
    Restart,
}

impl From<Option<RestartCause>> for EndReason {
    /// By a verdict for this cause; `None`: by a request.
    fn from(cause: Option<RestartCause>) -> Self {
        match cause {
            None => Self::Requested,
            Some(RestartCause::Exit) => Self::Exit,
            Some(RestartCause::Liveness) => Self::Liveness,
            Some(RestartCause::Startup) => Self::Startup,
        }
    }
}

/// R23: the exit code for a program that passes this end on; never 0.
fn code_of(exit: Exit) -> u8 {
    let code = match exit {
        Exit::Code(code) => code,
        Exit::Signal(signal) => signal.saturating_add(128),
    };
    u8::try_from(code).unwrap_or(1).max(1)
}
