//! The conformance table over loopback sockets, each served by a task of its own.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use health_driver::conformance::Loopback;
use health_smol::{Health, Peer, Service, serve_connection};
use smol::net::TcpListener;

fn start(service: Service, health: &Health) -> SocketAddr {
    let listener = smol::block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let (service, health) = (Arc::new(service), health.clone());
    let accepting = smol::spawn(async move {
        while let Ok((mut stream, peer)) = listener.accept().await {
            let (service, health) = (Arc::clone(&service), health.clone());
            let peer = Peer::Ip(peer.ip());
            let serving =
                smol::spawn(
                    async move { serve_connection(&mut stream, peer, &service, &health).await },
                );
            serving.detach();
        }
    });
    accepting.detach();
    address
}

fn main() -> ExitCode {
    Loopback::new(start).without_eviction().run()
}
