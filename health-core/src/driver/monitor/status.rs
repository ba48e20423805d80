//! How everything is, at one moment.

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::shared::State;
use crate::check::probe::Report;
use crate::check::{CheckStatus, Mode, Record};
use crate::monitor::{Stats, Summary, Target, TargetId};
use crate::name::Name;
use crate::streak::Streak;
use crate::time::Instant;

/// A monitor and all of its targets, as they stood when asked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MonitorStatus {
    /// The time of the monitor's clock, which counts from its start.
    pub now: Instant,
    /// It runs, and was not told to stop.
    pub is_running: bool,
    /// Attempts that run.
    pub in_flight: usize,
    /// Attempts that would run at once if nobody ever answered: worth a warning if it is more than
    /// [`max_in_flight`](Self::max_in_flight).
    pub demand: usize,
    /// The most attempts that may run at once.
    pub max_in_flight: usize,
    /// Events that nobody read in time.
    pub lost_events: u64,
    /// How many targets are how well.
    pub summary: Summary,
    /// What has been counted since the start.
    pub stats: Stats,
    /// The targets, by name.
    pub targets: Vec<TargetView>,
}

/// A target in a [`MonitorStatus`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TargetView {
    /// Its name.
    pub name: Name,
    /// Its startup checks have succeeded, and nothing is on hold.
    pub is_started: bool,
    /// It may be sent work.
    pub is_ready: bool,
    /// It was taken off the list.
    pub is_deregistered: bool,
    /// Of how many checks how many are healthy: `(2, 3)`.
    pub healthy: (usize, usize),
    /// Its checks, in the order they were given.
    pub checks: Vec<CheckView>,
}

/// A check in a [`MonitorStatus`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CheckView {
    /// Its name.
    pub name: Name,
    /// What it looks at, without secrets.
    pub target: String,
    /// What it holds its target for.
    pub status: CheckStatus,
    /// Whether that is older than it should be.
    pub is_stale: bool,
    /// What it is doing.
    pub mode: Mode,
    /// Results in a row.
    pub streak: Streak,
    /// Whether the last success came with a warning.
    pub is_degraded: bool,
    /// When it is due next, on the clock of [`MonitorStatus::now`]; `None` while it runs, and if it is
    /// not planned.
    pub next_due: Option<Instant>,
    /// Attempts begun.
    pub attempts: u64,
    /// Slots that passed without one, because an attempt, the queue or a stall covered them.
    pub skipped_slots: u64,
    /// The last results as they were judged, oldest first.
    pub history: Vec<Record>,
    /// The evidence of the last attempt that came to its end: its parts' times, address, output.
    pub last_report: Option<Arc<Report>>,
}

impl MonitorStatus {
    pub(super) fn of(now: Instant, state: &State) -> Self {
        let monitor = &state.monitor;
        let targets = monitor.targets();
        let targets = targets.map(|(id, target)| TargetView::of(state, id, target));
        Self {
            now,
            is_running: monitor.is_running(),
            in_flight: monitor.in_flight(),
            demand: monitor.demand(),
            max_in_flight: monitor.config().max_in_flight,
            lost_events: state.lost_events,
            summary: monitor.targets().map(|(_, target)| target).collect(),
            stats: *monitor.stats(),
            targets: targets.collect(),
        }
    }

    pub(super) fn of_target(state: &State, name: &str) -> Option<TargetView> {
        let id = state.monitor.find(name)?;
        let target = state.monitor.target(id)?;
        Some(TargetView::of(state, id, target))
    }

    /// The target of that name.
    #[must_use]
    pub fn target(&self, name: &str) -> Option<&TargetView> {
        self.targets.iter().find(|it| it.name.as_str() == name)
    }
}

impl TargetView {
    fn of(state: &State, id: TargetId, target: &Target) -> Self {
        let checks = target.checks().enumerate();
        let checks = checks.map(|(index, (name, check))| {
            let id = id.check(index);
            let job = state.jobs.get(&id);
            CheckView {
                name: name.clone(),
                target: job.map(ToString::to_string).unwrap_or_default(),
                status: check.status(),
                is_stale: check.is_stale(),
                mode: check.mode(),
                streak: check.streak(),
                is_degraded: check.is_degraded(),
                next_due: check.next_due(),
                attempts: check.attempts(),
                skipped_slots: check.skipped_slots(),
                history: check.history().cloned().collect(),
                last_report: state.reports.get(&id).map(Arc::clone),
            }
        });
        Self {
            name: target.name().clone(),
            is_started: target.is_started(),
            is_ready: target.is_ready(),
            is_deregistered: target.is_deregistered(),
            healthy: target.healthy(),
            checks: checks.collect(),
        }
    }
}
