//! A hundred thousand targets: nothing missed, the same every time, and little memory each.
#![allow(
    clippy::disallowed_macros,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core
)]

#[path = "support/sim.rs"]
mod sim;

use std::time::Duration;

use health_core::Instant;
use health_core::Name;
use health_core::check::{Check, CheckConfig, Record};
use health_core::monitor::{CheckId, MonitorConfig, MonitorStatus, Target};
use sim::Simulation;

const TARGETS: usize = 100_000;

#[test]
fn a_hundred_thousand_targets_for_an_hour_miss_no_slot() {
    let mut simulation = every_minute(TARGETS);
    simulation.run_to(after(3_600));
    let MonitorStatus { stats, summary, .. } = simulation.status();
    assert_eq!(stats.skipped_slots, 0);
    // The first attempts at 500 a second, then one a minute on the grid.
    let expected = TARGETS as u64 * 60;
    assert!(
        (expected..expected + TARGETS as u64).contains(&stats.attempts),
        "{stats:?}"
    );
    assert!(stats.max_lag < Duration::from_millis(10), "{stats:?}");
    assert!(stats.failures > 0 && stats.successes > 0, "{stats:?}");
    // 1,667 starts a second, 5 ms each; what is silent stays for 10 s.
    assert!(
        simulation.most_in_flight < 200,
        "{}",
        simulation.most_in_flight
    );
    assert_eq!((summary.total, summary.healthy()), (TARGETS, TARGETS));
    // Starts are gathered: a wake-up for every tick and for every batch of answers, not for each.
    assert!(simulation.wakeups < 3_600 * 210, "{}", simulation.wakeups);
}

#[test]
fn two_runs_are_one() {
    let fingerprint = || {
        let mut simulation = every_minute(5_000);
        simulation.run_to(after(600));
        simulation.fingerprint
    };
    assert_eq!(fingerprint(), fingerprint());
}

#[test]
fn first_attempts_come_at_their_rate() {
    let mut simulation = every_minute(TARGETS);
    for second in [1, 10, 30] {
        simulation.run_to(after(second));
        let first = 500 * second;
        // Those whose own slot has come earlier are not held back.
        let on_the_grid = TARGETS as u64 * second / 60;
        let attempts = simulation.status().stats.attempts;
        assert!(
            (first..=first + on_the_grid + 1_000).contains(&attempts),
            "{attempts}"
        );
    }
}

/// At rest, with a full history of unremarkable results and its place in the timers.
#[test]
fn a_target_of_one_check_takes_at_most_512_bytes() {
    let name_on_the_heap = 2 * size_of::<usize>() + "server-0123456789.example".len();
    let name_index = size_of::<(Name, u32)>() * 4 / 3;
    let expiry = size_of::<(u32, u32)>() * 4 / 3;
    // One entry for its next slot, and one that may be stale.
    let timers = 2 * size_of::<(Instant, CheckId)>();
    let history = 5 * size_of::<Record>();
    let parts = [
        ("target", size_of::<Target>()),
        ("name and check", size_of::<(Name, Check)>()),
        ("history", history),
        ("name", name_on_the_heap),
        ("index by name", name_index),
        ("expiry of its verdict", expiry),
        ("timers", timers),
    ];
    let total: usize = parts.iter().map(|(_, bytes)| bytes).sum();
    println!("{parts:?}: {total} bytes");
    assert!(total <= 512, "{parts:?}: {total} bytes");
}

/// What there is one of for each connection, each request and each daemon.
#[test]
fn sizes_of_what_there_is_many_of() {
    use health_core::health::Registry;
    use health_core::server::{Connection, Query};
    for (name, size, most) in [
        (
            "Connection",
            size_of::<Connection>(),
            if cfg!(feature = "registry") { 296 } else { 288 },
        ),
        ("Query", size_of::<Query>(), 192),
        ("Registry", size_of::<Registry>(), 48),
        ("Check", size_of::<Check>(), 144),
    ] {
        println!("{name}: {size} bytes");
        assert!(size <= most, "{name}: {size} bytes");
    }
}

fn every_minute(targets: usize) -> Simulation {
    let mut check = CheckConfig::default();
    check.interval = Duration::from_secs(60);
    Simulation::new(targets, MonitorConfig::default(), check)
}

fn after(secs: u64) -> Instant {
    Instant::default() + Duration::from_secs(secs)
}
