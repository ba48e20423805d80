//! Checks decide who is restarted.

use super::super::daemon::Place;
use super::*;

/// The first of two ports that are free, as far as that can be known.
fn two_ports() -> u16 {
    loop {
        let first = TcpListener::bind("127.0.0.1:0").expect("bound");
        let port = first.local_addr().expect("an address").port();
        if port < u16::MAX && TcpListener::bind(("127.0.0.1", port + 1)).is_ok() {
            return port;
        }
    }
}

#[test]
fn an_app_that_answers_500_is_replaced_after_three_failures() {
    let place = Place::new("run-500");
    let app = std::env::current_exe()
        .expect("a path")
        .display()
        .to_string();
    let port = two_ports().to_string();
    let flags = [
        "--name",
        "web",
        "--replicas",
        "2",
        "--port",
        &port,
        "--min-uptime",
        "300ms",
    ];
    let health = [
        "--health-http",
        "path=/",
        "--health-interval",
        "500ms",
        "--health-retries",
        "3",
    ];
    let words = [
        "--",
        &app,
        "--exact",
        "run::app_that_answers_500",
        "--ignored",
    ];
    let run = Run::start_with(command(&place), &[&flags[..], &health, &words].concat());
    wait_for(&place, "web", |it| {
        it["health"] == "0/2 healthy, 2/2 restarting"
    });
    let text = out(&place, &["inspect", "web"]);
    assert!(
        text.contains("Health:  0/2 healthy, 2/2 restarting\n"),
        "{text}"
    );
    let is_replaced = |it: &Value| it["last_end"]["reason"] == "liveness";
    let group = wait_for(&place, "web", |it| {
        let mut replicas = it["replicas"].as_array().into_iter().flatten();
        replicas.any(is_replaced)
    });
    assert_eq!(group["ready"], false);
    run.wait_for(&["WARN", "restart planned", "cause=\"liveness\""]);
    // An instance that has just begun has not failed yet.
    wait_until("500 in explain", || {
        out(&place, &["explain", "web"]).contains("500")
    });
    assert!(run.get("/health/ready").contains("unhealthy"));
    assert!(run.get("/health/live").contains("healthy"));
    run.signal("-TERM");
    assert_eq!(run.end().code(), Some(0));
}
