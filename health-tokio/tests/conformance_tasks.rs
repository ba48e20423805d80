//! The conformance table over loopback sockets, each served by a task of its own.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use health_driver::conformance::Loopback;
use health_tokio::{Health, Peer, Service, serve_connection};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

static RUNTIME: OnceLock<Runtime> = OnceLock::new();

fn start(service: Service, health: &Health) -> SocketAddr {
    let runtime = RUNTIME.get_or_init(|| Runtime::new().expect("a runtime"));
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"));
    let listener = listener.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let (service, health) = (Arc::new(service), health.clone());
    runtime.spawn(async move {
        while let Ok((mut stream, peer)) = listener.accept().await {
            let (service, health) = (Arc::clone(&service), health.clone());
            let peer = Peer::Ip(peer.ip());
            tokio::spawn(
                async move { serve_connection(&mut stream, peer, &service, &health).await },
            );
        }
    });
    address
}

fn main() -> ExitCode {
    Loopback::new(start).without_eviction().run()
}
