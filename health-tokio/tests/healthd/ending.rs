//! A monitor that is told to end says what is left to say, and lets nothing hold it up.

use std::fs;

use super::backend::Backend;
use super::daemon::{Daemon, Place};
use super::file;

#[test]
fn what_has_just_turned_is_told_to_the_actions_before_the_end() {
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

/// A monitor of this backend, which runs this command when it turns.
fn acting(place: &Place, backend: &Backend, command: &str) -> Daemon {
    let path = place.path("healthd.toml");
    let action = format!("[[action]]\ncommand = {command}\n");
    fs::write(&path, file(&[("a", backend)]) + &action).expect("written");
    Daemon::start(place, &["--config".to_owned(), path.display().to_string()])
}
