//! What the environment says, what actions see of it, and where the registry may be.

use std::fs;
use std::process::Stdio;

use super::backend::Backend;
use super::daemon::{Daemon, Place};
use super::{fast, file};

/// Whether a monitor starts with these variables: a directory stands in the place of its lock, so that it
/// ends with 1 at once.
fn starts(place: &Place, variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let mut command = place.command();
    command.arg("monitor").envs(variables.iter().copied());
    let output = command.stdin(Stdio::null()).output().expect("healthd");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), error)
}

#[test]
fn an_empty_variable_is_as_if_it_were_not_set() {
    let place = Place::new("env-empty");
    fs::create_dir(place.path("healthd.db.lock")).expect("a directory");
    for name in [
        "CONFIG",
        "INTERVAL",
        "TIMEOUT",
        "RETRIES",
        "LOG",
        "LISTEN",
        "TARGETS",
        "NO_AUTO_DEREGISTER",
    ] {
        let name = format!("HEALTHD_{name}");
        let (code, error) = starts(&place, &[(&name, "")]);
        assert!(
            code == Some(1) && error.contains(".lock"),
            "{name}: {code:?} {error}"
        );
    }
}

#[test]
fn a_wrong_value_is_said_of_the_variable_that_has_it() {
    let place = Place::new("env-wrong");
    for (name, value, flag) in [
        ("HEALTHD_INTERVAL", "soon", "--interval"),
        ("HEALTHD_RETRIES", "many", "--retries"),
        ("HEALTHD_LOG", "loud", "--log"),
        (
            "HEALTHD_NO_AUTO_DEREGISTER",
            "maybe",
            "--no-auto-deregister",
        ),
    ] {
        let (code, error) = starts(&place, &[(name, value)]);
        assert_eq!(code, Some(2), "{error}");
        assert!(
            error.contains(&format!("'{value}' for '{name}'")),
            "{error}"
        );
        assert!(!error.contains(flag), "{error}");
    }
    let mut command = place.command();
    command.args(["monitor", "--interval=soon"]);
    let output = command
        .env("HEALTHD_INTERVAL", "later")
        .output()
        .expect("healthd");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("'soon' for '--interval"), "{error}");
}

#[test]
fn an_empty_token_guards_nothing() {
    let place = Place::new("env-token");
    let a = Backend::start();
    let mut command = place.command();
    command.env("HEALTHD_TOKEN", "").env("HEALTHD_CONFIG", "");
    let daemon = Daemon::start_with(command, &fast(&[("a", &a)]));
    daemon.wait_for_body("/targets", r#""name":"a""#);
    daemon.stop();
}

#[test]
fn a_variable_that_is_a_flag_takes_the_usual_words() {
    let place = Place::new("env-flag");
    fs::create_dir(place.path("healthd.db.lock")).expect("a directory");
    for word in ["1", "0", "yes", "no", "true", "false", "on", "off"] {
        let (code, error) = starts(&place, &[("HEALTHD_NO_AUTO_DEREGISTER", word)]);
        assert!(
            code == Some(1) && error.contains(".lock"),
            "{word}: {error}"
        );
    }
    let (code, _) = starts(&place, &[("HEALTHD_NO_AUTO_DEREGISTER", "perhaps")]);
    assert_eq!(code, Some(2));
}

#[test]
fn an_action_sees_no_token_of_ours() {
    let place = Place::new("env-action");
    let mut a = Backend::start();
    let notes = place.path("notes");
    let script = format!("env > {}", notes.display());
    let action = format!("[[action]]\ncommand = [\"sh\", \"-c\", {script:?}]\n");
    let path = place.path("healthd.toml");
    fs::write(&path, file(&[("a", &a)]) + &action).expect("written");
    let mut command = place.command();
    command.env("HEALTHD_TOKEN", "geheim");
    let daemon = Daemon::start_with(
        command,
        &["--config".to_owned(), path.display().to_string()],
    );
    daemon.wait_for(&["healthy", "target=a"]);
    a.stop();
    daemon.wait_for(&["ERROR", "deregistered", "target=a"]);
    daemon.stop();
    let seen = fs::read_to_string(notes).expect("the action was run");
    assert!(seen.contains("HEALTHD_EVENT=deregistered"), "{seen}");
    assert!(
        !seen.contains("geheim") && !seen.contains("HEALTHD_DB"),
        "{seen}"
    );
}

#[test]
fn a_registry_deep_down_is_reached_by_its_commands() {
    let place = Place::new("env-deep");
    let directory = place.path(&"d".repeat(140));
    fs::create_dir(&directory).expect("a directory");
    let db = directory.join("healthd.db").display().to_string();
    let a = Backend::start();
    let mut args = fast(&[("a", &a)]);
    args.extend(["--db".to_owned(), db.clone()]);
    let daemon = Daemon::start(&place, &args);
    let status = place.out(&["status", "--json", "--db", &db]);
    assert!(status.contains("\"running\": true"), "{status}");
    daemon.stop();
    let long = directory.join("n".repeat(100)).display().to_string();
    let (code, error) = place.fails(&["monitor", "--db", &long]);
    assert!(code == 2 && error.contains("of at most"), "{error}");
}
