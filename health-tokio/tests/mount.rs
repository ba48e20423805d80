//! The examples that mount the endpoint answer as the endpoint does.

#[path = "../../health-core/driver/tests/mount/mod.rs"]
mod mount;

#[path = "../examples/axum.rs"]
#[expect(dead_code, reason = "its `main` takes a fixed port")]
mod axum_example;
#[path = "../examples/hyper.rs"]
#[expect(dead_code, reason = "its `main` takes a fixed port")]
mod hyper_example;

use std::io;
use std::net::SocketAddr;

use health_tokio::{Health, Server, Service};
use tokio::net::TcpListener;

/// Compares what `serve` mounts with a server of our own.
async fn compare<F>(serve: impl FnOnce(TcpListener, Service, Health) -> F)
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let (service, health) = mount::endpoint();
    let own = Server::bind("127.0.0.1:0", &health).expect("a free port");
    let own = own.service(service.clone()).spawn().expect("a thread");
    let address = own.local_addr().expect("it is bound");
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)));
    let listener = listener.await.expect("a free port");
    let mounted = listener.local_addr().expect("it is bound");
    let server = tokio::spawn(serve(listener, service, health));
    let compared = tokio::task::spawn_blocking(move || mount::compare(address, mounted)).await;
    server.abort();
    compared.expect("the same answers");
}

#[tokio::test]
async fn mounted_in_axum_it_answers_the_same() {
    compare(axum_example::serve).await;
}

#[tokio::test]
async fn mounted_in_hyper_it_answers_the_same() {
    compare(hyper_example::serve).await;
}
