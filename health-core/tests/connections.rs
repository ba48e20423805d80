//! All connections of a server, without one socket: turns, deadlines, eviction, the end.

use std::sync::Arc;
use std::time::Duration;

use health_core::health::{Phase, Registry, Revision};
use health_core::server::{
    AcceptAction, AcceptError, CloseReason, Connections, Limits, Peer, ServerReport, Service, Step,
    Turn,
};
use health_core::{Instant, Moment, UnixTime};

const LIVE: &[u8] = b"GET /health/live HTTP/1.1\r\nHost: test\r\n\r\n";

const EVENTS: &[u8] = b"GET /health/events HTTP/1.1\r\nHost: test\r\n\r\n";

/// A server whose sockets are names.
struct Server {
    connections: Connections<&'static str>,
    registry: Registry,
    now: Instant,
    /// What all of them were sent, one behind the other.
    sent: Vec<u8>,
}

impl Server {
    fn new(change: impl FnOnce(&mut Limits)) -> Self {
        Self::of(Service::new(), change)
    }

    fn of(service: Service, change: impl FnOnce(&mut Limits)) -> Self {
        let mut limits = Limits::default();
        change(&mut limits);
        let now = Instant::default() + Duration::from_secs(60);
        Self {
            connections: Connections::new(Arc::new(service.limits(limits))),
            registry: Registry::new("connections", "1", now),
            now,
            sent: Vec::new(),
        }
    }

    fn wait(&mut self, length: Duration) {
        self.now = self.now + length;
        self.connections.handle_timeout(self.now);
    }

    /// Somebody new, who sends this. Returns whose turn it was, in order.
    fn connect(&mut self, name: &'static str, input: &[u8]) -> Vec<&'static str> {
        self.connections
            .handle_accepted(self.now, Peer::Unknown, name);
        self.give(name, input)
    }

    /// Gives everybody who is due a turn with nothing to read.
    fn turns(&mut self) -> Vec<&'static str> {
        self.give("", b"")
    }

    /// Gives everybody who is due a turn, and one of them something to read.
    fn give(&mut self, name: &str, input: &[u8]) -> Vec<&'static str> {
        let mut names = Vec::new();
        let (now, registry, sent) = (self.now, &mut self.registry, &mut self.sent);
        while self.connections.has_ready() {
            self.connections.take_turns(now, |_, slot| {
                names.push(slot.socket);
                let connection = &mut slot.connection;
                if slot.socket == name && matches!(connection.step(), Step::Read { .. }) {
                    connection.handle_input(now, input);
                }
                while connection.step() == Step::Respond {
                    let unix = UnixTime::default();
                    let snapshot = registry.snapshot(now);
                    connection.respond(Moment { now, unix }, &snapshot, sent);
                }
                if matches!(connection.step(), Step::Write { .. }) && slot.socket != "deaf" {
                    connection.handle_sent(now);
                }
                let is_over = matches!(connection.step(), Step::Close(_));
                Ok::<_, ()>(if is_over { Turn::Closed } else { Turn::Blocked })
            });
        }
        names
    }

    fn report(&mut self) -> ServerReport {
        self.connections.poll_over(self.now).expect("it is over")
    }
}

#[test]
fn a_newcomer_has_the_first_turn_and_one_deadline_stands_for_all() {
    let mut server = Server::new(|limits| limits.head_timeout = Duration::from_secs(10));
    assert_eq!(server.connections.poll_timeout(), None);
    assert_eq!(server.connect("a", b""), ["a"]);
    let first = server.connections.poll_timeout();
    assert_eq!(first, Some(server.now + Duration::from_secs(10)));
    server.wait(Duration::from_secs(4));
    assert_eq!(server.connect("b", b""), ["b"]);
    assert_eq!(server.connections.poll_timeout(), first);

    // Only whose deadline has passed is due, and the next one stands.
    server.wait(Duration::from_secs(6));
    assert_eq!(server.turns(), ["a"]);
    let next = Some(server.now + Duration::from_secs(4));
    assert_eq!(server.connections.poll_timeout(), next);
}

/// Found by fuzzing: the one who was leaving was asked to leave once more, for each of them.
#[test]
fn newcomers_who_come_before_anybody_had_a_turn_do_not_overfill_the_house() {
    let mut server = Server::new(|limits| limits.connections = 1);
    for name in ["first", "second"] {
        let (now, peer) = (server.now, Peer::Unknown);
        server.connections.handle_accepted(now, peer, name);
    }
    server.connect("third", b"");
    server.connections.handle_phase(server.now, Phase::Stopped);
    assert_eq!(server.turns(), ["third"]);
    assert_eq!(server.report().count(CloseReason::Evicted), 2);
}

#[test]
fn who_is_evicted_goes_before_the_newcomer_comes() {
    let mut server = Server::new(|limits| limits.connections = 2);
    server.connect("idle", LIVE);
    server.connect("silent", b"");
    server.wait(Duration::from_secs(2));
    assert_eq!(server.connect("new", LIVE), ["silent", "new"]);
    assert_eq!(server.connect("newer", LIVE), ["idle", "newer"]);
    server.connections.handle_phase(server.now, Phase::Stopped);
    server.turns();
    let report = server.report();
    assert_eq!(report.finished, 3);
    assert_eq!(report.count(CloseReason::Evicted), 2);
    assert_eq!(report.count(CloseReason::Draining), 2);
}

#[test]
fn out_of_descriptors_one_of_ours_goes_and_only_then_it_waits() {
    let mut server = Server::new(|_| {});
    server.connect("idle", LIVE);
    let exhausted = AcceptError::Exhausted;
    let advice = server
        .connections
        .handle_accept_error(server.now, exhausted);
    assert!(matches!(advice, AcceptAction::Evict(_)));
    assert_eq!(server.turns(), ["idle"]);
    assert!(server.connections.may_accept());

    let advice = server
        .connections
        .handle_accept_error(server.now, exhausted);
    let until = server.now + Duration::from_millis(10);
    assert_eq!(advice, AcceptAction::Pause(until));
    assert!(!server.connections.may_accept());
    assert_eq!(server.connections.poll_timeout(), Some(until));
    server.wait(Duration::from_millis(10));
    assert!(server.connections.may_accept());
}

#[test]
fn a_stop_waits_for_answers_under_way_and_no_longer_than_it_may() {
    let mut server = Server::new(|limits| limits.stop_timeout = Duration::from_secs(5));
    server.connect("deaf", LIVE);
    server.connect("idle", LIVE);
    server.connections.handle_phase(server.now, Phase::Stopped);
    assert!(!server.connections.is_open());
    assert!(!server.connections.may_accept());
    assert_eq!(server.turns(), ["deaf", "idle"]);
    assert_eq!(server.connections.poll_over(server.now), None);
    assert_eq!(
        server.connections.poll_timeout(),
        Some(server.now + Duration::from_secs(5))
    );
    server.wait(Duration::from_secs(5));
    let report = server.report();
    assert_eq!((report.finished, report.cut_off, report.failed), (1, 1, 0));
}

#[test]
fn draining_tells_everybody_once_and_a_new_life_ends_it() {
    let mut server = Server::new(|_| {});
    server.connect("idle", LIVE);
    server.connect("silent", b"");
    server.connections.handle_phase(server.now, Phase::Draining);
    assert_eq!(server.turns(), ["idle", "silent"]);
    server.connections.handle_phase(server.now, Phase::Draining);
    assert!(!server.connections.has_ready());
    assert!(
        server.connections.may_accept(),
        "the health listener closes last"
    );
    server.connections.handle_phase(server.now, Phase::Running);
    server.connect("kept", LIVE);
    server.connections.handle_phase(server.now, Phase::Draining);
    assert_eq!(server.turns(), ["kept", "silent"]);
}

#[test]
fn a_socket_that_fails_is_counted_as_such() {
    let mut server = Server::new(|_| {});
    let connections = &mut server.connections;
    let key = connections.handle_accepted(server.now, Peer::Unknown, "a");
    connections.take_turns(server.now, |_, _| Err("reset"));
    assert!(server.connections.get_mut(key).is_none());
    server.connections.handle_phase(server.now, Phase::Stopped);
    let report = server.report();
    assert_eq!(report.failed, 1);
    assert_eq!(report.closed, []);
}

/// Found by fuzzing: it was told with the next heartbeat only.
#[test]
fn a_change_that_comes_while_a_stream_is_written_is_told_behind_it() {
    let mut server = Server::of(Service::new().open(), |_| {});
    server.connect("deaf", EVENTS);
    server.registry.set_running(server.now);
    let revision = server.registry.snapshot(server.now).revision();
    server.connections.handle_revision(server.now, revision);
    server.wait(Duration::from_secs(1));
    let place = server.connections.get_mut(0).expect("the first");
    assert!(matches!(place.connection.step(), Step::Write { .. }));
    place.connection.handle_sent(server.now);
    assert_eq!(place.connection.step(), Step::Respond);
}

/// Found by fuzzing: streams that were about to be told the news could not be cut, and all stayed.
#[test]
fn a_stream_too_many_takes_the_place_of_one_that_is_due_just_then() {
    let mut server = Server::of(Service::new().open(), |limits| limits.streams = 1);
    server.connect("old", EVENTS);
    server.wait(Duration::from_secs(59));
    server.turns();
    server
        .connections
        .handle_accepted(server.now, Peer::Unknown, "new");
    // The old one's time comes before either has had its turn.
    server.wait(Duration::from_secs(1));
    assert_eq!(server.give("new", EVENTS), ["new", "old"]);
    server.connections.handle_phase(server.now, Phase::Stopped);
    server.wait(Duration::from_secs(60));
    server.turns();
    assert_eq!(server.report().count(CloseReason::Evicted), 1);
}

#[test]
fn one_stream_more_than_allowed_takes_the_place_of_the_oldest() {
    let mut server = Server::of(Service::new().open(), |limits| limits.streams = 2);
    let names = ["a", "b", "c", "d"];
    assert_eq!(server.connect("idle", LIVE), ["idle"]);
    assert!(!server.connections.wants_revision());
    for name in &names[..2] {
        assert_eq!(server.connect(name, EVENTS), [*name]);
    }
    assert!(
        !server.connections.wants_revision(),
        "they were told just now"
    );
    server.wait(Duration::from_secs(1));
    assert_eq!(server.turns(), ["a", "b"]);
    assert!(server.connections.wants_revision());
    // Both have had their places for a minute.
    server.wait(Duration::from_secs(59));
    server.turns();
    assert_eq!(server.connect("c", EVENTS), ["c", "a"]);
    assert_eq!(server.connect("d", EVENTS), ["d", "b"]);
    // A change is the business of streams alone, and of those that do not pause.
    let now = server.now;
    let changed = revision_after_a_change(now);
    server.connections.handle_revision(now, changed);
    assert_eq!(server.turns(), [""; 0]);
    server.wait(Duration::from_secs(1));
    server.turns();
    server.connections.handle_revision(server.now, changed);
    assert_eq!(server.turns(), ["c", "d"]);
    server.connections.handle_phase(server.now, Phase::Stopped);
    server.turns();
    server.wait(Duration::from_secs(1));
    server.turns();
    let report = server.report();
    assert_eq!(report.count(CloseReason::Evicted), 2);
    assert_eq!(report.count(CloseReason::Draining), 3);
}

/// Clients that come back at once took each other's places for ever.
#[test]
fn a_stream_that_has_its_place_keeps_it_for_a_minute() {
    let mut server = Server::of(Service::new().open(), |limits| limits.streams = 2);
    server.connect("a", EVENTS);
    server.wait(Duration::from_millis(500));
    server.connect("b", EVENTS);
    let mut pauses = Vec::new();
    // Far more often than they are told to.
    for _ in 0..59 {
        server.wait(Duration::from_secs(1));
        server.turns();
        server.sent.clear();
        assert_eq!(server.connect("too many", EVENTS), ["too many", "too many"]);
        let text = String::from_utf8_lossy(&server.sent).into_owned();
        // It is told how the daemon is, and when to come back.
        assert!(text.starts_with("HTTP/1.1 200 OK"), "{text}");
        assert!(text.contains("retry: 3000\nevent: snapshot\n"), "{text}");
        assert!(text.ends_with("\r\n0\r\n\r\n"), "{text}");
        let (_, last) = text.rsplit_once("retry: ").expect("when to come back");
        let (pause, event) = last.split_once('\n').expect("an event");
        assert!(event.starts_with("event: end\ndata: {\"phase\":"), "{text}");
        pauses.push(pause.parse::<u64>().expect("milliseconds"));
    }
    assert!(pauses.iter().all(|pause| (60_000..120_000).contains(pause)));
    pauses.sort_unstable();
    pauses.dedup();
    assert!(pauses.len() > 50, "they come back together: {pauses:?}");
    assert!(
        pauses[0] < 75_000 && pauses[pauses.len() - 1] > 105_000,
        "{pauses:?}"
    );

    // After a minute the place is free for another one, and its client is sent the same.
    server.wait(Duration::from_millis(500));
    server.turns();
    server.sent.clear();
    assert_eq!(server.connect("c", EVENTS), ["c", "a"]);
    let text = String::from_utf8_lossy(&server.sent).into_owned();
    assert_eq!(text.matches("event: end\n").count(), 1, "{text}");
    assert_eq!(server.connect("too many", EVENTS), ["too many", "too many"]);
    server.wait(Duration::from_millis(500));
    server.turns();
    assert_eq!(server.connect("d", EVENTS), ["d", "b"]);
    assert_eq!(server.connect("too many", EVENTS), ["too many", "too many"]);
}

/// At the limit of connections a stream goes before a prober is refused, and is told when to come back.
#[test]
fn a_stream_that_is_evicted_for_a_prober_is_sent_when_to_come_back() {
    for name in ["stream", "deaf"] {
        let mut server = Server::of(Service::new().open(), |limits| limits.connections = 1);
        server.connect("stream", EVENTS);
        server.wait(Duration::from_secs(1));
        server.turns();
        server.connections.get_mut(0).expect("the first").socket = name;
        server.sent.clear();
        // Both are there before either has had its turn.
        for newcomer in ["first", "second"] {
            let peer = Peer::Unknown;
            server
                .connections
                .handle_accepted(server.now, peer, newcomer);
        }
        server.give("second", LIVE);
        assert_eq!(server.connections.iter().count(), 1, "{name}");
        let text = String::from_utf8_lossy(&server.sent).into_owned();
        assert!(text.contains("event: end\n"), "{text}");
        assert!(text.ends_with("\"healthy\"}"), "{text}");
        server.connections.handle_phase(server.now, Phase::Stopped);
        server.turns();
        let report = server.report();
        assert_eq!(report.count(CloseReason::Evicted), 2, "{report:?}");
    }
}

/// Values gather for a moment; that moment is a deadline like any other.
#[test]
fn a_stream_is_due_soon_after_a_value_was_published() {
    let mut server = Server::of(Service::new().open(), |_| {});
    let load = server.registry.stat("load").expect("a name");
    server.connect("a", EVENTS);
    server.wait(Duration::from_secs(1));
    assert_eq!(server.turns(), ["a"]);

    let now = server.now;
    server.registry.set_stat(now, load, &1).expect("JSON");
    (server.connections).handle_revision(now, server.registry.revision());
    assert_eq!(server.turns(), [""; 0]);
    let gathered = server.now + Duration::from_millis(50);
    assert_eq!(server.connections.poll_timeout(), Some(gathered));
    server.wait(Duration::from_millis(50));
    assert_eq!(server.turns(), ["a"]);
}

fn revision_after_a_change(now: Instant) -> Revision {
    let mut registry = Registry::new("connections", "1", now);
    registry.set_running(now);
    registry.revision()
}

/// A token that is changed counts at once, also for whoever is connected already.
#[cfg(feature = "registry")]
#[test]
fn another_service_answers_on_connections_that_are_open() {
    const ASK: &[u8] =
        b"GET /health/history HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer old\r\n\r\n";
    let service = Service::new();
    let mut server = Server::of(service.clone().token("old"), |_| {});
    let status = |server: &mut Server| {
        server.sent.clear();
        server.connections.handle_ready(0);
        server.give("a", ASK);
        String::from_utf8_lossy(&server.sent[..12]).into_owned()
    };
    server.connect("a", b"");
    assert_eq!(status(&mut server), "HTTP/1.1 200");
    server
        .connections
        .set_service(Arc::new(service.token("new")));
    assert_eq!(status(&mut server), "HTTP/1.1 401");
}
