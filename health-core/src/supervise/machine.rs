//! The supervisor, as its driver and its operator see it: control, reports, commands, events.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::config::GroupConfig;
use super::event::{EndReason, GroupCommand, GroupEvent, InstanceId, RestartCause, SpawnFailure};
use super::mass_failure::MassFailure;
use super::replica::Replica;
use super::summary::GroupSummary;
use crate::base::{ConfigError, Instant, ProbeKind};
use crate::check::probe::Exit;

/// Decides for one group of replicas. See the [module](super) for how to drive it and for its contract.
#[derive(Debug)]
pub struct Supervisor {
    pub(super) config: GroupConfig,
    pub(super) clock: Instant,
    pub(super) stage: Stage,
    pub(super) replicas: Vec<Replica>,
    /// Counted restarts within the period of the budget, oldest first.
    pub(super) counted: VecDeque<Instant>,
    pub(super) mass: Option<MassFailure>,
    /// Restarts were requested and are not over.
    pub(super) is_rolling: bool,
    /// Somebody was ready once.
    pub(super) was_ready: bool,
    /// It has been reported that this machine is short of something.
    pub(super) is_short: bool,
    /// The exit code for the replica that was given up last.
    pub(super) given_up: Option<u8>,
    commands: VecDeque<GroupCommand>,
    events: VecDeque<GroupEvent>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    New,
    Running,
    /// R18; because of R13 if `by_budget`.
    Stopping {
        by_budget: bool,
    },
    Ended,
}

impl Supervisor {
    /// A group of which nothing runs yet.
    ///
    /// # Errors
    ///
    /// The first setting that is out of its bounds; see [`GroupConfig::validate`].
    pub fn new(config: GroupConfig) -> Result<Self, ConfigError> {
        config.validate()?;
        Ok(Self {
            replicas: (0..config.replicas)
                .map(|index| Replica::new(index, config.is_external))
                .collect(),
            config,
            clock: Instant::default(),
            stage: Stage::New,
            counted: VecDeque::new(),
            mass: None,
            is_rolling: false,
            was_ready: false,
            is_short: false,
            given_up: None,
            commands: VecDeque::new(),
            events: VecDeque::new(),
        })
    }

    /// Begins the first instance of every replica, in the order of their indices. Later calls do
    /// nothing.
    pub fn start(&mut self, now: Instant) {
        let now = self.tick(now);
        if self.stage == Stage::New {
            self.stage = Stage::Running;
            for index in 0..self.replicas.len() {
                self.begin(now, index);
            }
            self.conclude(now, None);
        }
    }

    /// Stops for good: readiness ends now, `SIGTERM` follows after
    /// [`drain_delay`](GroupConfig::drain_delay), `SIGKILL` after the grace. Call
    /// [`poll`](Self::poll) until [`is_ended`](Self::is_ended). Later calls do nothing.
    pub fn stop(&mut self, now: Instant) {
        let now = self.tick(now);
        if matches!(self.stage, Stage::New | Stage::Running) {
            self.stop_all(now, false);
        }
    }

    /// Stops for good, by `SIGKILL` at once, whether or not a [`stop`](Self::stop) is under way.
    pub fn force(&mut self, now: Instant) {
        self.stop(now);
        self.kill_all(self.clock);
    }

    /// Restarts one replica, or all of them (`None`), as many at once as
    /// [`max_unavailable`](GroupConfig::max_unavailable) allows; none of these restarts is counted.
    ///
    /// A replica that waits for its back-off begins at once. What is failed or stopped stays so; see
    /// [`reactivate`](Self::reactivate).
    pub fn restart(&mut self, now: Instant, replica: Option<u16>) {
        let now = self.tick(now);
        if self.stage == Stage::Running {
            for index in 0..self.replicas.len() {
                if replica.is_none_or(|replica| usize::from(replica) == index) {
                    self.request(now, index);
                }
            }
            self.conclude(now, None);
        }
    }

    /// Begins a replica again that is failed or stopped, its restarts in a row forgotten. Does nothing
    /// to others, and nothing once the group stops.
    pub fn reactivate(&mut self, now: Instant, replica: u16) {
        let now = self.tick(now);
        let index = usize::from(replica);
        let is_over = self.replicas.get(index).is_some_and(Replica::is_over);
        if self.stage == Stage::Running && is_over {
            let it = &mut self.replicas[index];
            it.streak = 0;
            (it.is_restarting, it.is_suspect) = (false, false);
            self.begin(now, index);
            self.conclude(now, Some(index));
        }
    }

    /// The process of this instance could not be started. A start that works is not reported.
    pub fn handle_spawn_failed(&mut self, now: Instant, instance: InstanceId, why: SpawnFailure) {
        let now = self.tick(now);
        if let Some(index) = self.current(instance, Replica::has_process) {
            self.replicas[index].ending = Some(EndReason::Spawn);
            match why {
                SpawnFailure::Missing => self.exited(now, index, Exit::Code(127), false),
                SpawnFailure::Shortage => self.not_spawned(now, index),
            }
            self.conclude(now, Some(index));
        }
    }

    /// The process of this instance, the leader of its group, has exited. `is_rest_left`: other
    /// processes of the group are left; their end is reported by [`handle_gone`](Self::handle_gone).
    pub fn handle_exit(
        &mut self,
        now: Instant,
        instance: InstanceId,
        exit: Exit,
        is_rest_left: bool,
    ) {
        let now = self.tick(now);
        if let Some(index) = self.current(instance, Replica::has_process) {
            self.exited(now, index, exit, is_rest_left);
            self.conclude(now, Some(index));
        }
    }

    /// Nothing is left of the group of an instance whose exit was reported before.
    pub fn handle_gone(&mut self, now: Instant, instance: InstanceId) {
        let now = self.tick(now);
        if let Some(index) = self.current(instance, Replica::has_exited) {
            self.gone(now, index);
            self.conclude(now, Some(index));
        }
    }

    /// The restart command for this instance has ended, well or not.
    pub fn handle_restarted(&mut self, now: Instant, instance: InstanceId, is_ok: bool) {
        let now = self.tick(now);
        if let Some(index) = self.current(instance, Replica::runs_command) {
            self.restarted(now, index, is_ok);
            self.conclude(now, Some(index));
        }
    }

    /// What the checks of this instance say: whether it has started, and whether it is ready.
    pub fn handle_target(
        &mut self,
        now: Instant,
        instance: InstanceId,
        is_started: bool,
        is_ready: bool,
    ) {
        let now = self.tick(now);
        if let Some(index) = self.current(instance, Replica::is_running) {
            let replica = &mut self.replicas[index];
            replica.is_started |= is_started;
            replica.is_ready = is_ready;
            self.conclude(now, Some(index));
        }
    }

    /// The first check of this instance turned unhealthy; `kind` is that of the check. One of readiness
    /// is no reason to restart, and ignored.
    pub fn handle_unhealthy(&mut self, now: Instant, instance: InstanceId, kind: ProbeKind) {
        let now = self.tick(now);
        let cause = match kind {
            ProbeKind::Startup => RestartCause::Startup,
            ProbeKind::Liveness | ProbeKind::Health => RestartCause::Liveness,
            ProbeKind::Readiness => return,
        };
        let is_news = |it: &Replica| it.is_running() && it.verdict.is_none();
        if let Some(index) = self.current(instance, is_news) {
            self.unhealthy(now, index, cause);
            self.conclude(now, Some(index));
        }
    }

    /// None of the checks of this instance is unhealthy any more.
    pub fn handle_recovered(&mut self, now: Instant, instance: InstanceId) {
        let now = self.tick(now);
        let is_news = |it: &Replica| it.is_running() && it.verdict.is_some();
        if let Some(index) = self.current(instance, is_news) {
            self.recovered(now, index);
            self.conclude(now, Some(index));
        }
    }

    /// What to do next; call until `None`, after every other call and when
    /// [`poll_timeout`](Self::poll_timeout) has come.
    pub fn poll(&mut self, now: Instant) -> Option<GroupCommand> {
        let now = self.forward(now);
        loop {
            if let Some(command) = self.commands.pop_front() {
                return Some(command);
            }
            let timer = self.next_timer().filter(|timer| timer.at <= now)?;
            self.fire(now, timer);
        }
    }

    /// When to call [`poll`](Self::poll) next, if nothing else happens before; `None` is never. In the
    /// past if something is to be done already.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        if !self.commands.is_empty() {
            return Some(self.clock);
        }
        self.next_timer().map(|timer| timer.at)
    }

    /// What happened, oldest first; call until `None`. Events wait without limit.
    pub fn poll_event(&mut self) -> Option<GroupEvent> {
        self.events.pop_front()
    }

    /// The replicas, in the order of their indices.
    pub fn replicas(&self) -> impl ExactSizeIterator<Item = &Replica> {
        self.replicas.iter()
    }

    /// The group in numbers, and its status.
    #[must_use]
    pub fn summary(&self) -> GroupSummary {
        GroupSummary::of(self)
    }

    /// Whether every replica is stopped or failed, or a stop has waited long enough. Nothing happens
    /// after that.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.stage == Stage::Ended
    }

    pub(super) fn is_stopping(&self) -> bool {
        matches!(self.stage, Stage::Stopping { .. } | Stage::Ended)
    }

    pub(super) fn report(&mut self, event: GroupEvent) {
        self.events.push_back(event);
    }

    pub(super) fn command(&mut self, at: Instant, command: GroupCommand) {
        self.commands.push_back(command);
        self.report(GroupEvent::Command { at, command });
    }

    /// R24: what follows from an input or a deadline, decided before the next one; `index` is the
    /// replica whose own it was, or all.
    pub(super) fn conclude(&mut self, now: Instant, index: Option<usize>) {
        if self.stage == Stage::Running {
            self.update_mass_failure(now);
            self.give_turns(now);
            self.finish_rolling(now);
        }
        let all = 0..self.replicas.len();
        for index in index.map_or(all, |index| index..index + 1) {
            self.report_state(now, index);
        }
        if !self.is_ended() && self.replicas.iter().all(Replica::is_over) {
            self.end(now);
        }
    }

    /// The index of the replica whose current instance it is, if the report can be about it.
    fn current(&self, instance: InstanceId, can_be: impl Fn(&Replica) -> bool) -> Option<usize> {
        let index = usize::from(instance.replica);
        let replica = self.replicas.get(index).filter(|it| can_be(it))?;
        (replica.number == instance.number && !self.is_ended()).then_some(index)
    }

    /// Time never runs back.
    fn forward(&mut self, now: Instant) -> Instant {
        self.clock = self.clock.max(now);
        self.clock
    }

    /// R24: deadlines that lie before the time of a call come before it.
    fn tick(&mut self, now: Instant) -> Instant {
        let now = self.forward(now);
        while let Some(timer) = self.next_timer().filter(|timer| timer.at < now) {
            self.fire(now, timer);
        }
        now
    }
}
