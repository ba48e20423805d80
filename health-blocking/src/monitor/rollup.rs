//! All targets as one component.

use std::collections::BTreeMap;
use std::time::Duration;

use health_core::health::ComponentConfig;
use health_core::monitor::Summary;
use health_core::name::NameError;
use health_core::shared::{Component, Health, Stats};

/// What the component was told counts for so many intervals.
const VALIDITY: u32 = 3;
/// The component is told at least this often.
pub(super) const INTERVAL: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Rollup {
    component: Component,
    stats: Stats,
}

impl Rollup {
    pub(super) fn new(health: &Health, name: &str) -> Result<Self, NameError> {
        let config = ComponentConfig {
            // The checks have counted already.
            retries: 1,
            // Should the monitor's own thread be starved or dead.
            validity: Some(VALIDITY * INTERVAL),
            ..ComponentConfig::default()
        };
        Ok(Self {
            component: health.component_with(name, config)?,
            stats: health.stats(name)?,
        })
    }

    pub(super) fn tell(&self, summary: Summary) {
        let counts = BTreeMap::from([("total", summary.total), ("healthy", summary.healthy())]);
        // Two numbers can always be serialised.
        let _ = self.stats.set(&counts);
        if let Some(outcome) = summary.outcome() {
            self.component.record(outcome);
        }
    }
}
