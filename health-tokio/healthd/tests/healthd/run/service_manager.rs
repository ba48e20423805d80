//! `healthd run` under a service manager.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::net::UnixDatagram;

use super::super::service_manager::wait_for;
use super::*;

/// It is ready when its replicas are, alive while its own loop runs, and says that it stops before
/// anything is stopped. A replica gets none of the manager's variables.
#[test]
fn a_group_reports_its_start_its_words_and_its_stop() {
    let place = Place::new("run-notify");
    let path = place.path("notify.sock");
    let socket = UnixDatagram::bind(&path).expect("it is free");
    let check = format!("test -e {}", place.path("ready").display());
    let script = "echo ${NOTIFY_SOCKET-none} ${WATCHDOG_USEC-none}; exec sleep 1000";
    let flags = ["--health-cmd", &check, "--health-interval", "200ms"];
    let flags = [&flags[..], &["--health-retries", "1000"]].concat();
    let flags = [&flags[..], &["--drain-delay", "1h", "--name", "web"]].concat();
    let words = ["--", "/bin/sh", "-c", script];
    let mut manager = command(&place);
    manager.env("NOTIFY_SOCKET", &path);
    manager.env("WATCHDOG_USEC", "400000");
    let run = Run::start_with(manager, &[&flags[..], &words].concat());
    assert_eq!(run.line(), "none none");

    let first = wait_for(&socket, "STATUS=0/1 healthy, 1/1 starting");
    let is_extended = first.contains(&"EXTEND_TIMEOUT_USEC=15000000".to_owned());
    let is_ready = first.contains(&"READY=1".to_owned());
    assert!(is_extended && !is_ready, "{first:?}");
    fs::write(place.path("ready"), "").expect("written");
    let words = "STATUS=1/1 healthy".to_owned();
    if !wait_for(&socket, "READY=1").contains(&words) {
        wait_for(&socket, &words);
    }
    wait_for(&socket, "WATCHDOG=1");

    run.signal("-TERM");
    let rest = wait_for(&socket, "STOPPING=1");
    assert!(!rest.contains(&"READY=1".to_owned()), "{rest:?}");
    // What is drained for an hour was not ended yet.
    let group = super::wait_for(&place, "web", |it| it["replicas"][0]["pid"].is_u64());
    let replica = group["replicas"][0]["pid"].as_u64().expect("a number");
    assert!(is_alive(replica), "ended before it was said");
    run.signal("-INT");
    assert_eq!(run.end().code(), Some(128 + 2));
}

/// The start is over when each group has been ready, though never both at once.
#[test]
fn groups_need_not_be_ready_at_the_same_moment() {
    let place = Place::new("run-notify-each");
    let path = place.path("notify.sock");
    let socket = UnixDatagram::bind(&path).expect("it is free");
    let group = |name: &str| {
        let check = place.path(name);
        let check = format!("interval=200ms,retries=1,cmd=test -e {}", check.display());
        format!(
            "[[run]]\nname = {name:?}\ncommand = [\"sleep\", \"1000\"]\nreadiness = {check:?}\n"
        )
    };
    fs::write(place.path("run.toml"), group("a") + &group("b")).expect("written");
    let mut manager = command(&place);
    manager.env("NOTIFY_SOCKET", &path);
    let run = Run::start_with(manager, &["--config", "run.toml"]);
    let waiting = "b 0/1 healthy, 1/1 starting";
    fs::write(place.path("a"), "").expect("written");
    let mut lines = wait_for(&socket, &format!("STATUS=a 1/1 healthy; {waiting}"));
    fs::remove_file(place.path("a")).expect("removed");
    let lost = format!("STATUS=a 0/1 healthy, 1/1 unready; {waiting}");
    lines.extend(wait_for(&socket, &lost));
    assert!(!lines.contains(&"READY=1".to_owned()), "{lines:?}");
    fs::write(place.path("b"), "").expect("written");
    wait_for(&socket, "READY=1");
    let health = super::wait_for(&place, "a", |_| true)["health"].clone();
    assert_eq!(health, "0/1 healthy, 1/1 unready");
    run.signal("-TERM");
    assert_eq!(run.end().code(), Some(0));
}

/// One that ends by itself says so, too.
#[test]
fn a_group_that_ends_reports_that() {
    let place = Place::new("run-notify-end");
    let path = place.path("notify.sock");
    let socket = UnixDatagram::bind(&path).expect("it is free");
    let mut manager = command(&place);
    manager.env("NOTIFY_SOCKET", &path);
    let args = ["--restart", "never", "--", "/bin/sh", "-c", "exit 3"];
    let run = Run::start_with(manager, &args);
    wait_for(&socket, "STOPPING=1");
    assert_eq!(run.end().code(), Some(3));
}
