//! What SIGHUP changes, and what it says that it does not.

use std::fs;

use super::backend::Backend;
use super::daemon::{Daemon, Place};
use super::file;

#[test]
fn a_group_that_comes_again_is_known_again() {
    let place = Place::new("group");
    let a = Backend::start();
    let path = place.path("healthd.toml");
    let targets = file(&[("a", &a)]);
    let grouped = targets.clone() + "group = \"web\"\n";
    fs::write(&path, &grouped).expect("written");
    let daemon = Daemon::start(&place, &["--config".to_owned(), path.display().to_string()]);
    daemon.wait_for_body("/health", r#""web":true"#);
    fs::write(&path, &targets).expect("written");
    daemon.signal("-HUP");
    daemon.wait_for_body("/health", r#""targets":true"#);
    fs::write(&path, &grouped).expect("written");
    daemon.signal("-HUP");
    daemon.wait_for_body("/health", r#""web":true"#);
    daemon.stop();
}

#[test]
fn what_only_the_next_start_changes_is_said() {
    let place = Place::new("frozen");
    let a = Backend::start();
    let path = place.path("healthd.toml");
    let targets = file(&[("a", &a)]);
    fs::write(&path, &targets).expect("written");
    let daemon = Daemon::start(&place, &["--config".to_owned(), path.display().to_string()]);
    daemon.wait_for(&["healthy", "target=a"]);
    let changed = "token = \"geheim\"\nresults = 500\nmax_in_flight = 7\nmass_failure = false\n";
    let action = "[[action]]\ncommand = [\"true\"]\n";
    fs::write(&path, changed.to_owned() + &targets + action).expect("written");
    daemon.signal("-HUP");
    let all = "changed=token, max_in_flight, mass_failure, results, action";
    let line = daemon.wait_for(&["WARN", "with the next start", all]);
    assert!(!line.contains("geheim"), "{line}");
    daemon.wait_for(&["configuration read"]);

    fs::write(&path, targets).expect("written");
    daemon.signal("-HUP");
    daemon.wait_for(&["configuration read"]);
    assert!(!daemon.has_said("with the next start"));
    daemon.stop();
}
