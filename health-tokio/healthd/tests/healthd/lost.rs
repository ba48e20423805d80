//! The registry's file is taken away under a monitor that runs: it says so, and makes it anew.

use std::fs::{self, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::{Duration, Instant};

use super::backend::Backend;
use super::daemon::{Daemon, Place, wait_until};
use super::fast;

/// Long enough that nothing is written by itself.
const SLOW: [&str; 4] = ["--interval", "1h", "--timeout", "20s"];

#[test]
fn a_registry_that_is_removed_is_made_anew() {
    is_made_anew("lost-all", |place, _| {
        for name in ["healthd.db", "healthd.db-wal", "healthd.db-shm"] {
            let _ = fs::remove_file(place.path(name));
        }
    });
}

#[test]
fn a_registry_that_is_removed_without_its_side_files_is_made_anew() {
    is_made_anew("lost-main", |place, _| {
        fs::remove_file(place.path("healthd.db")).expect("removed");
    });
}

#[test]
fn a_log_of_the_registry_that_is_removed_is_made_anew() {
    is_made_anew("lost-wal", |place, _| {
        fs::remove_file(place.path("healthd.db-wal")).expect("removed");
    });
}

#[test]
fn a_registry_that_is_renamed_is_made_anew() {
    is_made_anew("lost-renamed", |place, _| {
        fs::rename(place.path("healthd.db"), place.path("old.db")).expect("renamed");
    });
}

/// What the log held is nowhere else: the file has not got it yet.
#[test]
fn a_registry_whose_log_is_cut_off_or_overwritten_is_made_anew() {
    is_made_anew("lost-wal-cut", |place, _| {
        let log = OpenOptions::new()
            .write(true)
            .open(place.path("healthd.db-wal"));
        log.and_then(|it| it.set_len(0)).expect("cut off");
    });
    is_made_anew("lost-wal-garbage", |place, _| {
        let log = place.path("healthd.db-wal");
        let length = fs::metadata(&log).expect("a log").len();
        let log = OpenOptions::new().write(true).open(log).expect("open");
        let garbage = vec![0x5A; length as usize];
        (&log).write_all(&garbage).expect("written");
    });
}

#[test]
fn a_registry_that_has_lost_a_table_is_made_anew() {
    is_made_anew("lost-table", |place, _| {
        let other = rusqlite::Connection::open(place.path("healthd.db")).expect("the registry");
        while other.execute_batch("DROP TABLE results").is_err() {}
    });
}

/// To another place, with a link that leads there: others would look for the log beside the file.
#[test]
fn a_registry_that_is_moved_behind_a_link_is_made_anew() {
    is_made_anew("lost-linked", |place, _| {
        fs::rename(place.path("healthd.db"), place.path("there.db")).expect("renamed");
        symlink(place.path("there.db"), place.path("healthd.db")).expect("a link");
    });
}

/// The registry has been behind a link all the time.
#[test]
fn a_log_of_a_registry_behind_a_link_that_is_removed_is_made_anew() {
    let place = Place::new("lost-link-wal");
    symlink(place.path("there.db"), place.path("healthd.db")).expect("a link");
    is_made_anew_in(&place, |place, _| {
        fs::remove_file(place.path("there.db-wal")).expect("removed");
    });
}

#[test]
fn a_registry_that_is_replaced_by_garbage_is_made_anew() {
    is_made_anew("lost-replaced", |place, _| {
        fs::write(place.path("other"), vec![0x5A; 20_000]).expect("written");
        fs::rename(place.path("other"), place.path("healthd.db")).expect("renamed");
    });
}

#[test]
fn a_registry_that_is_overwritten_is_made_anew() {
    is_made_anew("lost-overwritten", |place, _| {
        fs::write(place.path("healthd.db"), vec![0x5A; 20_000]).expect("written");
    });
    is_made_anew("lost-emptied", |place, _| {
        fs::write(place.path("healthd.db"), "").expect("written");
    });
}

#[test]
fn a_registry_that_is_replaced_by_another_gets_everything() {
    is_made_anew("lost-another", |place, _| {
        let other = Place::new("lost-another-other");
        other.out(&["add", "z", "http://127.0.0.1:1/"]);
        fs::copy(other.path("healthd.db"), place.path("other")).expect("copied");
        fs::rename(place.path("other"), place.path("healthd.db")).expect("renamed");
    });
}

#[test]
fn a_directory_that_is_removed_and_made_again_gets_the_registry_again() {
    is_made_anew("lost-directory", |place, daemon| {
        fs::remove_dir_all(place.path("")).expect("removed");
        daemon.wait_for_body("/health", r#""store":false"#);
        fs::create_dir(place.path("")).expect("made");
    });
}

/// Nobody else may begin to write.
#[test]
fn a_lock_whose_file_is_removed_is_held_all_the_same() {
    let place = Place::new("lost-lock");
    let a = Backend::start();
    let daemon = Daemon::start(&place, &slow(&a));
    fs::remove_file(place.path("healthd.db.lock")).expect("removed");
    wait_until("the lock's file", || place.path("healthd.db.lock").exists());
    let (code, error) = place.fails(&["monitor"]);
    assert!(
        code == 1 && error.contains("another healthd has this registry"),
        "{error}"
    );
    daemon.stop();
}

/// In the moment before the monitor notices, too: neither another monitor nor a command writes beside it.
#[test]
fn a_lock_whose_file_has_just_been_removed_is_nobody_elses() {
    let place = Place::new("lost-lock-now");
    let a = Backend::start();
    let daemon = Daemon::start(&place, &slow(&a));
    for round in 0..5 {
        fs::remove_file(place.path("healthd.db.lock")).expect("removed");
        let (code, error) = place.fails(&["monitor"]);
        assert!(
            code == 1 && error.contains("another healthd has this registry"),
            "{error}"
        );
        wait_until("the lock's file", || place.path("healthd.db.lock").exists());
        fs::remove_file(place.path("healthd.db.lock")).expect("removed");
        let name = format!("n{round}");
        let said = place.out(&["add", &name, &a.url()]);
        assert_eq!(said.trim(), format!("{name} added"));
        wait_until("the lock's file", || place.path("healthd.db.lock").exists());
    }
    daemon.stop();
}

#[test]
fn a_socket_whose_file_is_removed_is_made_again() {
    let place = Place::new("lost-socket");
    let a = Backend::start();
    let daemon = Daemon::start(&place, &slow(&a));
    fs::remove_file(place.path("healthd.db.sock")).expect("removed");
    wait_until("the socket", || place.path("healthd.db.sock").exists());
    assert_eq!(place.out(&["reactivate", "a"]).trim(), "a is active");
    daemon.stop();
}

/// What is added directly behind the loss is in the new file.
#[test]
fn what_is_acknowledged_is_in_the_file_that_is_there() {
    let place = Place::new("lost-add");
    let a = Backend::start();
    let daemon = Daemon::start(&place, &slow(&a));
    daemon.wait_for(&["healthy", "target=a"]);
    fs::remove_file(place.path("healthd.db")).expect("removed");
    assert_eq!(place.out(&["add", "b", &a.url()]).trim(), "b added");
    daemon.kill();
    assert!(place.server("b").0);
    assert!(place.server("a").0);
}

/// Another program holds the file: the command is answered all the same, and carried out later.
#[test]
fn a_command_is_answered_while_the_registry_is_held() {
    let place = Place::new("lost-held");
    let a = Backend::start();
    let mut args = slow(&a);
    // Results wait for the file as well, before the command.
    args[1] = "300ms".to_owned();
    let daemon = Daemon::start(&place, &args);
    daemon.wait_for(&["healthy", "target=a"]);
    let other = rusqlite::Connection::open(place.path("healthd.db")).expect("the registry");
    while other.execute_batch("BEGIN IMMEDIATE").is_err() {}
    let said = place.out(&["add", "b", &a.url()]);
    assert!(said.starts_with("b added, but not kept yet: "), "{said}");
    other.execute_batch("COMMIT").expect("let go");
    wait_until("b in the file", || {
        place.run(&["inspect", "b"]).status.success()
    });
    daemon.kill();
    assert!(place.server("b").0);
}

/// What could not be read at the start holds as soon as it can be: nothing is written over it.
#[test]
fn a_registry_that_cannot_be_read_at_the_start_is_merged_later() {
    let place = Place::new("lost-unread");
    let (mut dead, added, mut streak) = (Backend::start(), Backend::start(), Backend::start());
    // The file is elsewhere, so that it can be away.
    fs::create_dir(place.path("there")).expect("a directory");
    symlink(place.path("there/healthd.db"), place.path("healthd.db")).expect("a link");
    let args = |interval: &str| {
        let settings = ["--interval", interval, "--timeout", "20s"].map(str::to_owned);
        let targets = [("dead", dead.url()), ("streak", streak.url())];
        let targets = targets.map(|(name, url)| ["--target".to_owned(), format!("{name}={url}")]);
        let all: Vec<_> = settings
            .into_iter()
            .chain(targets.into_iter().flatten())
            .collect();
        all
    };
    let (fast, slow) = (args("300ms"), args("1h"));
    let daemon = Daemon::start(&place, &fast);
    daemon.wait_for(&["healthy", "target=dead"]);
    daemon.wait_for(&["healthy", "target=streak"]);
    assert_eq!(
        place.out(&["add", "added", &added.url()]).trim(),
        "added added"
    );
    daemon.wait_for(&["healthy", "target=added"]);
    dead.stop();
    daemon.wait_for(&["ERROR", "deregistered", "target=dead"]);
    streak.stop();
    daemon.wait_for(&["failed", "target=streak", "consecutive_failures=2"]);
    daemon.kill();
    let hits = added.hits();
    dead.start_again();
    streak.start_again();

    fs::rename(place.path("there"), place.path("away")).expect("moved");
    let daemon = Daemon::start(&place, &slow);
    daemon.wait_for(&["WARN", "the registry cannot be used"]);
    daemon.wait_for(&["healthy", "target=dead"]);
    fs::rename(place.path("away"), place.path("there")).expect("back");
    daemon.wait_for(&["the registry can be read now", "targets=3"]);
    daemon.wait_for(&["the registry is kept again"]);
    added.wait_for_hits(hits + 1);
    daemon.wait_for_body("/targets", r#""name":"added""#);
    wait_until("the same in the file", || !place.server("dead").0);
    assert!(
        daemon
            .get("/targets?status=healthy")
            .contains(r#""name":"added""#)
    );
    daemon.kill();
    assert!(!place.server("dead").0 && place.server("added").0);
}

fn is_made_anew(test: &str, take_away: impl FnOnce(&Place, &Daemon)) {
    is_made_anew_in(&Place::new(test), take_away);
}

fn is_made_anew_in(place: &Place, take_away: impl FnOnce(&Place, &Daemon)) {
    let a = Backend::start();
    let mut dead = Backend::start();
    let mut args = slow(&a);
    args.extend(["--target".to_owned(), format!("dead={}", dead.url())]);
    args[1] = "300ms".to_owned();
    let daemon = Daemon::start(place, &args);
    daemon.wait_for(&["healthy", "target=a"]);
    daemon.wait_for(&["healthy", "target=dead"]);
    dead.stop();
    daemon.wait_for(&["ERROR", "deregistered", "target=dead"]);
    wait_until("a deregistration that is kept", || is_off(place));

    take_away(place, &daemon);
    let began = Instant::now();
    wait_until("a word of the component", || {
        daemon.get("/health").contains(r#""store":false"#)
    });
    // Twice a second the file is checked; the rest is for a busy machine.
    let took = began.elapsed();
    assert!(took < Duration::from_secs(8), "{took:?}");
    wait_until("the same in a new file", || is_off(place));
    assert!(place.out(&["list"]).contains("a "));
    daemon.wait_for_body("/health", r#""store":true"#);
    daemon.kill();
    // It is on the disk, and not only in somebody's memory.
    assert!(place.server("a").0);
    assert!(!place.server("dead").0);
}

fn is_off(place: &Place) -> bool {
    let shown = place.run(&["inspect", "dead"]).stdout;
    String::from_utf8_lossy(&shown).contains("deregistered")
}

fn slow(a: &Backend) -> Vec<String> {
    let mut args = SLOW.map(str::to_owned).to_vec();
    args.extend(["--target".to_owned(), format!("a={}", a.url())]);
    args
}

/// Run as root by mistake, a registry is root's. The right user's monitor watches, and takes it over when
/// it is given back.
#[test]
fn a_registry_of_another_user_is_merged_when_it_is_given_back() {
    const NOBODY: u32 = 65_534;
    let healthd = || Command::new(env!("CARGO_BIN_EXE_healthd"));
    let version = healthd().arg("--version").uid(NOBODY).gid(NOBODY).output();
    if !version.is_ok_and(|it| it.status.success()) {
        eprintln!("!!! NOT TESTED: this user cannot run healthd as another one");
        return;
    }
    let place = Place::new("lost-owner");
    let (a, added) = (Backend::start(), Backend::start());
    let args = fast(&[("a", &a)]);
    let daemon = Daemon::start(&place, &args);
    place.out(&["add", "added", &added.url()]);
    daemon.wait_for(&["healthy", "target=added"]);
    daemon.kill();
    let hits = added.hits();

    fs::set_permissions(place.path(""), Permissions::from_mode(0o777)).expect("set");
    let mut command = place.command();
    command.uid(NOBODY).gid(NOBODY);
    let daemon = Daemon::start_with(command, &args);
    daemon.wait_for(&["WARN", "the registry cannot be used"]);
    daemon.wait_for(&["healthy", "target=a"]);
    for file in fs::read_dir(place.path("")).expect("a directory") {
        let path = file.expect("an entry").path();
        chown(&path, Some(NOBODY), Some(NOBODY)).expect("given back");
    }
    daemon.wait_for(&["the registry can be read now", "targets=2"]);
    added.wait_for_hits(hits + 1);
    daemon.stop();
}
