//! Every dialect gives the same verdict under the same code, however it is asked for.

use std::net::SocketAddr;

use health_core::Status;
use health_core::health::ComponentConfig;
use health_core::server::DegradedCode;

use super::client::{Answer, get};
use super::driver::{Health, Server, Service};

/// By `?format=`, and by `Accept`.
const DIALECTS: [(&str, &str); 3] = [
    ("json", "application/json"),
    ("text", "text/plain; charset=utf-8"),
    ("health%2Bjson", "application/health+json"),
];
const PROBES: [(&str, &str); 4] = [
    ("/health", "health"),
    ("/health/live", "liveness"),
    ("/health/ready", "readiness"),
    ("/health/startup", "startup"),
];

#[test]
fn dialects_agree_in_every_state() {
    let settings = [
        (DegradedCode::Ok, 200),
        (DegradedCode::TooManyRequests, 429),
        (DegradedCode::ServiceUnavailable, 503),
    ];
    for (setting, degraded) in settings {
        let health = Health::new("lifecycle", "1.2.3");
        let failing_is = Status::Degraded;
        let config = ComponentConfig::new().failing_is(failing_is);
        let link = health.component_with("link", config).expect("a name");
        let pool = health.component("pool").expect("a name");
        health.set_running();
        let server = Server::bind("127.0.0.1:0", &health).expect("a free port");
        let server = server.service(Service::new().degraded_code(setting));
        let handle = server.spawn().expect("a thread");
        let address = handle.local_addr().expect("it is bound");

        // Health, liveness, readiness, startup.
        agree(address, "unknown", [503, 200, 503, 503]);
        link.success();
        pool.success();
        agree(address, "healthy", [200, 200, 200, 200]);
        link.set_failures(3);
        agree(address, "degraded", [degraded, 200, 200, 200]);
        pool.set_failures(3);
        agree(address, "unhealthy", [503, 200, 503, 200]);
        health.begin_drain();
        agree(address, "draining", [503, 200, 503, 200]);
    }
}

/// Asks every probe in every dialect in every way; `status` is the word of the whole.
#[track_caller]
fn agree(address: SocketAddr, status: &str, codes: [u16; 4]) {
    let metrics = get(address, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n").body;
    for ((path, probe), code) in PROBES.into_iter().zip(codes) {
        let word = match (probe, code) {
            ("health", _) => status,
            (_, 200) => "healthy",
            _ => "unhealthy",
        };
        for (format, kind) in DIALECTS {
            let by_query =
                format!("GET {path}?format={format} HTTP/1.1\r\nHost: localhost\r\n\r\n");
            let by_accept =
                format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: {kind}\r\n\r\n");
            for request in [by_query, by_accept] {
                let Answer {
                    code: told,
                    head,
                    body,
                } = get(address, &request);
                assert_eq!(told, code, "{request}{body}");
                assert!(
                    head.contains(&format!("Content-Type: {kind}")),
                    "{request}{head}"
                );
                assert!(says(kind, word, code, &body), "{status}: {request}{body}");
            }
        }
        let is_up = matches!(word, "healthy" | "degraded");
        let line = format!(
            "health_probe_success{{probe=\"{probe}\"}} {}\n",
            u8::from(is_up)
        );
        assert!(metrics.contains(&line), "{status}: no {line}in {metrics}");
    }
}

/// Whether a document of this kind says what the word and the code mean.
fn says(kind: &str, word: &str, code: u16, body: &str) -> bool {
    match (kind, word, code) {
        ("application/json", ..) => body.starts_with(&format!("{{\"status\":\"{word}\"")),
        ("application/health+json", "degraded", 200) => body.contains("\"status\":\"warn\""),
        ("application/health+json", _, 200) => body.contains("\"status\":\"pass\""),
        ("application/health+json", ..) => body.contains("\"status\":\"fail\""),
        (_, _, 200) => body == "ok",
        _ => body.ends_with(" check failed\n"),
    }
}
