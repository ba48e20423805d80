//! The conformance table over loopback sockets, served by one future on a thread of its own.

use std::net::SocketAddr;
use std::process::ExitCode;

use health_driver::conformance::Loopback;
use health_smol::{Health, Server, Service};

fn start(service: Service, health: &Health) -> SocketAddr {
    let server = Server::bind("127.0.0.1:0", health).expect("a free port");
    let server = server.service(service);
    let handle = server.spawn().expect("a thread");
    handle.local_addr().expect("it runs")
}

fn main() -> ExitCode {
    Loopback::new(start).run()
}
