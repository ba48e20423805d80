//! The rules of the model, by their numbers.

use std::time::Duration;

use health_core::check::probe::Exit;
use health_core::supervise::{
    GivenUpReason, GroupCommand, GroupEvent, ReplicaState, RestartCause, RestartPolicy,
};

use super::replica::{After, Verdict};
use super::{Model, instant, plus};

impl Model {
    /// R2.
    pub(super) fn begin(&mut self, index: usize) {
        let is_external = self.config.is_external;
        self.replicas[index].begin(self.clock, is_external);
        self.tell_state(index);
        if !is_external {
            let instance = self.replicas[index].instance();
            self.order(GroupCommand::Start(instance));
        }
    }

    /// R3.
    pub(super) fn tell_state(&mut self, index: usize) {
        let now = self.clock;
        let it = &mut self.replicas[index];
        let (from, to) = (it.told, it.state());
        let is_out = [
            ReplicaState::Started,
            ReplicaState::Ready,
            ReplicaState::Unready,
        ];
        if is_out.contains(&to) {
            it.well = it.well.or(Some(now));
            self.is_short = false;
        }
        it.ready_at = (to == ReplicaState::Ready).then(|| it.ready_at.unwrap_or(now));
        if to == ReplicaState::Ready {
            (it.had_ready, it.is_restarting) = (true, false);
            self.was_ready = true;
        }
        if from != to {
            it.told = to;
            let (at, replica) = (instant(now), index as u16);
            let state = GroupEvent::State {
                at,
                replica,
                from,
                to,
            };
            self.told.push_back(state);
        }
    }

    /// R5, R6.
    pub(super) fn exit(&mut self, index: usize, exit: Exit, is_rest_left: bool) {
        let (now, grace) = (self.clock, self.config.stop_grace);
        let it = &mut self.replicas[index];
        (it.runs, it.is_rest, it.exit) = (false, true, Some((exit, now)));
        if it.after.is_none() {
            self.end_of_well(index);
            let it = &mut self.replicas[index];
            (it.verdict, it.is_asked) = (None, false);
            self.lose_place(index);
            let it = &mut self.replicas[index];
            (it.term, it.grace) = (Some(now), grace);
        } else {
            it.term = it.term.map(|due| due.min(now));
        }
        if !is_rest_left {
            self.gone(index);
        }
    }

    pub(super) fn gone(&mut self, index: usize) {
        let it = &mut self.replicas[index];
        it.is_rest = false;
        it.stop_signals();
        let Some((exit, at)) = it.exit else { return };
        match it.after {
            Some(after) => self.finish(index, after),
            None if self.stopping.is_some() => self.finish(index, After::Stop),
            None => self.after_exit(index, exit, at),
        }
    }

    /// R7.
    pub(super) fn shortage(&mut self, index: usize) {
        let (now, retry) = (self.clock, self.config.spawn_retry);
        let it = &mut self.replicas[index];
        it.runs = false;
        if let Some(after) = it.after {
            it.stop_signals();
            return self.finish(index, after);
        }
        (it.verdict, it.is_asked) = (None, false);
        it.sleep = Some(plus(now, retry));
        if !self.is_short {
            self.is_short = true;
            let (at, replica) = (instant(now), index as u16);
            self.told
                .push_back(GroupEvent::SpawnTrouble { at, replica });
        }
    }

    /// R22.
    pub(super) fn restarted(&mut self, index: usize, is_ok: bool) {
        let it = &mut self.replicas[index];
        it.stop_signals();
        let Some(after) = it.after else { return };
        if !is_ok && after == After::Begin {
            let (at, replica) = (instant(self.clock), index as u16);
            self.told
                .push_back(GroupEvent::RestartFailed { at, replica });
            self.lose_place(index);
        }
        self.finish(index, after);
    }

    fn finish(&mut self, index: usize, after: After) {
        let it = &mut self.replicas[index];
        match after {
            After::Begin => return self.begin(index),
            After::Fail => it.over = Some(ReplicaState::Failed),
            After::Stop => it.over = Some(ReplicaState::Stopped),
        }
        (it.runs, it.after) = (false, None);
    }

    /// R8: whether the code alone leaves it to be restarted.
    pub(super) fn is_restarted_after(&self, exit: Exit) -> bool {
        self.reason_or_stop(exit) == Ok(())
    }

    /// `Err(None)`: stopped.
    fn reason_or_stop(&self, exit: Exit) -> Result<(), Option<GivenUpReason>> {
        let (is_success, is_fatal) = match exit {
            Exit::Code(code) => (
                self.config.success_exits.contains(&code),
                self.config.fatal_exits.contains(&code),
            ),
            _ => (false, false),
        };
        if is_fatal {
            return Err(Some(GivenUpReason::FatalExit));
        }
        match (self.config.restart, is_success) {
            (RestartPolicy::Always, _) | (RestartPolicy::OnFailure, false) => Ok(()),
            (_, true) => Err(None),
            (_, false) => Err(Some(GivenUpReason::Policy)),
        }
    }

    /// R8, R9, R12, R13.
    fn after_exit(&mut self, index: usize, exit: Exit, exited: u64) {
        let reason = match self.reason_or_stop(exit) {
            Err(None) => return self.finish(index, After::Stop),
            Err(Some(reason)) => Some(reason),
            Ok(()) => self.limit(index),
        };
        if let Some(reason) = reason {
            self.give_up(index, reason, code_of(exit));
            self.finish(index, After::Fail);
            if reason == GivenUpReason::Budget {
                self.tell_state(index);
                self.stop_all(true);
            }
            return;
        }
        self.count(index);
        let (now, streak) = (self.clock, self.replicas[index].streak);
        let floor = self.replicas[index].begun.saturating_add(10_000);
        let due = plus(exited, self.wait(index, streak)).max(floor);
        self.plan(index, RestartCause::Exit, streak, due);
        self.replicas[index].sleep = Some(due);
        if due <= now {
            self.begin(index);
        }
    }

    /// R10.
    pub(super) fn unhealthy(&mut self, index: usize, is_startup: bool) {
        let now = self.clock;
        self.end_of_well(index);
        let streak = self.replicas[index].streak + 1;
        let due = plus(now, self.wait(index, streak));
        let it = &mut self.replicas[index];
        (it.is_asked, it.is_suspect) = (false, true);
        it.verdict = Some(Verdict {
            at: now,
            due,
            is_ripe: due <= now,
        });
        self.lose_place(index);
        let cause = if is_startup {
            RestartCause::Startup
        } else {
            RestartCause::Liveness
        };
        self.plan(index, cause, streak, due);
    }

    /// R11.
    pub(super) fn recovered(&mut self, index: usize) {
        let (now, settle) = (self.clock, self.config.settle);
        let it = &mut self.replicas[index];
        (it.verdict, it.is_suspect) = (None, false);
        let (at, replica) = (instant(now), index as u16);
        self.told.push_back(GroupEvent::Dropped { at, replica });
        if let Some(mass) = &mut self.mass {
            mass.hold = mass.hold.max(plus(now, settle));
        }
    }

    pub(super) fn limit(&self, index: usize) -> Option<GivenUpReason> {
        let streak = self.replicas[index].streak;
        if self
            .config
            .max_restarts
            .is_some_and(|most| streak + 1 > most)
        {
            return Some(GivenUpReason::MaxRestarts);
        }
        let budget = self.config.budget?;
        let is_within = |at: &&u64| plus(**at, budget.period) > self.clock;
        let within = self.counted.iter().filter(is_within).count();
        (within >= budget.restarts as usize).then_some(GivenUpReason::Budget)
    }

    pub(super) fn give_up(&mut self, index: usize, reason: GivenUpReason, code: u8) {
        self.code = code;
        let replica = (reason != GivenUpReason::Budget).then_some(index as u16);
        let at = instant(self.clock);
        self.told.push_back(GroupEvent::GivenUp {
            at,
            replica,
            reason,
        });
    }

    pub(super) fn count(&mut self, index: usize) {
        self.counted.push(self.clock);
        let it = &mut self.replicas[index];
        it.restarts += 1;
        it.streak += 1;
        it.is_restarting = true;
    }

    fn plan(&mut self, index: usize, cause: RestartCause, streak: u32, due: u64) {
        self.told.push_back(GroupEvent::Planned {
            at: instant(self.clock),
            replica: index as u16,
            cause,
            streak,
            due: instant(due),
        });
    }

    /// R9, in the other direction: by repeated multiplication from the first one on.
    fn wait(&self, index: usize, nth: u32) -> Duration {
        if nth == 1 {
            return Duration::ZERO;
        }
        let wait = self.backoff(nth - 1);
        let percent = u128::from(self.config.backoff_jitter_percent);
        let most = (wait.as_millis() * percent / 100) as u64;
        let key = ((index as u64) << 32) | u64::from(nth);
        wait + Duration::from_millis(mix(self.config.seed ^ mix(key)) % most.saturating_add(1))
    }

    /// The k-th back-off, from 1 on.
    pub(super) fn backoff(&self, k: u32) -> Duration {
        let most = self.config.backoff_max.as_millis() as f64;
        let power = self.config.backoff_factor.powi(k as i32 - 1);
        let millis = (self.config.backoff.as_millis() as f64 * power).min(most);
        Duration::from_millis(millis as u64).min(self.config.backoff_max)
    }

    fn end_of_well(&mut self, index: usize) {
        let it = &mut self.replicas[index];
        let well = it.well.take().map(|since| self.clock - since);
        let reset = self.config.backoff_reset;
        if well.is_some_and(|well| Duration::from_micros(well) >= reset) {
            it.streak = 0;
        }
    }

    /// R4, R22.
    pub(super) fn end_instance(
        &mut self,
        index: usize,
        after: After,
        delay: Duration,
        grace: Duration,
    ) {
        let now = self.clock;
        let is_external = self.config.is_external;
        let it = &mut self.replicas[index];
        (it.verdict, it.ended) = (None, Some(now));
        let due = Some(plus(now, delay));
        if !is_external {
            (it.after, it.term, it.grace) = (Some(after), due, grace);
        } else if after == After::Begin {
            (it.after, it.command) = (Some(after), due);
        } else {
            self.finish(index, after);
        }
        self.tell_state(index);
    }

    /// R18.
    pub(super) fn stop_all(&mut self, by_budget: bool) {
        let now = self.clock;
        self.stopping = Some(by_budget);
        (self.mass, self.is_rolling) = (None, false);
        let term = plus(now, self.config.drain_delay);
        for it in self.replicas.iter_mut().filter(|it| it.over.is_none()) {
            (it.verdict, it.is_asked, it.place, it.is_suspect) = (None, false, None, false);
            it.well = None;
            if it.is_rest && it.after.is_none() {
                continue;
            }
            let is_free = if self.config.is_external {
                !it.is_command
            } else {
                !it.runs && !it.is_rest
            };
            if is_free {
                it.stop_signals();
                (it.runs, it.sleep, it.after) = (false, None, None);
                it.over = Some(ReplicaState::Stopped);
            } else if it.after.is_none() {
                (it.after, it.term) = (Some(After::Stop), Some(term));
                it.grace = self.config.stop_grace;
            } else {
                it.after = Some(After::Stop);
                if it.is_command {
                    it.term = it.term.map(|due| due.min(now));
                }
            }
        }
        self.settle(None);
    }

    /// R23.
    pub(super) fn end(&mut self) {
        let left = self.replicas.iter().filter(|it| it.over.is_none()).count();
        let code = match self.stopping {
            Some(false) => u8::from(left > 0),
            _ => self.code,
        };
        self.has_ended = true;
        let (at, left) = (instant(self.clock), left as u16);
        self.told.push_back(GroupEvent::Ended { at, code, left });
    }
}

fn code_of(exit: Exit) -> u8 {
    match exit {
        Exit::Signal(signal) => 128 + signal as u8,
        Exit::Code(code @ 1..256) => code as u8,
        _ => 1,
    }
}

/// The finisher of SplitMix64.
fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
