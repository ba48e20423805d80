//! A request in steady state allocates nothing.

#[path = "support/counting.rs"]
mod counting;
#[path = "support/probes.rs"]
mod probes;

use std::sync::Arc;
use std::time::Duration;

use health_core::health::Registry;
use health_core::server::{Connection, Peer, Service, Step};
use health_core::{Instant, Moment, UnixTime};

/// A hundred thousand requests to the probe paths, while heartbeats beat and one is missed and
/// caught up with: nothing is allocated once the buffer has grown to its size.
#[test]
fn a_hundred_thousand_requests_allocate_nothing() {
    let mut now = Instant::default();
    let mut registry = Registry::new("steering", "1.4.0", now);
    let link = registry
        .component(now, "link", Default::default())
        .expect("a free name");
    let control = registry
        .heartbeat(now, "control", Duration::from_secs(5))
        .expect("a free name");
    registry.success(now, link);
    registry.set_running(now);
    let mut connection = Connection::new(Arc::new(Service::new()), Peer::Unknown, now);
    let mut out = Vec::with_capacity(4 * 1024);

    let mut warm = None;
    for round in 0..100_100_usize {
        if round == 100 {
            warm = Some(counting::own_allocations());
        }
        now = now + Duration::from_millis(70);
        if round % 80 != 0 {
            registry.beat(now, control);
        } else {
            now = now + Duration::from_secs(6);
        }
        let request = probes::REQUESTS[round % probes::REQUESTS.len()];
        connection.handle_input(now, request.as_bytes());
        assert_eq!(connection.step(), Step::Respond);
        let moment = Moment {
            now,
            unix: UnixTime::from_millis(1_769_164_200_000),
        };
        connection.respond(moment, &registry.snapshot(now), &mut out);
        assert!(matches!(connection.step(), Step::Write { .. }));
        assert!(out.starts_with(b"HTTP/1.1 200") || out.starts_with(b"HTTP/1.1 503"));
        out.clear();
        connection.handle_sent(now);
    }
    assert_eq!(counting::own_allocations(), warm.expect("warm by now"));
}
