//! A stream of events on virtual time: what it tells, when, and at what price.

#[path = "support/schema.rs"]
mod schema;

use std::sync::Arc;
use std::time::Duration;

use health_core::health::{ComponentConfig, ComponentId, HeartbeatId, Phase, Registry, StatId};
use health_core::server::{CloseReason, Connection, EvictionClass, Peer, Query, Service, Step};
use health_core::{Instant, Moment, Outcome, UnixTime};
use serde_json::Value;

const PAUSE: Duration = Duration::from_millis(200);
const HEARTBEAT: Duration = Duration::from_secs(15);
const DEADLINE: Duration = Duration::from_secs(5);

/// A daemon, and one client that follows it.
struct Followed {
    registry: Registry,
    db: ComponentId,
    beat: HeartbeatId,
    pool: StatId,
    now: Instant,
    connection: Connection,
}

impl Followed {
    fn new(path: &str) -> Self {
        let now = Instant::default();
        let mut registry = Registry::new("svc", "1", now);
        let config = ComponentConfig::new().retries(1);
        let db = registry.component(now, "db", config).expect("free");
        let beat = registry.heartbeat(now, "loop", DEADLINE).expect("free");
        let pool = registry.stat("pool").expect("free");
        registry.set_running(now);
        let service = Arc::new(Service::new().open());
        let mut connection = Connection::new(service, Peer::Unknown, now);
        let request = format!("GET {path} HTTP/1.0\r\n\r\n");
        connection.handle_input(now, request.as_bytes());
        Self {
            registry,
            db,
            beat,
            pool,
            now,
            connection,
        }
    }

    fn fail(&mut self) {
        let outcome = Outcome::failure_with_message("refused");
        self.registry.record(self.now, self.db, outcome);
    }

    fn flap(&mut self) {
        self.fail();
        self.registry.success(self.now, self.db);
    }

    fn publish(&mut self, number: u32) {
        let published = self.registry.set_stat(self.now, self.pool, &number);
        published.expect("a number");
    }

    /// What the machine makes now, which nobody takes yet.
    fn batch(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        while self.connection.step() == Step::Respond {
            let unix = UnixTime::from_millis(1_769_164_200_000);
            let moment = Moment {
                now: self.now,
                unix,
            };
            let snapshot = self.registry.snapshot(self.now);
            self.connection.respond(moment, &snapshot, &mut out);
        }
        out
    }

    /// Tells the machine what has changed, and takes what it has to say: one event a line, its name
    /// and its id.
    fn take(&mut self) -> Vec<String> {
        let revision = self.registry.revision();
        self.connection.handle_revision(self.now, revision);
        let mut text = String::new();
        while self.connection.step() == Step::Respond {
            text.push_str(std::str::from_utf8(&self.batch()).expect("text"));
            if matches!(self.connection.step(), Step::Write { .. }) {
                self.connection.handle_sent(self.now);
            }
        }
        let events = text
            .rsplit_once("\r\n")
            .map_or(&*text, |(_, events)| events);
        events.split_terminator("\n\n").map(brief).collect()
    }

    fn wait(&mut self, length: Duration) {
        self.now = self.now + length;
        self.connection.handle_timeout(self.now);
    }

    /// The step, but for what it waits for.
    fn follows(&self) -> (bool, Option<Instant>) {
        let step = self.connection.step();
        assert!(matches!(step, Step::Follow { .. }), "{step:?}");
        (step.wants_revision(), step.until())
    }
}

/// `transition 3`; its data is checked against its schema.
fn brief(event: &str) -> String {
    let (mut name, mut id) = ("comment", String::new());
    for line in event.lines() {
        match line.split_once(": ") {
            Some(("event", value)) => name = value,
            Some(("id", value)) => id = format!(" {value}"),
            Some(("data", value)) => {
                let data: Value = serde_json::from_str(value).expect("JSON");
                let mut problems = schema::problems("events", &serde_json::json!({ name: data }));
                if name == "snapshot" {
                    problems.append(&mut schema::problems("health", &data));
                }
                assert_eq!(problems, [""; 0], "{event}");
            }
            _ => assert!(matches!(line, "retry: 3000" | ": "), "{line:?}"),
        }
    }
    format!("{name}{id}")
}

#[test]
fn stream_tells_a_burst_at_once_and_then_what_gathered() {
    let mut one = Followed::new("/health/events");
    assert_eq!(one.take(), ["snapshot 1", "stats"]);
    assert_eq!(one.follows(), (false, Some(one.now + PAUSE)));
    one.fail();
    one.publish(1);
    assert_eq!(one.take(), [""; 0], "not before the pause is over");
    one.wait(PAUSE);
    assert_eq!(one.take(), ["transition 2", "snapshot 2", "stats"]);
    one.wait(PAUSE);
    assert_eq!(one.take(), [""; 0]);
    // From now on it costs nothing but its sign of life.
    let until = Some(Instant::default() + PAUSE + HEARTBEAT);
    assert_eq!(one.follows(), (true, until));
    one.registry.success(one.now, one.db);
    one.fail();
    assert_eq!(one.take(), ["transition 3", "transition 4", "snapshot 4"]);
}

#[test]
fn stream_tells_the_latest_values_however_many_were_published() {
    let mut one = Followed::new("/health/events");
    one.take();
    (0..1_000).for_each(|number| one.publish(number));
    one.wait(PAUSE);
    assert_eq!(one.take(), ["stats"]);
    one.wait(PAUSE);
    one.take();
    one.publish(7);
    assert_eq!(one.take(), [""; 0]);
    one.publish(8);
    assert_eq!(one.take(), [""; 0]);
    one.wait(Duration::from_millis(50));
    assert_eq!(one.take(), ["stats"]);
}

#[test]
fn stream_is_alive_every_15_seconds_and_tells_numbers_that_tell_nobody() {
    let mut one = Followed::new("/health/events");
    one.take();
    one.wait(PAUSE);
    one.take();
    one.registry.beat(one.now, one.beat);
    for _ in 0..3 {
        let (_, until) = one.follows();
        one.now = until.expect("a sign of life");
        one.registry.beat(one.now, one.beat);
        one.connection.handle_timeout(one.now);
        assert_eq!(one.take(), ["comment"]);
        assert_eq!(one.follows(), (true, Some(one.now + HEARTBEAT)));
    }
    one.registry.counter("cycles", "Cycles.").expect("free");
    assert_eq!(one.take(), ["snapshot 1", "stats"]);
    one.wait(HEARTBEAT - PAUSE);
    one.registry.beat(one.now, one.beat);
    one.wait(PAUSE);
    assert_eq!(one.take(), ["stats"]);
}

#[test]
fn stream_tells_a_missed_heartbeat_at_its_own_time() {
    let mut one = Followed::new("/health/events");
    one.take();
    one.wait(PAUSE);
    one.take();
    one.now = Instant::default() + DEADLINE + Duration::from_millis(3);
    one.registry.handle_timeout(one.now);
    one.connection
        .handle_revision(one.now, one.registry.revision());
    let text = String::from_utf8(one.batch()).expect("text");
    // Three milliseconds ago.
    assert!(
        text.contains("\"time\":\"2026-01-23T10:29:59.997Z\",\"what\":\"heartbeat\""),
        "{text}"
    );
    assert!(text.contains("\"stalled\":[\"loop\"]"), "{text}");
}

#[test]
fn a_slow_reader_is_told_the_rest_later_and_then_that_it_has_lost_its_place() {
    let mut one = Followed::new("/health/events");
    one.take();
    one.wait(PAUSE);
    one.take();
    one.fail();
    one.connection
        .handle_revision(one.now, one.registry.revision());
    let small = one.batch().len();
    assert!(small < 1_024, "{small}");
    // It does not take that, and nothing gathers for it, whatever happens.
    one.registry.success(one.now, one.db);
    for _ in 0..10 {
        one.flap();
    }
    one.connection
        .handle_revision(one.now, one.registry.revision());
    assert!(matches!(one.connection.step(), Step::Write { .. }));
    one.connection.handle_sent(one.now);
    one.wait(PAUSE);
    let told = one.take();
    assert_eq!((told.len(), &*told[0]), (22, "transition 3"));

    one.wait(PAUSE);
    one.take();
    one.fail();
    one.connection
        .handle_revision(one.now, one.registry.revision());
    one.batch();
    one.registry.success(one.now, one.db);
    for _ in 0..1_000 {
        one.flap();
    }
    one.connection.handle_sent(one.now);
    one.wait(PAUSE);
    let told = one.take();
    let last = one.registry.snapshot(one.now).history().last_id();
    assert_eq!(told[0], "reset");
    assert_eq!(told[1], format!("transition {}", last - 255));
    assert_eq!(told[told.len() - 1], format!("snapshot {last}"));
    // Who takes nothing at all is given up.
    one.wait(PAUSE);
    one.take();
    one.fail();
    one.connection
        .handle_revision(one.now, one.registry.revision());
    one.batch();
    one.wait(Duration::from_secs(10));
    let step = one.connection.step();
    assert_eq!(step, Step::Close(CloseReason::WriteTimeout));
}

#[test]
fn what_is_remembered_comes_in_batches_of_bounded_size() {
    let mut one = Followed::new("/health/events?after=0");
    for _ in 0..1_000 {
        one.flap();
    }
    let (mut batches, mut count) = (0, 0);
    while one.connection.step() == Step::Respond {
        let batch = one.batch();
        assert!(batch.len() < 20 * 1024, "{}", batch.len());
        batches += 1;
        count += batch.windows(7).filter(|seven| seven == b"event: ").count();
        one.connection.handle_sent(one.now);
    }
    // Reset, 256 transitions, snapshot, stats.
    assert_eq!(count, 259);
    assert!(batches > 1);
}

#[test]
fn history_by_cursor_has_the_ids_of_the_stream() {
    let mut one = Followed::new("/health/events?after=0");
    one.fail();
    assert_eq!(
        one.take(),
        ["transition 1", "transition 2", "snapshot 2", "stats"]
    );
    let service = Service::new().open();
    let mut history = |after: u64| -> Value {
        let target = format!("/health/history?after={after}");
        let ask = service.query(Peer::Unknown, "GET", &target, |_| None);
        let mut body = Vec::new();
        let snapshot = one.registry.snapshot(one.now);
        service.answer(Moment::default(), &ask, &snapshot, &mut body);
        let document = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(schema::problems("history", &document), [""; 0]);
        document
    };
    let ids = |document: &Value| -> Vec<u64> {
        let list = document["transitions"].as_array().expect("a list");
        list.iter().flat_map(|one| one["id"].as_u64()).collect()
    };
    for (after, reset, expected) in [
        (0, false, vec![1, 2]),
        (1, false, vec![2]),
        (2, false, vec![]),
        (3, true, vec![1, 2]),
    ] {
        let document = history(after);
        assert_eq!(
            (&document["reset"], ids(&document)),
            (&reset.into(), expected)
        );
    }
}

#[test]
fn history_switched_off_leaves_a_stream_of_snapshots() {
    let mut one = Followed::new("/health/events");
    one.registry.set_history(0);
    one.take();
    one.wait(PAUSE);
    one.take();
    one.fail();
    assert_eq!(one.take(), ["snapshot 2"]);
}

#[test]
fn a_stream_stands_as_one_and_drains_as_one() {
    let mut one = Followed::new("/health/events");
    assert_eq!(one.connection.eviction_class(), EvictionClass::Responding);
    one.take();
    let since = one.now;
    assert_eq!(
        one.connection.eviction_class(),
        EvictionClass::Streaming { since }
    );
    one.registry.begin_drain(one.now);
    one.connection.handle_phase(Phase::Draining);
    assert_eq!(one.take(), ["transition 2", "snapshot 2", "end"]);
    assert!(matches!(one.connection.step(), Step::Finish { .. }));
    one.connection.handle_eof();
    let step = one.connection.step();
    assert_eq!(step, Step::Close(CloseReason::Draining));
    assert_eq!(one.connection.delivered(), 1);
}

/// Which of the two a driver comes to see is chance: no client is to depend on it, and none to wait.
#[test]
fn a_stop_that_follows_at_once_ends_a_stream_as_a_drain_does() {
    for (does_see_drain, phase) in [(true, Phase::Draining), (false, Phase::Stopped)] {
        let mut one = Followed::new("/health/events");
        one.take();
        one.registry.begin_drain(one.now);
        one.registry.stop(one.now);
        one.connection.handle_phase(phase);
        let text = String::from_utf8(one.batch()).expect("text");
        let end = "event: end\ndata: {\"phase\":\"draining\"}\n\n";
        assert!(text.contains(end), "{text}");
        one.connection.handle_sent(one.now);
        if does_see_drain {
            one.connection.handle_phase(Phase::Stopped);
        }
        let step = one.connection.step();
        assert_eq!(step, Step::Close(CloseReason::Draining));
    }
}

/// A server that is not ours cannot follow: what there is to tell comes as a whole, and the client
/// comes back for more.
#[test]
fn mounted_elsewhere_the_stream_is_told_in_pieces() {
    let mut one = Followed::new("/");
    one.fail();
    let service = Service::new().open();
    let target = "/health/events?after=1";
    let query = service.query(Peer::Unknown, "GET", target, |_| None);
    let mut events = |query: &Query| {
        let mut body = Vec::new();
        let snapshot = one.registry.snapshot(one.now);
        let head = service.answer(Moment::default(), query, &snapshot, &mut body);
        assert_eq!(head.status, 200);
        let kind = head.fields().find(|(name, _)| *name == "Content-Type");
        assert_eq!(
            kind.map(|(_, value)| value.to_string()).as_deref(),
            Some("text/event-stream")
        );
        let text = String::from_utf8(body).expect("text");
        text.split_terminator("\n\n").map(brief).collect::<Vec<_>>()
    };
    assert_eq!(events(&query), ["transition 2", "snapshot 2", "stats"]);
    let resumed = service.query(Peer::Unknown, "GET", target, |name| {
        (name == "last-event-id").then_some(&b"2"[..])
    });
    assert_eq!(events(&resumed), ["snapshot 2", "stats"]);
}
