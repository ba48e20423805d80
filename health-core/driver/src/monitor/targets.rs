//! The targets of a monitor that runs, for readers: some of them at a time.
//!
//! A list of a hundred thousand must hold up neither the prober nor the endpoint: no reader has the
//! lock for longer than it takes to visit a thousand targets, or to copy a hundred.

use std::sync::Arc;

use super::control::MonitorControl;
use super::shared::State;
use health_core::Moment;
use health_core::Name;
use health_core::check::probe::Endpoint;
#[cfg(feature = "registry")]
use health_core::monitor::Down;
use health_core::monitor::{
    MonitorStatus, ReadyTarget, Target, TargetId, TargetStatus, TargetView,
};
use health_core::server::{Page, Targets};

/// Targets visited under one lock.
pub(super) const MOST_VISITED: usize = 1_024;
/// Targets copied under one lock.
const MOST_COPIED: usize = 128;

impl From<&MonitorControl> for Arc<dyn Targets> {
    /// For a [`Service`](health_core::server::Service) to show.
    ///
    /// ```
    /// use health_core::monitor::MonitorConfig;
    /// use health_core::server::Service;
    /// use health_driver::monitor::{MonitorClock, MonitorDriver};
    ///
    /// let (config, clock) = (MonitorConfig::default(), MonitorClock::default());
    /// let (_driver, monitor) = MonitorDriver::new(config, None, clock);
    /// let service = Service::new().targets(&monitor);
    /// ```
    fn from(monitor: &MonitorControl) -> Self {
        Arc::new(monitor.clone())
    }
}

impl Targets for MonitorControl {
    fn status(&self) -> MonitorStatus {
        self.status()
    }

    fn page(&self, after: Option<&Name>, only: Option<TargetStatus>) -> Page<TargetView> {
        let moment = self.shared.clock.moment();
        self.visit(after, |state, id, target| {
            let is_wanted = only.is_none_or(|only| target.status_at(moment.now).is_one_of(only));
            is_wanted.then(|| state.view(moment, id, target))
        })
    }

    #[cfg(feature = "registry")]
    fn target(&self, name: &Name) -> Option<TargetView> {
        Self::target(self, name.as_str())
    }

    fn ready(&self, after: Option<&Name>) -> Page<ReadyTarget> {
        let now = self.shared.clock.now();
        self.visit(after, |state, id, target| {
            let endpoint = state.endpoint(id).filter(|_| target.is_ready_at(now))?;
            Some(ReadyTarget::new(target, endpoint.clone()))
        })
    }
}

impl MonitorControl {
    /// All targets, by name. It copies them: prefer [`target`](Self::target) for one of many.
    #[must_use]
    pub fn targets(&self) -> Vec<TargetView> {
        let (mut targets, mut after) = (Vec::new(), None);
        loop {
            let page = self.page(after.as_ref(), None);
            targets.extend(page.entries);
            after = page.next;
            if after.is_none() {
                return targets;
            }
        }
    }

    /// Visits some targets under one lock, and collects what `copy` makes of them.
    pub(super) fn visit<T>(
        &self,
        after: Option<&Name>,
        mut copy: impl FnMut(&State, TargetId, &Target) -> Option<T>,
    ) -> Page<T> {
        let state = self.shared.lock();
        let mut targets = state.monitor.targets(after);
        let (mut entries, mut last) = (Vec::new(), None);
        for (id, target) in targets.by_ref().take(MOST_VISITED) {
            entries.extend(copy(&state, id, target));
            last = Some(target.name());
            if entries.len() == MOST_COPIED {
                break;
            }
        }
        let next = last.filter(|_| targets.next().is_some()).cloned();
        Page { entries, next }
    }
}

impl State {
    /// A copy of a target, with what the driver knows of its checks.
    pub(super) fn view(&self, moment: Moment, id: TargetId, target: &Target) -> TargetView {
        let view = TargetView::new(moment, target);
        #[cfg(feature = "registry")]
        let view = view.with_quiet(moment.unix, self.monitor.quiet());
        let mut view = view;
        let work = self.work.get(&id).into_iter().flatten();
        for (check, work) in view.checks.iter_mut().zip(work) {
            check.target = work.job.to_string();
            check.is_http = work.job.is_http();
            check.last_report = work.report.clone();
        }
        view
    }

    /// Says why the first of those that are down is, if only what was stored says so.
    #[cfg(feature = "registry")]
    pub(super) fn explain(&self, moment: Moment, down: &mut Down) {
        let first = down.lacks_reason();
        let Some(id) = first.and_then(|name| self.monitor.find(name.as_str())) else {
            return;
        };
        if let Some(target) = self.monitor.target(id) {
            down.set_reason(self.view(moment, id, target).reason());
        }
    }

    /// What the first of its checks that has an address connects to.
    fn endpoint(&self, id: TargetId) -> Option<&Endpoint> {
        let mut work = self.work.get(&id)?.iter();
        work.find_map(|work| work.job.endpoint())
    }
}
