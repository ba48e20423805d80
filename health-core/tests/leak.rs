//! Secrets reach nobody who has not earned them: not in any view, not in any byte.

use std::sync::Arc;
use std::time::Duration;

use health_core::health::{ComponentConfig, Registry, Snapshot, Status};
use health_core::http::Method;
use health_core::outcome::Outcome;
use health_core::render;
use health_core::server::{Connection, Peer, Service, Step};
use health_core::time::{Instant, Moment, UnixTime};
use serde_json::json;

const SECRET: &str = "hunter2";
const TOKEN: &str = "t0ken-of-the-operators";

/// A daemon that has put the secret wherever a careless one could.
fn daemon() -> (Snapshot, Moment) {
    let mut now = Instant::default();
    let mut registry = Registry::new("svc", "1.2.3", now);
    let secret = format!("postgres://app:{SECRET}@db/app");
    for (name, failing_is) in [("db", Status::Unhealthy), ("cache", Status::Degraded)] {
        let config = ComponentConfig {
            retries: 1,
            failing_is,
            ..Default::default()
        };
        let id = registry.component(now, name, config).expect("free");
        // A panic's payload, an error's text, and a message that is only for who may see details.
        let payload = std::panic::catch_unwind(|| panic!("{SECRET}")).expect_err("it panics");
        let payload = payload.downcast_ref::<String>().expect("a text").clone();
        registry.failure(now, id, format!("{secret}: {payload}"));
        registry.record(now, id, Outcome::warning(secret.clone()));
        registry.record(
            now,
            id,
            Outcome::failure(secret.clone()).caused_by("refused"),
        );
    }
    registry
        .heartbeat(now, "loop", Duration::from_secs(1))
        .expect("free");
    registry.gate("gate").expect("free");
    registry.flag("flag").expect("free");
    let stat = registry.stat("pool").expect("free");
    registry
        .set_stat(now, stat, &json!({"dsn": secret}))
        .expect("strings are keys");
    registry.counter("requests", SECRET).expect("free");
    registry.set_running(now);
    now = now + Duration::from_secs(2);
    let moment = Moment {
        now,
        unix: UnixTime::from_millis(1_769_164_200_123),
    };
    (registry.snapshot(now), moment)
}

const PATHS: [&str; 17] = [
    "/",
    "/health",
    "/healthz",
    "/health/live",
    "/livez",
    "/health/ready",
    "/health/startup",
    "/health/check/db",
    "/health/check/cache",
    "/health/check/loop",
    "/health/check/nobody",
    "/health/history",
    "/health/events",
    "/stats",
    "/metrics",
    "/version",
    "/hunter",
];
const QUERIES: [&str; 9] = [
    "",
    "?verbose",
    "?verbose&format=json",
    "?verbose&format=text",
    "?verbose&format=health%2Bjson",
    "?verbose&format=prometheus",
    "?verbose&format=openmetrics",
    "?verbose&format=html",
    "?verbose&exclude=db",
];
const ACCEPTS: [&str; 5] = [
    "*/*",
    "text/plain",
    "application/health+json",
    "application/openmetrics-text",
    "text/html",
];

/// Whether an answer over the wire has the secret, in any byte of head or body.
fn leaks(service: &Arc<Service>, request: &str, daemon: &(Snapshot, Moment)) -> bool {
    let (snapshot, moment) = daemon;
    let mut connection = Connection::new(Arc::clone(service), Peer::Unknown, moment.now);
    connection.handle_input(moment.now, request.as_bytes());
    assert_eq!(connection.step(), Step::Respond, "{request}");
    let mut out = Vec::new();
    connection.respond(*moment, snapshot, &mut out);
    assert!(out.starts_with(b"HTTP/1.1 "), "{request}");
    let text = String::from_utf8_lossy(&out);
    text.contains(SECRET) || text.contains(TOKEN)
}

#[test]
fn leak_of_a_secret_in_any_view_for_the_public() {
    let daemon = daemon();
    let listeners = [Service::new(), Service::new().token(TOKEN)].map(Arc::new);
    let mut asked = 0;
    for service in &listeners {
        for method in ["GET", "HEAD", "OPTIONS", "POST"] {
            for (path, query) in PATHS.iter().flat_map(|p| QUERIES.map(|q| (p, q))) {
                for accept in ACCEPTS {
                    let request = format!(
                        "{method} {path}{query} HTTP/1.1\r\nHost: a\r\nAccept: {accept}\r\n\
                         Authorization: Bearer {SECRET}\r\nX-Request-Id: {SECRET}\r\n\
                         Cookie: {SECRET}\r\n\r\n"
                    );
                    assert!(!leaks(service, &request, &daemon), "{request}");
                    asked += 1;
                }
            }
        }
        for broken in [
            format!("GET /{SECRET} HTTP/9.9\r\n\r\n"),
            format!("GET / HTTP/1.1\r\nHost: {SECRET}@\r\n\r\n"),
            format!("GET / HTTP/1.1\r\nHost: a\r\n{SECRET}\r\n\r\n"),
            format!("{SECRET} / HTTP/1.1\r\nHost: a\r\n\r\n"),
            format!("GET /{SECRET} HTTP/1.1\r\nHost: a\r\n\r\n"),
        ] {
            assert!(!leaks(service, &broken, &daemon), "{broken}");
        }
    }
    assert_eq!(asked, 2 * 4 * 17 * 9 * 5);

    let mut line = Vec::new();
    render::agent_check(&daemon.0, &mut line);
    assert!(!String::from_utf8_lossy(&line).contains(SECRET));
    let printed = format!("{:?} {:?}", daemon.0, listeners);
    assert!(!printed.contains(TOKEN), "{printed}");
}

/// The test above would pass if nothing were ever shown: who may see details sees them.
#[test]
fn leak_is_no_leak_for_who_may_see_it() {
    let daemon = daemon();
    let service = Arc::new(Service::new().token(TOKEN));
    for path in [
        "/health?verbose",
        "/health/check/db?verbose",
        "/health/history",
        "/stats",
        "/metrics",
        "/health?verbose&format=health%2Bjson",
    ] {
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {TOKEN}\r\n\r\n");
        assert!(leaks(&service, &request, &daemon), "{path}");
    }
    // Even then, a cause is told only where it belongs.
    for path in [
        "/health",
        "/health/check/db",
        "/health/ready?verbose",
        "/version",
    ] {
        let bearer = format!("Bearer {TOKEN}");
        let ask = service.ask(Peer::Unknown, Method::Get, path, |name| {
            (name == "authorization").then_some(bearer.as_bytes())
        });
        let mut body = Vec::new();
        service.answer(daemon.1, &ask, &daemon.0, &mut body);
        assert!(!String::from_utf8_lossy(&body).contains(SECRET), "{path}");
    }
}

/// Serialising asks nobody whether they may see the result, so it leaves causes out.
#[test]
fn leak_of_a_cause_by_serde() {
    let now = Instant::default();
    let mut registry = Registry::new("svc", "1", now);
    let db = registry.component(now, "db", ComponentConfig::default());
    registry.failure(now, db.expect("free"), SECRET);
    let told = serde_json::to_string(&registry.snapshot(now)).expect("it can be told");
    assert!(told.contains("\"db\"") && !told.contains(SECRET), "{told}");
}
