//! What signals do, and what is left afterwards: nothing.

use std::fs;

use super::super::daemon::Place;
#[cfg(target_os = "linux")]
use super::super::init::children;
use super::*;

/// The number that a replica has written into a file.
fn pid(place: &Place, name: &str) -> u64 {
    let read = || {
        fs::read_to_string(place.path(name))
            .ok()?
            .trim()
            .parse()
            .ok()
    };
    wait_until(name, || read().is_some());
    read().expect("a number")
}

#[test]
fn sigterm_ends_the_replicas_and_the_code_is_0() {
    let place = Place::new("run-term");
    let script =
        "trap 'echo bye $HEALTHD_REPLICA; exit 3' TERM; echo up; while :; do sleep 0.05; done";
    let run = Run::start(&place, &["--name", "web", "--replicas", "2"], script);
    assert!(
        [run.line(), run.line()]
            .iter()
            .all(|it| it.ends_with(" | up"))
    );
    run.signal("-TERM");
    let mut last = [run.line(), run.line()];
    last.sort();
    assert_eq!(last, ["web-0 | bye 0", "web-1 | bye 1"]);
    assert_eq!(run.end().code(), Some(0));
    assert!(!place.path("run/web.sock").exists(), "the socket is left");
}

#[test]
fn sigterm_twice_kills() {
    let place = Place::new("run-twice");
    let script = "trap '' TERM; echo $$ > pid; echo up; while :; do sleep 0.05; done";
    let run = Run::start(&place, &["--name", "web", "--stop-grace", "1h"], script);
    assert_eq!(run.line(), "up");
    run.signal("-TERM");
    run.wait_for(&["stopping", "signal=15"]);
    assert!(run.get("/health/ready").contains("draining"));
    assert!(run.get("/health/live").contains("healthy"));
    run.signal("-INT");
    assert_eq!(run.end().code(), Some(128 + 2));
    assert!(!is_alive(pid(&place, "pid")));
}

#[test]
fn one_that_ignores_sigterm_is_gone_after_its_grace() {
    let place = Place::new("run-ignores");
    let script = "trap '' TERM; echo $$ > pid; echo up; while :; do sleep 0.05; done";
    let run = Run::start(&place, &["--name", "web", "--stop-grace", "300ms"], script);
    assert_eq!(run.line(), "up");
    run.signal("-TERM");
    assert_eq!(run.end().code(), Some(0));
    assert!(!is_alive(pid(&place, "pid")));
}

#[test]
fn what_a_replica_leaves_behind_holds_nothing_up() {
    let place = Place::new("run-children");
    let script = "sleep 1000 & echo $! > left; echo up; exit 3";
    let flags = ["--name", "web", "--max-restarts", "0"];
    let run = Run::start(&place, &flags, script);
    assert_eq!(run.end().code(), Some(3));
    let left = pid(&place, "left");
    wait_until("the end of what was left", || !is_alive(left));
}

#[test]
fn one_that_is_killed_is_started_again_at_once() {
    let place = Place::new("run-killed");
    let run = Run::start(&place, &["--name", "web"], "echo up; exec sleep 1000");
    assert_eq!(run.line(), "up");
    let group = wait_for(&place, "web", |it| it["health"] == "1/1 healthy");
    let first = group["replicas"][0]["pid"].as_u64().expect("a number");
    let kill = Command::new("kill")
        .args(["-9", &first.to_string()])
        .status();
    assert!(kill.expect("kill").success());
    assert_eq!(run.line(), "up");
    let group = wait_for(&place, "web", |it| it["health"] == "1/1 healthy");
    let replica = &group["replicas"][0];
    assert_eq!(
        (&replica["instance"], &replica["restarts"]),
        (&2.into(), &1.into())
    );
    assert_eq!(
        (
            &replica["last_end"]["reason"],
            &replica["last_end"]["signal"]
        ),
        (&"exit".into(), &9.into())
    );
    run.signal("-TERM");
    assert_eq!(run.end().code(), Some(0));
}

#[test]
fn other_signals_are_passed_on_to_the_leaders() {
    let place = Place::new("run-forwarded");
    let script =
        "trap 'echo hup' HUP; trap 'echo usr1' USR1; echo up; while :; do sleep 0.05; done";
    let run = Run::start(&place, &["--name", "web"], script);
    assert_eq!(run.line(), "up");
    for (signal, said) in [("-HUP", "hup"), ("-USR1", "usr1")] {
        run.signal(signal);
        assert_eq!(run.line(), said);
    }
    run.signal("-QUIT");
    assert_eq!(run.end().code(), Some(128 + 3));
}

/// The last one may need those before it.
#[test]
fn groups_are_stopped_in_reverse() {
    let place = Place::new("run-reverse");
    let script =
        "trap 'echo bye $HEALTHD_NAME; exit 0' TERM; echo up; while :; do sleep 0.05; done";
    let group = |name: &str| {
        format!("[[run]]\nname = \"{name}\"\ncommand = [\"/bin/sh\", \"-c\", \"{script}\"]\n")
    };
    fs::write(place.path("run.toml"), group("db") + &group("web")).expect("written");
    let run = Run::start_with(command(&place), &["--config", "run.toml"]);
    assert_eq!([run.line(), run.line()], ["up", "up"]);
    run.signal("-TERM");
    assert_eq!([run.line(), run.line()], ["bye web", "bye db"]);
    assert_eq!(run.end().code(), Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn with_init_nothing_survives_a_kill() {
    let place = Place::new("run-init");
    let script = "echo $$ > pid; echo up; exec sleep 1000";
    let run = Run::start(&place, &["--init", "--name", "web"], script);
    assert_eq!(run.line(), "up");
    let replica = pid(&place, "pid");
    assert!(is_alive(replica));
    let all = children(run.pid());
    let child = all.iter().find(|(.., name)| name == "healthd");
    let child = child.expect("healthd itself").0.to_string();
    let kill = Command::new("kill").args(["-9", &child]).status();
    assert!(kill.expect("kill").success());
    assert_eq!(run.end().code(), Some(128 + 9));
    assert!(!is_alive(replica));
}
