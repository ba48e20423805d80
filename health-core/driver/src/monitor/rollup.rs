//! All targets as one component.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::{Component, Health, Stats};
use health_core::Instant;
use health_core::NameError;
use health_core::health::ComponentConfig;
use health_core::monitor::{Stats as Counts, Summary};

/// What the component was told counts for so many intervals.
const VALIDITY: u32 = 3;
/// The component is told at least this often.
const INTERVAL: Duration = Duration::from_secs(10);
/// The component is told at most this often.
const PAUSE: Duration = Duration::from_millis(100);

/// Shows all targets of a monitor as one component of a [`Health`], with the durations of all their
/// attempts, and their number as a stat of the same name: `{"total":100,"healthy":97}`.
///
/// It is told of changes within 100 ms, and every 10 s that nothing has changed. What it was told
/// counts for 30 s: if nobody probes any more, it becomes unknown, and does not stay green.
#[derive(Debug)]
pub struct GroupComponent {
    component: Component,
    stats: Stats,
    told: Option<Instant>,
}

impl GroupComponent {
    /// Declares the component and the stat.
    ///
    /// # Errors
    ///
    /// The name is not allowed, or taken.
    pub fn new(health: &Health, name: &str) -> Result<Self, NameError> {
        let config = ComponentConfig::new()
            // The checks have counted already.
            .retries(1)
            // Should the monitor's own thread be starved or dead.
            .validity(VALIDITY * INTERVAL);
        Ok(Self {
            component: health.component_with(name, config)?,
            stats: health.stats(name)?,
            told: None,
        })
    }

    /// When the component is to be told next; `has_news` if something may have changed.
    pub(super) fn due(&self, now: Instant, has_news: bool) -> Instant {
        let pause = if has_news { PAUSE } else { INTERVAL };
        self.told.map_or(now, |told| told + pause)
    }

    pub(super) fn tell(&mut self, now: Instant, summary: Summary, counted: &Counts) {
        self.told = Some(now);
        let counts = BTreeMap::from([("total", summary.total), ("healthy", summary.healthy())]);
        // Two numbers can always be serialised.
        let _ = self.stats.set(&counts);
        if let Some(outcome) = summary.outcome() {
            self.component.record(outcome);
        }
        self.component.set_timing(counted.timing);
    }
}
