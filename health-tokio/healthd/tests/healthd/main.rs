//! `healthd` as people run it: real processes, real sockets, a real file.

mod backend;
mod config;
mod daemon;
mod deregistered;
mod ending;
mod endpoint;
mod environment;
mod header_files;
mod history;
mod init;
mod lists;
mod lost;
#[path = "../../src/config/tests/mistakes.rs"]
mod mistakes;
mod notices;
mod output;
mod quiet;
mod receiver;
mod reloading;
mod run;
#[path = "../../../../health-core/tests/support/schema.rs"]
mod schema;
mod service_manager;
mod shown;
mod streaks;
mod target_requests;
mod told;
mod usage;

use std::fs;
use std::net::TcpListener;
use std::process::Command;

use backend::Backend;
use daemon::{Daemon, Place};
use rusqlite::Connection;

/// The README's walk: two servers, one dies, is deregistered after three failures, comes back.
#[test]
fn a_server_dies_is_deregistered_and_comes_back() {
    let place = Place::new("walk");
    let (a, mut b) = (Backend::start(), Backend::start());
    let daemon = Daemon::start(&place, &fast(&[("a", &a), ("b", &b)]));
    daemon.wait_for(&["healthy", "target=a"]);
    daemon.wait_for(&["healthy", "target=b"]);
    assert!(
        place
            .out(&["inspect", "b"])
            .contains("Health:  1/1 healthy")
    );

    b.stop();
    let line = daemon.wait_for(&["ERROR", "deregistered", "target=b"]);
    assert!(line.contains("consecutive_failures=3"), "{line}");
    assert_eq!(place.server("b"), (false, 3));
    assert_eq!(place.server("a"), (true, 0));
    let inspected = place.out(&["inspect", "b"]);
    assert!(
        inspected.contains("0/1 healthy, deregistered"),
        "{inspected}"
    );
    let explained = place.out(&["explain", "b"]);
    let evidence = explained.matches("evidence").count();
    assert!(
        explained.contains("rule      T9") && evidence == 3,
        "{explained}"
    );
    // One is left.
    daemon.wait_for_body("/health", r#""targets":true"#);

    b.start_again();
    assert_eq!(place.out(&["reactivate", "b"]).trim(), "b reactivated");
    daemon.wait_for(&["healthy", "target=b", "starting"]);
    assert_eq!(place.server("b"), (true, 0));
    daemon.stop();
}

#[test]
fn a_third_failure_counts_though_the_monitor_was_killed_between() {
    let place = Place::new("killed");
    let mut a = Backend::start();
    // So slow that each failure can be told from the next, whatever the machine does.
    let target = format!("a={}", a.url());
    let args = ["--interval", "1500ms", "--target", &target].map(str::to_owned);
    let daemon = Daemon::start(&place, &args);
    daemon.wait_for(&["healthy", "target=a"]);
    a.stop();
    daemon.wait_for(&["failed", "target=a", "consecutive_failures=2"]);
    daemon.kill();
    assert_eq!(place.server("a"), (true, 2));

    let daemon = Daemon::start(&place, &args);
    daemon.wait_for(&[
        "ERROR",
        "deregistered",
        "target=a",
        "consecutive_failures=3",
    ]);
    daemon.kill();
    assert_eq!(place.server("a"), (false, 3));
    let daemon = Daemon::start(&place, &args);
    // It rests: whatever is probed now, it is not.
    assert!(place.out(&["list"]).contains("deregistered"));
    a.start_again();
    daemon.stop();
    assert_eq!(a.hits(), 0);
}

#[test]
fn when_all_fail_nobody_is_deregistered_and_when_three_do_they_are() {
    let place = Place::new("mass");
    let mut backends: Vec<_> = (0..100).map(|_| Backend::start()).collect();
    let names: Vec<_> = (0..100).map(|index| format!("web-{index:02}")).collect();
    let targets: Vec<_> = names.iter().map(String::as_str).zip(&backends).collect();
    // An action that notes what it is told.
    let notes = place.path("notes");
    let script = format!("cat >> {}", notes.display());
    let action = format!("[[action]]\ncommand = [\"sh\", \"-c\", {script:?}]\n");
    fs::write(
        place.path("healthd.toml"),
        file(&targets).replace("300ms", "1s") + &action,
    )
    .expect("written");
    let args = [
        "--config".to_owned(),
        place.path("healthd.toml").display().to_string(),
    ];
    let daemon = Daemon::start(&place, &args);
    for name in &names {
        daemon.wait_for(&["healthy", &format!("target={name} ")]);
    }
    for index in [3, 4, 5] {
        backends[index].stop();
    }
    for index in [3, 4, 5] {
        daemon.wait_for(&[
            "ERROR",
            "deregistered",
            &format!("target={} ", names[index]),
        ]);
    }
    backends.iter_mut().for_each(Backend::stop);
    let others = (0..100).filter(|index| ![3, 4, 5].contains(index));
    for index in others.clone() {
        daemon.wait_for(&[
            "too many targets fail",
            &format!("target={} ", names[index]),
        ]);
    }
    for index in others {
        let (is_active, failures) = place.server(&names[index]);
        assert!(is_active && failures >= 3, "{}", names[index]);
    }
    daemon.wait_for(&["ERROR", "mass failure"]);
    daemon.stop();
    let notes = fs::read_to_string(notes).expect("notes");
    let notes = notes
        .lines()
        .map(|it| serde_json::from_str(it).expect("JSON"));
    let notes: Vec<serde_json::Value> = notes.collect();
    let of = |event: &str| -> Vec<u64> {
        let of = notes.iter().filter(|it| it["event"] == event);
        of.filter_map(|it| it["count"].as_u64()).collect()
    };
    assert_eq!(of("deregistered").iter().sum::<u64>(), 3, "{notes:?}");
    assert!(of("unhealthy").is_empty(), "{notes:?}");
    assert_eq!(of("mass_failure").len(), 1, "{notes:?}");
}

/// A laptop that slept, a stopped process: late is not down, and missed slots are not made up.
#[test]
fn a_monitor_that_stood_still_blames_nobody() {
    let place = Place::new("stood");
    let a = Backend::start();
    let mut args = fast(&[("a", &a)]);
    // An answer that is late because of the pause would be.
    args[3] = "2s".to_owned();
    let daemon = Daemon::start(&place, &args);
    daemon.wait_for(&["healthy", "target=a"]);
    let before = a.hits();
    daemon.signal("-STOP");
    // Ten slots pass.
    std::thread::sleep(std::time::Duration::from_secs(3));
    daemon.signal("-CONT");
    a.wait_for_hits(before + 4);
    let status: serde_json::Value =
        serde_json::from_str(&place.out(&["status", "--json"])).expect("JSON");
    assert!(
        status["checks"]["skipped_slots"].as_u64() >= Some(8),
        "{status}"
    );
    assert_eq!(status["checks"]["failures"], 0, "{status}");
    let explained = place.out(&["explain", "a"]);
    assert_eq!(explained.matches("->").count(), 1, "{explained}");
    daemon.stop();
}

#[test]
fn targets_come_and_go_while_it_runs_and_survive_it() {
    let place = Place::new("come");
    let (a, b) = (Backend::start(), Backend::start());
    fs::write(place.path("healthd.toml"), file(&[("a", &a)])).expect("written");
    let args = [
        "--config".to_owned(),
        place.path("healthd.toml").display().to_string(),
    ];
    let daemon = Daemon::start(&place, &args);
    daemon.wait_for(&["healthy", "target=a"]);

    let url = b.url();
    assert_eq!(
        place.out(&["add", "b", &url, "--interval", "250ms"]).trim(),
        "b added"
    );
    daemon.wait_for(&["healthy", "target=b"]);
    let (code, error) = place.fails(&["add", "b", &url]);
    assert!(
        code == 1 && error.contains("b: there is a target of this name"),
        "{error}"
    );
    let (code, error) = place.fails(&["add", "c", "gopher://x/"]);
    assert!(
        code == 2 && error.contains("url = \"gopher://x/\": allowed are http://"),
        "{error}"
    );
    let (code, error) = place.fails(&["remove", "c"]);
    assert!(code == 1 && error.contains("c: no such target"), "{error}");

    // A reload changes what the file says, and leaves the rest.
    fs::write(place.path("healthd.toml"), file(&[("a", &a), ("c", &b)])).expect("written");
    daemon.signal("-HUP");
    daemon.wait_for(&["configuration read", "added=1", "changed=0", "removed=0"]);
    daemon.wait_for(&["healthy", "target=c"]);
    fs::write(place.path("healthd.toml"), "interval = \"soon\"").expect("written");
    daemon.signal("-HUP");
    daemon.wait_for(&["ERROR", "interval = ", "everything stays as it was"]);
    fs::write(place.path("healthd.toml"), file(&[("c", &b)])).expect("written");
    daemon.signal("-HUP");
    daemon.wait_for(&["configuration read", "added=0", "changed=0", "removed=1"]);
    assert_eq!(place.out(&["list", "-o", "name"]), "b\nc\n");
    let (code, error) = place.fails(&["monitor"]);
    assert!(
        code == 1 && error.contains("another healthd has this registry"),
        "{error}"
    );
    daemon.stop();

    // Without a monitor, commands write the registry themselves.
    assert_eq!(place.fails(&["status"]).0, 1);
    assert!(
        place
            .out(&["add", &format!("d={url}")])
            .contains("no monitor runs")
    );
    assert!(place.out(&["remove", "b"]).contains("removed"));
    let daemon = Daemon::start(&place, &args);
    daemon.wait_for(&["healthy", "target=d"]);
    assert_eq!(place.out(&["list", "-o", "name"]), "c\nd\n");
    daemon.stop();
}

/// What the old URL has done is forgotten before the new one was ever asked: a process that is killed
/// meanwhile leaves nobody off the list who was never looked at.
#[test]
fn another_url_under_a_deregistered_name_is_active_at_once() {
    let place = Place::new("another");
    let mut a = Backend::start();
    let daemon = Daemon::start(&place, &fast(&[("a", &a)]));
    daemon.wait_for(&["healthy", "target=a"]);
    a.stop();
    daemon.wait_for(&["ERROR", "deregistered", "target=a"]);
    daemon.stop();
    assert_eq!(place.server("a"), (false, 3));

    // It takes a connection and never answers, so that there is nothing else to write.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = silent.local_addr().expect("an address");
    let target = format!("a=http://{address}/");
    let args = ["--timeout", "1h", "--interval", "1h", "--target", &target].map(str::to_owned);
    let daemon = Daemon::start(&place, &args);
    daemon.wait_for(&["started", "targets=1"]);
    assert_eq!(place.server("a"), (true, 0));
    daemon.kill();
}

/// A file of an earlier version that somebody else writes: it can be read, and what is in it holds.
#[test]
fn an_older_registry_that_cannot_be_written_yet_is_not_taken_for_empty() {
    let a = "INSERT INTO targets (name, definition, added_at)
        VALUES ('a', json_object('source', 'added', 'url', 'http://127.0.0.1:1/', 'told',
            json_object('name', 'a', 'url', 'http://127.0.0.1:1/'), 'checks',
            json_array(json_object('name', 'http', 'target', 'http://127.0.0.1:1/'))), 1);
        INSERT INTO checks (target_id, name, status, is_active, consecutive_failures)
        VALUES (1, 'http', 'unhealthy', 0, 3);";
    for (has_target, count) in [(true, "targets=1"), (false, "targets=0")] {
        let place = Place::new(if has_target { "older" } else { "older-empty" });
        let other = Connection::open(place.path("healthd.db")).expect("a file");
        other
            .execute_batch(include_str!("../../src/store/tests/schema-2.sql"))
            .expect("version 2");
        let older = "ALTER TABLE checks DROP COLUMN since;
            PRAGMA application_id = 1751938152; PRAGMA user_version = 1; BEGIN IMMEDIATE";
        let sql = format!("{} {older}", if has_target { a } else { "" });
        other.execute_batch(&sql).expect("an older one");

        let daemon = Daemon::start(&place, &[]);
        daemon.wait_for(&["started", count]);
        other.execute_batch("COMMIT").expect("let go");
        daemon.wait_for(&["the registry is kept again"]);
        if has_target {
            assert_eq!(place.server("a"), (false, 3));
        }
        daemon.stop();
    }
}

#[test]
fn a_damaged_registry_is_set_aside_and_watching_goes_on() {
    let place = Place::new("damaged");
    let a = Backend::start();
    fs::write(place.path("healthd.db"), vec![0x5A; 8_192]).expect("written");
    let daemon = Daemon::start(&place, &fast(&[("a", &a)]));
    daemon.wait_for(&["ERROR", "starting a new registry", "healthd.db.damaged-"]);
    daemon.wait_for(&["healthy", "target=a"]);
    assert_eq!(place.server("a"), (true, 0));
    daemon.stop();
    let kept = fs::read_dir(place.path(""))
        .expect("a directory")
        .filter_map(Result::ok);
    let kept = kept.filter(|it| it.file_name().to_string_lossy().contains("damaged"));
    assert_eq!(kept.count(), 1);

    let other = Place::new("foreign");
    fs::write(other.path("healthd.db"), "").expect("written");
    drop(
        Command::new("sqlite3")
            .arg(other.path("healthd.db"))
            .arg("create table t (x)")
            .status(),
    );
    if fs::metadata(other.path("healthd.db")).is_ok_and(|it| it.len() > 0) {
        let (code, error) = other.fails(&["monitor"]);
        assert!(
            code == 1 && error.contains("the file of another program"),
            "{error}"
        );
    }
}

/// Every 300 ms, and patient: what is refused is known at once, and nothing here is to be late.
fn fast(targets: &[(&str, &Backend)]) -> Vec<String> {
    let mut args = ["--interval", "300ms", "--timeout", "20s"]
        .map(str::to_owned)
        .to_vec();
    for (name, backend) in targets {
        args.push("--target".to_owned());
        args.push(format!("{name}={}", backend.url()));
    }
    args
}

fn file(targets: &[(&str, &Backend)]) -> String {
    let mut text = "interval = \"300ms\"\ntimeout = \"20s\"\n".to_owned();
    for (name, backend) in targets {
        let url = backend.url();
        text += &format!("[[target]]\nname = {name:?}\nurl = {url:?}\n");
    }
    text
}
