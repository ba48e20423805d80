//! All targets of a monitor as one component of the daemon.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::{Component, Health, Stats};
use health_core::Instant;
use health_core::health::ComponentConfig;
use health_core::monitor::Summary;
use health_core::{NameError, Timing};

/// A result of the component holds for so many intervals.
const VALIDITY: u32 = 3;
/// The component is updated at least this often.
const INTERVAL: Duration = Duration::from_secs(10);
/// The component is updated at most this often.
const PAUSE: Duration = Duration::from_millis(100);

/// Shows all targets of a monitor as one component of a [`Health`], with the durations of all their
/// attempts, and their number as a stat of the same name: `{"total":100,"healthy":97}`.
///
/// It shows a change within 100 ms, and is renewed every 10 s. What it shows is valid for 30 s: if the
/// monitor no longer runs, it becomes unknown, and does not stay healthy.
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
            shown: None,
        })
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

    pub(super) fn update(&mut self, now: Instant, summary: Summary, timing: Timing) {
        let shown = self.shown.as_ref();
        let recorded = shown.filter(|it| it.summary == summary && now < it.recorded + INTERVAL);
        let recorded = recorded.map_or(now, |it| it.recorded);
        if recorded == now {
            let counts = BTreeMap::from([("total", summary.total), ("healthy", summary.healthy())]);
            // Two numbers can always be serialised.
            let _ = self.stats.set(&counts);
            if let Some(outcome) = summary.outcome() {
                self.component.record(outcome);
            }
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
