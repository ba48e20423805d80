//! A group under the lock of its monitor: what its checks say goes to the supervisor, and whom the
//! supervisor begins or ends, to the checks.

use std::collections::VecDeque;

use health_core::monitor::{Monitor, Target, TargetId};
use health_core::supervise::{
    GroupCommand, GroupEvent, GroupSummary, InstanceEnd, InstanceId, Replica, Supervisor,
};
use health_core::{CheckStatus, Instant, ProbeKind};

use super::host::ProcessReport;
use super::view::GroupEnd;

/// The most events that wait for a reader; beyond it the oldest are dropped.
const MOST_EVENTS: usize = 1_024;
/// The most ended instances that are kept of a replica.
const MOST_ENDED: usize = 5;

/// All of it changes together with the monitor.
#[derive(Debug)]
pub(crate) struct GroupState {
    pub(super) supervisor: Supervisor,
    checks: Box<[Checks]>,
    /// The last ones of each replica, oldest first.
    pub(super) ended: Box<[VecDeque<InstanceEnd>]>,
    pub(super) events: VecDeque<GroupEvent>,
    pub(super) lost_events: u64,
    pub(super) end: Option<GroupEnd>,
}

/// The checks of a replica.
#[derive(Debug)]
struct Checks {
    source: Source,
    /// The instance that they are made of; `None` while they are on hold.
    instance: Option<InstanceId>,
    /// What the supervisor has been told of this instance.
    told: Option<Seen>,
}

/// Where it is known from how an instance is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// It has no checks: it is ready once it is up.
    None,
    Target(TargetId),
    /// A test says it.
    #[cfg(feature = "test-util")]
    Test,
}

/// What the checks of an instance say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    is_started: bool,
    is_ready: bool,
    /// The kind of the first check that is unhealthy, and not one of readiness.
    unhealthy: Option<ProbeKind>,
}

impl GroupState {
    /// One source for each replica. What the targets check is on hold.
    pub(super) fn new(supervisor: Supervisor, sources: impl Iterator<Item = Source>) -> Self {
        let checks = sources.map(|source| Checks {
            source,
            instance: None,
            told: None,
        });
        let ended = supervisor.replicas().map(|_| VecDeque::new());
        Self {
            checks: checks.collect(),
            ended: ended.collect(),
            supervisor,
            events: VecDeque::new(),
            lost_events: 0,
            end: None,
        }
    }

    /// Nothing happens any more.
    pub(crate) fn is_over(&self) -> bool {
        self.supervisor.is_ended()
    }

    /// When the loop has something to do for the group.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.supervisor.poll_timeout()
    }

    pub(crate) fn summary(&self) -> GroupSummary {
        self.supervisor.summary()
    }

    /// A stop of the monitor is one of the group, which stops the monitor at its end.
    pub(crate) fn stop(&mut self, now: Instant, monitor: &mut Monitor) {
        self.change(now, monitor, |supervisor| supervisor.stop(now));
    }

    /// Changes the supervisor, and does what follows for the checks.
    pub(super) fn change<R>(
        &mut self,
        now: Instant,
        monitor: &mut Monitor,
        change: impl FnOnce(&mut Supervisor) -> R,
    ) -> R {
        let result = change(&mut self.supervisor);
        self.settle(now, monitor, false);
        result
    }

    pub(super) fn handle_report(
        &mut self,
        now: Instant,
        monitor: &mut Monitor,
        report: ProcessReport,
    ) {
        self.change(now, monitor, |supervisor| match report {
            ProcessReport::Exit {
                instance,
                exit,
                is_rest_left,
            } => supervisor.handle_exit(now, instance, exit, is_rest_left),
            ProcessReport::Gone { instance } => supervisor.handle_gone(now, instance),
            ProcessReport::Restarted { instance, is_ok } => {
                supervisor.handle_restarted(now, instance, is_ok);
            }
        });
    }

    pub(super) fn next_command(
        &mut self,
        now: Instant,
        monitor: &mut Monitor,
    ) -> Option<GroupCommand> {
        self.change(now, monitor, |supervisor| supervisor.poll(now))
    }

    /// Each side is told of the other until neither has news. `has_news`: checks have.
    pub(crate) fn settle(&mut self, now: Instant, monitor: &mut Monitor, has_news: bool) {
        loop {
            let has_begun = self.follow(now, monitor);
            let has_heard = (has_begun || has_news) && self.hear(now, monitor);
            if !has_begun && !has_heard {
                break;
            }
        }
        if self.is_over() {
            monitor.stop(now);
        }
    }

    /// Moves events to where readers find them; whether there were any.
    pub(crate) fn collect_events(&mut self) -> bool {
        let mut is_due = false;
        while let Some(event) = self.supervisor.poll_event() {
            if let GroupEvent::Ended { code, left, .. } = event {
                self.end = Some(GroupEnd { code, left });
            }
            if self.events.len() == MOST_EVENTS {
                self.events.pop_front();
                self.lost_events += 1;
            }
            self.events.push_back(event);
            is_due = true;
        }
        is_due
    }

    /// What does not run is not checked, and each instance is checked afresh; whether one has begun or
    /// ended.
    fn follow(&mut self, now: Instant, monitor: &mut Monitor) -> bool {
        let mut has_changed = false;
        let replicas = self.supervisor.replicas();
        for ((replica, checks), ended) in replicas.zip(&mut self.checks).zip(&mut self.ended) {
            let instance = replica.is_running().then(|| replica.instance());
            if checks.instance != instance {
                checks.turn_to(now, monitor, instance);
                has_changed = true;
            }
            keep_end(ended, replica);
        }
        has_changed
    }

    /// Which instance the checks of this target are made of.
    pub(super) fn instance_of(&self, target: TargetId) -> Option<InstanceId> {
        let source = Source::Target(target);
        let checks = self.checks.iter().find(|checks| checks.source == source);
        checks?.instance
    }

    /// Tells the supervisor what is new; whether anything was.
    fn hear(&mut self, now: Instant, monitor: &Monitor) -> bool {
        let mut has_heard = false;
        for checks in &mut self.checks {
            has_heard |= checks.tell(now, monitor, &mut self.supervisor);
        }
        has_heard
    }

    /// For tests of groups whose checks are scripted.
    #[cfg(feature = "test-util")]
    pub(super) fn script_checks(&mut self) {
        for checks in &mut self.checks {
            checks.source = Source::Test;
        }
    }
}

impl Checks {
    fn turn_to(&mut self, now: Instant, monitor: &mut Monitor, instance: Option<InstanceId>) {
        self.instance = instance;
        self.told = None;
        if let Source::Target(target) = self.source {
            match instance {
                Some(_) => monitor.instance_changed(now, target),
                None => monitor.hold(now, target),
            }
        }
    }

    fn tell(&mut self, now: Instant, monitor: &Monitor, supervisor: &mut Supervisor) -> bool {
        let (Some(instance), Some(seen)) = (self.instance, self.source.see(monitor)) else {
            return false;
        };
        let told = self.told.replace(seen);
        if told == Some(seen) {
            return false;
        }
        // What is unready because of a verdict is not told as unready, nor what is ready again.
        let before = told.and_then(|it| it.unhealthy);
        if let (None, Some(kind)) = (before, seen.unhealthy) {
            supervisor.handle_unhealthy(now, instance, kind);
        }
        supervisor.handle_target(now, instance, seen.is_started, seen.is_ready);
        if let (Some(_), None) = (before, seen.unhealthy) {
            supervisor.handle_recovered(now, instance);
        }
        true
    }
}

impl Source {
    fn see(self, monitor: &Monitor) -> Option<Seen> {
        match self {
            Self::None => Some(Seen {
                is_started: true,
                is_ready: true,
                unhealthy: None,
            }),
            Self::Target(target) => monitor.target(target).map(Seen::of),
            #[cfg(feature = "test-util")]
            Self::Test => None,
        }
    }
}

impl Seen {
    fn of(target: &Target) -> Self {
        let unhealthy = target.checks().find_map(|(_, check)| {
            let kind = check.config().kind;
            let is_verdict = kind != ProbeKind::Readiness;
            (is_verdict && check.status() == CheckStatus::Unhealthy).then_some(kind)
        });
        Self {
            is_started: target.is_started(),
            is_ready: target.is_ready(),
            unhealthy,
        }
    }
}

/// Keeps how the last instance ended, unless that is known.
fn keep_end(ended: &mut VecDeque<InstanceEnd>, replica: &Replica) {
    let last = replica.last_end().filter(|it| ended.back() != Some(it));
    if let Some(last) = last {
        if ended.len() == MOST_ENDED {
            ended.pop_front();
        }
        ended.push_back(*last);
    }
}
