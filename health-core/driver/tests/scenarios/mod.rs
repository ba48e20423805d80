//! The four scenarios of an orchestrator, against real servers: one table for every driver.
//!
//! A driver's test is its `driver` module and this file. What is not installed is skipped, but not
//! in CI.
//! Intervals are scaled down: 30 s of the plan are 300 ms here.

#[cfg(feature = "expect")]
mod banners;
#[cfg(all(feature = "expect", feature = "tls"))]
mod certificates;
#[cfg(feature = "tls")]
mod https;
mod server;
mod services;

use std::time::{Duration, Instant};

use health_core::ProbeKind;
use health_core::check::probe::{ExecProbe, Probe};
use health_core::check::{self, CheckConfig, CheckStatus, OnUnhealthy};
use health_core::monitor::{MonitorConfig, MonitorEvent};
use health_core::{Class, Kind};
use health_driver::monitor::Target;

use services::{Nginx, Postgres, Redis};

use crate::driver::{Monitor, Running, defaults};

const LIMIT: Duration = Duration::from_secs(20);

/// A web server with three replicas stays healthy, and nothing asks for a restart.
#[test]
fn a_web_server_with_three_replicas() {
    let Some(nginx) = Nginx::start(3) else { return };
    let target = |index: usize| {
        let url = format!("http://127.0.0.1:{}/", nginx.ports[index]);
        let http: Probe = url.parse().expect("a URL");
        let mut config = every(100);
        config.kind = ProbeKind::Liveness;
        config.on_unhealthy = OnUnhealthy::Restart;
        (format!("web-{index}"), vec![(config, http)])
    };
    let monitor = spawn(traced(), (0..3).map(target).collect());
    let mut turned = 0;
    let events = collect(&monitor, |event| {
        turned += usize::from(turns(event) == Some(CheckStatus::Healthy));
        turned == 3
    });
    assert!(!events.iter().any(is_restart));
    // Ten more rounds.
    let mut rounds = 0;
    let events = collect(&monitor, |event| {
        rounds += usize::from(class(event).is_some());
        rounds == 30
    });
    assert!(
        events
            .iter()
            .filter_map(class)
            .all(|class| class == Class::Success)
    );
    assert!(!events.iter().any(is_restart));
    for index in 0..3 {
        assert_eq!(healthy(&monitor, &format!("web-{index}")), (1, 1));
    }
    assert!(monitor.stop(LIMIT));
}

/// An app that answers 500 is unhealthy after three failures, and replaced.
#[test]
fn an_app_that_answers_500() {
    let Some(nginx) = Nginx::start(1) else { return };
    let bad: Probe = format!("http://127.0.0.1:{}/bad", nginx.ports[0])
        .parse()
        .expect("a target");
    let mut config = every(100);
    config.kind = ProbeKind::Liveness;
    config.on_unhealthy = OnUnhealthy::Restart;
    let mut config_of_monitor = traced();
    config_of_monitor.mass_failure = None;
    let targets = vec![("app".to_owned(), vec![(config, bad)])];
    let monitor = spawn(config_of_monitor, targets);
    for _replacement in 0..2 {
        let mut events = collect(&monitor, is_restart);
        // An attempt at a slot that comes less than an interval after the first one is shown only.
        events.retain(is_counted);
        let results: Vec<_> = events.iter().filter_map(class).collect();
        assert_eq!(results, [Class::Failure; 3]);
        let kinds: Vec<_> = events.iter().filter_map(kind).collect();
        assert_eq!(kinds, [Kind::BadStatus; 3]);
        assert_eq!(healthy(&monitor, "app"), (0, 1));
        assert!(monitor.instance_changed("app"));
    }
    assert!(monitor.stop(LIMIT));
}

/// A Redis, looked at by TCP: healthy, gone, back again.
#[test]
fn a_redis_by_tcp() {
    let Some(redis) = Redis::start(None) else {
        return;
    };
    let port = redis.port;
    let probe = Probe::tcp("127.0.0.1", port).expect("a port");
    let targets = vec![("redis".to_owned(), vec![(every(50), probe)])];
    let monitor = spawn(traced(), targets);
    collect(&monitor, |event| turns(event) == Some(CheckStatus::Healthy));
    drop(redis);
    let events = collect(&monitor, |event| {
        turns(event) == Some(CheckStatus::Unhealthy)
    });
    let failures = events.iter().filter_map(kind).collect::<Vec<_>>();
    assert_eq!(failures, [Kind::Refused; 3]);
    let _redis = Redis::start(Some(port)).expect("it was there before");
    collect(&monitor, |event| turns(event) == Some(CheckStatus::Healthy));
    assert!(monitor.stop(LIMIT));
}

/// A PostgreSQL that takes its time to start, looked at by `pg_isready` with a start period.
#[test]
fn a_postgresql_by_pg_isready() {
    let Some(mut postgres) = Postgres::prepare() else {
        return;
    };
    let port = postgres.port.to_string();
    let probe = ExecProbe::command(["pg_isready", "-h", "127.0.0.1", "-p", &port]);
    let mut config = every(200);
    config.start_period = Duration::from_secs(60);
    config.start_interval = Some(Duration::from_millis(100));
    let probe = probe.build().expect("valid").into();
    let targets = vec![("db".to_owned(), vec![(config, probe)])];
    let monitor = spawn(traced(), targets);
    // Far more failures than its three retries, none of which counts.
    let mut failures = 0;
    let events = collect(&monitor, |event| {
        failures += usize::from(class(event) == Some(Class::Failure));
        failures == 6
    });
    assert!(
        !events
            .iter()
            .any(|event| turns(event) == Some(CheckStatus::Unhealthy))
    );
    postgres.start();
    collect(&monitor, |event| turns(event) == Some(CheckStatus::Healthy));
    postgres.stop();
    let events = collect(&monitor, |event| {
        turns(event) == Some(CheckStatus::Unhealthy)
    });
    let failures = events
        .iter()
        .filter(|it| class(it) == Some(Class::Failure))
        .count();
    assert_eq!(failures, 3, "the first success has ended the start period");
    assert!(monitor.stop(LIMIT));
}

fn every(millis: u64) -> CheckConfig {
    let mut config = CheckConfig::default();
    config.interval = Duration::from_millis(millis);
    config.timeout = LIMIT;
    config
}

fn traced() -> MonitorConfig {
    let mut config = defaults();
    config.trace = true;
    config
}

/// A running monitor with these targets: name, and for each check its settings and its probe.
fn spawn(config: MonitorConfig, targets: Vec<(String, Vec<(CheckConfig, Probe)>)>) -> Running {
    let monitor = Running::spawn(Monitor::new(config));
    for (name, checks) in targets {
        let mut target = Target::new(&name).expect("a name");
        for (index, (config, probe)) in checks.into_iter().enumerate() {
            let name = format!("check-{index}");
            target = target.probe(&name, config, probe).expect("a name");
        }
        monitor.add(target).expect("added");
    }
    monitor
}

/// Of how many checks of the target how many are healthy.
fn healthy(monitor: &Running, target: &str) -> (usize, usize) {
    monitor.target(target).expect("there").healthy
}

/// Events up to the one that is waited for.
#[track_caller]
fn collect(monitor: &Running, mut is_last: impl FnMut(&MonitorEvent) -> bool) -> Vec<MonitorEvent> {
    let until = Instant::now() + LIMIT;
    let mut events = Vec::new();
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let Some(event) = monitor.next_event(left) else {
            panic!(
                "waited in vain; the last events: {:#?}",
                &events[events.len().saturating_sub(8)..]
            );
        };
        events.push(event);
        if events.last().is_some_and(&mut is_last) {
            return events;
        }
    }
}

fn of_check(event: &MonitorEvent) -> Option<&check::Event> {
    match event {
        MonitorEvent::Check { event, .. } => Some(event),
        _ => None,
    }
}

fn turns(event: &MonitorEvent) -> Option<CheckStatus> {
    match of_check(event)? {
        check::Event::Status { to, .. } => Some(*to),
        _ => None,
    }
}

fn class(event: &MonitorEvent) -> Option<Class> {
    match of_check(event)? {
        check::Event::Recorded(record) => Some(record.class()),
        _ => None,
    }
}

fn kind(event: &MonitorEvent) -> Option<Kind> {
    match of_check(event)? {
        check::Event::Recorded(record) => record.kind(),
        _ => None,
    }
}

fn is_counted(event: &MonitorEvent) -> bool {
    matches!(of_check(event), Some(check::Event::Recorded(record)) if record.is_counted())
}

fn is_restart(event: &MonitorEvent) -> bool {
    matches!(of_check(event), Some(check::Event::RestartRequested))
}
