//! `/targets` as those who read it see it: exactly, by schema, and with a hundred thousand of them.

#[path = "../../../tests/support/schema.rs"]
mod schema;

mod deregistered;
mod long;
mod restored;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Poll, Waker};
use std::time::Duration;

use health_core::Name;
use health_core::check::{CheckConfig, OnUnhealthy};
use health_core::health::Registry;
use health_core::monitor::{MonitorConfig, MonitorStatus, ReadyTarget, TargetStatus, TargetView};
use health_core::server::{Page, Peer, Service, Targets};
use health_core::{Instant, Moment, Outcome, UnixTime};
use health_driver::conformance::{watched, watched_by};
use health_driver::monitor::{
    Job, ManualClock, MonitorAction, MonitorClock, MonitorControl, MonitorDriver, Target,
};
use serde_json::{Value, json};

/// What a reader on this machine is answered.
fn answer(service: &Service, target: &str) -> (u16, Vec<u8>) {
    let ask = service.query(Peer::Unix, "GET", target, |_| None);
    let mut registry = Registry::new("monitor", "1.2.3", Instant::default());
    let (now, unix) = (Instant::default(), UnixTime::from_millis(1_769_164_200_123));
    let snapshot = registry.snapshot(now);
    let mut body = Vec::new();
    let head = service.answer(Moment { now, unix }, &ask, &snapshot, &mut body);
    (head.status.as_u16(), body)
}

fn get(service: &Service, target: &str) -> (u16, Value) {
    let (code, body) = answer(service, target);
    (code, serde_json::from_slice(&body).expect("JSON"))
}

fn metrics(service: &Service) -> String {
    let (_, body) = answer(service, "/metrics");
    String::from_utf8(body).expect("text")
}

fn list(service: &Service, query: &str) -> Value {
    let (code, document) = get(service, &format!("/targets{query}"));
    assert_eq!(code, 200, "{document}");
    let schema = if query == "?ready" {
        "targets-ready"
    } else {
        "targets"
    };
    assert_eq!(schema::problems(schema, &document), [""; 0], "{document}");
    document
}

fn names(document: &Value) -> Vec<&str> {
    let targets = document["targets"].as_array().expect("a list");
    let names = targets.iter().map(|it| it["name"].as_str());
    names.map(|it| it.expect("a name")).collect()
}

#[test]
fn a_target_is_told_with_all_that_is_known() {
    let service = Service::new().targets(&watched());
    let mut document = list(&service, "?status=unhealthy");
    let results = document["targets"][0]["checks"][0]["results"].take();
    assert_eq!(
        document,
        json!({
            "timestamp": "2026-01-23T10:30:00.123Z",
            "total": 4, "healthy": 3, "unhealthy": 1, "unknown": 0, "inactive": 0,
            "mass_failure": false, "next": null,
            "targets": [{
                "name": "web-1", "group": "web", "status": "unhealthy", "active": true,
                "ready": false, "healthy_checks": 0, "total_checks": 1,
                "checks": [{
                    "name": "probe", "status": "unhealthy", "stale": false,
                    "target": "http://10.0.0.7:8080/health", "since": "1970-01-01T00:00:02.011Z",
                    "consecutive_failures": 5, "consecutive_successes": 0,
                    "last_checked_at": "1970-01-01T00:00:04.018Z", "last_response_ms": 1.0,
                    "last_error_kind": "refused", "last_error": "connection refused",
                    "deregistered_at": null, "results": null,
                }],
            }],
        })
    );
    let results = results.as_array().expect("a list");
    assert_eq!(results.len(), 5);
    assert_eq!(
        results[4],
        json!({
            "begin_at": "1970-01-01T00:00:04.018Z", "took_ms": 1.0, "class": "failure",
            "kind": "refused", "message": "connection refused", "counted": true,
        })
    );

    let all = list(&service, "");
    assert_eq!(names(&all), ["web-1", "cache", "disk", "web-2"]);
    let disk = &all["targets"][2];
    assert_eq!(
        (&disk["group"], &disk["status"]),
        (&Value::Null, &json!("healthy"))
    );
    assert_eq!(disk["checks"][0]["target"], "self-check");
    assert_eq!(disk["checks"][0]["last_error"], Value::Null);
    // What a probe saw is nobody's business here.
    assert!(!all.to_string().contains("os error"));

    let (code, document) = get(&service, "/health");
    assert_eq!(code, 503, "it was never said to run");
    assert_eq!(document["targets"], json!({"total": 4, "healthy": 3}));
    assert_eq!(schema::problems("health", &document), [""; 0]);
}

/// It says of the one what the list says, and what the last attempt saw.
#[cfg(feature = "registry")]
#[test]
fn a_target_has_a_document_of_its_own() {
    let service = Service::new().targets(&watched());
    let mut listed = list(&service, "?status=unhealthy")["targets"][0].take();
    let (code, mut alone) = get(&service, "/targets/web-1");
    assert_eq!(code, 200);
    assert_eq!(alone["timestamp"], "2026-01-23T10:30:00.123Z");
    let check = alone["checks"][0].as_object_mut().expect("a check");
    let seen = [
        "next_at",
        "attempts",
        "skipped_slots",
        "cause",
        "address",
        "output",
    ];
    let seen = seen.map(|name| check.remove(name).expect(name));
    assert_eq!(
        seen,
        [
            json!("1970-01-01T00:00:05.000Z"),
            json!(5),
            json!(0),
            json!("os error 111"),
            Value::Null,
            Value::Null,
        ]
    );
    listed["timestamp"] = alone["timestamp"].clone();
    assert_eq!(alone, listed);
    assert_eq!(get(&service, "/targets/web-3").0, 404);
}

/// What mounts the endpoint gets its answers at once: a path whose answer comes later is not among them.
#[cfg(feature = "registry")]
#[test]
fn a_mounted_endpoint_has_no_paths_of_the_program() {
    use health_core::server::TargetRoutes;
    use health_driver::Health;
    use health_driver::monitor::RequestReceiver;

    let mut requests = RequestReceiver::new(&Health::new("svc", "1"), 16);
    let routes = TargetRoutes::new().read("history").action("pause");
    let service = Service::new()
        .targets(&watched())
        .target_routes(routes, &requests);
    assert_eq!(get(&service, "/targets/web-1/history").0, 404);
    assert_eq!(get(&service, "/targets/web-1/pause").0, 404);
    assert_eq!(get(&service, "/targets/web-1").0, 200);
    assert!(requests.poll_next(Waker::noop()).is_pending());
}

#[test]
fn probes_have_the_names_of_blackbox_exporter() {
    let monitor = watched();
    let text = metrics(&Service::new().targets(&monitor));
    for line in [
        r#"probe_success{target="web-1",check="probe",group="web"} 0"#,
        r#"probe_success{target="cache",check="probe"} 1"#,
        r#"probe_success{target="disk",check="look"} 1"#,
        r#"probe_duration_seconds{target="disk",check="look"} 0.001000"#,
        r#"probe_dns_lookup_time_seconds{target="web-1",check="probe",group="web"} 0.000000"#,
        r#"probe_dns_lookup_time_seconds{target="web-2",check="probe",group="web"} 0.000200"#,
        r#"probe_ip_protocol{target="cache",check="probe"} 6"#,
        r#"probe_ip_protocol{target="web-2",check="probe",group="web"} 4"#,
        r#"probe_http_status_code{target="web-1",check="probe",group="web"} 0"#,
        r#"probe_http_status_code{target="web-2",check="probe",group="web"} 204"#,
        r#"probe_http_duration_seconds{target="web-2",check="probe",group="web",phase="resolve"} 0.000200"#,
        r#"probe_http_duration_seconds{target="web-2",check="probe",group="web",phase="connect"} 0.000300"#,
        r#"probe_http_duration_seconds{target="web-2",check="probe",group="web",phase="tls"} 0.000000"#,
        r#"probe_http_duration_seconds{target="web-2",check="probe",group="web",phase="processing"} 0.000450"#,
        r#"probe_http_duration_seconds{target="web-2",check="probe",group="web",phase="transfer"} 0.000050"#,
        r#"health_target_status{target="web-1",group="web",health_target_status="unhealthy"} 1"#,
        r#"health_target_ready{target="cache"} 1"#,
        r#"health_check_consecutive_failures{target="web-1",check="probe",group="web"} 5"#,
        r#"health_check_attempts_total{target="cache",check="probe"} 5"#,
        r#"health_monitor_targets{status="healthy"} 3"#,
        r#"health_monitor_targets{status="unhealthy"} 1"#,
        r#"health_monitor_targets_omitted 0"#,
        r#"health_monitor_results_total{class="failure"} 5"#,
        r#"health_monitor_attempts_total 20"#,
        r#"health_monitor_mass_failure 0"#,
    ] {
        assert!(text.lines().any(|it| it == line), "no {line} in\n{text}");
    }
    // Only HTTP has a status, only a network has addresses, and nothing is kept here.
    for absent in [
        r#"probe_http_status_code{target="cache""#,
        r#"probe_dns_lookup_time_seconds{target="disk""#,
        r#"probe_ip_protocol{target="disk""#,
        "health_monitor_store",
    ] {
        assert!(!text.contains(absent), "{absent} in\n{text}");
    }
    monitor.enable_journal();
    let text = metrics(&Service::new().targets(&monitor));
    assert!(text.contains("health_monitor_store_lag_seconds 0.000000\n"));
    assert!(!metrics(&Service::new()).contains("health_monitor"));
}

#[test]
fn the_path_stands_behind_the_prefix() {
    let service = Service::new().targets(&watched()).prefix("/actuator");
    assert_eq!(get(&service, "/actuator/targets").0, 200);
    assert_eq!(get(&service, "/targets").0, 404);
}

#[test]
fn who_is_paused_or_gone_is_shown_as_such() {
    let monitor = watched();
    let service = Service::new().targets(&monitor);
    assert!(monitor.pause("cache") && monitor.remove("disk"));
    let document = list(&service, "");
    assert_eq!(names(&document), ["web-1", "cache", "web-2"]);
    assert_eq!(
        (&document["total"], &document["inactive"]),
        (&json!(3), &json!(1))
    );
    let cache = &document["targets"][1];
    assert_eq!(cache["status"], "inactive");
    // It was not taken off the list, but nobody looks whether it is still well.
    assert_eq!(
        (&cache["active"], &cache["ready"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(cache["checks"][0]["stale"], true);
}

#[test]
fn nobody_is_ready_by_what_was_true_long_ago() {
    let clock = ManualClock::new();
    let monitor = watched_by(&clock);
    let service = Service::new().targets(&monitor);
    assert_eq!(list(&service, "?ready").as_array().map(Vec::len), Some(2));
    // Three times the timeout, which is longer than the interval.
    clock.advance_to(clock.now() + Duration::from_secs(31));
    assert_eq!(list(&service, "?ready"), json!([]));
    let document = list(&service, "?status=unknown");
    assert_eq!(names(&document).len(), 4);
    assert_eq!(document["targets"][0]["ready"], false);
    assert_eq!(document["healthy"], 0);
    assert_eq!(monitor.status().summary.unknown, 4);
}

/// Watches nothing, and gets everything about it wrong.
#[derive(Default)]
struct Confused {
    asked: AtomicUsize,
}

impl Targets for Confused {
    fn status(&self) -> MonitorStatus {
        panic!("a bug of the daemon's")
    }

    fn page(&self, _: Option<&Name>, _: Option<TargetStatus>) -> Page<TargetView> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Page {
            entries: Vec::new(),
            next: Some(Name::new("again").expect("a name")),
        }
    }

    fn ready(&self, _: Option<&Name>) -> Page<ReadyTarget> {
        panic!("a bug of the daemon's")
    }
}

/// The thread that answers every prober neither hangs nor ends.
#[test]
fn whoever_watches_may_be_wrong() {
    let service = Service::new().targets(Arc::new(Confused::default()) as Arc<dyn Targets>);
    let service = Arc::new(service).guarded(health_driver::catch_panic);
    assert_eq!(list(&service, "")["total"], 0);
    assert_eq!(list(&service, "?ready"), json!([]));
    let (code, document) = get(&service, "/health");
    assert_eq!((code, document.get("targets")), (503, None));
}
