//! `healthd run --restart-command`: what somebody else runs.

use std::fs;

use super::*;

/// A group of such replicas, each well while the file `up-INDEX` is there.
fn start(place: &Place, flags: &[&str], restart: &str) -> Run {
    let health = format!("test -e {}", place.path("up-{index}").display());
    let own = ["--name", "web", "--restart-command", restart];
    let check = ["--health-cmd", &health, "--health-interval", "300ms"];
    let quick = ["--health-retries", "1", "--settle", "300ms"];
    let args = [&own[..], &check, &quick, flags].concat();
    Run::start_with(command(place), &args)
}

fn up(place: &Place, index: u16) {
    fs::write(place.path(&format!("up-{index}")), "").expect("written");
}

fn text(place: &Place, name: &str) -> String {
    fs::read_to_string(place.path(name)).unwrap_or_default()
}

/// Only its restart command is run, and not for those that are well.
#[test]
fn a_restart_command_is_run_for_what_is_not_ours() {
    let place = Place::new("run-external");
    up(&place, 0);
    let restart =
        "echo $HEALTHD_REPLICA $HEALTHD_REASON $HEALTHD_STREAK >>restarts; touch up-{index}";
    let run = start(&place, &["--replicas", "2"], restart);
    let group = wait_for(&place, "web", |it| it["health"] == "2/2 healthy");
    let instances = [0, 1].map(|index: usize| group["replicas"][index]["instance"].clone());
    assert_eq!(instances, [1, 2]);
    assert_eq!(text(&place, "restarts"), "1 liveness 1\n");
    let counted = r#"restarts_total{group="web",replica="web-1",reason="liveness"} 1"#;
    let metrics = run.get("/metrics");
    assert!(metrics.contains(counted), "{metrics}");
    let none = r#"restarts_total{group="web",replica="web-0""#;
    assert!(!metrics.contains(none), "{metrics}");
    // On request as well, which is no failure.
    out(&place, &["restart", "web-0"]);
    wait_for(&place, "web", |it| it["replicas"][0]["instance"] == 2);
    assert_eq!(text(&place, "restarts"), "1 liveness 1\n0 requested 0\n");
    let requested = r#"restarts_total{group="web",replica="web-0",reason="requested"} 1"#;
    run.wait_for_body("/metrics", requested);
    run.signal("-TERM");
    assert_eq!(run.end().code(), Some(0));
}

/// Its output is kept as the instance's.
#[test]
fn a_restart_command_that_fails_is_said_and_the_next_instance_judged_afresh() {
    let place = Place::new("run-external-fails");
    let flags = ["--max-restarts", "1", "--backoff", "0"];
    let run = start(&place, &flags, "echo no such container; exit 4");
    run.wait_for(&["WARN", "restart command failed", "web-0"]);
    run.wait_for(&["ERROR", "given up", "web-0"]);
    assert_eq!(run.end().code(), Some(1));

    let run = start(
        &place,
        &["--backoff", "300s"],
        "echo no such container; exit 4",
    );
    wait_for(&place, "web", |it| it["replicas"][0]["state"] == "backoff");
    let explained = out(&place, &["explain", "web"]);
    assert!(explained.contains("| no such container"), "{explained}");
    run.signal("-TERM");
    assert_eq!(run.end().code(), Some(0));
}

#[test]
fn a_restart_command_that_hangs_is_ended() {
    let place = Place::new("run-external-hangs");
    let hangs =
        "trap 'echo ended >>said; exit 1' TERM; echo begun >>said; while :; do sleep 0.05; done";
    let flags = ["--restart-timeout", "1s", "--backoff", "300s"];
    let run = start(&place, &flags, hangs);
    run.wait_for(&["WARN", "restart command failed", "web-0"]);
    assert_eq!(text(&place, "said"), "begun\nended\n");
    run.signal("-TERM");
    assert_eq!(run.end().code(), Some(0));
}

/// What is not ours goes on; the command that restarts it does not.
#[test]
fn a_stop_ends_a_restart_command_and_nothing_else() {
    let place = Place::new("run-external-stop");
    let foreign = Command::new("sleep").arg("1000").spawn();
    let mut foreign = foreign.expect("a process");
    let hangs =
        "trap 'echo ended >>said; exit 1' TERM; echo begun >>said; while :; do sleep 0.05; done";
    let run = start(&place, &[], hangs);
    wait_until("a restart", || text(&place, "said") == "begun\n");
    run.signal("-TERM");
    assert_eq!(run.end().code(), Some(0));
    assert_eq!(text(&place, "said"), "begun\nended\n");
    assert!(is_alive(foreign.id().into()));
    foreign.kill().expect("killed");
    foreign.wait().expect("reaped");
}
