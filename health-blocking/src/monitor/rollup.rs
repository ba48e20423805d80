//! All targets as one component.

use std::collections::BTreeMap;
use std::time::Duration;

use health_core::check::{Check, Status};
use health_core::health::ComponentConfig;
use health_core::monitor::{Monitor, Summary};
use health_core::name::NameError;
use health_core::outcome::Outcome;
use health_core::shared::{Component, Health, Stats};
use health_core::time::Instant;

/// A check's verdict counts for so many of its intervals, and what the component was told for so many
/// of its own.
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
        let message = || format!("{}/{} healthy", summary.healthy(), summary.total);
        match summary.verdict() {
            // A group of none is fine.
            None | Some(Status::Healthy) => self.component.success(),
            Some(Status::Degraded) => self.component.record(Outcome::warning(message())),
            Some(Status::Unhealthy) => self.component.record(Outcome::failure(message())),
            // Says nothing, so that what was known runs out by itself.
            Some(Status::Unknown) => {}
        }
    }
}

/// How well all targets are: a verdict older than its validity is none.
pub(super) fn summary(monitor: &Monitor, now: Instant) -> Summary {
    let of_check = |check: &Check| {
        let validity = VALIDITY * check.config().interval.max(check.config().timeout);
        let is_old = |at| now.duration_since(at) > validity;
        match check.verdict() {
            Some(_) if check.judged_at().is_some_and(is_old) => Some(Status::Unknown),
            verdict => verdict,
        }
    };
    let of_target = |checks: &mut dyn Iterator<Item = &Check>| {
        let judged = checks.map(of_check).filter(Option::is_some);
        judged.collect::<Summary>().verdict()
    };
    monitor
        .targets()
        .map(|(_, target)| {
            if target.is_deregistered() {
                None
            } else {
                of_target(&mut target.checks().map(|(_, check)| check))
            }
        })
        .collect()
}
