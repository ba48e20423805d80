//! What `list`, `inspect` and the log look like.

use std::fs;

use serde_json::Value;

use super::backend::Backend;
use super::daemon::{Daemon, Place};

/// A good target and a dead one in the group `web`, and a command that fails.
fn configuration(place: &Place, good: &Backend, bad: &Backend) -> String {
    let path = place.path("shown.toml");
    let text = format!(
        "interval = \"300ms\"\ntimeout = \"2s\"\n\
         [[targets]]\nname = \"a-good\"\nurl = \"{}\"\ngroup = \"web\"\n\
         [[targets]]\nname = \"b-bad\"\nurl = \"{}\"\ngroup = \"web\"\n\
         [[targets]]\nname = \"c-odd\"\nexec = [\"sh\", \"-c\", \"echo no backup; exit 3\"]\n\
         on_unhealthy = \"report\"\n",
        good.url(),
        bad.url()
    );
    fs::write(&path, text).expect("written");
    path.display().to_string()
}

#[test]
fn a_list_shows_the_worst_first_in_each_form() {
    let place = Place::new("shown");
    let good = Backend::start();
    let bad = Backend::answering("500 Internal Server Error", "text/plain", "no");
    let config = configuration(&place, &good, &bad);
    let daemon = Daemon::start(&place, &["--config".to_owned(), config]);
    daemon.wait_for(&["healthy", "target=a-good"]);
    daemon.wait_for(&["deregistered", "target=b-bad"]);
    daemon.wait_for(&["unhealthy", "target=c-odd"]);

    let list = place.out(&["list"]);
    let lines: Vec<_> = list.lines().collect();
    assert!(
        lines[0].starts_with("NAME    STATUS        GROUP    HEALTHY  SINCE"),
        "{list}"
    );
    assert!(
        lines[1].starts_with("b-bad   deregistered  web      0/1"),
        "{list}"
    );
    assert!(
        lines[2].starts_with("c-odd   unhealthy     targets  0/1"),
        "{list}"
    );
    assert!(lines[2].ends_with("exit code 3"), "{list}");
    assert!(
        lines[3].starts_with("a-good  healthy       web      1/1"),
        "{list}"
    );
    let totals = "\n\n3 targets: 1 healthy, 1 unhealthy, 1 deregistered\n";
    assert!(list.ends_with(totals), "{list}");

    assert_eq!(
        place.out(&["list", "-o", "name", "--group", "web"]),
        "b-bad\na-good\n"
    );
    let some = place.out(&["list", "--status", "unhealthy,healthy"]);
    assert!(
        some.ends_with("\n2 of 3 targets: 1 healthy, 1 unhealthy\n"),
        "{some}"
    );
    assert!(place.out(&["list", "-o", "wide"]).contains(&bad.url()));
    let json: Value = serde_json::from_str(&place.out(&["list", "-o", "json"])).expect("JSON");
    assert_eq!(json[0]["name"], "b-bad");
    let (code, error) = place.fails(&["list", "--status", "dead"]);
    assert_eq!(code, 2);
    assert!(
        error.starts_with("healthd: invalid value 'dead' for '--status <STATUS>'"),
        "{error}"
    );
    assert!(error.contains("deregistered, answers-again"), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");

    let group = place.out(&["inspect", "web"]);
    assert!(
        group.starts_with("Group:   web\nHealth:  1/2 healthy\n\nNAME"),
        "{group}"
    );
    let inspected = place.out(&["inspect", "c-odd"]);
    assert!(inspected.contains("\n  last       run "), "{inspected}");
    assert!(inspected.contains("\n    | no backup\n"), "{inspected}");
    let inspected = place.out(&["inspect", "a-good"]);
    assert!(
        inspected.contains(&format!("  last       to {}, connect ", good.address())),
        "{inspected}"
    );

    daemon.stop();
    let list = place.out(&["list"]);
    assert!(list.contains("\n\nno monitor runs: as of "), "{list}");
}

#[test]
fn the_log_can_be_read_by_a_program() {
    let place = Place::new("log-format");
    let (good, bad) = (
        Backend::start(),
        Backend::answering("500 No", "text/plain", "no"),
    );
    let config = configuration(&place, &good, &bad);
    let args = ["--config", &config, "--log-format", "json"].map(str::to_owned);
    let daemon = Daemon::start(&place, &args);
    daemon.wait_for(&[
        r#""level":"INFO","message":"started","targets":3,"deregistered":0"#,
        r#""interval":"300ms","timeout":"2s","retries":3"#,
    ]);
    let line = daemon.wait_for(&[r#""level":"ERROR""#, r#""message":"deregistered""#]);
    let line: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(line["target"], "b-bad");
    assert_eq!(line["consecutive_failures"], 3);
    daemon.stop();

    // What is down is said when it goes down, not at each attempt.
    let mut daemon = Daemon::start(&place, &["--config".to_owned(), config]);
    daemon.wait_for(&["INFO started targets=3 deregistered=1 registry="]);
    let hits = good.hits();
    super::daemon::wait_until("further checks", || good.hits() > hits + 3);
    daemon.signal("-TERM");
    daemon.wait_for(&["INFO stopped"]);
    assert!(!daemon.has_said("WARN failed target=c-odd"));
    assert!(daemon.wait().success());
}
