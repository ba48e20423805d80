//! What is remembered of what happened, and for how long.

use std::time::Duration;

use health_core::Instant;
use health_core::Outcome;
use health_core::Status;
use health_core::health::{Change, ComponentConfig, Phase, Registry};

const START: Instant = Instant::from_micros(0);

fn after(seconds: u64) -> Instant {
    START + Duration::from_secs(seconds)
}

#[test]
fn history_tells_what_from_to_when_and_why() {
    let mut registry = Registry::new("svc", "1", START);
    let config = ComponentConfig::new()
        .retries(1)
        .validity(Duration::from_secs(60));
    let db = registry.component(START, "db", config).expect("free");
    let beat = registry
        .heartbeat(START, "loop", Duration::from_secs(50))
        .expect("free");
    let gate = registry.gate("cache").expect("free");
    registry.set_running(after(1));
    registry.release(after(2), gate);
    registry.release(after(2), gate);
    registry.record(
        after(3),
        db,
        Outcome::failure_with_message("refused").caused_by("secret"),
    );
    // Both deadlines pass unseen; the earlier one is told first.
    registry.handle_timeout(after(1_000));
    registry.beat(after(1_001), beat);
    registry.remove_component(after(1_002), db);

    let snapshot = registry.snapshot(after(1_003));
    let told: Vec<_> = snapshot
        .history()
        .iter()
        .map(|(id, one)| {
            let name = one.name().map_or("-", |name| name.as_str());
            let seconds = one.at().as_micros() / 1_000_000;
            let change = one.change();
            format!(
                "{id} {seconds} {} {name} {} {} {:?}",
                change.what(),
                change.from(),
                change.to(),
                one.message(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            r#"1 1 phase - starting running """#,
            r#"2 2 gate cache pending released """#,
            r#"3 3 component db unknown unhealthy "refused""#,
            r#"4 50 heartbeat loop healthy unhealthy """#,
            r#"5 63 component db unhealthy unknown """#,
            r#"6 1001 heartbeat loop unhealthy healthy """#,
            r#"7 1002 entry db unknown removed """#,
        ]
    );
    let (id, last) = snapshot.history().after(6).next().expect("the last one");
    let from = Status::Unknown;
    assert_eq!((id, last.change()), (7, Change::Removed { from }));
    assert_eq!(snapshot.history().after(7).count(), 0);
}

#[test]
fn history_forgets_sooner_when_messages_are_long() {
    let mut registry = Registry::new("svc", "1", START);
    let config = ComponentConfig::new().retries(1);
    let db = registry.component(START, "db", config).expect("free");
    for number in 0..2_000_u64 {
        let now = Instant::from_micros(number);
        registry.record(now, db, Outcome::failure_with_message("x".repeat(1_024)));
        registry.success(now, db);
        assert!(registry.snapshot(now).history().bytes() <= 48 * 1024);
    }
    let snapshot = registry.snapshot(START);
    let ids: Vec<u64> = snapshot.history().iter().map(|(id, _)| id).collect();
    assert!((80..100).contains(&ids.len()), "{}", ids.len());
    assert_eq!(ids.last(), Some(&4_000));
    assert!(ids.windows(2).all(|pair| pair[0] + 1 == pair[1]));
}

#[test]
fn history_can_be_switched_off_and_a_snapshot_keeps_its_own() {
    let mut registry = Registry::new("svc", "1", START);
    registry.set_running(START);
    let old = registry.snapshot(START);
    registry.set_history(0);
    registry.begin_drain(START);
    registry.stop(START);
    let new = registry.snapshot(START);
    assert_eq!(
        (new.history().iter().count(), new.history().bytes()),
        (0, 0)
    );
    assert_eq!(new.history().last_id(), 3, "numbers go on");
    let (_, kept) = old.history().iter().last().expect("one");
    let (from, to) = (Phase::Starting, Phase::Running);
    assert_eq!(kept.change(), Change::Phase { from, to });
}
