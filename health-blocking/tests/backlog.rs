//! A flood must not fill the queue in front of a prober: its connection would come a second late.

#![cfg(target_os = "linux")]

use std::net::TcpStream;
use std::time::Duration;

use health_blocking::{Health, Server};

#[test]
fn five_hundred_clients_find_a_place_in_the_queue() {
    let health = Health::new("steering", "1.4.0");
    // Bound, not served: nobody takes them out of the queue.
    let server = Server::bind("127.0.0.1:0", &health).expect("a free port");
    let address = server.local_addr().expect("it is bound");
    let clients: Result<Vec<_>, _> = (0..500)
        .map(|_| TcpStream::connect_timeout(&address, Duration::from_millis(500)))
        .collect();
    assert!(clients.is_ok(), "{clients:?}");
}
