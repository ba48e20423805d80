//! What a verdict is worth that nobody has renewed for too long, and what nobody renews on purpose.

use std::sync::Arc;
use std::time::Duration;

use health_core::Outcome;
use health_core::ProbeKind;
use health_core::check::{CheckConfig, CheckStatus, Saved};
use health_core::monitor::{Monitor, TargetSpec, TargetStatus};

use super::{at, every_10_s, name, numbers, plain, running, single, starts, succeed};

/// Every verdict of a target may have grown old, and a group of those is not known.
#[test]
fn a_group_whose_prober_has_stopped_is_unknown() {
    let mut monitor = running(plain());
    let spec = single("a", every_10_s(ProbeKind::Health));
    monitor.add(at(0), spec).expect("new");
    let begun = starts(&mut monitor, 0);
    succeed(&mut monitor, 0, &begun);
    assert_eq!(numbers(&mut monitor, at(30_000)).summary.healthy(), 1);
    assert_eq!(numbers(&mut monitor, at(30_001)).summary.unknown, 1);
}

/// Nothing has counted since, as with a resolver that cannot be asked.
#[test]
fn what_was_restored_and_never_confirmed_grows_old_too() {
    let mut monitor = running(plain());
    let mut saved = Saved::default();
    saved.status = CheckStatus::Healthy;
    let config = Arc::new(every_10_s(ProbeKind::Health));
    let spec = TargetSpec::new(name("a")).restored_check(name("check"), config, saved);
    let id = monitor.add(at(5_000), spec).expect("new");
    for now in [5_000, 15_000, 25_000, 35_000] {
        for attempt in starts(&mut monitor, now) {
            let outcome = Outcome::indeterminate("nobody to ask");
            monitor.handle_outcome(at(now), attempt, outcome);
        }
    }
    let target = monitor.target(id).expect("there");
    let seen = |now| (target.status_at(at(now)), target.is_ready_at(at(now)));
    assert_eq!(seen(35_000), (TargetStatus::Healthy, true));
    assert_eq!(seen(35_001), (TargetStatus::Unknown, false));
}

#[test]
fn who_is_paused_is_not_judged_and_not_ready() {
    for kind in [ProbeKind::Health, ProbeKind::Liveness] {
        let mut monitor = running(plain());
        let id = monitor.add(at(0), single("a", every_10_s(kind)));
        let id = id.expect("new");
        let begun = starts(&mut monitor, 0);
        succeed(&mut monitor, 0, &begun);
        let seen = |monitor: &Monitor| {
            let target = monitor.target(id).expect("there");
            (target.status_at(at(1)), target.is_ready_at(at(1)))
        };
        assert_eq!(seen(&monitor), (TargetStatus::Healthy, true));
        monitor.pause(at(1), id);
        assert_eq!(seen(&monitor), (TargetStatus::Inactive, false), "{kind:?}");
        monitor.resume(at(1), id);
        assert_eq!(seen(&monitor), (TargetStatus::Healthy, true));
    }
}

/// A verdict holds for three of the longest pauses that the settings make between two attempts, so that
/// it is never unknown only because the next attempt is not due yet.
#[test]
fn a_verdict_holds_at_least_until_the_next_attempt() {
    type Set = fn(&mut CheckConfig);
    let settings: [(&str, Set, &str); 5] = [
        (
            "edge_interval",
            |it| it.edge_interval = Some(Duration::from_secs(60)),
            "sf",
        ),
        (
            "unhealthy_interval",
            |it| it.unhealthy_interval = Some(Duration::from_secs(60)),
            "sfff",
        ),
        ("timeout", |it| it.timeout = Duration::from_secs(60), "s"),
        (
            "unhealthy_interval_max",
            |it| {
                it.unhealthy_backoff_factor = 4.0;
                it.unhealthy_interval_max = Some(Duration::from_secs(60));
            },
            "sfffff",
        ),
        (
            "start_interval",
            |it| {
                it.start_period = Duration::from_secs(60);
                it.start_interval = Some(Duration::from_secs(60));
            },
            "s",
        ),
    ];
    for (what, set, results) in settings {
        let mut config = every_10_s(ProbeKind::Health);
        set(&mut config);
        let mut monitor = running(plain());
        let id = monitor.add(at(0), single("a", config)).expect("new");
        let mut now = 0;
        for result in results.chars() {
            now = monitor.poll_timeout().expect("due").as_micros() / 1_000;
            let begun = starts(&mut monitor, now);
            match result {
                's' => succeed(&mut monitor, now, &begun),
                _ => crate::fail(&mut monitor, now, &begun),
            }
        }
        let target = monitor.target(id).expect("there");
        let seen = |now| target.status_at(at(now));
        assert_ne!(seen(now + 180_000), TargetStatus::Unknown, "{what}");
        assert_eq!(seen(now + 180_001), TargetStatus::Unknown, "{what}");
    }
}

/// What was restored is not asked again before its initial delay, and is as well until then.
#[test]
fn a_restored_verdict_outlives_the_initial_delay() {
    let mut saved = Saved::default();
    saved.status = CheckStatus::Healthy;
    let mut config = every_10_s(ProbeKind::Health);
    config.initial_delay = Duration::from_secs(60);
    config.spread_offset = Duration::from_secs(5);
    let mut monitor = running(plain());
    let spec = TargetSpec::new(name("a"));
    let spec = spec.restored_check(name("check"), Arc::new(config), saved);
    let id = monitor.add(at(0), spec).expect("new");
    let target = monitor.target(id).expect("there");
    let seen = |now| target.status_at(at(now));
    assert_eq!(seen(65_000 + 30_000), TargetStatus::Healthy);
    assert_eq!(seen(65_000 + 30_001), TargetStatus::Unknown);
}
