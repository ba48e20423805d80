//! The conformance table over loopback sockets, served by the readiness loop.

use std::net::SocketAddr;
use std::process::ExitCode;

use health_blocking::{Health, Server, Service};
use health_driver::conformance::Loopback;

fn start(service: Service, health: &Health) -> SocketAddr {
    let server = Server::bind("127.0.0.1:0", health).expect("a free port");
    let server = server.service(service);
    let handle = server.spawn().expect("a thread");
    handle.local_addr().expect("it runs")
}

fn main() -> ExitCode {
    Loopback::new(start).run()
}
