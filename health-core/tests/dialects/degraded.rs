//! What is degraded, and what is excluded, in every dialect.

use super::*;

/// A daemon whose component `link` is degraded, and whose heartbeat, gate and flag are not well.
fn degraded() -> (Snapshot, Instant) {
    let now = Instant::from_micros(1_000_000);
    let mut registry = Registry::new("test", "1.0.0", now);
    let config = ComponentConfig::default().critical(false);
    let link = registry.component(now, "link", config).expect("a name");
    let cache = registry
        .component(now, "cache", ComponentConfig::default())
        .expect("a name");
    registry.success(now, cache);
    (0..3).for_each(|_| registry.failure(now, link, "refused"));
    registry.set_running(now);
    (registry.snapshot(now), now)
}

#[test]
fn what_is_degraded_is_named_where_that_fails() {
    let service = || Service::new().degraded_code(DegradedCode::ServiceUnavailable);
    let listener = Listener::new(service(), degraded());
    let (code, _, text) = listener.get("/healthz?format=text");
    assert_eq!(code, 503);
    let expected = "[+]phase ok\n[-]link failed: unhealthy\n[+]cache ok\nhealthz check failed\n";
    assert_eq!(text, expected);
    let (code, document) = listener.json("/health?format=health%2Bjson", "health+json");
    assert_eq!((code, &document["status"]), (503, &"fail".into()));
    assert_eq!(document["output"], "running; degraded link");
    // Where degraded passes, every line is ok.
    let listener = Listener::new(Service::new(), degraded());
    let (code, _, text) = listener.get("/healthz?format=text&verbose");
    assert_eq!(code, 200);
    assert!(text.contains("[+]link ok\n"), "{text}");
}

/// The daemon of the example: what fails makes it degraded, and that is a failure.
#[test]
fn a_component_that_makes_the_code_is_never_true() {
    let now = Instant::from_micros(1_000_000);
    let mut registry = Registry::new("test", "1.0.0", now);
    let degrades = ComponentConfig::default().failing_is(Status::Degraded);
    let add = |registry: &mut Registry, name, config: &ComponentConfig| {
        registry.component(now, name, *config).expect("free")
    };
    let load = add(&mut registry, "load", &degrades);
    let disk = add(&mut registry, "disk", &degrades);
    let side = add(&mut registry, "side", &degrades.critical(false));
    registry.success(now, disk);
    registry.set_failures(now, load, 3);
    registry.set_failures(now, side, 3);
    registry.set_running(now);
    let daemon = (registry.snapshot(now), now);
    for (code, fails) in [
        (DegradedCode::Ok, false),
        (DegradedCode::TooManyRequests, true),
        (DegradedCode::ServiceUnavailable, true),
    ] {
        let listener = Listener::new(Service::new().degraded_code(code), daemon.clone());
        let ups =
            |load: bool, side: bool| serde_json::json!({"load": load, "disk": true, "side": side});
        let (status, document) = listener.json("/health", "health");
        assert_eq!(status != 200, fails);
        assert_eq!(document["components"], ups(!fails, !fails));
        let (_, _, text) = listener.get("/health?format=text&verbose");
        let line = if fails {
            "[-]load failed: degraded\n"
        } else {
            "[+]load ok\n"
        };
        assert!(
            text.contains(line) && text.contains("[+]disk ok\n"),
            "{text}"
        );
        let (_, document) = listener.json("/health?format=health%2Bjson", "health+json");
        let degraded = "running; degraded load; degraded side";
        assert_eq!(document["output"] == degraded, fails, "{document}");
        // What is left out makes no code.
        let (_, document) = listener.json("/health?exclude=side", "health");
        assert_eq!(document["components"], ups(!fails, true));
        let (status, document) = listener.json("/health?exclude=load&exclude=side", "health");
        assert_eq!((status, &document["components"]), (200, &ups(true, true)));
        // The same document in a stream.
        let (_, _, events) = listener.get("/health/events");
        let (_, data) = events.split_once("event: snapshot\n").expect("a document");
        let (_, data) = data.split_once("data: ").expect("data");
        let line = data.lines().next().expect("a line");
        let document: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(document["healthy"], !fails);
        assert_eq!(document["components"], ups(!fails, !fails));
    }
}

#[test]
fn what_is_excluded_is_no_part_of_health_json() {
    let now = Instant::from_micros(1_000_000);
    let mut registry = Registry::new("test", "1.0.0", now);
    let beat = Duration::from_secs(1);
    registry.heartbeat(now, "loop", beat).expect("a name");
    registry.gate("cache").expect("a name");
    registry.flag("leader").expect("a name");
    registry.set_running(now);
    let now = now + Duration::from_secs(5);
    let listener = Listener::new(Service::new(), (registry.snapshot(now), now));
    let query = "format=health%2Bjson&exclude=loop&exclude=cache&exclude=leader";
    let (code, document) = listener.json(&format!("/health/ready?{query}"), "health+json");
    assert_eq!((code, &document["status"]), (200, &"pass".into()));
    assert_eq!(document["checks"], serde_json::json!({}));
    assert_eq!(
        document["excluded"],
        serde_json::json!(["loop", "cache", "leader"])
    );
}
