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
    let first = &ended(&place, "web")[0];
    let failed = &first["checks"][0];
    let message = failed["message"].as_str().unwrap_or_default();
    assert!(message.starts_with("HTTP 500 "), "{first:#}");
    assert!(failed["failures"].as_u64() >= Some(3), "{first:#}");
    assert!(run.get("/health/ready").contains("unhealthy"));
    assert!(run.get("/health/live").contains("healthy"));
    run.signal("-TERM");
    assert_eq!(run.end().code(), Some(0));
}

/// A verdict ends an instance; the next one is well, and says nothing of it.
#[test]
fn what_a_check_saw_is_kept_with_the_instance_that_it_ended() {
    let health = ["--health-interval", "200ms", "--health-retries", "2"];
    for (flag, begin, name, reason) in [
        ("--health-cmd", "", "health", "liveness"),
        (
            "--startup",
            "interval=200ms,retries=8,cmd=",
            "startup",
            "startup",
        ),
    ] {
        let place = Place::new(&format!("run-seen-{reason}"));
        let up = place.path("up").display().to_string();
        let check = format!("{begin}[ -e {up} ] || {{ echo no disk; exit 7; }}");
        let script = format!("echo up; [ $HEALTHD_INSTANCE = 1 ] || : > {up}; exec sleep 1000");
        let all: &[&str] = if reason == "liveness" { &health } else { &[] };
        let flags = [&["--name", "web"], all, &[flag, &check]].concat();
        let run = Run::start(&place, &flags, &script);
        let group = wait_for(&place, "web", |it| it["health"] == "1/1 healthy");
        assert_eq!(group["replicas"][0]["instance"], 2, "{group:#}");
        let ended = ended(&place, "web");
        let [first] = &ended[..] else {
            panic!("{ended:#?}");
        };
        assert_eq!(first["reason"], reason, "{first:#}");
        let rule = first["rule"].as_str().expect("a text");
        assert!(rule.starts_with("R10: "), "{rule}");
        let failed = &first["checks"][0];
        assert_eq!(
            (&failed["name"], &failed["status"]),
            (&name.into(), &"unhealthy".into())
        );
        assert_eq!(failed["message"], "exit code 7");
        assert_eq!(failed["detail"], "output: no disk\n");
        let time = |value: &Value| value.as_u64().expect("a time");
        let (began, at, end) = (&first["began_at"], &failed["at"], &first["ended_at"]);
        let is_in_order = time(began) <= time(at) && time(at) <= time(end);
        assert!(is_in_order, "{first:#}");
        let text = out(&place, &["explain", "web"]);
        for part in [
            format!("    evidence  check {name} ({name}) was unhealthy: "),
            "      > output: no disk\n".to_owned(),
            "    | up\n".to_owned(),
        ] {
            assert!(text.contains(&part), "{part}: {text}");
        }
        run.signal("-TERM");
        assert_eq!(run.end().code(), Some(0));
    }
}
