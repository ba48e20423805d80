//! One snapshot, many dialects: none says yes where another says no, and each keeps its schema.

#[path = "../support/daemons.rs"]
mod daemons;
#[path = "../support/schema.rs"]
mod schema;

mod degraded;

use std::sync::Arc;
use std::time::Duration;

use daemons::{LIVES, STATES, daemon};
use health_core::health::{ComponentConfig, Registry, Snapshot};
use health_core::server::{Connection, DegradedCode, Peer, Service};
use health_core::{Instant, Moment, Status, UnixTime};
use serde_json::Value;

struct Listener {
    service: Service,
    moment: Moment,
    snapshot: Snapshot,
}

impl Listener {
    fn new(service: Service, (snapshot, now): (Snapshot, Instant)) -> Self {
        let unix = UnixTime::from_millis(1_769_164_200_123);
        let moment = Moment { now, unix };
        Self {
            service,
            moment,
            snapshot,
        }
    }

    fn get(&self, target: &str) -> (u16, String, String) {
        let ask = (self.service).query(Peer::Unix, "GET", target, |_| None);
        let mut body = Vec::new();
        let head = (self.service).answer(self.moment, &ask, &self.snapshot, &mut body);
        let kind = response_field(&head, "Content-Type").unwrap_or_default();
        let body = String::from_utf8(body).expect("text");
        (head.status.as_u16(), kind, body)
    }

    /// What HAProxy's agent check reads.
    fn agent_check(&self) -> String {
        let service = Arc::new(Service::new().agent_check());
        let mut connection = Connection::new(service, Peer::Unknown, self.moment.now);
        let mut line = Vec::new();
        connection.respond(self.moment, &self.snapshot, &mut line);
        String::from_utf8(line).expect("text")
    }

    fn json(&self, target: &str, schema: &str) -> (u16, Value) {
        let (code, _, body) = self.get(target);
        let document = serde_json::from_str(&body).expect("JSON");
        let problems = schema::problems(schema, &document);
        assert!(problems.is_empty(), "{target}: {problems:?}");
        assert_no_repeats(&body);
        (code, document)
    }
}

/// serde_json keeps the last of two equal keys, a browser may keep the first.
fn assert_no_repeats(body: &str) {
    let again = serde_json::from_str::<Value>(body)
        .expect("JSON")
        .to_string();
    assert_eq!(
        again.matches(':').count(),
        body.matches(':').count(),
        "{body}"
    );
}

const ENDPOINTS: [(&str, &str); 4] = [
    ("/health", "health"),
    ("/health/live", "liveness"),
    ("/health/ready", "readiness"),
    ("/health/startup", "startup"),
];

#[test]
fn dialects_agree_on_the_verdict_over_the_whole_truth_table() {
    let codes = [
        DegradedCode::Ok,
        DegradedCode::TooManyRequests,
        DegradedCode::ServiceUnavailable,
    ];
    for setting in codes {
        for (life, state) in LIVES.into_iter().flat_map(|life| STATES.map(|s| (life, s))) {
            let listener =
                Listener::new(Service::new().degraded_code(setting), daemon(life, state));
            let (_, _, metrics) = listener.get("/metrics");
            for (path, probe) in ENDPOINTS {
                for query in ["", "verbose", "exclude=db", "exclude=loop&exclude=nobody"] {
                    let case = format!("{setting:?} {life:?} {state:?} {path}?{query}");
                    let own = if probe == "health" {
                        "health"
                    } else {
                        "verdict"
                    };
                    let (code, native) = listener.json(&format!("{path}?{query}"), own);
                    let good = code == 200;

                    let (other, _, text) = listener.get(&format!("{path}?{query}&format=text"));
                    assert_eq!(other, code, "{case}");
                    let says_good = text == "ok" || text.ends_with(" check passed\n");
                    assert_eq!(says_good, good, "{case}: {text}");

                    let target = format!("{path}?{query}&format=health%2Bjson");
                    let (other, draft) = listener.json(&target, "health+json");
                    assert_eq!(other, code, "{case}");
                    assert_eq!(draft["status"] != "fail", good, "{case}: {draft}");
                    // Output is absent on pass (draft §3.5), and there is one otherwise.
                    let is_pass = draft["status"] == "pass";
                    assert_eq!(draft.get("output").is_none(), is_pass, "{case}: {draft}");

                    let word = native["status"].as_str().expect("a word");
                    assert_eq!(is_pass, word == "healthy" && good, "{case}: {draft}");
                    assert_eq!(
                        draft["status"] == "warn",
                        word == "degraded" && good,
                        "{case}"
                    );
                    if probe == "health" {
                        assert_eq!(native["healthy"], good, "{case}");
                    }
                    if probe == "health" && cfg!(feature = "page") {
                        let (other, _, page) = listener.get(&format!("{path}?{query}&format=html"));
                        assert_eq!(other, code, "{case}");
                        let root = format!("<html lang=\"en\" data-status=\"{word}\">");
                        assert!(page.contains(&root), "{case}");
                    }
                    if query.is_empty() {
                        let is_up = matches!(word, "healthy" | "degraded");
                        let line = format!(
                            "health_probe_success{{probe=\"{probe}\"}} {}\n",
                            u8::from(is_up)
                        );
                        assert!(metrics.contains(&line), "{case}: no {line}");
                    }
                }
            }
            let (ready, ..) = listener.get("/health/ready");
            let line = listener.agent_check();
            assert_eq!(
                line == "ready up\n",
                ready == 200,
                "{life:?} {state:?}: {line}"
            );
            assert_eq!(line.lines().count(), 1);
            assert!(line.ends_with('\n'));
        }
    }
}

/// The page is markup that runs a script: it goes out with what forbids all others, and its errors
/// are JSON like those of every other view.
#[cfg(feature = "page")]
#[test]
fn dialects_guard_the_page_and_nothing_else() {
    let daemon = daemon(daemons::Life::Running, daemons::State::Unhealthy);
    let listener = Listener::new(Service::new().prefix("/actuator"), daemon);
    let browser = Some(&b"text/html,application/xhtml+xml,*/*;q=0.8"[..]);
    for (method, target, accept, kind) in [
        ("GET", "/actuator/", browser, "text/html; charset=utf-8"),
        (
            "HEAD",
            "/actuator/health",
            browser,
            "text/html; charset=utf-8",
        ),
        (
            "GET",
            "/actuator/healthz?format=html",
            None,
            "text/html; charset=utf-8",
        ),
        (
            "GET",
            "/actuator/health?format=json",
            browser,
            "application/json",
        ),
        ("GET", "/actuator/health/ready", browser, "application/json"),
        ("GET", "/actuator/stats", browser, "application/json"),
        ("GET", "/health", browser, "application/json"),
        ("DELETE", "/actuator/health", browser, "application/json"),
        ("OPTIONS", "/actuator/health", browser, ""),
    ] {
        let field = |name: &str| accept.filter(|_| name == "accept");
        let ask = (listener.service).query(Peer::Unknown, method, target, field);
        let mut body = Vec::new();
        let head = (listener.service).answer(listener.moment, &ask, &listener.snapshot, &mut body);
        assert_eq!(
            response_field(&head, "Content-Type").unwrap_or_default(),
            kind,
            "{target}"
        );
        let is_page = kind.starts_with("text/html");
        assert_eq!(
            response_field(&head, "Content-Security-Policy").is_some(),
            is_page,
            "{target}"
        );
        assert_eq!(body.starts_with(b"<!doctype html>"), is_page, "{target}");
    }
}

#[test]
fn dialects_leave_out_what_is_excluded_but_never_from_liveness() {
    for (life, state) in LIVES.into_iter().flat_map(|life| STATES.map(|s| (life, s))) {
        let listener = Listener::new(Service::new(), daemon(life, state));
        for path in ["/health/live", "/health/startup"] {
            let all = listener.get(path);
            let excluded = listener.get(&format!("{path}?exclude=loop&exclude=db"));
            assert_eq!(all, excluded, "{life:?} {state:?}");
        }
    }
    let running = |state| Listener::new(Service::new(), daemon(daemons::Life::Running, state));
    let stuck = running(daemons::State::Missed);
    assert_eq!(stuck.get("/health/ready").0, 503);
    assert_eq!(stuck.get("/health/ready?exclude=db").0, 503);
    let (code, document) = stuck.json("/health/ready?exclude=loop&exclude=x", "verdict");
    assert_eq!(
        (code, document.to_string().as_str()),
        (200, r#"{"excluded":["loop"],"status":"healthy"}"#)
    );
    let (_, _, text) = stuck.get("/readyz?exclude=loop&verbose&format=text");
    assert_eq!(
        text,
        "[+]phase ok\n[+]loop excluded: ok\n[+]db ok\nreadyz check passed\n"
    );
    let (_, _, text) = stuck.get("/readyz?format=text");
    assert_eq!(
        text,
        "[+]phase ok\n[-]loop failed: no beat\n[+]db ok\nreadyz check failed\n"
    );
    assert_eq!(
        running(daemons::State::Unhealthy)
            .get("/health?exclude=db")
            .0,
        200
    );
}

#[test]
fn dialects_keep_their_schemas_on_the_other_routes_too() {
    for (life, state) in LIVES.into_iter().flat_map(|life| STATES.map(|s| (life, s))) {
        let listener = Listener::new(Service::new(), daemon(life, state));
        for (target, schema, expected) in [
            ("/stats", "stats", Some(200)),
            ("/stats?verbose", "stats-verbose", Some(200)),
            ("/version", "version", Some(200)),
            ("/health/history", "history", Some(200)),
            ("/health/check/nobody", "error", Some(404)),
            ("/nowhere", "error", Some(404)),
            ("/health/live?format=html", "error", Some(406)),
            ("/health/check/db?format=html", "error", Some(406)),
            ("/health?format=nonsense", "error", Some(406)),
        ] {
            let (code, _) = listener.json(target, schema);
            assert!(expected.is_none_or(|expected| expected == code), "{target}");
        }
        let components = listener.snapshot.components().iter().map(|it| it.name());
        let heartbeats = listener.snapshot.heartbeats().iter().map(|it| it.name());
        let names: Vec<_> = components.chain(heartbeats).cloned().collect();
        for name in names {
            for query in ["", "?verbose"] {
                let path = format!("/health/check/{name}");
                let (code, _) = listener.json(&format!("{path}{query}"), "check");
                let (other, draft) =
                    listener.json(&format!("{path}?format=health+json"), "health+json");
                assert_eq!((other, draft["status"] == "fail"), (code, code != 200));
            }
        }
        let (code, kind, _) = listener.get("/metrics?format=nonsense");
        assert_eq!(
            (code, kind.as_str()),
            (200, "text/plain; version=0.0.4; charset=utf-8")
        );
        let (code, kind, _) = listener.get("/metrics?format=openmetrics");
        assert_eq!(code, 200);
        assert_eq!(
            kind,
            "application/openmetrics-text; version=1.0.0; charset=utf-8"
        );
    }
}

/// Byte for byte, in every state: serde and our own writer tell the same, what is private aside.
#[test]
fn dialects_of_serde_and_of_the_endpoint_are_one() {
    let unix = UnixTime::from_millis(1_769_164_200_123);
    for (life, state) in LIVES.into_iter().flat_map(|life| STATES.map(|s| (life, s))) {
        let mut registry = daemons::registry(life, state);
        let begun = Moment {
            now: Instant::default(),
            unix,
        };
        registry.set_wall_clock(begun);
        registry.begin_work();
        for number in 0..40 {
            let name = format!("part-{number}");
            registry
                .component(begun.now, &name, Default::default())
                .expect("free");
        }
        let now = Instant::from_micros(12_399_999);
        let moment = Moment {
            now,
            unix: UnixTime::from_millis(begun.unix.as_millis() + 12_399),
        };
        let snapshot = registry.snapshot(now);
        let ours = serde_json::to_string(&snapshot).expect("it can be told");
        let mut listener = Listener::new(Service::new(), (snapshot, now));
        listener.moment = moment;
        let (_, _, endpoint) = listener.get("/health?verbose");
        let private = [",\"cause\":\"refused\"", ",\"data\":[3]"];
        let public = private.iter().fold(endpoint, |it, one| it.replace(one, ""));
        assert_eq!(ours, public, "{life:?} {state:?}");
    }
}

#[test]
fn the_schemas_refuse_what_is_wrong() {
    for (schema, document, expected) in [
        ("verdict", serde_json::json!({"status": "healthy"}), 0),
        (
            "verdict",
            serde_json::json!({"status": "maybe", "extra": 1}),
            2,
        ),
        ("verdict", serde_json::json!({"stalled": []}), 2),
        (
            "history",
            serde_json::json!({"service": 1, "capacity": -1, "last_id": 0.5}),
            4,
        ),
        (
            "health+json",
            serde_json::json!({"status": "pass", "checks": {"a b": [{}]}}),
            2,
        ),
    ] {
        let problems = schema::problems(schema, &document);
        assert_eq!(
            problems.len(),
            expected,
            "{schema} {document}: {problems:?}"
        );
    }
}

/// The value of a header field of a mounted endpoint.
fn response_field(head: &health_core::http::Head, name: &str) -> Option<String> {
    let mut fields = head.fields();
    fields
        .find(|(own, _)| *own == name)
        .map(|(_, value)| value.to_string())
}
