//! Keeps a group's supervisor and its checks in step, under the lock of its monitor: the supervisor learns
//! what the checks say, and the checks learn which instances it begins and ends.

use std::collections::VecDeque;
use std::mem;

use health_core::monitor::{Monitor, Target, TargetId};
use health_core::supervise::{
    GroupCommand, GroupEvent, GroupSummary, InstanceEnd, InstanceId, Replica, Supervisor,
};
use health_core::{CheckStatus, Instant, ProbeKind};

use super::evidence::{self, FailedCheck};
use super::host::ProcessReport;
use super::notes::{Known, Note, Notes};
use super::view::GroupEnd;
use crate::monitor::EventQueue;

/// The most ended instances that are kept of a replica.
const MOST_ENDED: usize = 5;

/// All of it changes together with the monitor.
#[derive(Debug)]
pub(crate) struct GroupState {
    pub(super) supervisor: Supervisor,
    checks: Box<[Checks]>,
    /// The last ones of each replica, oldest first.
    pub(super) ended: Box<[VecDeque<Ended>]>,
    pub(super) events: EventQueue<GroupEvent>,
    /// There are events that were not collected.
    has_news: bool,
    /// For the history of the daemon, if the group is shown in it.
    notes: Option<Notes>,
    pub(super) end: Option<GroupEnd>,
}

/// How an instance has ended, and what its checks said then that failed.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) end: InstanceEnd,
    pub(super) failed: Vec<FailedCheck>,
}

/// The checks of a replica.
#[derive(Debug)]
struct Checks {
    source: Source,
    /// The instance that they are made of; `None` while they are on hold.
    instance: Option<InstanceId>,
    /// What the supervisor has been told of this instance.
    told: Option<Seen>,
    /// What failed of the last instance when its checks were put on hold. Once they are made for the
    /// next one, nothing else tells.
    failed: Vec<FailedCheck>,
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
            failed: Vec::new(),
        });
        let ended = supervisor.replicas().map(|_| VecDeque::new());
        Self {
            checks: checks.collect(),
            ended: ended.collect(),
            supervisor,
            events: EventQueue::new(),
            has_news: false,
            notes: None,
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
        self.take_events(monitor);
        if self.is_over() {
            monitor.stop(now);
        }
    }

    /// Whether there are events for readers that were not collected before.
    pub(crate) fn collect_events(&mut self) -> bool {
        mem::take(&mut self.has_news)
    }

    /// From now on, what happens is noted for the history.
    pub(super) fn keep_notes(&mut self) {
        self.notes.get_or_insert_default();
    }

    /// The notes that were made since the last call.
    pub(crate) fn take_notes(&mut self) -> Vec<Note> {
        self.notes.as_mut().map_or_else(Vec::new, Notes::take)
    }

    /// Moves events to where readers find them. At once, since what is known of a replica may be another
    /// thing after the next change.
    fn take_events(&mut self, monitor: &Monitor) {
        while let Some(event) = self.supervisor.poll_event() {
            if let Some(mut notes) = self.notes.take() {
                notes.observe(&event, |replica| self.known(monitor, replica));
                self.notes = Some(notes);
            }
            if let GroupEvent::Ended { code, left, .. } = event {
                self.end = Some(GroupEnd { code, left });
            }
            self.events.push(event);
            self.has_news = true;
        }
    }

    fn known(&self, monitor: &Monitor, replica: u16) -> Option<Known<'_>> {
        let index = usize::from(replica);
        Some(Known {
            replica: self.supervisor.replicas().nth(index)?,
            last_end: self.ended.get(index)?.back().map(|it| &it.end),
            failing: self.failing(monitor, replica),
        })
    }

    /// What fails of the instance of a replica, or failed when it was ended.
    pub(super) fn failing(&self, monitor: &Monitor, replica: u16) -> Vec<FailedCheck> {
        let checks = self.checks.get(usize::from(replica));
        checks.map_or_else(Vec::new, |it| match it.instance {
            Some(_) => it.source.failing(monitor),
            None => it.failed.clone(),
        })
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
            keep_end(ended, replica, &checks.failed);
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
        // While they are on hold, they say nothing new.
        if self.instance.is_some() {
            self.failed = self.source.failing(monitor);
        }
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

    fn failing(self, monitor: &Monitor) -> Vec<FailedCheck> {
        match self {
            Self::Target(target) => monitor
                .target(target)
                .map_or_else(Vec::new, evidence::failing),
            Self::None => Vec::new(),
            #[cfg(feature = "test-util")]
            Self::Test => Vec::new(),
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
fn keep_end(ended: &mut VecDeque<Ended>, replica: &Replica, failed: &[FailedCheck]) {
    let is_known = |last: &InstanceEnd| ended.back().is_some_and(|it| it.end == *last);
    let Some(last) = replica.last_end().filter(|it| !is_known(it)) else {
        return;
    };
    if ended.len() == MOST_ENDED {
        ended.pop_front();
    }
    ended.push_back(Ended {
        end: *last,
        failed: failed.to_vec(),
    });
}
