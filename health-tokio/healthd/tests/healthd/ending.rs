//! A monitor that is told to end says what is left to say, and lets nothing hold it up.

use std::fs;

use super::backend::Backend;
use super::daemon::{Daemon, Place};
use super::file;

#[test]
fn what_has_just_turned_is_reported_to_the_actions_before_the_end() {
    let place = Place::new("told");
    let mut a = Backend::start();
    let notes = place.path("notes");
    let script = format!("cat >> {}", notes.display());
    let daemon = acting(&place, &a, &format!("[\"sh\", \"-c\", {script:?}]"));
    daemon.wait_for(&["healthy", "target=a"]);
    a.stop();
    daemon.wait_for(&["ERROR", "deregistered", "target=a"]);
    daemon.stop();
    let notes = fs::read_to_string(notes).expect("the action was run");
    assert!(notes.contains(r#""event":"deregistered""#), "{notes}");
}

#[test]
fn the_pause_before_a_further_try_ends_with_the_monitor() {
    let place = Place::new("pause");
    let mut a = Backend::start();
    let daemon = acting(&place, &a, r#"["false"]"#);
    daemon.wait_for(&["healthy", "target=a"]);
    a.stop();
    // Longer than a stop may take.
    daemon.wait_for(&["action failed", "again_in=10s"]);
    daemon.signal("-TERM");
    daemon.wait_for(&["WARN", "action failed; tried again at the next start"]);
    daemon.wait_for(&["INFO", " stopped"]);
    assert!(!daemon.has_said("did not stop in time"));
    daemon.stop();
}

/// Whoever holds the file holds up what is written, and not the stop.
#[test]
fn a_stop_is_heard_while_a_reload_waits_for_the_disk() {
    let place = Place::new("held");
    let (a, b) = (Backend::start(), Backend::start());
    let path = place.path("healthd.toml");
    fs::write(&path, file(&[("a", &a)])).expect("written");
    let daemon = Daemon::start(&place, &["--config".to_owned(), path.display().to_string()]);
    daemon.wait_for(&["healthy", "target=a"]);

    let other = rusqlite::Connection::open(place.path("healthd.db")).expect("the registry");
    while other.execute_batch("BEGIN IMMEDIATE").is_err() {}
    // One goes, one comes: each is written by itself.
    fs::write(&path, file(&[("b", &b)])).expect("written");
    daemon.signal("-HUP");
    daemon.wait_for(&["WARN", "the registry cannot be used"]);
    daemon.signal("-TERM");
    daemon.wait_for(&["INFO", " stopping"]);
    assert!(!daemon.has_said("configuration read"));
    daemon.stop();
}

/// A monitor of this backend, which runs this command when it turns.
fn acting(place: &Place, backend: &Backend, command: &str) -> Daemon {
    let path = place.path("healthd.toml");
    let action = format!("[[action]]\ncommand = {command}\n");
    fs::write(&path, file(&[("a", backend)]) + &action).expect("written");
    Daemon::start(place, &["--config".to_owned(), path.display().to_string()])
}
