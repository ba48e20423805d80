//! Endpoints that are mounted in another HTTP server show details from this machine by the same rule as
//! our own.

use health_core::Moment;
use health_core::health::Registry;
use health_core::server::{Peer, Service};

const HERE: Peer = Peer::Ip(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));

fn code(service: &Service, peer: Peer, target: &str, host: Option<&str>) -> u16 {
    let moment = Moment::default();
    let snapshot = Registry::new("mounted", "1.0.0", moment.now).snapshot(moment.now);
    let field = |name: &str| host.filter(|_| name == "host").map(str::as_bytes);
    let query = service.query(peer, "GET", target, field);
    let head = service.answer(moment, &query, &snapshot, &mut Vec::new());
    head.status.as_u16()
}

#[test]
fn a_page_that_resolves_its_name_to_this_machine_sees_nothing() {
    let service = Service::new();
    let own = ["127.0.0.1:8080", "[::1]", "localhost:8080", "LOCALHOST."];
    for path in ["/stats", "/metrics", "/health/history", "/health/events"] {
        for host in own.map(Some).into_iter().chain([None]) {
            assert_eq!(code(&service, HERE, path, host), 200, "{path} {host:?}");
        }
        for host in ["attacker.example:8080", "localhost.attacker.example", "app"] {
            assert_eq!(code(&service, HERE, path, Some(host)), 403, "{path} {host}");
        }
    }
    let named = Service::new().allow_hosts(["app"]).expect("a name");
    assert_eq!(code(&named, HERE, "/stats", Some("APP:8080")), 200);
    assert_eq!(code(&named, HERE, "/stats", Some("b.app:8080")), 403);
    // A browser connects to no Unix socket, and other machines are let in by other rules.
    assert_eq!(code(&service, Peer::Unix, "/stats", Some("docker")), 200);
    let remote = Peer::Ip([192, 0, 2, 1].into());
    let listed = Service::new().allow_peers(["192.0.2.0/24".parse().expect("a block")]);
    assert_eq!(code(&listed, remote, "/stats", Some("app.example")), 200);
}

/// RFC 9112 §3.2.2; in HTTP/2 it is `:authority`.
#[test]
fn the_host_in_a_target_replaces_the_field() {
    let service = Service::new();
    for (target, host, expected) in [
        ("http://localhost:8080/stats", "attacker.example", 200),
        ("https://[::1]/stats", "attacker.example", 200),
        ("http://attacker.example/stats", "localhost", 403),
        ("HTTP://attacker.example:8080/stats", "127.0.0.1", 403),
    ] {
        assert_eq!(
            code(&service, HERE, target, Some(host)),
            expected,
            "{target}"
        );
    }
    // A closure sees the host that counts.
    let service = Service::new().authorize(|request| match request.field("Host")? {
        b"inside" => Some(health_core::server::Access::Detailed),
        _ => None,
    });
    assert_eq!(code(&service, HERE, "http://inside/stats", Some("x")), 200);
    assert_eq!(code(&service, HERE, "http://x/stats", Some("inside")), 401);
}
