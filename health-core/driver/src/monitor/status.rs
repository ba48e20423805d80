//! How everything is, at one moment.

use std::sync::Arc;

use super::shared::State;
use health_core::check::probe::Endpoint;
use health_core::monitor::{Sight, Stats, Summary, Target, TargetId, TargetView};
use health_core::{Instant, Moment};

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

impl MonitorStatus {
    pub(super) fn of(moment: Moment, state: &State) -> Self {
        let monitor = &state.monitor;
        let targets = monitor.targets();
        let targets = targets.map(|(id, target)| state.view(moment, id, target));
        Self {
            now: moment.now,
            is_running: monitor.is_running(),
            in_flight: monitor.in_flight(),
            demand: monitor.demand(),
            max_in_flight: monitor.config().max_in_flight,
            lost_events: state.lost_events,
            summary: monitor.summary(moment.now),
            stats: *monitor.stats(),
            targets: targets.collect(),
        }
    }

    /// The target of that name.
    #[must_use]
    pub fn target(&self, name: &str) -> Option<&TargetView> {
        self.targets.iter().find(|it| it.name.as_str() == name)
    }
}

impl State {
    /// A target as it stands, with what is known of its attempts.
    pub(super) fn view(&self, moment: Moment, id: TargetId, target: &Target) -> TargetView {
        TargetView::new(moment, target, |index| {
            let id = id.check(index);
            let job = self.jobs.get(&id);
            Sight {
                target: job.map(ToString::to_string).unwrap_or_default(),
                is_http: job.is_some_and(|job| job.is_http()),
                last_report: self.reports.get(&id).map(Arc::clone),
            }
        })
    }

    /// What the first of its checks that has an address connects to.
    pub(super) fn endpoint(&self, id: TargetId, target: &Target) -> Option<&Endpoint> {
        let checks = (0..target.checks().len()).map(|index| id.check(index));
        let mut jobs = checks.filter_map(|check| self.jobs.get(&check));
        jobs.find_map(|job| job.endpoint())
    }
}
