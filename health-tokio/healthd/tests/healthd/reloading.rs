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

/// A name has one owner: `add` is refused a name of the file, and the file one that was added.
#[test]
fn a_target_that_was_added_is_not_taken_over_by_the_file() {
    let place = Place::new("owners");
    let (a, added, listed) = (Backend::start(), Backend::start(), Backend::start());
    let path = place.path("healthd.toml");
    let write = |targets: &[(&str, &Backend)]| fs::write(&path, file(targets)).expect("written");
    let args = ["--config".to_owned(), path.display().to_string()];
    let is_watched = |daemon: &Daemon, wanted: &Backend, other: &Backend| {
        daemon.wait_for_body("/targets", &wanted.url());
        assert!(!daemon.get("/targets").contains(&other.url()));
    };
    write(&[("a", &a)]);
    let daemon = Daemon::start(&place, &args);
    place.out(&["add", &format!("web={}", added.url())]);
    for targets in [&[("a", &a), ("web", &listed)][..], &[("a", &a)]] {
        write(targets);
        daemon.signal("-HUP");
        if targets.len() == 2 {
            daemon.wait_for(&["WARN", "was added", "name=web"]);
        }
        daemon.wait_for(&["configuration read", "removed=0"]);
        is_watched(&daemon, &added, &listed);
    }
    daemon.stop();

    write(&[("a", &a), ("web", &listed)]);
    let daemon = Daemon::start(&place, &args);
    is_watched(&daemon, &added, &listed);
    place.out(&["remove", "web"]);
    daemon.signal("-HUP");
    is_watched(&daemon, &listed, &added);
    daemon.stop();
}
