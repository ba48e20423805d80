//! What the clock asks for, whoever waits for a disk meanwhile.

use std::sync::Arc;
use std::time::Duration;

use health_driver::monitor::MonitorControl;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::announce::Cycle;
use super::progress::Progress;
use super::vitals::Vitals;
use crate::terminal::Terminal;

/// The figures of a cycle are said once in an interval, and not more often than this.
const CYCLE: Duration = Duration::from_secs(5);

/// Looks after the vitals, says the figures of each cycle, and how the first one goes. Without end.
pub(super) async fn run(
    mut vitals: Vitals,
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
            _ = ticks.tick(), if !progress.is_over() => progress.look(&controls),
            _ = second.tick() => vitals.look(),
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
