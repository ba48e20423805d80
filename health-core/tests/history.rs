//! What is remembered of what happened, and for how long.

use std::time::Duration;

use health_core::Instant;
use health_core::Outcome;
use health_core::Status;
use health_core::health::{Change, ComponentConfig, Phase, Registry, Snapshot};
use health_core::server::{Peer, Service};
#[cfg(feature = "supervise")]
use health_core::{Message, Name, ProbeKind};
use health_core::{Moment, UnixTime};

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

/// A daemon that starts again a second later, or after its clock was set back.
#[test]
fn numbers_go_on_in_the_next_process() {
    let life = |millis: u64| {
        let mut registry = Registry::new("svc", "1", START);
        registry.set_wall_clock(Moment {
            now: START,
            unix: UnixTime::from_millis(millis),
        });
        registry.set_running(START);
        let gate = registry.gate("cache").expect("free");
        registry.release(START, gate);
        registry
    };
    let snapshot = life(1_769_164_200_123).snapshot(START);
    let ids: Vec<u64> = snapshot.history().iter().map(|(id, _)| id).collect();
    assert_eq!(ids, [1_769_164_200_124, 1_769_164_200_125]);
    let metrics = ask(&snapshot, "/metrics", None);
    assert!(
        metrics.contains("\nhealth_transitions_total 2\n"),
        "{metrics}"
    );

    for old in [1_769_164_199_123, 1_769_164_201_123, 1] {
        let old = life(old).snapshot(START).history().last_id().to_string();
        let history = ask(&snapshot, &format!("/health/history?after={old}"), None);
        assert!(history.contains("\"reset\":true"), "{old}: {history}");
        assert_eq!(history.matches("\"id\":").count(), 2, "{old}: {history}");
        for (target, seen) in [
            ("/health/events".to_owned(), Some(&*old)),
            (format!("/health/events?after={old}"), None),
        ] {
            let events = ask(&snapshot, &target, seen);
            let kinds = events.lines().filter_map(|it| it.strip_prefix("event: "));
            let kinds: Vec<_> = kinds.collect();
            assert_eq!(
                kinds,
                ["reset", "transition", "transition", "snapshot"],
                "{old}"
            );
        }
    }
    // The same process: one is missing.
    let events = ask(&snapshot, "/health/events", Some("1769164200124"));
    assert!(!events.contains("event: reset"), "{events}");
    assert_eq!(events.matches("event: transition").count(), 1, "{events}");
    // It has seen none, and all are there.
    let history = ask(&snapshot, "/health/history?after=0", None);
    assert!(history.contains("\"reset\":false"), "{history}");
    assert_eq!(history.matches("\"id\":").count(), 2, "{history}");
}

/// They are told as all else is, and are nothing of the daemon's own.
#[cfg(feature = "supervise")]
#[test]
fn states_of_replicas_stand_among_the_transitions() {
    let mut registry = Registry::new("svc", "1", START);
    registry.set_running(START);
    let before = registry.snapshot(START);
    let name = Name::new("web-0").expect("a name");
    let message = Message::from("R9: exit, code 3");
    use health_core::supervise::ReplicaState;
    let states = (ReplicaState::Ready, ReplicaState::Backoff);
    registry.note_replica(after(1), &name, states, &message);
    assert_ne!(registry.revision(), before.revision(), "readers are woken");
    let snapshot = registry.snapshot(after(2));
    assert_eq!(snapshot.status(ProbeKind::Health), Status::Healthy);
    let told = "\"what\":\"replica\",\"name\":\"web-0\",\"from\":\"ready\",\"to\":\"backoff\",\
        \"message\":\"R9: exit, code 3\"}";
    for target in ["/health/history", "/health/events?after=1"] {
        let text = ask(&snapshot, target, None);
        assert!(text.contains(told), "{target}: {text}");
    }
}

#[test]
fn numbers_stay_what_every_reader_of_json_keeps() {
    let mut registry = Registry::new("svc", "1", START);
    let wall_clock = |unix| Moment {
        now: START,
        unix: UnixTime::from_millis(unix),
    };
    registry.set_wall_clock(wall_clock(u64::MAX));
    registry.set_running(START);
    let first = registry.snapshot(START).history().last_id();
    assert!(first < 1 << 53, "{first}");
    // A clock that is set later does not number anew.
    registry.set_wall_clock(wall_clock(1_769_164_200_123));
    registry.begin_drain(START);
    assert_eq!(registry.snapshot(START).history().last_id(), first + 1);
}

fn ask(snapshot: &Snapshot, target: &str, seen: Option<&str>) -> String {
    let service = Service::new();
    let field = |name: &str| seen.filter(|_| name == "last-event-id").map(str::as_bytes);
    let query = service.query(Peer::Unix, "GET", target, field);
    let mut body = Vec::new();
    let head = service.answer(Moment::default(), &query, snapshot, &mut body);
    assert_eq!(head.status, 200, "{target}");
    String::from_utf8(body).expect("UTF-8")
}
