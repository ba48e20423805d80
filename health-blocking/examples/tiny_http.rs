//! The endpoint within a server on tiny_http.
//!
//! ```console
//! $ cargo run -p health-blocking --example tiny_http
//! $ curl http://127.0.0.1:8080/health/ready
//! {"status":"healthy"}
//! ```

use std::net::TcpListener;

use health_blocking::{Health, Peer, Service};
use tiny_http::{Header, Request, Response, Server};

fn answer(service: &Service, health: &Health, request: Request) -> std::io::Result<()> {
    let peer = (request.remote_addr()).map_or(Peer::Unknown, |peer| Peer::Ip(peer.ip()));
    let field = |name: &str| {
        let is = |header: &&Header| header.field.as_str().as_str().eq_ignore_ascii_case(name);
        let fields = request.headers().iter().filter(is);
        fields.map(|it| it.value.as_bytes()).collect::<Vec<_>>()
    };
    let ask = service.query(peer, request.method().as_str(), request.url(), field);
    let mut body = Vec::new();
    let head = service.answer(health.moment(), &ask, &health.snapshot(), &mut body);
    let response = Response::from_data(body).with_status_code(head.status.as_u16());
    let headers = (head.fields()).flat_map(|(name, value)| Header::from_bytes(name, &*value));
    request.respond(headers.fold(response, Response::with_header))
}

/// The server, which has nothing but the endpoint.
pub(crate) fn serve(listener: TcpListener, service: &Service, health: &Health) {
    let server = Server::from_listener(listener, None).expect("a listener");
    for request in server.incoming_requests() {
        if let Err(error) = answer(service, health, request) {
            eprintln!("not answered: {error}");
        }
    }
}

fn main() -> std::io::Result<()> {
    let health = Health::new("shop", env!("CARGO_PKG_VERSION"));
    health.set_running();
    serve(
        TcpListener::bind("127.0.0.1:8080")?,
        &Service::new(),
        &health,
    );
    Ok(())
}
