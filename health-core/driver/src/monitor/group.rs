//! Shows a group of targets as one component of the daemon.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::{Component, Health, Stats};
use health_core::Instant;
use health_core::health::ComponentConfig;
use health_core::monitor::{Down, Summary};
use health_core::{NameError, Timing};

/// A result of the component holds for so many intervals.
const VALIDITY: u32 = 3;
/// The component is updated at least this often.
const INTERVAL: Duration = Duration::from_secs(10);
/// The component is updated at most this often.
const PAUSE: Duration = Duration::from_millis(100);

/// Shows a group of targets, or all of a monitor, as one component of a [`Health`], with the durations of
/// all attempts of the monitor, and the number of targets as a stat of the same name:
/// `{"total":100,"healthy":97}`, with `"deregistered":1` if any is.
///
/// The component is as well as the worst target that is judged; it is at most degraded while one is
/// deregistered, and unhealthy if all are. Its message says how many are healthy, its cause, for
/// authorised readers, which are down, and what the first of them said:
/// `b (deregistered): connection refused; also down: c`.
///
/// That of a whole monitor shows a change within 100 ms, and is renewed every 10 s. What it shows is valid
/// for 30 s: if the monitor no longer runs, it becomes unknown, and does not stay healthy.
#[derive(Debug)]
pub struct GroupComponent {
    component: Component,
    stats: Stats,
    shown: Option<Shown>,
}

/// What the component shows.
#[derive(Debug)]
struct Shown {
    summary: Summary,
    timing: Timing,
    /// When it was last updated.
    updated: Instant,
    /// When its summary was last recorded, changed or not.
    recorded: Instant,
}

/// Declares a component and a stat of one name, or neither.
pub(crate) fn declare(
    health: &Health,
    name: &str,
    config: ComponentConfig,
) -> Result<(Component, Stats), NameError> {
    let component = health.component_with(name, config)?;
    match health.stats(name) {
        Ok(stats) => Ok((component, stats)),
        Err(error) => {
            // It would never have a result.
            component.remove();
            Err(error)
        }
    }
}

impl GroupComponent {
    /// Declares the component and the stat. It is not critical: a target that is down is not a reason to
    /// end the daemon that watches it.
    ///
    /// # Errors
    ///
    /// The name is not allowed, or taken.
    pub fn new(health: &Health, name: &str) -> Result<Self, NameError> {
        Self::with_config(health, name, ComponentConfig::new().critical(false))
    }

    /// The same with settings of your own, except for `retries`, which is 1 since the checks have counted
    /// already, and `validity`, which is 30 s.
    ///
    /// # Errors
    ///
    /// The name is not allowed, or taken.
    pub fn with_config(
        health: &Health,
        name: &str,
        config: ComponentConfig,
    ) -> Result<Self, NameError> {
        // Should the monitor's own thread be starved or dead.
        let config = config.retries(1).validity(VALIDITY * INTERVAL);
        let (component, stats) = declare(health, name, config)?;
        Ok(Self {
            component,
            stats,
            shown: None,
        })
    }

    /// Shows this, once more if it is the same: for a group whose caller gathers it, at least every 10 s.
    pub fn record(&self, summary: Summary, down: &Down) {
        let mut counts = BTreeMap::from([("total", summary.total), ("healthy", summary.healthy())]);
        if summary.deregistered > 0 {
            counts.insert("deregistered", summary.deregistered);
        }
        // Numbers can always be serialised.
        let _ = self.stats.set(&counts);
        if let Some(outcome) = summary.outcome() {
            let down = down.to_string();
            self.component.record(match down.as_str() {
                "" => outcome,
                _ => outcome.caused_by(down),
            });
        }
    }

    /// Removes the component and the stat, whose name is free then.
    pub fn remove(self) {
        self.component.remove();
        self.stats.remove();
    }

    /// When the component is to be updated next.
    pub(super) fn due(&self, now: Instant, summary: Summary, timing: Timing) -> Instant {
        match &self.shown {
            None => now,
            Some(shown) if (shown.summary, shown.timing) != (summary, timing) => {
                shown.updated + PAUSE
            }
            Some(shown) => shown.recorded + INTERVAL,
        }
    }

    pub(super) fn update(&mut self, now: Instant, summary: Summary, down: &Down, timing: Timing) {
        let shown = self.shown.as_ref();
        let recorded = shown.filter(|it| it.summary == summary && now < it.recorded + INTERVAL);
        let recorded = recorded.map_or(now, |it| it.recorded);
        if recorded == now {
            self.record(summary, down);
        }
        self.component.set_timing(timing);
        self.shown = Some(Shown {
            summary,
            timing,
            updated: now,
            recorded,
        });
    }
}
