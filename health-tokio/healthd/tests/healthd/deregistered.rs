//! A deregistered target stays in sight: in its group, in every list, in notices, until it is back.

use std::fs;

use serde_json::Value;

use super::backend::Backend;
use super::daemon::{Daemon, Place, wait_until};
use super::fast;

const RECHECK: [&str; 2] = ["--recheck-interval", "400ms"];

fn args(targets: &[(&str, &Backend)], more: &[&str]) -> Vec<String> {
    let mut args = fast(targets);
    args.extend(more.iter().map(|it| (*it).to_owned()));
    args
}

/// The document at this path, once it has this in it.
fn document(daemon: &Daemon, path: &str, part: &str) -> Value {
    daemon.wait_for_body(path, part);
    serde_json::from_str(&daemon.get(path)).expect("JSON")
}

/// The first words of each row of `list`.
fn listed(place: &Place) -> Vec<[String; 2]> {
    let list = place.out(&["list"]);
    let rows = list.lines().skip(1).take_while(|row| !row.is_empty());
    let rows = rows.map(|row| {
        let mut words = row.split_whitespace().map(str::to_owned);
        [(); 2].map(|()| words.next().unwrap_or_default())
    });
    rows.collect()
}

fn pair(name: &str, status: &str) -> [String; 2] {
    [name.to_owned(), status.to_owned()]
}

#[test]
fn a_group_is_degraded_by_one_and_down_with_the_last() {
    let place = Place::new("dead-group");
    let (mut a, mut b) = (Backend::start(), Backend::start());
    let daemon = Daemon::start(
        &place,
        &args(&[("a", &a), ("b", &b)], &["--recheck-interval", "0"]),
    );
    daemon.wait_for_body("/health", r#""targets":{"total":2,"healthy":2}"#);
    b.stop();
    daemon.wait_for(&["ERROR", "deregistered", "target=b"]);
    let health = document(&daemon, "/health?verbose", "1/2 deregistered");
    assert_eq!(health["status"], "degraded", "{health}");
    let group = &health["checks"]["targets"];
    assert_eq!(group["status"], "degraded");
    assert_eq!(group["message"], "1/2 healthy, 1/2 deregistered");
    assert_eq!(
        group["cause"],
        "b (deregistered): connection refused while connecting"
    );
    assert_eq!(
        group["data"].to_string(),
        r#"{"deregistered":1,"healthy":1,"total":2}"#
    );
    assert_eq!(
        listed(&place),
        [pair("b", "deregistered"), pair("a", "healthy")]
    );
    let status = place.out(&["status"]);
    assert!(
        status.contains("\n2 targets: 1 healthy, 1 deregistered\n"),
        "{status}"
    );
    let mut lines = status.lines().filter(|it| it.starts_with("  b "));
    let line = lines.next().expect("a line");
    assert!(
        line.ends_with("connection refused while connecting"),
        "{status}"
    );

    a.stop();
    daemon.wait_for(&["ERROR", "deregistered", "target=a"]);
    let health = document(&daemon, "/health?verbose", "2/2 deregistered");
    let group = &health["checks"]["targets"];
    assert_eq!(group["status"], "unhealthy");
    assert_eq!(
        group["cause"],
        "a (deregistered): connection refused while connecting; also down: b"
    );
    assert_eq!(health["components"]["targets"], false);
    assert_eq!(health["status"], "degraded");

    // Also after a restart, before anything of it was checked again.
    daemon.stop();
    let daemon = Daemon::start(
        &place,
        &args(&[("a", &a), ("b", &b)], &["--recheck-interval", "0"]),
    );
    let health = document(&daemon, "/health?verbose", "2/2 deregistered");
    assert_eq!(
        health["checks"]["targets"]["cause"],
        "a (deregistered): connection refused while connecting; also down: b"
    );

    // Taken off the list it counts no more.
    place.out(&["add", "c", &Backend::start().url()]);
    assert_eq!(place.out(&["remove", "c"]).trim(), "c removed");
    a.start_again();
    place.out(&["reactivate", "a"]);
    daemon.wait_for(&["healthy", "target=a", "starting"]);
    document(&daemon, "/health?verbose", "1/2 healthy, 1/2 deregistered");
    daemon.stop();
}

#[test]
fn what_answers_again_says_so_everywhere_and_waits_to_be_reactivated() {
    let place = Place::new("answers");
    let (a, mut b) = (Backend::start(), Backend::start());
    let config = place.path("healthd.toml");
    let mut text = String::new();
    for kind in ["unhealthy", "deregistered", "answers_again", "recovered"] {
        let script = format!("cat >> {}", place.path(kind).display());
        text += &format!("[[action]]\ncommand = [\"sh\", \"-c\", {script:?}]\non = [{kind:?}]\n");
    }
    fs::write(&config, text).expect("written");
    let config = config.display().to_string();
    let args = args(
        &[("a", &a), ("b", &b)],
        &[&RECHECK[..], &["--config", &config]].concat(),
    );
    let daemon = Daemon::start(&place, &args);
    daemon.wait_for(&["healthy", "target=b"]);
    b.stop();
    daemon.wait_for(&["ERROR", "deregistered", "target=b"]);
    b.start_again();
    daemon.wait_for(&["answers again; `healthd reactivate b` brings it back"]);

    assert_eq!(place.server("b"), (false, 3));
    let list = place.out(&["list"]);
    let row = list.lines().nth(1).expect("a row");
    assert!(
        row.starts_with("b     answers-again  targets") && row.contains("`healthd reactivate b`"),
        "{list}"
    );
    let inspected = place.out(&["inspect", "b"]);
    assert!(
        inspected.contains("0/1 healthy, deregistered "),
        "{inspected}"
    );
    assert!(inspected.contains("Answers: again since "), "{inspected}");
    assert!(
        inspected.contains("`healthd reactivate b` brings it back"),
        "{inspected}"
    );
    assert!(
        inspected.contains("then deregister and check every 0.4 s"),
        "{inspected}"
    );
    assert!(place.out(&["explain", "b"]).contains("answers again"));
    let status = place.out(&["status"]);
    assert!(
        status.contains("\n2 targets: 1 healthy, 1 answers-again\n"),
        "{status}"
    );
    assert!(
        status.contains("  b             answers-again  "),
        "{status}"
    );
    let list = document(&daemon, "/targets", "answers-again");
    let first = &list["targets"][0];
    assert_eq!(
        (&first["name"], &first["status"]),
        (&"b".into(), &"answers-again".into())
    );
    assert_eq!(first["reactivate"], "healthd reactivate b");
    let health = document(&daemon, "/health?verbose", "1/2 answers again");
    assert_eq!(health["checks"]["targets"]["status"], "degraded");

    // Also after a restart, and without another word.
    daemon.stop();
    let daemon = Daemon::start(&place, &args);
    let list = document(&daemon, "/targets", "answers-again");
    assert!(list["targets"][0]["deregistered_at"].is_string());
    b.wait_for_hits(b.hits() + 2);
    assert_eq!(place.out(&["reactivate", "b"]).trim(), "b reactivated");
    daemon.wait_for(&["healthy", "target=b", "starting"]);
    assert!(!daemon.has_said("answers again"));
    // Within a second it is in the registry.
    let both = [pair("a", "healthy"), pair("b", "healthy")];
    wait_until("two healthy targets", || listed(&place) == both);
    let is_told = || fs::read_to_string(place.path("recovered")).is_ok_and(|it| !it.is_empty());
    wait_until("notice", is_told);
    daemon.stop();
    for kind in ["unhealthy", "deregistered", "answers_again", "recovered"] {
        let notices = fs::read_to_string(place.path(kind)).unwrap_or_default();
        let notices: Vec<Value> = notices
            .lines()
            .map(|it| serde_json::from_str(it).expect("JSON"))
            .collect();
        let heard = notices
            .iter()
            .map(|it| (&it["event"], &it["targets"][0]["name"]));
        let heard: Vec<_> = heard.collect();
        assert_eq!(
            heard,
            [(&Value::from(kind), &Value::from("b"))],
            "{notices:?}"
        );
    }
}

/// It comes back while no monitor runs; who reads of both has one notice of what was one step.
#[test]
fn a_repair_while_no_monitor_runs_is_seen_and_reactivated_if_that_is_set() {
    let place = Place::new("repaired");
    let mut a = Backend::start();
    let notes = place.path("notes");
    let script = format!("cat >> {}", notes.display());
    let action = format!("[[action]]\ncommand = [\"sh\", \"-c\", {script:?}]\n");
    fs::write(place.path("healthd.toml"), action).expect("written");
    let config = place.path("healthd.toml").display().to_string();
    let args = args(
        &[("a", &a)],
        &[&RECHECK[..], &["--config", &config]].concat(),
    );
    let daemon = Daemon::start(&place, &args);
    daemon.wait_for(&["healthy", "target=a"]);
    a.stop();
    daemon.wait_for(&["ERROR", "deregistered", "target=a"]);
    // Once that was sent: what is over before a notice of it is due is in none.
    let sent = || fs::read_to_string(&notes).unwrap_or_default();
    wait_until("notice", || sent().contains("\"deregistered\""));
    daemon.kill();
    a.start_again();
    let mut command = place.command();
    command.env("HEALTHD_AUTO_REACTIVATE", "true");
    let daemon = Daemon::start_with(command, &args);
    daemon.wait_for(&["answers again", "target=a"]);
    daemon.wait_for(&["healthy", "target=a", "starting"]);
    assert_eq!(place.server("a"), (true, 0));
    wait_until("notice", || sent().contains("\"recovered\""));
    daemon.stop();
    let notes = fs::read_to_string(&notes).expect("notices");
    let events = notes.lines().map(|it| {
        let notice: Value = serde_json::from_str(it).expect("JSON");
        notice["event"].as_str().expect("a word").to_owned()
    });
    let events: Vec<_> = events.collect();
    assert_eq!(
        events.iter().filter(|it| *it == "unhealthy").count(),
        0,
        "{notes}"
    );
    assert_eq!(
        events.last().map(String::as_str),
        Some("recovered"),
        "{notes}"
    );
}

#[test]
fn without_an_interval_it_is_left_alone() {
    let place = Place::new("alone");
    let (mut a, b) = (Backend::start(), Backend::start());
    let mut command = place.command();
    command.env("HEALTHD_RECHECK_INTERVAL", "0");
    let daemon = Daemon::start_with(command, &args(&[("a", &a), ("b", &b)], &[]));
    daemon.wait_for(&["healthy", "target=a"]);
    a.stop();
    daemon.wait_for(&["ERROR", "deregistered", "target=a"]);
    a.start_again();
    // Longer than ten intervals of the other one.
    b.wait_for_hits(b.hits() + 15);
    assert_eq!(a.hits(), 0);
    assert!(
        place
            .out(&["inspect", "a"])
            .contains("then deregister and not check again")
    );
    daemon.stop();
}
