//! A request in steady state allocates nothing, socket and all.

#[path = "../../health-core/tests/support/counting.rs"]
mod counting;
#[path = "../../health-core/tests/support/probes.rs"]
mod probes;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use health_blocking::{Health, Server};

/// The client's half runs in this process too, and is counted too.
#[test]
fn a_hundred_thousand_requests_allocate_nothing() {
    let health = Health::new("steering", "1.4.0");
    let link = health.component("link").expect("a free name");
    let control = health
        .heartbeat("control", Duration::from_secs(600))
        .expect("a free name");
    link.success();
    health.set_running();
    let server = Server::bind("127.0.0.1:0", &health).expect("a free port");
    let mut client = TcpStream::connect(server.local_addr().expect("a port")).expect("it listens");
    let server = server.spawn().expect("a thread");

    let mut answer = [0; 4096];
    let mut warm = None;
    for round in 0..100_100_usize {
        if round == 100 {
            warm = Some(counting::allocations());
        }
        control.beat();
        let request = probes::REQUESTS[round % probes::REQUESTS.len()];
        client.write_all(request.as_bytes()).expect("it reads");
        // One write for head and body, and each is smaller than a segment: one read.
        let length = client.read(&mut answer).expect("it answers");
        assert!(answer[..length].starts_with(b"HTTP/1.1 200 OK\r\n"));
    }
    assert_eq!(counting::allocations(), warm.expect("warm by now"));
    drop(client);
    assert!(server.shutdown(Duration::from_secs(5)).is_some());
}
