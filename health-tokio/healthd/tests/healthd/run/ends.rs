//! Exit codes, and what is refused before anything starts.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Output;

use super::super::daemon::Place;
use super::*;

fn run(place: &Place, flags: &[&str], words: &[&str]) -> Output {
    let args = [&["run"], flags, &["--"], words].concat();
    command(place).args(args).output().expect("healthd")
}

#[test]
fn the_exit_code_is_that_of_what_was_given_up() {
    let place = Place::new("run-codes");
    let never = ["--restart", "never"];
    for (flags, script, code) in [
        (&never[..], "exit 0", 0),
        (&never, "exit 3", 3),
        (&never, "kill -9 $$", 128 + 9),
        (&["--restart", "on-failure"], "exit 0", 0),
        (
            &["--restart", "never", "--success-exit", "0,3"],
            "exit 3",
            0,
        ),
        (&["--fatal-exit", "7"], "exit 7", 7),
        (&["--max-restarts", "1"], "exit 5", 5),
        (&["--max-restarts", "0", "--replicas", "3"], "exit 6", 6),
        (&["--restart-budget", "2/1h", "--backoff", "0"], "exit 4", 4),
    ] {
        let output = run(&place, flags, &["/bin/sh", "-c", script]);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{flags:?} {script}: {error}"
        );
        assert!(
            error.starts_with("listening on http://127.0.0.1:"),
            "{error}"
        );
    }
}

#[test]
fn a_program_that_cannot_be_run_is_said_before_anything_starts() {
    let place = Place::new("run-lookup");
    fs::write(place.path("text"), "no program").expect("written");
    for (program, code, said) in [
        ("./no-such", 127, "healthd: ./no-such: not found\n"),
        (
            "no-such-program",
            127,
            "healthd: no-such-program: not found\n",
        ),
        ("./text", 126, "healthd: ./text: not executable\n"),
        ("/", 126, "healthd: /: not executable\n"),
    ] {
        let output = run(&place, &["--name", "a"], &[program]);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), &*error), (Some(code), said));
    }
}

#[test]
fn a_program_may_have_the_name_of_its_replica() {
    let place = Place::new("run-named");
    let program = place.path("app-0");
    fs::write(&program, "#!/bin/sh\nexit 3\n").expect("written");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("changed");
    let output = run(
        &place,
        &["--name", "a", "--restart", "never"],
        &["./app-{index}"],
    );
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn wrong_flags_are_one_line_with_code_2() {
    let place = Place::new("run-wrong");
    fs::write(
        place.path("wrong.toml"),
        "[[run]]\ncommand = [\"true\"]\nreplicas = 0",
    )
    .expect("written");
    for (args, expected) in [
        (&["run"][..], "healthd: run: nothing to run"),
        (
            &["run", "--replicas", "0", "--", "true"],
            "healthd: --replicas = 0: allowed is 1 to 1000",
        ),
        (
            &["run", "--backoff", "soon", "--", "true"],
            "healthd: --backoff = \"soon\": a duration is",
        ),
        (
            &["run", "--max-restarts", "-1", "--", "true"],
            "healthd: --max-restarts = \"-1\": allowed is",
        ),
        (
            &["run", "--health-tcp", "x", "--", "true"],
            "healthd: --health-tcp = \"x\": allowed is",
        ),
        (
            &["run", "--grace", "10s", "--", "true"],
            "healthd: --grace = \"10s\": allowed is at least 11s",
        ),
        (
            &["run", "--", "echo", "{port}"],
            "healthd: -- COMMAND: {port} is allowed only with port",
        ),
        (
            &["run", "--config", "wrong.toml"],
            "healthd: wrong.toml:3:1: run[0].replicas = 0: allowed is",
        ),
        (
            &["run", "--config", "wrong.toml", "--", "true"],
            "not allowed with --config",
        ),
    ] {
        let (code, error) = fails(&place, args);
        let is_one_line = error.trim_end().lines().count() == 1;
        assert!(
            code == 2 && is_one_line && error.contains(expected),
            "{args:?}: {code} {error}"
        );
    }
}

#[test]
fn output_stands_behind_the_names_of_replicas() {
    let place = Place::new("run-prefix");
    let script = "echo out $HEALTHD_REPLICA; echo err $HEALTHD_REPLICA >&2; printf rest";
    let flags = ["--restart", "never", "--name", "web"];
    for (more, is_named) in [
        (&["--replicas", "2"][..], true),
        (&[], false),
        (&["--prefix", "always"], true),
        (&["--prefix", "never", "--replicas", "2"], false),
    ] {
        let output = run(
            &place,
            &[&flags[..], more].concat(),
            &["/bin/sh", "-c", script],
        );
        let (out, err) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        for (text, line) in [(&out, "out 0"), (&err, "err 0"), (&out, "rest")] {
            let line = if is_named {
                format!("web-0 | {line}")
            } else {
                line.to_owned()
            };
            assert!(text.lines().any(|it| it == line), "{more:?} {line}: {text}");
        }
    }
}

#[test]
fn a_replica_sees_who_it_is() {
    let place = Place::new("run-environment");
    let script = "echo $HEALTHD_NAME $HEALTHD_REPLICA $HEALTHD_REPLICAS $HEALTHD_INSTANCE $PORT $1 \
                  [$NOTIFY_SOCKET$HEALTHD_RUN_DIR$HEALTHD_LISTEN]; read line || echo no input";
    let args = [
        "--restart",
        "never",
        "--name",
        "web",
        "--port",
        "8000",
        "--",
    ];
    let words = ["/bin/sh", "-c", script, "sh", "{name}-{index}:{port}"];
    let mut command = command(&place);
    command.env("NOTIFY_SOCKET", "/run/nothing");
    let output = command
        .arg("run")
        .args(args)
        .args(words)
        .output()
        .expect("healthd");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(text, "web 0 1 1 8000 web-0:8000 []\nno input\n");
}
