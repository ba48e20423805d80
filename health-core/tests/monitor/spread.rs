//! Many checks that become due together share out the interval, whatever it is that they waited for.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use health_core::check::{CheckConfig, CheckStatus, FirstCheck, Saved};
use health_core::monitor::{Command, Monitor, MonitorConfig, TargetSpec};
use health_core::{Instant, Outcome, ProbeKind, Streak};

use crate::{at, every_10_s, name, numbers};

const TARGETS: usize = 500;

/// The most attempts of one tick of 10 ms, of targets that all succeed, from `from` on, in seconds; and
/// how many there were.
fn most_in_a_tick(from: u64, spec: impl Fn(TargetSpec) -> TargetSpec) -> (usize, usize) {
    let mut config = MonitorConfig::default();
    config.max_in_flight = 100_000;
    let mut monitor = Monitor::new(config);
    for number in 0..TARGETS {
        let target = TargetSpec::new(name(&format!("t{number}")));
        monitor.add(at(0), spec(target)).expect("new");
    }
    monitor.start(at(0));
    let mut ticks = BTreeMap::<u64, usize>::new();
    while let Some(now) = monitor.poll_timeout().filter(|now| *now <= at(120_000)) {
        while let Some(command) = monitor.poll(now) {
            if let Command::Start { attempt, .. } = command {
                *ticks.entry(now.as_micros() / 10_000).or_default() += 1;
                monitor.handle_outcome(now, attempt, Outcome::success());
            }
        }
        while monitor.poll_event().is_some() {}
    }
    let later = ticks.iter().filter(|(tick, _)| **tick >= from * 100);
    let later: Vec<_> = later.map(|(_, count)| *count).collect();
    let most = later.iter().max().copied();
    (most.unwrap_or_default(), later.iter().sum())
}

/// At most 500 a second come before their slot: five in a tick, beside those whose slot it is.
#[track_caller]
fn assert_is_spread(interval: u64, spec: impl Fn(TargetSpec) -> TargetSpec) {
    let (most, count) = most_in_a_tick(0, spec);
    assert!(most <= 12, "{most} in a tick");
    let least = TARGETS * (120 / interval as usize - 2);
    assert!(count >= least, "{count} in all");
}

fn every_10_s_after(set: impl FnOnce(&mut CheckConfig)) -> Arc<CheckConfig> {
    let mut config = every_10_s(ProbeKind::Readiness);
    set(&mut config);
    Arc::new(config)
}

fn healthy() -> Saved {
    let mut saved = Saved::default();
    saved.status = CheckStatus::Healthy;
    saved.streak = Streak::of_successes(9);
    saved
}

#[test]
fn restored_targets_with_a_startup_check() {
    let startup = Arc::new(every_10_s(ProbeKind::Startup));
    let readiness = every_10_s_after(|_| {});
    assert_is_spread(10, |target| {
        target
            .restored_check(name("startup"), Arc::clone(&startup), healthy())
            .restored_check(name("ready"), Arc::clone(&readiness), healthy())
    });
}

#[test]
fn targets_whose_startup_checks_succeed_at_one_moment() {
    let startup = Arc::new(every_10_s(ProbeKind::Startup));
    let readiness = every_10_s_after(|_| {});
    assert_is_spread(10, |target| {
        target
            .check(name("startup"), Arc::clone(&startup))
            .check(name("ready"), Arc::clone(&readiness))
    });
}

#[test]
fn checks_of_the_docker_profile() {
    let docker = Arc::new(CheckConfig::docker());
    assert_is_spread(30, |target| target.check(name("c"), Arc::clone(&docker)));
}

#[test]
fn checks_that_wait_for_an_interval_of_the_start_period() {
    let config = every_10_s_after(|it| {
        it.first_check = FirstCheck::AfterInterval;
        it.start_period = Duration::from_secs(60);
    });
    assert_is_spread(10, |target| target.check(name("c"), Arc::clone(&config)));
}

#[test]
fn checks_with_an_initial_delay() {
    let config = every_10_s_after(|it| it.initial_delay = Duration::from_secs(15));
    assert_is_spread(10, |target| target.check(name("c"), Arc::clone(&config)));
}

/// Neither waits for the other: one that waits for an hour holds up nobody's first attempt.
#[test]
fn a_long_delay_delays_no_other_first_attempt() {
    let mut monitor = Monitor::new(MonitorConfig::default());
    monitor.start(at(0));
    let delayed = every_10_s_after(|it| it.initial_delay = Duration::from_secs(3_600));
    let quick = every_10_s_after(|_| {});
    for (target, config) in [("a", delayed), ("b", quick)] {
        let spec = TargetSpec::new(name(target)).check(name("c"), config);
        monitor.add(at(0), spec).expect("new");
    }
    assert!(monitor.poll_timeout() <= Some(at(10)));
    assert_eq!(numbers(&mut monitor, Instant::default()).summary.total, 2);
}
