//! A server in steady state, asked over a loopback socket: what its requests allocate.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::driver::{Health, Server};
use super::{counting, probes};

/// So many requests go before. Buffers and waits that are made once are made then, also on a busy machine,
/// where some of them come late.
const WARM_UP: usize = 10_000;

/// How many allocations so many requests on one connection cost, socket and all. The client's half
/// runs in this process too, and is counted too.
pub(crate) fn allocations(requests: usize) -> u64 {
    let health = Health::new("steering", "1.4.0");
    let link = health.component("link").expect("a free name");
    let hour = Duration::from_secs(3600);
    let control = health.heartbeat("control", hour).expect("a free name");
    link.success();
    health.set_running();
    let server = Server::bind("127.0.0.1:0", &health).expect("a free port");
    let server = server.spawn().expect("a thread");
    let address = server.local_addr().expect("it listens");
    let mut client = TcpStream::connect(address).expect("it listens");

    let mut answer = [0; 4096];
    let mut warm = 0;
    for round in 0..WARM_UP + requests {
        if round == WARM_UP {
            warm = counting::allocations();
        }
        control.beat();
        let request = probes::REQUESTS[round % probes::REQUESTS.len()];
        client.write_all(request.as_bytes()).expect("it reads");
        // One write for head and body, and each is smaller than a segment: one read.
        let length = client.read(&mut answer).expect("it answers");
        assert!(answer[..length].starts_with(b"HTTP/1.1 200 OK\r\n"));
    }
    let allocations = counting::allocations() - warm;
    health.stop();
    allocations
}
