//! The monitor, as a driver sees it: life, commands, results, events.

use alloc::collections::VecDeque;
#[cfg(feature = "registry")]
use alloc::sync::Arc;

use super::config::MonitorConfig;
use super::event::{Command, MonitorEvent};
use super::id::{AttemptId, CheckId, TargetId};
use super::list::Targets;
use super::mass_failure::{MassFailures, Tally};
use super::reaper::Reaper;
#[cfg(feature = "registry")]
use super::registry::{Journal, Quiet};
use super::shortage::Shortages;
use super::stats::MonitorStats;
use super::status::MonitorStatus;
use super::sums::Sums;
use super::target::Target;
use super::timers::Timers;
use crate::base::Name;
use crate::base::Outcome;
use crate::base::{Instant, Moment};
#[cfg(feature = "test-util")]
use crate::check::Check;
use crate::check::Signal;

/// Many checks on many targets. See the [module](super) for how to drive it and for its contract.
#[derive(Debug)]
pub struct Monitor {
    pub(super) config: MonitorConfig,
    pub(super) life: Life,
    pub(super) clock: Instant,
    pub(super) targets: Targets,
    pub(super) sums: Sums,
    /// Deadlines, and slots that find a process not reaped: what no limit holds back.
    pub(super) timeouts: Timers,
    /// Attempts due, which are the queue as well, by [`Lane`](super::mass_failure::Lane).
    pub(super) starts: [Timers; 3],
    pub(super) reaper: Reaper,
    pub(super) tally: Tally,
    pub(super) mass: MassFailures,
    pub(super) stats: MonitorStats,
    /// Before this, no further first attempt may begin before its slot: of checks that wait for nothing,
    /// and of those that wait for an initial delay or an interval.
    pub(super) next_first: [Instant; 2],
    pub(super) commands: VecDeque<Command>,
    pub(super) events: VecDeque<MonitorEvent>,
    #[cfg(feature = "registry")]
    pub(super) journal: Option<Journal>,
    #[cfg(feature = "registry")]
    pub(super) quiet: Arc<Quiet>,
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
            sums: Sums::default(),
            timeouts: Timers::default(),
            starts: [Timers::default(), Timers::default(), Timers::default()],
            reaper: Reaper::default(),
            tally: Tally::default(),
            mass: MassFailures::default(),
            stats: MonitorStats::default(),
            next_first: [Instant::default(); 2],
            commands: VecDeque::new(),
            events: VecDeque::new(),
            #[cfg(feature = "registry")]
            journal: None,
            #[cfg(feature = "registry")]
            quiet: Arc::default(),
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

    /// Stops for good: cancels what runs and waits for processes, at most
    /// [`stop_timeout`](MonitorConfig::stop_timeout). Call [`poll`](Self::poll) until
    /// [`is_stopped`](Self::is_stopped). Later calls do nothing.
    pub fn stop(&mut self, now: Instant) {
        let now = self.control(now);
        if !matches!(self.life, Life::Stopping { .. } | Life::Stopped) {
            let bound = self.config.stop_timeout;
            self.life = Life::Stopping { until: now + bound };
            for id in self.targets.in_order() {
                self.change_each(now, id, |check| check.stop(now, bound));
                self.recount(id);
            }
            self.settle_mass_failures();
            self.finish_stop(now);
        }
    }

    /// Whether it was started and not stopped.
    pub(crate) fn is_running(&self) -> bool {
        self.life == Life::Running
    }

    /// Whether it has stopped: nothing runs any more, or the time for it is over.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.life == Life::Stopped
    }

    /// The attempt came to this outcome. Ignored if it no longer runs or its deadline has come, so a
    /// driver need not know whether its outcome was still wanted.
    pub fn handle_outcome(&mut self, now: Instant, attempt: AttemptId, outcome: Outcome) {
        let now = self.tick(now);
        self.expire(|at, check| (at, check) < (now, attempt.check()));
        let check = attempt.check();
        let permit = self.permit(check);
        let answered = self.answers_again(check.target());
        let mut is_taken = false;
        self.change(now, check, |check| {
            let events = check.handle_outcome(now, attempt.number(), outcome, permit);
            is_taken = !events.is_empty();
            events
        });
        if is_taken && self.answers_again(check.target()) {
            if !answered {
                self.change(now, check, |check| check.answers_again());
            }
            self.reactivate_if_wanted(now, check.target());
        }
        self.update_target(now, check.target());
    }

    /// Nothing is left of an attempt: its process was waited for, its closure has returned. Ignored
    /// if it was not cancelled, so it may be said of every attempt that needs to be reaped.
    pub fn handle_reaped(&mut self, now: Instant, attempt: AttemptId) {
        let now = self.tick(now);
        self.expire(|at, check| (at, check) < (now, attempt.check()));
        if let Some(reaped) = self.reaper.reaped(attempt) {
            self.tally.execs -= usize::from(reaped.is_orphan);
            self.change(now, attempt.check(), |check| {
                check.handle_reaped(now, attempt.number())
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
        self.expire_verdicts();
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
        let start = self.next_start().map(|(due, _)| self.end_of_tick(due));
        let timeout = self.timeouts.first().map(|(at, _)| at);
        let all = [timeout, self.reaper.next_kill(), stop, start];
        all.into_iter().flatten().min()
    }

    /// What happened, oldest first; call until `None`. Events wait without limit.
    pub fn poll_event(&mut self) -> Option<MonitorEvent> {
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

    /// The targets whose names come after `after`, or all, in the order of names: for readers that take a
    /// long list in parts.
    pub fn targets(&self, after: Option<&Name>) -> impl Iterator<Item = (TargetId, &Target)> {
        self.targets.after(after)
    }

    /// The monitor in numbers at `moment`; a verdict that is too old by then counts as unknown.
    ///
    /// Reads sums: while the monitor is polled, it visits only targets whose verdict was to expire in
    /// the last eighth of a second.
    #[must_use]
    pub fn status(&mut self, moment: Moment) -> MonitorStatus {
        let summary = self.summary(moment.now);
        MonitorStatus {
            moment,
            is_running: self.is_running(),
            is_mass_failure: self.mass.is_on(),
            in_flight: self.tally.running,
            demand: self.sums.demand(),
            max_in_flight: self.config.max_in_flight,
            summary,
            #[cfg(feature = "registry")]
            reactivate_command: self.config.reactivate_command,
            #[cfg(not(feature = "registry"))]
            reactivate_command: None,
            stats: self.stats,
            #[cfg(feature = "registry")]
            journal: self.journal_stats(moment.now),
        }
    }

    /// Whether a target that was deregistered answers again.
    fn answers_again(&self, id: TargetId) -> bool {
        self.targets.get(id).is_some_and(Target::answers_again)
    }

    /// What keeps the prober itself from probing.
    #[must_use]
    pub const fn shortages(&self) -> Shortages {
        self.sums.shortages
    }

    /// The handles of the target's checks, in the order of [`Target::checks`]; none if it was removed.
    pub(super) fn check_ids(&self, id: TargetId) -> impl Iterator<Item = CheckId> + Clone + use<> {
        let count = self.targets.get(id).map_or(0, |it| it.checks.len());
        (0..count).map(move |index| id.check(index))
    }

    pub(super) fn finish_stop(&mut self, now: Instant) {
        let Life::Stopping { until } = self.life else {
            return;
        };
        let left = self.reaper.len();
        if left == 0 || now >= until {
            self.life = Life::Stopped;
            self.events
                .push_back(MonitorEvent::Stopped { at: now, left });
        }
    }
}

/// What tests of every run look into.
#[cfg(feature = "test-util")]
impl Monitor {
    /// The check, unless its target was removed.
    #[must_use]
    pub fn check(&self, id: CheckId) -> Option<&Check> {
        self.targets.check(id)
    }

    /// The handles of the target's checks, in the order of [`Target::checks`]; none if it was removed.
    pub fn checks(&self, id: TargetId) -> impl Iterator<Item = CheckId> + Clone + use<> {
        self.check_ids(id)
    }

    /// Attempts that run.
    #[must_use]
    pub const fn in_flight(&self) -> usize {
        self.tally.running
    }

    /// The settings.
    #[must_use]
    pub const fn config(&self) -> &MonitorConfig {
        &self.config
    }
}
