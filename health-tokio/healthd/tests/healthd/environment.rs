//! What the environment says, what actions see of it, and where the registry may be.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use super::backend::Backend;
use super::daemon::{Daemon, Place, wait_until};
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

/// The token and what the server wants change together.
#[test]
fn a_header_in_a_file_is_read_again_when_it_changes() {
    let place = Place::new("env-header");
    let token = place.path("token");
    fs::write(&token, "one\n").expect("written");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let wanted = token.clone();
    let (said, answers) = channel();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut bytes = [0; 4_096];
            let count = stream.read(&mut bytes).unwrap_or(0);
            let request = String::from_utf8_lossy(&bytes[..count]).into_owned();
            let token = fs::read_to_string(&wanted).unwrap_or_default();
            let status = if request.contains(token.trim()) {
                "200 OK"
            } else {
                "401 Unauthorized"
            };
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\n{{}}");
            let _ = stream.write_all(answer.as_bytes());
            let _ = said.send(status);
        }
    });
    let text = format!(
        "interval = \"1s\"\ntimeout = \"20s\"\n[[target]]\nname = \"a\"\n\
         url = \"http://{address}/\"\nheaders = {{ Authorization = {{ file = {token:?} }} }}\n"
    );
    let path = place.path("healthd.toml");
    fs::write(&path, text).expect("written");
    let daemon = Daemon::start(&place, &["--config".to_owned(), path.display().to_string()]);
    daemon.wait_for(&["healthy", "target=a"]);
    fs::write(&token, "another\n").expect("written");
    daemon.wait_for(&["a header has been read again from its file", "name=a"]);
    // More than would deregister it. One may have been under way when the token changed.
    let _before: Vec<_> = answers.try_iter().collect();
    let next = |_| {
        answers
            .recv_timeout(Duration::from_secs(20))
            .expect("asked")
    };
    let five: Vec<_> = (0..5).map(next).collect();
    assert_eq!(five[1..], ["200 OK"; 4]);
    // What was counted is in the file a moment later.
    wait_until("target without failures", || place.server("a") == (true, 0));

    // Without it the target would refuse us: nobody asks, and nothing counts.
    let other = place.path("moved");
    fs::rename(&token, &other).expect("moved");
    let error = "the file of a header cannot be read";
    daemon.wait_for(&["WARN", error, "name=a"]);
    daemon.wait_for_body("/health", r#""certificates":false"#);
    let _before: Vec<_> = answers.try_iter().collect();
    wait_until("an attempt that says nothing", || {
        place.out(&["inspect", "a"]).contains("indeterminate")
    });
    assert!(answers.try_recv().is_err(), "asked without the token");
    assert_eq!(place.server("a"), (true, 0));
    fs::rename(&other, &token).expect("moved back");
    daemon.wait_for(&["a header has been read again from its file", "name=a"]);
    daemon.wait_for_body("/health", r#""certificates":true"#);
    let next = answers.recv_timeout(Duration::from_secs(20));
    assert_eq!(next, Ok("200 OK"));
    daemon.stop();
}
