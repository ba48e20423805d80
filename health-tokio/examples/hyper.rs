//! The endpoint within a server on bare hyper.
//!
//! ```console
//! $ cargo run -p health-tokio --example hyper
//! $ curl http://127.0.0.1:8080/health/ready
//! {"status":"healthy"}
//! ```

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use health_tokio::{Health, Peer, Service};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::HeaderValue;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

type Endpoint = Arc<(Service, Health)>;

async fn answer(
    endpoint: Endpoint,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, hyper::http::Error> {
    let (service, health) = &*endpoint;
    let (method, target) = (request.method().as_str(), request.uri().to_string());
    let fields = |name: &str| request.headers().get_all(name).iter();
    let field = |name: &str| fields(name).map(HeaderValue::as_bytes);
    let ask = service.query(Peer::Ip(peer.ip()), method, &target, field);
    let mut body = Vec::new();
    let head = service.answer(health.moment(), &ask, &health.snapshot(), &mut body);
    let response = Response::builder().status(head.status.as_u16());
    let response = (head.fields()).fold(response, |it, (name, value)| it.header(name, &*value));
    response.body(body.into())
}

/// The server, which has nothing but the endpoint.
pub(crate) async fn serve(
    listener: TcpListener,
    service: Service,
    health: Health,
) -> io::Result<()> {
    let endpoint = Arc::new((service, health));
    loop {
        let (stream, peer) = listener.accept().await?;
        let endpoint = Arc::clone(&endpoint);
        let answer = service_fn(move |request| answer(Arc::clone(&endpoint), peer, request));
        let mut http = http1::Builder::new();
        let connection = http
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), answer);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                eprintln!("{peer}: {error}");
            }
        });
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let health = Health::new("shop", env!("CARGO_PKG_VERSION"));
    health.set_running();
    let listener = TcpListener::bind("127.0.0.1:8080").await?;
    serve(listener, Service::new(), health).await
}
