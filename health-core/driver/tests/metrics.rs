//! `/metrics` as those who read it see it: by rule, by `promtool`, by Prometheus' own parser.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use health_core::health::{Registry, Snapshot};
use health_core::monitor::registry::{Quiet, QuietReason, QuietScope};
use health_core::server::{Peer, Service};
use health_core::{Instant, Moment, UnixTime};
#[cfg(feature = "monitor")]
use health_driver::conformance::watched;

/// A daemon that has one of everything, and names and texts that need escapes.
fn daemon() -> (Snapshot, Moment) {
    let mut now = Instant::from_micros(1_500_000);
    let unix = UnixTime::from_millis(1_769_164_200_123);
    let mut registry = Registry::new("a \"quoted\\ service\nover two lines, ü", "1.2.3", now);
    registry.set_wall_clock(Moment { now, unix });
    for name in ["db", "cache:eu-1", "x.y"] {
        let id = registry
            .component(now, name, Default::default())
            .expect("free");
        (0..3).for_each(|_| registry.failure(now, id, "refused"));
        registry.success(now, id);
        registry.update_timing(id, |timing| {
            timing.observe(Duration::from_millis(250));
            timing.observe(Duration::from_millis(1_250));
            timing.overrun();
        });
    }
    registry
        .component(now, "silent", Default::default())
        .expect("free");
    for (name, seconds) in [("fast", 1), ("slow", 60)] {
        let deadline = Duration::from_secs(seconds);
        registry.heartbeat(now, name, deadline).expect("free");
    }
    registry.gate("gate").expect("free");
    registry.flag("flag").expect("free");
    let counter = registry.counter("orders", "Orders \\ taken.\nAll of them.");
    counter.expect("free").add(7);
    for (name, value) in [
        ("depth", 2.5),
        ("odd", f64::NAN),
        ("far", f64::NEG_INFINITY),
    ] {
        registry.gauge(name, "A gauge.").expect("free").set(value);
    }
    registry.set_running(now);
    registry.begin_work();
    now = now + Duration::from_secs(3);
    let unix = UnixTime::from_millis(1_769_164_203_123);
    (registry.snapshot(now), Moment { now, unix })
}

fn scrape(service: &Service, accept: &[u8]) -> (String, String) {
    let (snapshot, moment) = daemon();
    for target in [
        "/health",
        "/health/check/db",
        "/nowhere",
        "/health?format=x",
    ] {
        let ask = service.query(Peer::Unix, "GET", target, |_| None);
        service.answer(moment, &ask, &snapshot, &mut Vec::new());
    }
    let ask = service.query(Peer::Unix, "GET", "/metrics", |name| {
        (name == "accept").then_some(accept)
    });
    let mut body = Vec::new();
    let head = service.answer(moment, &ask, &snapshot, &mut body);
    assert_eq!(head.status.as_u16(), 200);
    let kind = head.fields().find(|(name, _)| *name == "Content-Type");
    let kind = kind.expect("a type").1.to_string();
    (kind, String::from_utf8(body).expect("text"))
}

const OPEN: &[u8] = b"application/openmetrics-text;version=1.0.0,application/openmetrics-text;\
    version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

/// With whatever else there may be to tell.
fn watching() -> Service {
    let service = Service::new();
    #[cfg(feature = "monitor")]
    let service = service.targets(&watched());
    service
}

#[test]
fn metrics_say_what_is() {
    let (kind, text) = scrape(&Service::new(), b"*/*");
    assert_eq!(kind, "text/plain; version=0.0.4; charset=utf-8");
    for line in [
        "build_info{service=\"a \\\"quoted\\\\ service\\nover two lines, ü\",version=\"1.2.3\"} 1",
        "process_start_time_seconds 1769164200.123000",
        "health_uptime_seconds 3.000000",
        "health_phase{health_phase=\"running\"} 1",
        "health_status{health_status=\"unhealthy\"} 1",
        "health_probe_success{probe=\"liveness\"} 0",
        "health_in_flight 1",
        "health_component_status{component=\"cache:eu-1\",health_component_status=\"healthy\"} 1",
        "health_component_status{component=\"silent\",health_component_status=\"unknown\"} 1",
        "health_component_transitions_total{component=\"db\",to=\"unhealthy\"} 1",
        "health_component_consecutive_failures{component=\"db\"} 0",
        "health_component_check_duration_seconds_count{component=\"db\"} 2",
        "health_component_check_duration_seconds_sum{component=\"db\"} 1.500000",
        "health_component_check_overruns_total{component=\"db\"} 1",
        "health_heartbeat_age_seconds{heartbeat=\"slow\"} 3.000000",
        "health_heartbeat_deadline_seconds{heartbeat=\"slow\"} 60.000000",
        "health_heartbeat_missed{heartbeat=\"fast\"} 1",
        "health_heartbeat_misses_total{heartbeat=\"fast\"} 1",
        "health_gate_released{gate=\"gate\"} 0",
        "health_flag_up{flag=\"flag\"} 0",
        "orders_total 7",
        "depth 2.5",
        "odd NaN",
        "far -Inf",
        "health_endpoint_requests_total{route=\"health\",code=\"5xx\"} 1",
        "health_endpoint_requests_total{route=\"health\",code=\"4xx\"} 1",
        "health_endpoint_requests_total{route=\"check\",code=\"2xx\"} 1",
        "health_endpoint_requests_total{route=\"other\",code=\"4xx\"} 1",
        "health_endpoint_accept_errors_total 0",
    ] {
        assert!(
            text.lines().any(|other| other == line),
            "no {line} in\n{text}"
        );
    }
}

/// One family, one header, samples together; and a dashboard need not know the format.
#[test]
fn metrics_are_the_same_samples_in_both_formats() {
    let samples = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.map(ToOwned::to_owned).collect()
    };
    let (_, plain) = scrape(&watching(), b"*/*");
    // Nobody ever timed it.
    assert!(!plain.contains("duration_seconds_count{component=\"silent\"}"));
    let (kind, open) = scrape(&watching(), OPEN);
    assert_eq!(
        kind,
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    assert_eq!(samples(&plain), samples(&open));
    assert!(plain.ends_with('\n') && !plain.contains("# EOF"));
    assert!(open.ends_with("\n# EOF\n"));
    for text in [plain, open] {
        let mut families: Vec<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
            .collect();
        let all = families.len();
        families.sort_unstable();
        families.dedup();
        assert_eq!(families.len(), all, "a family twice");
    }
}

/// Rules and dashboard ask for nothing that is not there.
#[test]
fn metrics_are_what_the_rules_and_the_dashboard_ask_for() {
    let control = watched();
    let mut quiet = Quiet::default();
    let reason = QuietReason {
        since: UnixTime::default(),
        until: None,
        why: "deploy".into(),
        by: "a test".into(),
    };
    quiet.silence(QuietScope::All, reason);
    control.set_quiet(quiet.into());
    let (_, text) = scrape(&Service::new().targets(&control), b"*/*");
    for file in ["prometheus/alerts.yml", "grafana/dashboard.json"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../contrib")
            .join(file);
        let asked = std::fs::read_to_string(path).expect("it is there");
        let words = asked.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let mut known = 0;
        for word in words.filter(|word| word.starts_with("health_")) {
            let sample = |line: &str| {
                line.strip_prefix(word)
                    .is_some_and(|rest| rest.starts_with(['{', ' ']))
            };
            assert!(text.lines().any(sample), "{file} asks for {word}");
            known += 1;
        }
        assert!(known > 10, "{file}");
    }
}

#[test]
fn metrics_satisfy_promtool() {
    let (_, text) = scrape(&watching(), b"*/*");
    run("promtool", &["check", "metrics"], &text);
}

#[test]
fn metrics_satisfy_the_parser_of_prometheus_client() {
    let (_, text) = scrape(&watching(), OPEN);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/openmetrics.py");
    let script = script.to_str().expect("a path in UTF-8");
    run("python3", &[script], &text);
}

fn run(program: &str, arguments: &[&str], input: &str) {
    let mut command = std::process::Command::new(program);
    command.args(arguments).stdin(std::process::Stdio::piped());
    let Ok(mut child) = command.stdout(std::process::Stdio::piped()).spawn() else {
        return skip(&format!("{program} is not installed"));
    };
    let mut stdin = child.stdin.take().expect("a pipe");
    // Who takes no input may be gone before it is written.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.code() {
        Some(77) => skip(&said),
        code => assert_eq!(code, Some(0), "{program}: {said}\n{input}"),
    }
}

/// In CI nothing is skipped: what is missing there is a mistake of its setup.
#[track_caller]
fn skip(why: &str) {
    assert!(std::env::var_os("CI").is_none(), "{why}");
    eprintln!("SKIPPED: {why}");
}
