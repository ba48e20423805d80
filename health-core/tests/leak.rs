//! Secrets reach nobody who has not earned them: not in any view, not in any byte, not in any log.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use health_core::Outcome;
use health_core::Status;
use health_core::health::{ComponentConfig, Registry, Snapshot};
use health_core::server::{Connection, DegradedCode, Peer, RequestLog, Service, Step};
use health_core::{Instant, Moment, UnixTime};
use serde_json::json;

const SECRET: &str = "hunter2";
const TOKEN: &str = "t0ken-of-the-operators";

/// A daemon that has put the secret wherever a careless one could.
fn daemon() -> (Snapshot, Moment) {
    let mut now = Instant::default();
    let mut registry = Registry::new("svc", "1.2.3", now);
    let secret = format!("postgres://app:{SECRET}@db/app");
    for (name, failing_is) in [("db", Status::Unhealthy), ("cache", Status::Degraded)] {
        let config = ComponentConfig::new().retries(1).failing_is(failing_is);
        let id = registry.component(now, name, config).expect("free");
        // A panic's payload, an error's text, and a message that is only for who may see details.
        let payload = std::panic::catch_unwind(|| panic!("{SECRET}")).expect_err("it panics");
        let payload = payload.downcast_ref::<String>().expect("a text").clone();
        registry.failure(now, id, format!("{secret}: {payload}"));
        registry.record(now, id, Outcome::warning(secret.clone()));
        registry.record(
            now,
            id,
            Outcome::failure_with_message(secret.clone()).caused_by("refused"),
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

/// What a driver does about panics of a daemon's closures.
fn catch_panic(run: &mut dyn FnMut()) {
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
}

/// An answer over the wire, every byte of head and body.
fn answer(service: &Arc<Service>, request: &str, daemon: &(Snapshot, Moment)) -> String {
    let (snapshot, moment) = daemon;
    let service = service.guarded(catch_panic);
    let mut connection = Connection::new(service, Peer::Unknown, moment.now);
    connection.handle_input(moment.now, request.as_bytes());
    assert_eq!(connection.step(), Step::Respond, "{request}");
    let mut out = Vec::new();
    connection.respond(*moment, snapshot, &mut out);
    connection.handle_sent(moment.now);
    assert!(out.starts_with(b"HTTP/1.1 "), "{request}");
    String::from_utf8_lossy(&out).into_owned()
}

fn leaks(text: &str) -> bool {
    text.contains(SECRET) || text.contains(TOKEN)
}

/// Every way to be told no, and a log of everything.
fn listeners(log: &Arc<Mutex<String>>) -> [Arc<Service>; 6] {
    [
        Service::new(),
        Service::new().token(TOKEN),
        Service::new().token(TOKEN).verdicts_only(),
        Service::new().allow_peers(["192.0.2.0/24".parse().expect("a block")]),
        Service::new().authorize(|request| {
            assert_ne!(request.field("cookie"), Some(SECRET.as_bytes()), "{SECRET}");
            None
        }),
        Service::new()
            .token(TOKEN)
            .degraded_code(DegradedCode::TooManyRequests)
            .limit_details(1, Duration::from_secs(60))
            .allow_origins(["https://a.example".parse().expect("an origin")]),
    ]
    .map(|service| {
        let log = Arc::clone(log);
        Arc::new(service.log_requests(RequestLog::All, move |record| {
            let line = format!("{record} {record:?}\n");
            log.lock().expect("no panic").push_str(&line);
        }))
    })
}

#[test]
fn leak_of_a_secret_in_any_view_for_the_public() {
    // The closure that panics over a secret would print it a thousand times.
    std::panic::set_hook(Box::new(|_| {}));
    let unhealthy = daemon();
    let log = Arc::<Mutex<String>>::default();
    let listeners = listeners(&log);
    let mut asked = 0;
    let mut codes = BTreeSet::new();
    for service in &listeners {
        for method in ["GET", "HEAD", "OPTIONS", "POST"] {
            for (path, query) in PATHS.iter().flat_map(|p| QUERIES.map(|q| (p, q))) {
                for accept in ACCEPTS {
                    let mark = if query.is_empty() { '?' } else { '&' };
                    let request = format!(
                        "{method} {path}{query}{mark}token={SECRET} HTTP/1.1\r\nHost: a\r\n\
                         Accept: {accept}\r\nAuthorization: Bearer {SECRET}\r\n\
                         X-API-Key: {SECRET}\r\nOrigin: https://a.example\r\n\
                         Cookie: {SECRET}\r\nX-Request-Id: 1\r\n\r\n"
                    );
                    let answer = answer(service, &request, &unhealthy);
                    assert!(!leaks(&answer), "{request}{answer}");
                    codes.insert(answer[9..12].to_owned());
                    asked += 1;
                }
            }
        }
        for broken in [
            format!("GET /{SECRET} HTTP/9.9\r\n\r\n"),
            format!("GET / HTTP/1.1\r\nHost: {SECRET}@\r\n\r\n"),
            format!("GET / HTTP/1.1\r\nHost: a\r\n{SECRET}\r\n\r\n"),
            format!("{SECRET} / HTTP/1.1\r\nHost: a\r\n\r\n"),
            format!("GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: {SECRET} x\r\n\r\n"),
        ] {
            assert!(!leaks(&answer(service, &broken, &unhealthy)), "{broken}");
        }
    }
    let _ = std::panic::take_hook();
    assert_eq!(asked, listeners.len() * 4 * 17 * 9 * 5);
    let told = ["200", "401", "403", "404", "405", "406", "429", "503"].map(String::from);
    assert!(told.iter().all(|code| codes.contains(code)), "{codes:?}");
    let log = log.lock().expect("no panic");
    assert_eq!(log.lines().count(), asked + listeners.len() * 5);
    assert!(!leaks(&log));

    // A path is no place for a secret: it is logged. It is not said back.
    let request = format!("GET /{SECRET} HTTP/1.1\r\nHost: a\r\n\r\n");
    let service = Arc::new(Service::new());
    assert!(!leaks(&answer(&service, &request, &unhealthy)));

    let (mut line, (snapshot, moment)) = (Vec::new(), &unhealthy);
    let service = Arc::new(Service::new().agent_check());
    let mut connection = Connection::new(service, Peer::Unknown, moment.now);
    connection.respond(*moment, snapshot, &mut line);
    assert!(line.ends_with(b"\n"));
    assert!(!leaks(&String::from_utf8_lossy(&line)));
    let printed = format!("{:?} {:?}", unhealthy.0, listeners);
    assert!(!printed.contains(TOKEN), "{printed}");
}

/// Too often is not told to the public, so it takes somebody who may see details.
#[test]
fn leak_of_a_secret_in_what_is_refused_for_coming_too_often() {
    let daemon = daemon();
    let service = Service::new().token(TOKEN);
    let service = Arc::new(service.limit_details(1, Duration::from_secs(60)));
    for (path, expected) in [("/stats", "200"), ("/stats", "429"), ("/metrics", "429")] {
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {TOKEN}\r\n\r\n");
        let answer = answer(&service, &request, &daemon);
        assert_eq!(&answer[9..12], expected);
        assert_eq!(leaks(&answer), expected == "200", "{answer}");
    }
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
        assert!(leaks(&answer(&service, &request, &daemon)), "{path}");
    }
    // Even then, a cause is told only where it belongs.
    for path in [
        "/health",
        "/health/check/db",
        "/health/ready?verbose",
        "/version",
    ] {
        let bearer = format!("Bearer {TOKEN}");
        let ask = service.query(Peer::Unknown, "GET", path, |name| {
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
