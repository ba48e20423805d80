//! The conformance table over loopback sockets, served by the core's example of a driver of one's own.

#[allow(
    dead_code,
    unreachable_pub,
    reason = "a program there: its daemon is not started here"
)]
#[path = "../../examples/poll_driver.rs"]
mod poll_driver;

use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::thread;

use health_core::server::Service;
use health_driver::Health;
use health_driver::conformance::Loopback;

fn start(service: Service, health: &Health) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let health = health.clone();
    thread::spawn(move || poll_driver::serve(&listener, service, &health));
    address
}

fn main() -> ExitCode {
    Loopback::new(start).run()
}
