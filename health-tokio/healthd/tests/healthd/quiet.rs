//! Quiet on purpose: pause, silence, windows of maintenance; kept, shown, and over in time.

use std::fs;

use serde_json::Value;

use super::backend::Backend;
use super::daemon::{Daemon, Place, wait_until};
use super::receiver::Receiver;

/// A monitor of these backends in the group `shop`; the first failure counts, nothing is deregistered.
fn config(place: &Place, targets: &[(&str, &Backend)], more: &str) -> Vec<String> {
    let mut text = format!(
        "interval = \"300ms\"\ntimeout = \"20s\"\nretries = 1\nauto_deregister = false\n{more}\n"
    );
    for (name, backend) in targets {
        let url = backend.url();
        text += &format!("[[target]]\nname = {name:?}\ngroup = \"shop\"\nurl = {url:?}\n");
    }
    let path = place.path("healthd.toml");
    fs::write(&path, text).expect("written");
    ["--config".to_owned(), path.display().to_string()].to_vec()
}

fn hook(receiver: &Receiver) -> String {
    format!("[[action]]\nwebhook = {:?}\n", receiver.url())
}

/// The target in the document of the endpoint.
fn shown(daemon: &Daemon, name: &str) -> Value {
    let list: Value = serde_json::from_str(&daemon.get("/targets")).expect("JSON");
    let targets = list["targets"].as_array().expect("a list");
    let found = targets.iter().find(|it| it["name"] == name);
    found.cloned().unwrap_or_default()
}

fn unhealthy(daemon: &Daemon, name: &str) {
    wait_until("unhealthy target", || {
        shown(daemon, name)["status"] == "unhealthy"
    });
}

#[test]
fn a_paused_target_is_left_alone_over_kill_and_restart_until_it_is_resumed() {
    let place = Place::new("pause");
    let (a, b) = (Backend::start(), Backend::start());
    let args = config(&place, &[("a", &a), ("b", &b)], "");
    let daemon = Daemon::start(&place, &args);
    daemon.wait_for(&["healthy", "target=a"]);
    assert_eq!(
        place.out(&["pause", "a", "--why", "new disks"]).trim(),
        "a paused"
    );
    let line = daemon.wait_for(&["a paused", "by=", "why=\"new disks\""]);
    assert!(line.contains('@'), "{line}");
    let paused = shown(&daemon, "a");
    assert_eq!(
        (&paused["status"], &paused["paused"]["why"]),
        (&"inactive".into(), &"new disks".into())
    );
    assert!(paused["paused"]["since"].is_u64() && paused["paused"]["by"].is_string());
    assert!(
        daemon
            .get("/metrics")
            .contains("health_target_paused{target=\"a\",group=\"shop\"} 1")
    );
    let health: Value = serde_json::from_str(&daemon.get("/health")).expect("JSON");
    assert_eq!(
        (&health["targets"]["total"], &health["targets"]["healthy"]),
        (&2.into(), &1.into())
    );
    for command in [
        &["list"][..],
        &["inspect", "a"],
        &["explain", "a"],
        &["status"],
        &["silence", "--list"],
    ] {
        let out = place.out(command);
        assert!(
            out.to_lowercase().contains("paused") && out.contains("new disks"),
            "{out}"
        );
    }
    let (code, error) = place.fails(&["pause", "a"]);
    assert!(
        code == 1 && error.contains("a: paused already, since "),
        "{error}"
    );
    let (code, error) = place.fails(&["check-now", "a"]);
    assert!(
        code == 1 && error.contains("`healthd resume` comes first"),
        "{error}"
    );
    daemon.kill();

    // What is there is not asked once more, not even at the start.
    let hits = a.hits();
    let daemon = Daemon::start(&place, &args);
    b.wait_for_hits(b.hits() + 5);
    assert_eq!(a.hits(), hits);
    assert_eq!(place.out(&["resume", "a"]).trim(), "a resumed");
    a.wait_for_hits(hits + 1);
    assert!(shown(&daemon, "a")["paused"].is_null());
    daemon.stop();
    let (code, error) = place.fails(&["resume", "a"]);
    assert!(code == 1 && error.contains("a: not paused"), "{error}");
}

#[test]
fn commands_work_on_the_registry_where_no_monitor_runs() {
    let place = Place::new("quiet-alone");
    let (a, b) = (Backend::start(), Backend::start());
    let (code, error) = place.fails(&["pause", "a"]);
    assert!(
        code == 1 && error.contains("a: no such target: there is no registry"),
        "{error}"
    );
    let args = config(&place, &[("a", &a), ("b", &b)], "");
    let daemon = Daemon::start(&place, &args);
    daemon.wait_for(&["healthy", "target=a"]);
    daemon.wait_for(&["healthy", "target=b"]);
    daemon.stop();

    let out = place.out(&["pause", "--group", "shop"]);
    assert_eq!(out.trim(), "2 targets paused: a, b; no monitor runs");
    let out = place.out(&["silence", "--group", "shop", "--for", "2h", "--why", "move"]);
    assert!(out.starts_with("group shop silenced until 2"), "{out}");
    assert!(place.out(&["resume", "b"]).contains("b resumed"));
    let (code, error) = place.fails(&["check-now", "b"]);
    assert!(
        code == 1 && error.contains("no monitor runs; `healthd check"),
        "{error}"
    );
    let (code, error) = place.fails(&["silence", "--group", "shoe", "--for", "2h"]);
    assert!(
        code == 1 && error.contains("shoe: no target is of such a group"),
        "{error}"
    );
    for (args, part) in [
        (
            &["silence", "b", "--for", "0s"][..],
            "for = 0ns: allowed is 1s to 366d",
        ),
        (&["silence", "b", "--for", "soon"], "--for"),
        (&["silence", "b"], "--for"),
        (&["pause"], "allowed is one of NAME, --group NAME, --all"),
        (&["pause", "a", "--group", "shop"], "cannot be used with"),
        (&["pause", "a", "--why", "a\nb"], "allowed is one line"),
    ] {
        let (code, error) = place.fails(args);
        assert!(code == 2 && error.contains(part), "{args:?}: {error}");
    }
    let list: Value = serde_json::from_str(&place.out(&["list", "--json"])).expect("JSON");
    let of = |name: &str| {
        list.as_array()
            .and_then(|it| it.iter().find(|it| it["name"] == name))
            .cloned()
            .expect("a target")
    };
    assert_eq!(of("a")["status"], "paused");
    assert_eq!(of("a")["silenced"]["why"], "move");
    assert_eq!(
        (&of("b")["status"], &of("b")["paused"]),
        (&"healthy".into(), &Value::Null)
    );

    let daemon = Daemon::start(&place, &args);
    assert_eq!(shown(&daemon, "a")["silenced"]["why"], "move");
    let (code, error) = place.fails(&["unsilence", "b"]);
    assert!(
        code == 1 && error.contains("not by a silence of its own"),
        "{error}"
    );
    assert_eq!(
        place.out(&["unsilence", "--group", "shop"]).trim(),
        "group shop no longer silenced"
    );
    // A target that is removed takes its pause with it.
    place.out(&["remove", "a"]);
    assert_eq!(
        place.out(&["silence", "--list"]).trim(),
        "nothing is paused or silenced"
    );
    daemon.stop();
}

#[test]
fn a_silenced_outage_is_told_once_when_the_silence_ends_over_a_kill() {
    let place = Place::new("silence");
    let (mut a, mut b, receiver) = (Backend::start(), Backend::start(), Receiver::start());
    let args = config(&place, &[("a", &a), ("b", &b)], &hook(&receiver));
    let daemon = Daemon::start(&place, &args);
    daemon.wait_for(&["healthy", "target=a"]);
    daemon.wait_for(&["healthy", "target=b"]);
    place.out(&["silence", "a", "--for", "1h", "--why", "move"]);
    a.stop();
    unhealthy(&daemon, "a");
    assert!(shown(&daemon, "a")["silenced"]["until"].is_u64());
    assert!(
        daemon
            .get("/metrics")
            .contains("health_target_silenced{target=\"a\",group=\"shop\"} 1")
    );
    // That of another is told meanwhile, and what is held back outlives the process.
    b.stop();
    assert_eq!(receiver.wait_for(1)[0].notice["targets"][0]["name"], "b");
    let file = rusqlite::Connection::open(place.path("healthd.db")).expect("the registry");
    file.busy_timeout(std::time::Duration::from_secs(5))
        .expect("set");
    let count = |sql: &str| {
        file.query_row(sql, (), |row| row.get::<_, i64>(0))
            .expect("a number")
    };
    wait_until("notice that is done", || {
        count("SELECT count(*) FROM transitions WHERE noticed = 0 AND target = 'b'") == 0
    });
    assert_eq!(
        count(
            "SELECT count(*) FROM transitions WHERE noticed = 0 AND target = 'a' AND to_status = 'unhealthy'"
        ),
        1
    );
    let marked = "SELECT count(*) FROM results r JOIN checks c ON c.id = r.check_id JOIN targets t ON t.id = c.target_id WHERE r.left_out = 'silenced' AND t.name = ";
    wait_until("marked result", || count(&format!("{marked} 'a'")) > 0);
    assert_eq!(count(&format!("{marked} 'b'")), 0);
    daemon.kill();

    let daemon = Daemon::start(&place, &args);
    daemon.wait_for(&["cycle", "failures="]);
    assert_eq!(receiver.taken().len(), 1);
    assert_eq!(
        place.out(&["unsilence", "a"]).trim(),
        "a no longer silenced"
    );
    let told = receiver.wait_for(2).remove(1).notice;
    assert_eq!(
        (&told["event"], &told["targets"][0]["name"]),
        (&"unhealthy".into(), &"a".into())
    );
    daemon.stop();
    assert_eq!(receiver.taken().len(), 2);
}

#[test]
fn a_silence_ends_by_itself_and_what_came_and_went_is_not_told() {
    let place = Place::new("silence-ends");
    let (mut a, receiver) = (Backend::start(), Receiver::start());
    let args = config(&place, &[("a", &a)], &hook(&receiver));
    let daemon = Daemon::start(&place, &args);
    daemon.wait_for(&["healthy", "target=a"]);
    place.out(&["silence", "--all", "--for", "1h"]);
    a.stop();
    unhealthy(&daemon, "a");
    a.start_again();
    wait_until("healthy target", || {
        shown(&daemon, "a")["status"] == "healthy"
    });
    place.out(&["silence", "--all", "--for", "1s"]);
    daemon.wait_for(&["all targets no longer silenced: the time is over"]);
    a.stop();
    assert_eq!(receiver.wait_for(1)[0].notice["event"], "unhealthy");
    daemon.stop();
    assert_eq!(receiver.events(), ["unhealthy"]);
}

#[test]
fn check_now_checks_now_and_reactivate_takes_groups() {
    let place = Place::new("check-now");
    let (mut a, mut b) = (Backend::start(), Backend::start());
    let args = config(&place, &[("a", &a), ("b", &b)], "");
    let text = fs::read_to_string(place.path("healthd.toml")).expect("read");
    let text = text
        .replace("300ms", "1h")
        .replace("auto_deregister = false", "mass_failure = false");
    fs::write(place.path("healthd.toml"), text).expect("written");
    let daemon = Daemon::start(&place, &args);
    daemon.wait_for(&["healthy", "target=a"]);
    daemon.wait_for(&["healthy", "target=b"]);
    let hits = a.hits();
    assert_eq!(place.out(&["check-now", "a"]).trim(), "a being checked");
    a.wait_for_hits(hits + 1);
    a.stop();
    b.stop();
    place.out(&["check-now", "--group", "shop"]);
    daemon.wait_for(&["ERROR", "deregistered", "target=a"]);
    daemon.wait_for(&["ERROR", "deregistered", "target=b"]);
    a.start_again();
    b.start_again();
    let out = place.out(&["reactivate", "--group", "shop"]);
    assert_eq!(out.trim(), "2 targets reactivated: a, b");
    assert_eq!(place.server("a"), (true, 0));
    assert_eq!(
        place.out(&["reactivate", "--all"]).trim(),
        "all targets: none is deregistered"
    );
    assert_eq!(place.out(&["reactivate", "a"]).trim(), "a is active");
    daemon.stop();
}

/// A window of every minute is always open, whatever time it is.
#[test]
fn a_window_of_the_configuration_silences_and_is_taken_back_by_a_reload() {
    let place = Place::new("window");
    let (mut a, receiver) = (Backend::start(), Receiver::start());
    let window = "[[window]]\nname = \"always\"\ncron = \"* * * * *\"\nfor = \"5m\"\nzone = \"Europe/Berlin\"\ngroups = [\"shop\"]\nwhy = \"moving\"\n";
    let args = config(&place, &[("a", &a)], &(hook(&receiver) + window));
    let daemon = Daemon::start(&place, &args);
    daemon.wait_for(&["a window of maintenance begins", "window=always"]);
    daemon.wait_for(&["healthy", "target=a"]);
    a.stop();
    unhealthy(&daemon, "a");
    let silenced = shown(&daemon, "a")["silenced"].clone();
    assert_eq!(
        (&silenced["by"], &silenced["why"]),
        (&"window always".into(), &"moving".into())
    );
    for command in [&["list"][..], &["silence", "--list"], &["inspect", "a"]] {
        let out = place.out(command);
        assert!(out.contains("by window always: moving"), "{out}");
    }
    let (code, error) = place.fails(&["unsilence", "a"]);
    assert!(code == 1 && error.contains("by window always"), "{error}");
    config(&place, &[("a", &a)], &hook(&receiver));
    daemon.signal("-HUP");
    daemon.wait_for(&["a window of maintenance ends", "window=always"]);
    assert_eq!(receiver.wait_for(1)[0].notice["event"], "unhealthy");
    daemon.stop();
    assert_eq!(receiver.events(), ["unhealthy"]);
}
