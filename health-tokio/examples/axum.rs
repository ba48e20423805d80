//! The endpoint within an axum application, on the port that the application has anyway.
//!
//! ```console
//! $ cargo run -p health-tokio --example axum
//! $ curl http://127.0.0.1:8080/hello
//! hello
//! $ curl http://127.0.0.1:8080/health/ready
//! {"status":"healthy"}
//! ```
//!
//! It answers on the application's runtime: hung workers hang it too. Where that matters, give it a
//! port of its own with `Server::bind`.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::HeaderValue;
use axum::response::Response;
use axum::routing::get;
use health_tokio::{Health, Peer, Service};
use tokio::net::TcpListener;

type Endpoint = Arc<(Service, Health)>;

async fn answer(State(endpoint): State<Endpoint>, request: Request) -> Response {
    // Absent without `into_make_service_with_connect_info`: as an extractor it would refuse the request.
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map_or(Peer::Unknown, |it| Peer::Ip(it.0.ip()));
    let (service, health) = &*endpoint;
    let (method, target) = (request.method().as_str(), request.uri().to_string());
    let fields = |name: &str| request.headers().get_all(name).iter();
    let field = |name: &str| fields(name).map(HeaderValue::as_bytes);
    let ask = service.query(peer, method, &target, field);
    let mut body = Vec::new();
    let head = service.answer(health.moment(), &ask, &health.snapshot(), &mut body);
    let response = Response::builder().status(head.status.as_u16());
    let response = (head.fields()).fold(response, |it, (name, value)| it.header(name, &*value));
    response.body(body.into()).expect("well-formed fields")
}

/// The application: whatever is not its own is asked of the endpoint.
pub(crate) async fn serve(
    listener: TcpListener,
    service: Service,
    health: Health,
) -> std::io::Result<()> {
    let app = Router::new()
        .route("/hello", get(|| async { "hello\n" }))
        .fallback(answer)
        .with_state(Arc::new((service, health)));
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app).await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let health = Health::new("shop", env!("CARGO_PKG_VERSION"));
    health.set_running();
    let listener = TcpListener::bind("127.0.0.1:8080").await?;
    serve(listener, Service::new(), health).await
}
