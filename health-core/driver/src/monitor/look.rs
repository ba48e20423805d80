//! What is asked about all targets of a monitor that runs, a few of them at a time.
//!
//! A list of a hundred thousand must hold up neither the prober nor the endpoint: nobody has the lock
//! for longer than it takes to look at a thousand targets, or to copy a hundred.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::controls::MonitorControl;
use super::shared::State;
use health_core::Name;
use health_core::monitor::{
    FirstRound, Overview, ReadyTarget, Summary, Target, TargetId, TargetStatus, TargetView, places,
};
use health_core::server::{Page, Targets};

/// Targets looked at under one lock.
pub(super) const MOST_LOOKED_AT: usize = 1_024;
/// Targets copied under one lock.
const MOST_COPIED: usize = 128;
/// Longer lists than can be looked at at once are counted at most this often.
const PAUSE: Duration = Duration::from_secs(1);

impl From<&MonitorControl> for Arc<dyn Targets> {
    /// For a [`Service`](health_core::server::Service) to show.
    ///
    /// ```
    /// use health_core::monitor::MonitorConfig;
    /// use health_core::server::Service;
    /// use health_driver::monitor::MonitorDriver;
    ///
    /// let (_watch, monitor) = MonitorDriver::new(MonitorConfig::default(), None, None);
    /// let service = Service::new().targets(&monitor);
    /// ```
    fn from(monitor: &MonitorControl) -> Self {
        Arc::new(monitor.clone())
    }
}

impl MonitorControl {
    /// How many targets are how well, verdicts that are too old taken for unknown.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let now = self.shared.time.now();
        let mut summary = Summary::default();
        self.visit(|target| summary.add(target.verdict_at(now)));
        summary
    }

    /// How many targets have been looked at.
    #[must_use]
    pub fn first_round(&self) -> FirstRound {
        let mut round = FirstRound::default();
        self.visit(|target| round.add(target));
        round
    }

    /// Attempts that run, and those that would if nobody ever answered; see
    /// [`Monitor::demand`](health_core::monitor::Monitor::demand).
    #[must_use]
    pub fn load(&self) -> (usize, usize) {
        let mut demand = 0.0;
        self.visit(|target| demand += target.demand());
        (self.shared.lock().monitor.in_flight(), places(demand))
    }

    /// How many targets of each group are how well, verdicts that are too old taken for unknown;
    /// `None` is the group of those that have none.
    #[must_use]
    pub fn groups(&self) -> BTreeMap<Option<Name>, Summary> {
        let now = self.shared.time.now();
        let mut groups: BTreeMap<Option<Name>, Summary> = BTreeMap::new();
        self.visit(|target| {
            let group = groups.entry(target.group().cloned()).or_default();
            group.add(target.verdict_at(now));
        });
        groups
    }

    /// Looks at every target.
    fn visit(&self, mut visit: impl FnMut(&Target)) {
        let mut after = None;
        loop {
            let page = self.look(after.as_ref(), |_, _, target| {
                visit(target);
                None::<()>
            });
            after = page.next;
            if after.is_none() {
                return;
            }
        }
    }

    /// Looks at some targets under one lock, and takes along what `copy` makes of them.
    fn look<T>(
        &self,
        after: Option<&Name>,
        mut copy: impl FnMut(&State, TargetId, &Target) -> Option<T>,
    ) -> Page<T> {
        let state = self.shared.lock();
        let mut targets = state.monitor.targets_after(after);
        let (mut entries, mut last) = (Vec::new(), None);
        for (id, target) in targets.by_ref().take(MOST_LOOKED_AT) {
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

impl Targets for MonitorControl {
    fn overview(&self) -> Overview {
        let summary = self.recent_summary();
        let moment = self.shared.time.moment();
        let state = self.shared.lock();
        Overview::new(moment, summary, &state.monitor)
    }

    fn recent_summary(&self) -> Summary {
        let now = self.shared.time.now();
        let mut counted = self.shared.counted();
        if let Some((at, summary)) = *counted {
            if now.duration_since(at) < PAUSE {
                return summary;
            }
        }
        let summary = self.summary();
        *counted = (summary.total > MOST_LOOKED_AT).then_some((now, summary));
        summary
    }

    fn page(&self, after: Option<&Name>, only: Option<TargetStatus>) -> Page<TargetView> {
        let moment = self.shared.time.moment();
        self.look(after, |state, id, target| {
            let status = TargetStatus::from(target.verdict_at(moment.now));
            let is_wanted = only.is_none_or(|only| only == status);
            is_wanted.then(|| state.view(moment, id, target))
        })
    }

    fn ready(&self, after: Option<&Name>) -> Page<ReadyTarget> {
        let now = self.shared.time.now();
        self.look(after, |state, id, target| {
            let is_ready = target.is_ready_at(now);
            let endpoint = is_ready.then(|| state.endpoint(id, target))??;
            Some(ReadyTarget {
                name: target.name().clone(),
                group: target.group().cloned(),
                endpoint: endpoint.clone(),
            })
        })
    }
}
