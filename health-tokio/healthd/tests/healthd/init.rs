//! `--init`: a parent that reaps orphans, passes signals on, and ends with the exit code of its child.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use super::daemon::{Daemon, Place, wait_until};

/// A check whose command leaves a process behind, in a session and process group of its own.
fn orphans(seconds: &str) -> String {
    format!(
        "listen = \"127.0.0.1:0\"\ninterval = \"200ms\"\ntimeout = \"5s\"\n\
         [[target]]\nname = \"leaves\"\nexec = [\"sh\", \"-c\", \"setsid sleep {seconds} &\"]\n"
    )
}

fn start(place: &Place, config: &str) -> Daemon {
    fs::write(place.path("healthd.toml"), config).expect("written");
    let config = place.path("healthd.toml").display().to_string();
    Daemon::start(place, &["--init".into(), "--config".into(), config])
}

/// The processes whose parent is `pid`: id, state and name.
pub(crate) fn children(pid: u32) -> Vec<(u32, String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").expect("/proc").flatten() {
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else {
            continue;
        };
        let (front, rest) = stat.rsplit_once(')').expect("a name");
        let (id, name) = front.split_once(" (").expect("a name");
        let rest: Vec<_> = rest.split_whitespace().collect();
        if rest[1] == pid.to_string() {
            let id = id.parse().expect("an id");
            found.push((id, rest[0].to_owned(), name.to_owned()));
        }
    }
    found
}

/// The child of the parent: healthd itself.
fn watcher(daemon: &Daemon) -> u32 {
    let children = children(daemon.pid());
    let child = children.iter().find(|(.., name)| name == "healthd");
    child.unwrap_or_else(|| panic!("{children:?}")).0
}

#[test]
fn orphans_are_reaped() {
    let place = Place::new("init-orphans");
    let daemon = start(&place, &orphans("0.3"));
    let mut orphans_seen = false;
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(3)
        || !orphans_seen && began.elapsed() < Duration::from_secs(20)
    {
        orphans_seen |= children(daemon.pid()).len() > 1;
        thread::sleep(Duration::from_millis(10));
    }
    assert!(orphans_seen, "no orphan ever became a child");
    // One that has just ended is not reaped yet; none stays.
    wait_until("moment without zombies", || {
        let all = children(daemon.pid());
        all.iter().all(|(_, state, _)| state != "Z")
    });
    daemon.stop();
}

#[test]
fn sigterm_ends_the_child_in_order_and_its_code_comes_through() {
    let place = Place::new("init-term");
    let daemon = start(&place, &orphans("0.1"));
    let child = watcher(&daemon);
    daemon.stop();
    assert!(
        fs::metadata(format!("/proc/{child}")).is_err(),
        "child left"
    );
}

#[test]
fn sighup_reaches_the_child() {
    let place = Place::new("init-hup");
    let daemon = start(&place, &orphans("0.1"));
    daemon.signal("-HUP");
    daemon.wait_for(&["configuration read"]);
    daemon.stop();
}

#[test]
fn a_child_that_is_killed_leaves_nothing_behind() {
    let place = Place::new("init-kill");
    let mut daemon = start(&place, &orphans("1000"));
    let parent = daemon.pid();
    wait_until("an orphan", || children(parent).len() > 1);
    let left: Vec<_> = children(parent).into_iter().map(|(id, ..)| id).collect();
    let kill = ["-KILL".to_owned(), watcher(&daemon).to_string()];
    assert!(
        Command::new("kill")
            .args(kill)
            .status()
            .expect("kill")
            .success()
    );
    let status = daemon.wait();
    assert_eq!(status.code(), Some(128 + 9), "{status}");
    for id in left {
        let path = format!("/proc/{id}");
        assert!(fs::metadata(path).is_err(), "{id} is still there");
    }
}

#[test]
fn a_parent_that_is_killed_ends_its_child() {
    let place = Place::new("init-orphaned");
    let mut daemon = start(&place, &orphans("0.1"));
    let child = watcher(&daemon);
    daemon.signal("-KILL");
    assert_eq!(daemon.wait().signal(), Some(9));
    daemon.wait_for(&["stopped"]);
    wait_until("end of the child", || {
        fs::metadata(format!("/proc/{child}")).is_err()
    });
}

#[test]
fn a_mistake_keeps_its_exit_code() {
    let place = Place::new("init-mistake");
    let (code, error) = place.fails(&["monitor", "--init", "--interval", "soon"]);
    assert_eq!(code, 2, "{error}");
    fs::write(place.path("healthd.toml"), "no = 1\n").expect("written");
    let config = place.path("healthd.toml").display().to_string();
    let (code, error) = place.fails(&["monitor", "--init", "--config", &config]);
    assert_eq!(code, 2, "{error}");
}

#[test]
fn it_is_refused_under_a_service_manager() {
    let place = Place::new("init-notify");
    let mut command = place.command();
    command.env("NOTIFY_SOCKET", "/run/nothing");
    let output = command.args(["monitor", "--init"]).output();
    let output = output.expect("healthd");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(error.contains("NOTIFY_SOCKET"), "{error}");
}
