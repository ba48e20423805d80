//! What the fuzz targets found: the smallest case of each.

use std::sync::Arc;

use health_core::health::Registry;
use health_core::server::{CloseReason, Connection, Peer, Service, Step};
use health_core::time::Moment;

const GET: &str = "GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n";

fn connection() -> Connection {
    let service = Arc::new(Service::new());
    Connection::new(service, Peer::Unknown, Moment::default().now)
}

/// Does what the machine says until it waits for its client; returns what was answered.
fn settle(connection: &mut Connection, registry: &mut Registry) -> String {
    let moment = Moment::default();
    let mut answers = Vec::new();
    loop {
        match connection.step() {
            Step::Respond => {
                let snapshot = registry.snapshot(moment.now);
                connection.respond(moment, &snapshot, &mut answers);
            }
            Step::Write { .. } => connection.handle_sent(moment.now),
            _ => return String::from_utf8(answers).expect("ASCII"),
        }
    }
}

/// A client has sent three requests and closed its half; before the first is answered, the daemon
/// begins to drain. The end of the input hid the drain: all three were answered.
#[test]
fn a_drain_behind_the_end_of_input_still_ends_the_connection() {
    let now = Moment::default().now;
    for driver_knows in [true, false] {
        let mut registry = Registry::new("steering", "1.4.0", now);
        registry.set_running(now);
        let mut connection = connection();
        connection.handle_input(now, GET.repeat(3).as_bytes());
        connection.handle_eof(now);
        registry.begin_drain(now);
        if driver_knows {
            connection.handle_drain(now);
        }
        let answers = settle(&mut connection, &mut registry);
        assert_eq!(answers.matches("HTTP/1.1 200").count(), 1, "{answers}");
        assert!(answers.contains("\r\nConnection: close\r\n"), "{answers}");
        connection.handle_eof(now);
        assert_eq!(connection.step(), Step::Close(CloseReason::Draining));
    }
}
