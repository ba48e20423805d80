//! The conformance table over loopback sockets, each served by a thread of its own.

use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use health_blocking::{Health, Peer, Service, serve_connection};
use health_driver::conformance::Loopback;

fn start(service: Service, health: &Health) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let (service, health) = (Arc::new(service), health.clone());
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let (service, health) = (Arc::clone(&service), health.clone());
            let peer = Peer::Ip(address.ip());
            thread::spawn(move || serve_connection(&mut stream, peer, &service, &health));
        }
    });
    address
}

fn main() -> ExitCode {
    Loopback::new(start).without_eviction().run()
}
