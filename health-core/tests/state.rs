//! What a registry makes of what it is told.

use std::time::Duration;

use health_core::Instant;
use health_core::Outcome;
use health_core::health::{ComponentConfig, ComponentId, Phase, Registry};
use health_core::{ProbeKind, Status};

const START: Instant = Instant::from_micros(0);

fn after(seconds: u64) -> Instant {
    START + Duration::from_secs(seconds)
}

fn running_with(config: ComponentConfig) -> (Registry, ComponentId) {
    let mut registry = Registry::new("svc", "1", START);
    let id = registry
        .component(START, "db", config)
        .expect("a free name");
    registry.set_running(START);
    (registry, id)
}

#[track_caller]
fn status_is(registry: &mut Registry, now: Instant, status: Status) {
    assert_eq!(registry.snapshot(now).components()[0].status(), status);
}

#[test]
fn three_failures_in_a_row_turn_it_and_one_success_heals_it() {
    let (mut registry, db) = running_with(ComponentConfig::default());
    status_is(&mut registry, START, Status::Unknown);
    registry.success(after(1), db);
    for second in 2..4 {
        registry.failure(after(second), db, "refused");
        status_is(&mut registry, after(second), Status::Healthy);
    }
    registry.success(after(4), db);
    for second in 5..8 {
        registry.failure(after(second), db, "refused");
    }
    status_is(&mut registry, after(8), Status::Unhealthy);
    let snapshot = registry.snapshot(after(9));
    assert_eq!(snapshot.components()[0].since(), after(7));
    assert_eq!(snapshot.consecutive_failures(), 3);
    registry.success(after(10), db);
    status_is(&mut registry, after(10), Status::Healthy);
}

#[test]
fn success_threshold_holds_from_cold_and_after_failure() {
    let (mut registry, db) = running_with(ComponentConfig::new().success_threshold(2));
    registry.success(after(1), db);
    status_is(&mut registry, after(1), Status::Unknown);
    registry.success(after(2), db);
    status_is(&mut registry, after(2), Status::Healthy);
    (3..6).for_each(|second| registry.failure(after(second), db, "refused"));
    registry.success(after(6), db);
    status_is(&mut registry, after(6), Status::Unhealthy);
    registry.success(after(7), db);
    status_is(&mut registry, after(7), Status::Healthy);
}

/// Worst first: unhealthy, unknown, degraded, healthy.
#[test]
fn the_worst_component_decides_whatever_the_order() {
    let order = [
        Status::Healthy,
        Status::Degraded,
        Status::Unknown,
        Status::Unhealthy,
    ];
    for (one, other) in order
        .iter()
        .flat_map(|one| order.map(|other| (*one, other)))
    {
        let mut registry = Registry::new("svc", "1", after(0));
        registry.set_running(after(0));
        for (name, status) in [("one", one), ("other", other)] {
            let id = registry.component(after(0), name, Default::default());
            let id = id.expect("free");
            match status {
                Status::Healthy => registry.success(after(0), id),
                Status::Degraded => registry.record(after(0), id, Outcome::warning("slow")),
                Status::Unknown => {}
                Status::Unhealthy => (0..3).for_each(|_| registry.failure(after(0), id, "down")),
            }
        }
        let rank = |status| order.iter().position(|it| *it == status);
        let worst = if rank(one) > rank(other) { one } else { other };
        let status = registry.snapshot(after(0)).status(ProbeKind::Health);
        assert_eq!(status, worst, "{one:?} and {other:?}");
    }
}

#[test]
fn a_warning_is_a_success_that_shows() {
    let (mut registry, db) = running_with(ComponentConfig::default());
    registry.record(after(1), db, Outcome::warning("slow"));
    status_is(&mut registry, after(1), Status::Degraded);
    registry.success(after(2), db);
    status_is(&mut registry, after(2), Status::Healthy);
}

#[test]
fn an_indeterminate_result_changes_nothing() {
    let config = ComponentConfig::new().validity(Duration::from_secs(10));
    let (mut registry, db) = running_with(config);
    registry.success(after(1), db);
    registry.failure(after(2), db, "refused");
    registry.record(after(9), db, Outcome::indeterminate("no descriptors"));
    let snapshot = registry.snapshot(after(9));
    assert_eq!(snapshot.components()[0].streak().failures(), 1);
    // Not even the age of what is known.
    status_is(&mut registry, after(12), Status::Unknown);
}

#[test]
fn the_absolute_number_of_failures_may_be_set() {
    let (mut registry, db) = running_with(ComponentConfig::default());
    for (failures, status) in [
        (0, Status::Healthy),
        (2, Status::Healthy),
        (3, Status::Unhealthy),
        (2, Status::Healthy),
    ] {
        registry.set_failures(after(1), db, failures);
        status_is(&mut registry, after(1), status);
        assert_eq!(registry.snapshot(after(1)).consecutive_failures(), failures);
    }
}

#[test]
fn stale_is_decided_by_the_clock_and_stamped_with_its_deadline() {
    let config = ComponentConfig::new().validity(Duration::from_secs(90));
    let (mut registry, db) = running_with(config);
    registry.success(after(10), db);
    status_is(&mut registry, after(99), Status::Healthy);
    status_is(&mut registry, after(3_600), Status::Unknown);
    let snapshot = registry.snapshot(after(3_600));
    assert_eq!(snapshot.components()[0].since(), after(100));
    assert_eq!(snapshot.status(ProbeKind::Readiness), Status::Unhealthy);
    registry.success(after(3_601), db);
    status_is(&mut registry, after(3_601), Status::Healthy);
}

#[test]
fn a_missed_heartbeat_is_stamped_with_its_deadline_and_healed_by_a_beat() {
    let mut registry = Registry::new("svc", "1", START);
    let beat = registry
        .heartbeat(START, "loop", Duration::from_secs(2))
        .expect("a free name");
    registry.set_running(START);
    registry.beat(after(1), beat);
    let just_before = registry.snapshot(Instant::from_micros(2_999_999));
    assert_eq!(just_before.heartbeats()[0].status(), Status::Healthy);
    let snapshot = registry.snapshot(after(60));
    assert_eq!(snapshot.heartbeats()[0].status(), Status::Unhealthy);
    assert_eq!(snapshot.heartbeats()[0].since(), after(3));
    // An old beat that is told late does not heal.
    registry.beat(after(1), beat);
    assert_eq!(
        registry.snapshot(after(60)).heartbeats()[0].status(),
        Status::Unhealthy
    );
    registry.beat(after(60), beat);
    assert_eq!(
        registry.snapshot(after(61)).heartbeats()[0].status(),
        Status::Healthy
    );
    // The snapshot taken before tells the same as then.
    assert_eq!(snapshot.heartbeats()[0].status(), Status::Unhealthy);
}

#[test]
fn readiness_waits_for_every_gate_and_flag_by_name() {
    let mut registry = Registry::new("svc", "1", START);
    let cache = registry.gate("cache").expect("a free name");
    let leader = registry.flag("leader").expect("a free name");
    registry.set_running(START);
    let pending = |registry: &mut Registry| -> Vec<String> {
        registry
            .snapshot(START)
            .pending()
            .map(ToString::to_string)
            .collect()
    };
    assert_eq!(pending(&mut registry), ["cache", "leader"]);
    registry.release(START, cache);
    assert_eq!(pending(&mut registry), ["leader"]);
    registry.set_flag(START, leader, true);
    assert_eq!(
        registry.snapshot(START).status(ProbeKind::Readiness),
        Status::Healthy
    );
    registry.set_flag(START, leader, false);
    assert_eq!(
        registry.snapshot(START).status(ProbeKind::Readiness),
        Status::Unhealthy
    );
}

#[test]
fn startup_latches_once_everything_has_a_first_result() {
    let (mut registry, db) = running_with(ComponentConfig::default());
    let started = |registry: &mut Registry| registry.snapshot(START).status(ProbeKind::Startup);
    assert_eq!(started(&mut registry), Status::Unhealthy);
    registry.failure(after(1), db, "refused");
    assert_eq!(started(&mut registry), Status::Healthy);
    registry
        .component(after(2), "late", Default::default())
        .expect("a free name");
    assert_eq!(started(&mut registry), Status::Healthy);
}

#[test]
fn life_moves_forward_and_may_begin_anew() {
    let mut registry = Registry::new("svc", "1", START);
    registry.begin_drain(after(1));
    registry.set_running(after(2));
    assert_eq!(registry.phase(), Phase::Draining);
    registry.stop(after(3));
    registry.begin_drain(after(4));
    assert_eq!(registry.phase(), Phase::Stopped);
    registry.set_running(after(10));
    assert_eq!(registry.phase(), Phase::Running);
    assert_eq!(
        registry.snapshot(after(12)).uptime(),
        Duration::from_secs(2)
    );
}

#[test]
fn a_name_has_one_owner() {
    let mut registry = Registry::new("svc", "1", START);
    registry
        .component(START, "a", Default::default())
        .expect("a free name");
    let refused = registry
        .heartbeat(START, "a", Duration::from_secs(1))
        .expect_err("taken");
    assert_eq!(refused.to_string(), "name \"a\": already registered");
    assert!(registry.gate("a").is_err() && registry.flag("a").is_err());
    // A component's stats may have its name, but only once.
    registry.stat("a").expect("stats have names of their own");
    assert!(registry.stat("a").is_err());
}

#[test]
fn a_revision_counts_what_turns_and_nothing_else() {
    let (mut registry, db) = running_with(ComponentConfig::default());
    let beat = registry
        .heartbeat(START, "loop", Duration::from_secs(9))
        .expect("a free name");
    let pool = registry.stat("pool").expect("a free name");
    registry.success(START, db);

    let seen = registry.revision();
    registry.success(after(1), db);
    registry.failure(after(2), db, "once");
    registry.beat(after(3), beat);
    assert_eq!(registry.revision(), seen);
    registry
        .set_stat(after(3), pool, &1)
        .expect("a number is JSON");
    assert_eq!(registry.revision().as_u64(), seen.as_u64());
    assert_eq!(registry.revision().published(), seen.published() + 1);
    registry.begin_drain(after(4));
    assert_eq!(registry.revision().as_u64(), seen.as_u64() + 1);
}

#[test]
fn what_is_removed_is_gone_and_its_id_means_nothing_else() {
    let (mut registry, db) = running_with(ComponentConfig::default());
    let cache = registry
        .component(START, "cache", Default::default())
        .expect("a free name");
    registry.success(START, cache);
    assert_eq!(
        startup(&mut registry),
        Status::Unhealthy,
        "db has no result"
    );
    registry.remove_component(after(1), db);
    assert_eq!(
        startup(&mut registry),
        Status::Healthy,
        "nobody waits for db"
    );

    let again = registry
        .component(after(2), "db", Default::default())
        .expect("the name is free again");
    assert_ne!(again, db);
    for _ in 0..3 {
        registry.failure(after(3), db, "said by the old one");
    }
    registry.remove_component(after(3), db);
    let snapshot = registry.snapshot(after(3));
    let names: Vec<_> = snapshot
        .components()
        .iter()
        .map(|one| one.name().as_str())
        .collect();
    assert_eq!(names, ["cache", "db"]);
    assert_eq!(snapshot.components()[1].status(), Status::Unknown);

    let beat = registry
        .heartbeat(after(3), "loop", Duration::from_secs(1))
        .expect("a free name");
    let flag = registry.flag("leader").expect("a free name");
    let stat = registry.stat("pool").expect("a free name");
    assert_eq!(
        registry.snapshot(after(5)).heartbeats()[0].status(),
        Status::Unhealthy
    );
    registry.remove_heartbeat(after(5), beat);
    registry.remove_flag(after(5), flag);
    registry.remove_stat(stat);
    registry.beat(after(6), beat);
    registry.set_flag(after(6), flag, true);
    registry.set_stat(after(6), stat, &1).expect("a number");
    let snapshot = registry.snapshot(after(6));
    assert_eq!(snapshot.status(ProbeKind::Liveness), Status::Healthy);
    assert_eq!(snapshot.pending().count(), 0);
    // Its name is free.
    assert!(registry.stat("pool").is_ok());
}

fn startup(registry: &mut Registry) -> Status {
    registry.snapshot(START).status(ProbeKind::Startup)
}

/// A daemon that is started again 1,000 s later knows nothing yet.
#[test]
fn after_a_stop_old_results_count_no_more() {
    let (mut registry, db) = running_with(ComponentConfig::new());
    registry.success(START, db);
    assert_eq!(startup(&mut registry), Status::Healthy);
    registry.stop(after(10));
    registry.set_running(after(1_000));
    let snapshot = registry.snapshot(after(1_000));
    for kind in [ProbeKind::Startup, ProbeKind::Readiness] {
        assert_eq!(snapshot.status(kind), Status::Unhealthy, "{kind:?}");
    }
    assert_eq!(snapshot.status(ProbeKind::Health), Status::Unknown);
    registry.success(after(1_001), db);
    assert_eq!(startup(&mut registry), Status::Healthy);
}

/// It could never be met, so liveness would fail for ever.
#[test]
fn a_heartbeat_without_a_deadline_is_refused() {
    let now = Instant::from_micros(1_000_000);
    let mut registry = Registry::new("svc", "1", now);
    for deadline in [
        Duration::ZERO,
        Duration::from_nanos(1),
        Duration::from_nanos(999),
    ] {
        let error = registry
            .heartbeat(now, "loop", deadline)
            .expect_err("too short");
        let text = "heartbeat \"loop\": a deadline of 0 is always missed; allowed is at least 1 µs";
        assert_eq!(error.to_string(), text);
    }
    let shortest = Duration::from_micros(1);
    registry
        .heartbeat(now, "loop", shortest)
        .expect("the name is free");
}
