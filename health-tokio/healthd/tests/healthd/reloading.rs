//! What SIGHUP changes, and what it says that it does not.

use std::fs;

use super::backend::Backend;
use super::daemon::{Daemon, Place, wait_until};
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

/// All but where the registry and the endpoint are.
#[test]
fn everything_is_taken_over_while_it_runs() {
    let place = Place::new("taken-over");
    let mut a = Backend::start();
    let path = place.path("healthd.toml");
    let targets = file(&[("a", &a)]);
    fs::write(&path, &targets).expect("written");
    let daemon = Daemon::start(&place, &["--config".to_owned(), path.display().to_string()]);
    daemon.wait_for(&["healthy", "target=a"]);
    let notes = place.path("notes");
    let script = format!("cat >> {}", notes.display());
    let changed = "token = \"geheim\"\nresults = 500\nmax_in_flight = 7\nmass_failure = false\n\
        auto_deregister = false\ndb = \"other.db\"\n";
    let action = format!("[[action]]\nname = \"notes\"\ncommand = [\"sh\", \"-c\", {script:?}]\n");
    fs::write(&path, changed.to_owned() + &targets + &action).expect("written");
    let shows_targets = || daemon.get("/targets").contains("\"name\":\"a\"");
    assert!(shows_targets());
    let said = place.out(&["reload"]);
    let expected = "configuration read: 0 added, 1 changed, 0 removed, 1 in all";
    assert!(said.starts_with(expected), "{said}");
    assert!(
        !said.contains("next start"),
        "the flag says where it is: {said}"
    );

    assert!(!shows_targets());
    let status: serde_json::Value =
        serde_json::from_str(&place.out(&["status", "--json"])).expect("JSON");
    assert_eq!(status["max_in_flight"], 7);
    assert_eq!(status["last_reload"]["successful"], true);
    let result = status["last_reload"]["result"].as_str().expect("a line");
    assert!(said.starts_with(result), "{said}");
    a.stop();
    wait_until("notice by the new action", || {
        fs::read_to_string(&notes).is_ok_and(|it| it.contains("unhealthy"))
    });

    // The same name, another command: what comes from now on goes there.
    let other = place.path("other-notes");
    let script = format!("cat >> {}", other.display());
    let action = format!("[[action]]\nname = \"notes\"\ncommand = [\"sh\", \"-c\", {script:?}]\n");
    fs::write(&path, targets.clone() + &action).expect("written");
    daemon.signal("-HUP");
    wait_until("details without a token", shows_targets);
    a.start_again();
    wait_until("notice by the other command", || {
        fs::read_to_string(&other).is_ok_and(|it| it.contains("recovered"))
    });
    assert!(!daemon.has_said("geheim"));
    daemon.stop();
}

#[test]
fn what_came_of_a_reload_is_said() {
    let place = Place::new("reload-said");
    let a = Backend::start();
    let path = place.path("healthd.toml");
    let targets = file(&[("a", &a)]);
    fs::write(&path, &targets).expect("written");
    let (code, error) = place.fails(&["reload"]);
    assert!(code == 1 && error.contains("no monitor runs"), "{error}");
    let daemon = Daemon::start(&place, &["--config".to_owned(), path.display().to_string()]);
    let metric = |value: &str| {
        let line = format!("\nhealthd_config_last_reload_successful {value}\n");
        wait_until(&line, || daemon.get("/metrics").contains(&line));
    };
    metric("1");
    fs::write(
        &path,
        targets.clone() + "interval = 5\n[[target]]\nname = \"b\"\n",
    )
    .expect("written");
    let (code, error) = place.fails(&["reload"]);
    assert!(code == 1 && error.contains("healthd.toml"), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    metric("0");
    let status = place.out(&["status", "--json"]);
    assert!(status.contains("\"successful\": false"), "{status}");
    daemon.wait_for(&["ERROR", "everything stays as it was"]);

    fs::write(&path, "listen = \"127.0.0.1:9\"\n".to_owned() + &targets).expect("written");
    place.out(&["reload"]);
    metric("1");
    assert!(
        daemon
            .get("/metrics")
            .contains("\nhealthd_config_last_reload_success_timestamp_seconds ")
    );
    daemon.stop();
}

#[test]
fn what_only_the_next_start_changes_is_said() {
    let place = Place::new("frozen");
    let a = Backend::start();
    let path = place.path("healthd.toml");
    let targets = file(&[("a", &a)]);
    let db = |name: &str| format!("db = {:?}\n{targets}", place.path(name));
    fs::write(&path, db("healthd.db")).expect("written");
    let mut command = place.command();
    command.env_remove("HEALTHD_DB");
    let args = ["--config".to_owned(), path.display().to_string()];
    let daemon = Daemon::start_with(command, &args);
    daemon.wait_for(&["healthy", "target=a"]);
    fs::write(&path, db("other.db")).expect("written");
    let said = place.out(&["reload"]);
    assert!(
        said.trim().ends_with("1 in all; with the next start: db"),
        "{said}"
    );
    daemon.wait_for(&["WARN", "with the next start", "changed=db"]);
    assert!(!place.path("other.db").exists());
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
