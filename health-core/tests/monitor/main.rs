//! The monitor: targets, limits, stopping, and what holds of every run.
#![allow(clippy::std_instead_of_alloc, clippy::std_instead_of_core)]

mod aging;
mod deregistered;
mod first_results;
mod guard;
mod journal;
mod limits;
mod mass_failure;
#[path = "../support/memory_store.rs"]
mod memory_store;
mod notices;
mod observer;
#[cfg(feature = "page")]
mod page;
mod properties;
#[path = "../support/rng.rs"]
mod rng;
mod spread;
mod streaks;
mod targets;

use std::sync::Arc;
use std::time::Duration;

use health_core::Name;
use health_core::Outcome;
use health_core::ProbeKind;
use health_core::check::{self, Check, CheckConfig, CheckStatus};
use health_core::monitor::{
    AttemptId, Command, Monitor, MonitorConfig, MonitorEvent, MonitorStatus, Spread, TargetId,
    TargetSpec,
};
use health_core::{Instant, Moment};

/// Exact times, no spread, no guard: what a rule is about, and nothing else.
fn plain() -> MonitorConfig {
    let mut config = MonitorConfig::default();
    config.tick = Duration::ZERO;
    config.spread = Spread::AsConfigured;
    config.mass_failure = None;
    config
}

fn plain_with(set: impl FnOnce(&mut MonitorConfig)) -> MonitorConfig {
    let mut config = plain();
    set(&mut config);
    config
}

fn running(config: MonitorConfig) -> Monitor {
    let mut monitor = Monitor::new(config);
    monitor.start(at(0));
    monitor
}

fn every_10_s(kind: ProbeKind) -> CheckConfig {
    let mut config = CheckConfig::kubelet();
    config.kind = kind;
    config
}

fn exec() -> CheckConfig {
    let mut config = CheckConfig::kubelet();
    config.needs_reap = true;
    config
}

fn name(text: &str) -> Name {
    Name::new(text).expect("a valid name")
}

fn single(target: &str, config: CheckConfig) -> TargetSpec {
    TargetSpec::new(name(target)).check(name("check"), Arc::new(config))
}

fn at(millis: u64) -> Instant {
    Instant::from_micros(millis * 1_000)
}

fn numbers(monitor: &mut Monitor, now: Instant) -> MonitorStatus {
    monitor.status(Moment {
        now,
        ..Moment::default()
    })
}

/// All commands of now.
fn poll(monitor: &mut Monitor, now: u64) -> Vec<Command> {
    core::iter::from_fn(|| monitor.poll(at(now))).collect()
}

/// The attempts that begin now; nothing else must be wanted.
fn starts(monitor: &mut Monitor, now: u64) -> Vec<AttemptId> {
    let commands = poll(monitor, now).into_iter();
    let attempts = commands.map(|command| match command {
        Command::Start { attempt, .. } => attempt,
        _ => panic!("unexpected {command:?}"),
    });
    attempts.collect()
}

fn succeed(monitor: &mut Monitor, now: u64, attempts: &[AttemptId]) {
    for &attempt in attempts {
        monitor.handle_outcome(at(now), attempt, Outcome::success());
    }
}

fn fail(monitor: &mut Monitor, now: u64, attempts: &[AttemptId]) {
    for &attempt in attempts {
        monitor.handle_outcome(at(now), attempt, Outcome::failure_with_message("503"));
    }
}

fn events(monitor: &mut Monitor) -> Vec<MonitorEvent> {
    core::iter::from_fn(|| monitor.poll_event()).collect()
}

/// The events that are not changes of status.
fn actions(monitor: &mut Monitor) -> Vec<check::Event> {
    let events = events(monitor).into_iter();
    let events = events.filter_map(|event| match event {
        MonitorEvent::Check { event, .. } => Some(event),
        _ => None,
    });
    events
        .filter(|event| !matches!(event, check::Event::Status { .. }))
        .collect()
}

fn status(monitor: &Monitor, target: TargetId) -> CheckStatus {
    nth(monitor, target, 0).status()
}

fn nth(monitor: &Monitor, target: TargetId, index: usize) -> &Check {
    let id = monitor.checks(target).nth(index).expect("so many checks");
    monitor.check(id).expect("there")
}
