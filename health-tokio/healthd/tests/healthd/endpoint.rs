//! The monitor's own endpoint says of its targets what the registry's file says.

use serde_json::{Value, json};

use health_core::UnixTime;

use super::backend::Backend;
use super::daemon::{Daemon, Place};
use super::fast;

#[test]
fn endpoint_and_inspect_agree() {
    let place = Place::new("agree");
    let (a, mut b) = (Backend::start(), Backend::start());
    let args = fast(&[("a", &a), ("b", &b)]);
    let daemon = Daemon::start(&place, &args);
    daemon.wait_for(&["healthy", "target=a"]);
    daemon.wait_for(&["healthy", "target=b"]);
    assert_eq!(
        ready(&daemon),
        [of_discovery("a", &a), of_discovery("b", &b)]
    );
    let metrics = daemon.get("/metrics");
    let group = r#"group="targets"} "#;
    for sample in [
        format!(r#"probe_success{{target="b",check="http",{group}1"#),
        format!(r#"probe_http_status_code{{target="b",check="http",{group}200"#),
        format!(r#"probe_ip_protocol{{target="b",check="http",{group}4"#),
        r#"health_monitor_targets{status="healthy"} 2"#.to_owned(),
    ] {
        assert!(
            metrics.lines().any(|it| it == sample),
            "no {sample} in\n{metrics}"
        );
    }

    let verbose = document(&daemon, "/health?verbose");
    for (component, lag) in [("schedule", "lag_p99_ms"), ("store", "lag_ms")] {
        let data = &verbose["checks"][component]["data"];
        assert!(data[lag].is_number(), "{component}: {data}");
    }

    b.stop();
    daemon.wait_for(&["ERROR", "deregistered", "target=b"]);
    // Nothing more happens to it: now both can be compared.
    let shown = target(&daemon, "?status=inactive", "b");
    let kept = inspect(&place, "b");
    assert_agree(&shown, &kept);
    assert_eq!(
        (&shown["status"], &shown["active"]),
        (&json!("deregistered"), &json!(false))
    );
    assert_eq!(shown["checks"][0]["last_error_kind"], "refused");
    let count = |name: &str| document(&daemon, "/targets")[name].clone();
    let counts = ["total", "healthy", "unhealthy", "inactive"].map(count);
    assert_eq!(counts, [json!(2), json!(1), json!(0), json!(1)]);
    assert_eq!(
        document(&daemon, "/health")["targets"],
        json!({"total": 2, "healthy": 1})
    );
    assert_eq!(ready(&daemon), [of_discovery("a", &a)]);
    let down = format!(r#"probe_success{{target="b",check="http",{group}0"#);
    assert!(daemon.get("/metrics").lines().any(|it| it == down));
    let since = kept["checks"][0]["since"].as_u64().expect("a time");
    let said = format!("unhealthy since {} (", rfc3339(since));
    assert!(place.out(&["inspect", "b"]).contains(&said), "{said}");
    daemon.stop();

    // The next monitor has probed nothing of it, and knows it all the same.
    let daemon = Daemon::start(&place, &args);
    let again = target(&daemon, "", "b");
    for field in [
        "status",
        "since",
        "deregistered_at",
        "consecutive_failures",
        "last_error",
        "last_error_kind",
    ] {
        let before = &inspect(&place, "b")["checks"][0];
        assert_agree_on(field, &again["checks"][0], before);
    }
    assert_eq!(again["reason"], "connection refused while connecting");
    daemon.stop();
}

#[test]
fn targets_are_for_who_may_see_details() {
    let place = Place::new("private");
    let a = Backend::start();
    let mut args = fast(&[("a", &a)]);
    args.extend(["--token", "s3cret"].map(str::to_owned));
    let daemon = Daemon::start(&place, &args);
    for path in ["/targets", "/targets?ready", "/metrics"] {
        assert_eq!(daemon.get(path), r#"{"error":"Unauthorized"}"#, "{path}");
    }
    daemon.wait_for_body("/health", r#""targets":{"total":1,"healthy":1}"#);
    daemon.stop();
}

fn document(daemon: &Daemon, path: &str) -> Value {
    serde_json::from_str(&daemon.get(path)).expect("JSON")
}

fn target(daemon: &Daemon, query: &str, name: &str) -> Value {
    let document = document(daemon, &format!("/targets{query}"));
    let mut targets = document["targets"].as_array().expect("a list").iter();
    let found = targets.find(|it| it["name"] == name);
    found
        .unwrap_or_else(|| panic!("no {name} in {document}"))
        .clone()
}

fn ready(daemon: &Daemon) -> Vec<Value> {
    let document = document(daemon, "/targets?ready");
    document.as_array().expect("a list").clone()
}

fn of_discovery(name: &str, backend: &Backend) -> Value {
    let address = backend.url();
    let address = address
        .trim_start_matches("http://")
        .trim_end_matches("/health");
    json!({"targets": [address], "labels": {"target": name, "group": "targets"}})
}

fn inspect(place: &Place, name: &str) -> Value {
    serde_json::from_str(&place.out(&["inspect", name, "--json"])).expect("JSON")
}

/// Everything that both of them tell.
fn assert_agree(shown: &Value, kept: &Value) {
    assert_eq!(shown["name"], kept["name"]);
    assert_eq!(shown["group"], kept["definition"]["group"]);
    assert_eq!(
        shown["total_checks"],
        kept["checks"].as_array().map_or(0, Vec::len)
    );
    let (check, row) = (&shown["checks"][0], &kept["checks"][0]);
    assert_eq!(check["target"], kept["definition"]["checks"][0]["target"]);
    for field in [
        "name",
        "status",
        "since",
        "consecutive_failures",
        "consecutive_successes",
        "last_checked_at",
        "last_response_ms",
        "last_error_kind",
        "last_error",
    ] {
        assert_agree_on(field, check, row);
    }
    assert_agree_on_time(&check["deregistered_at"], &row["deactivated_at"]);
    let results = |of: &Value| of["results"].as_array().expect("results").clone();
    // The monitor remembers fewer than the file, the latest ones.
    let (of_check, of_row) = (results(check), results(row));
    assert!(of_check.len() >= 3 && of_row.len() >= of_check.len());
    for (shown, kept) in of_check.iter().rev().zip(of_row.iter().rev()) {
        for field in ["begin_at", "took_ms", "class", "kind", "message", "counted"] {
            assert_agree_on(field, shown, kept);
        }
    }
}

fn assert_agree_on(field: &str, shown: &Value, kept: &Value) {
    let of_row = if field == "deregistered_at" {
        "deactivated_at"
    } else {
        field
    };
    let (shown, kept) = (&shown[field], &kept[of_row]);
    match field {
        "since" | "last_checked_at" | "begin_at" | "deregistered_at" => {
            assert_agree_on_time(shown, kept);
        }
        _ => assert_eq!(shown, kept, "{field}"),
    }
}

/// Both are reckoned from what the clocks show when it is asked: they may round differently.
fn assert_agree_on_time(shown: &Value, kept: &Value) {
    let kept = kept.as_u64().expect("a time");
    let mut close = (kept - 2..=kept + 2).map(rfc3339);
    assert!(
        close.any(|it| *shown == it),
        "{shown} is not {}",
        rfc3339(kept)
    );
}

fn rfc3339(millis: u64) -> String {
    let text = UnixTime::from_millis(millis).rfc3339();
    String::from_utf8(text.to_vec()).expect("ASCII")
}
