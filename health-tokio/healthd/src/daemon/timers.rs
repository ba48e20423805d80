//! What is done at fixed times, independently of anything that waits for a disk.

use std::sync::Arc;
use std::time::Duration;

use health_driver::monitor::MonitorControl;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::log_lines::Cycle;
use super::monitor_health::MonitorHealth;
use super::progress::Progress;
use crate::terminal::Terminal;

/// The figures of a cycle are logged once in an interval, but not more often than this.
const CYCLE: Duration = Duration::from_secs(5);

/// Updates the monitor's own components, logs the figures of each cycle and the progress of the first
/// one. Does not return.
pub(super) async fn run(
    mut monitor_health: MonitorHealth,
    controls: MonitorControl,
    mut pace: watch::Receiver<Duration>,
    terminal: Arc<Terminal>,
) {
    let mut second = every(Duration::from_secs(1));
    let mut cycles = after_each(*pace.borrow_and_update());
    let mut cycle = Cycle::begin(controls.stats());
    let mut progress = Progress::new(terminal);
    let mut ticks = every(progress.tick());
    loop {
        tokio::select! {
            _ = ticks.tick(), if !progress.is_over() => progress.update(&controls),
            _ = second.tick() => monitor_health.update(),
            Ok(()) = pace.changed() => cycles = after_each(*pace.borrow_and_update()),
            _ = cycles.tick() => cycle.end(controls.stats(), controls.summary()),
        }
    }
}

/// Ticks at the end of each cycle.
fn after_each(interval: Duration) -> Interval {
    let mut cycles = every(interval.max(CYCLE));
    cycles.reset();
    cycles
}

fn every(period: Duration) -> Interval {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
