//! The monitor, as a driver sees it.

use alloc::collections::VecDeque;

use super::config::{MonitorConfig, Spread};
use super::event::{Command, Event, Signal};
use super::guard::{Share, Tally};
use super::id::{AttemptId, CheckId, TargetId};
use super::journal::Journal;
use super::reaper::Reaper;
use super::stats::Stats;
use super::summary::Summary;
use super::target::{AddError, Target, TargetSpec};
use super::targets::Targets;
use super::timers::Timers;
use crate::base::Instant;
use crate::base::Name;
use crate::base::Outcome;
use crate::check::{CancelReason, Check};

/// Many checks on many targets. See the [module](super) for how to drive it and for its contract.
#[derive(Debug)]
pub struct Monitor {
    pub(super) config: MonitorConfig,
    pub(super) life: Life,
    pub(super) clock: Instant,
    pub(super) targets: Targets,
    /// Deadlines, and slots that find a process alive: what needs no place.
    pub(super) timeouts: Timers,
    /// Attempts due, which are the queue as well: without and with something to reap. Two, so
    /// that a shortage of places for processes holds nobody else up.
    pub(super) starts: [Timers; 2],
    pub(super) reaper: Reaper,
    pub(super) tally: Tally,
    pub(super) stats: Stats,
    /// Before this, the rate of first attempts is used up.
    pub(super) next_first: Instant,
    pub(super) commands: VecDeque<Command>,
    pub(super) events: VecDeque<Event>,
    pub(super) journal: Option<Journal>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    New,
    Running,
    Stopping { until: Instant },
    Stopped,
}

impl Monitor {
    /// A monitor without targets, not started.
    #[must_use]
    pub fn new(config: MonitorConfig) -> Self {
        Self {
            config,
            life: Life::New,
            clock: Instant::default(),
            targets: Targets::default(),
            timeouts: Timers::default(),
            starts: [Timers::default(), Timers::default()],
            reaper: Reaper::default(),
            tally: Tally::default(),
            stats: Stats::default(),
            next_first: Instant::default(),
            commands: VecDeque::new(),
            events: VecDeque::new(),
            journal: None,
        }
    }

    /// Starts what is registered, in the order of registration. Later calls do nothing.
    pub fn start(&mut self, now: Instant) {
        let now = self.control(now);
        if self.life == Life::New {
            self.life = Life::Running;
            for id in self.targets.in_order() {
                self.start_target(now, id);
            }
        }
    }

    /// Stops for good: gives up what runs and waits for processes, at most `stop_timeout`. Call
    /// [`poll`](Self::poll) until [`is_stopped`](Self::is_stopped). Later calls do nothing.
    pub fn stop(&mut self, now: Instant) {
        let now = self.control(now);
        if !matches!(self.life, Life::Stopping { .. } | Life::Stopped) {
            let bound = self.config.stop_timeout;
            self.life = Life::Stopping { until: now + bound };
            for id in self.targets.in_order() {
                self.change_each(now, id, |check, _| check.stop(now, bound));
            }
            self.finish_stop(now);
        }
    }

    /// Whether it was started and not stopped.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.life == Life::Running
    }

    /// Whether it has stopped: nothing runs any more, or the bound is over.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.life == Life::Stopped
    }

    /// Registers a target; in a running monitor, it starts now.
    ///
    /// # Errors
    ///
    /// Its name is taken, a check's settings make no sense, it has no check or too many, or
    /// the monitor has been stopped. Nothing has changed then.
    pub fn add(&mut self, now: Instant, spec: TargetSpec) -> Result<TargetId, AddError> {
        let now = self.control(now);
        if matches!(self.life, Life::Stopping { .. } | Life::Stopped) {
            return Err(AddError::Stopped);
        }
        let spread = self.config.spread != Spread::AsConfigured;
        let id = self.targets.add(spec, spread)?;
        if self.life == Life::Running {
            self.start_target(now, id);
        }
        Ok(id)
    }

    /// Forgets a target and gives up what runs of it; false if there is none.
    pub fn remove(&mut self, now: Instant, id: TargetId) -> bool {
        let now = self.control(now);
        self.change_each(now, id, |check, _| check.hold(now, CancelReason::Removed));
        let Some(target) = self.targets.remove(id) else {
            return false;
        };
        if let Some(journal) = &mut self.journal {
            journal.forget(id);
        }
        // What is still to be reaped keeps its place among processes: only the reaper knows it now.
        let orphans = self.reaper.adopt(id);
        for (index, check) in target.each().enumerate() {
            self.tally.exchange(Share::of(check), Share::default());
            self.arm(
                id.check(index),
                usize::from(check.config().needs_reap),
                None,
            );
        }
        self.tally.execs += orphans;
        true
    }

    /// Gives up what runs of the target and attempts nothing more; its status stays, marked stale.
    pub fn pause(&mut self, now: Instant, id: TargetId) {
        self.tell(now, id, Check::pause);
    }

    /// Ends the pause: streaks start over, the next attempts are due now.
    pub fn resume(&mut self, now: Instant, id: TargetId) {
        self.tell(now, id, Check::resume);
    }

    /// Checks now, and every interval from now. Nothing for a check that runs, waits, or rests.
    pub fn trigger(&mut self, now: Instant, id: TargetId) {
        self.tell(now, id, Check::trigger);
    }

    /// There is a new instance of the target: it starts afresh, with its history.
    pub fn instance_changed(&mut self, now: Instant, id: TargetId) {
        self.tell(now, id, Check::instance_changed);
        self.hurry(id);
    }

    /// Puts a deregistered target back on the list, afresh.
    pub fn reactivate(&mut self, now: Instant, id: TargetId) {
        // A deadline that has passed may be what deregisters it.
        let now = self.control(now);
        if self.targets.get(id).is_some_and(Target::is_deregistered) {
            self.tell(now, id, Check::reactivate);
            self.hurry(id);
        }
    }

    /// Changes the limit of attempts at once, as when descriptors turn out to be few. Those that
    /// run go on.
    pub fn set_max_in_flight(&mut self, most: usize) {
        self.config.max_in_flight = most;
    }

    /// The attempt was answered. Ignored if it no longer runs or its deadline has come, so a driver
    /// need not know whether its answer was still wanted.
    pub fn handle_outcome(&mut self, now: Instant, attempt: AttemptId, outcome: Outcome) {
        let now = self.tick(now);
        self.expire(|at, check| (at, check) < (now, attempt.check));
        self.change(now, attempt.check, |check, permit| {
            check.handle_outcome(now, attempt.number, outcome, permit)
        });
        self.settle(now, attempt.check.target());
    }

    /// Nothing is left of an attempt: its process was waited for, its closure has returned. Ignored
    /// if that was not waited for, so it may be said of every attempt that needs to be reaped.
    pub fn handle_reaped(&mut self, now: Instant, attempt: AttemptId) {
        let now = self.tick(now);
        self.expire(|at, check| (at, check) < (now, attempt.check));
        if let Some(reaped) = self.reaper.reaped(attempt) {
            self.tally.execs -= usize::from(reaped.is_orphan);
            self.change(now, attempt.check, |check, _| {
                check.handle_reaped(now, attempt.number)
            });
            self.finish_stop(now);
        }
    }

    /// What to do next; call until `None`, after every other call and when
    /// [`poll_timeout`](Self::poll_timeout) has come.
    pub fn poll(&mut self, now: Instant) -> Option<Command> {
        let now = self.tick(now);
        if let Some(command) = self.commands.pop_front() {
            return Some(command);
        }
        self.expire(|at, _| at <= now);
        while let Some(attempt) = self.reaper.poll_kill(now) {
            let signal = Signal::Kill;
            self.commands.push_back(Command::Cancel { attempt, signal });
        }
        self.finish_stop(now);
        self.commands.pop_front().or_else(|| self.poll_start(now))
    }

    /// When to call [`poll`](Self::poll) next, if nothing else happens before; `None` is never. In the
    /// past if something is to be done already.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        if !self.commands.is_empty() {
            return Some(self.clock);
        }
        let stop = match self.life {
            Life::Stopping { until } => Some(until),
            _ => None,
        };
        let lanes = (0..self.starts.len()).filter(|&lane| self.has_place(lane));
        let start = lanes.filter_map(|lane| self.starts[lane].first()).min();
        let start = start.map(|(due, _)| self.gathered(due));
        let timeout = self.timeouts.first().map(|(at, _)| at);
        let all = [timeout, self.reaper.next_kill(), stop, start];
        all.into_iter().flatten().min()
    }

    /// What happened, oldest first; call until `None`. Events wait without limit.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The target of that name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<TargetId> {
        self.targets.find(name)
    }

    /// The target, unless it was removed.
    #[must_use]
    pub fn target(&self, id: TargetId) -> Option<&Target> {
        self.targets.get(id)
    }

    /// The check, unless its target was removed.
    #[must_use]
    pub fn check(&self, id: CheckId) -> Option<&Check> {
        self.targets.check(id)
    }

    /// How many targets there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// Whether there is none; a monitor without targets is fine, and never wakes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All targets, in the order of names.
    pub fn targets(&self) -> impl Iterator<Item = (TargetId, &Target)> {
        self.targets.iter()
    }

    /// Those whose names come after `name`, or all of them, in the order of names: a look at a long list
    /// goes on where it was broken off.
    pub fn targets_after(&self, name: Option<&Name>) -> impl Iterator<Item = (TargetId, &Target)> {
        self.targets.after(name)
    }

    /// How many targets are how well at `now`, verdicts that are too old taken for unknown. Walks all
    /// targets.
    #[must_use]
    pub fn summary(&self, now: Instant) -> Summary {
        let targets = self.targets.iter();
        targets.map(|(_, target)| target.verdict_at(now)).collect()
    }

    /// Attempts that run.
    #[must_use]
    pub const fn in_flight(&self) -> usize {
        self.tally.running
    }

    /// The attempts that would run at once if nobody ever answered: the `max_in_flight` with
    /// which no slot is ever missed. Walks all targets.
    #[must_use]
    pub fn demand(&self) -> usize {
        places(self.targets.iter().map(|(_, it)| it.demand()).sum())
    }

    /// What has been counted since the start.
    #[must_use]
    pub const fn stats(&self) -> &Stats {
        &self.stats
    }

    /// The settings.
    #[must_use]
    pub const fn config(&self) -> &MonitorConfig {
        &self.config
    }
}

/// As many whole places as a sum of [demands](Target::demand) takes.
#[must_use]
pub fn places(demand: f64) -> usize {
    let whole = demand as usize;
    whole + usize::from((whole as f64) < demand)
}
