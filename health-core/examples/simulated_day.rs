//! A hundred thousand targets, each probed every minute, for a day that takes no time.
//!
//! `cargo run --release -p health-core --example simulated_day [TARGETS [HOURS]]` prints what the scheduling
//! and judging of a probe costs, and that no slot was missed.
#![allow(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core
)]

#[path = "../tests/support/sim.rs"]
mod sim;

use std::time::Duration;
use std::{env, time};

use health_core::Instant;
use health_core::check::CheckConfig;
use health_core::monitor::MonitorConfig;

fn main() {
    let mut arguments = env::args().skip(1).map(|text| text.parse::<u64>());
    let mut argument = |default| arguments.next().unwrap_or(Ok(default)).expect("a number");
    let (targets, hours) = (argument(100_000) as usize, argument(24));
    let mut check = CheckConfig::default();
    check.interval = Duration::from_secs(60);
    let began = time::Instant::now();
    let mut simulation = sim::Simulation::new(targets, MonitorConfig::default(), check);
    let built = began.elapsed();
    let until = Instant::default() + Duration::from_secs(3_600 * hours);
    simulation.run_to(until);
    let took = began.elapsed() - built;

    let status = simulation.status();
    let (stats, group) = (status.stats, status.summary);
    println!(
        "{targets} targets, {hours} h: {} attempts in {:.1} s ({:.0} ns each, {:.1} M/s), built in {:.2} s",
        stats.attempts,
        took.as_secs_f64(),
        took.as_nanos() as f64 / stats.attempts as f64,
        stats.attempts as f64 / took.as_secs_f64() / 1e6,
        built.as_secs_f64(),
    );
    println!(
        "skipped slots {}, worst lag {:?}, at most {} in flight, {} wake-ups, {}/{} healthy",
        stats.skipped_slots,
        stats.max_lag,
        simulation.most_in_flight,
        simulation.wakeups,
        group.healthy(),
        group.total,
    );
}
