//! What is accepted, what is refused, and what is said of it.

use std::fs;
use std::time::Duration;

use health_core::ProbeKind;
use health_core::supervise::RestartPolicy;
use health_tokio::supervise::LogRate;
use serde_json::json;

use super::*;

mod refused;

/// The settings that flags give; `command` is `./app` unless it is among them.
fn read(flags: &[(&str, Value)]) -> Result<RunSettings> {
    let mut read = RunFlags::default();
    for (flag, value) in flags {
        match *flag {
            "grace" => read.grace = value.as_str().map(str::to_owned),
            flag => drop(read.group.insert(flag.replace('-', "_"), value.clone())),
        }
    }
    let has_work = ["command", "restart_command"]
        .iter()
        .any(|it| read.group.contains_key(*it));
    if !has_work {
        read.group.insert("command".to_owned(), json!(["./app"]));
    }
    // What clap leaves out.
    read.group.retain(|_, value| !value.is_null());
    RunSettings::read(&read)
}

/// The group of these flags.
fn group(flags: &[(&str, Value)]) -> GroupSettings {
    let settings = read(flags).unwrap_or_else(|error| panic!("{flags:?}: {error}"));
    settings.groups[0].clone()
}

/// The checks of a replica, as `NAME KIND PROBE`.
fn checks(group: &GroupSettings, index: usize) -> Vec<String> {
    let checks = group.checks[index].0.iter();
    checks
        .map(|it| format!("{} {} {}", it.name, it.config.kind.as_str(), it.probe))
        .collect()
}

#[test]
fn the_defaults_of_the_specification() {
    let group = group(&[("health-http", json!("port=80"))]);
    assert_eq!(group.name.as_str(), "app");
    assert_eq!(group.config, health_core::supervise::GroupConfig::default());
    assert_eq!(group.log_rate, LogRate::default());
    assert!(!group.has_prefix());
    let check = &group.checks[0].0[0];
    let seconds = [
        check.config.interval,
        check.config.timeout,
        check.config.start_period,
    ];
    assert_eq!(seconds.map(|it| it.as_secs()), [30, 10, 0]);
    assert_eq!(
        (check.config.retries, check.config.kind),
        (3, ProbeKind::Health)
    );
    assert_eq!(check.config.lag_tolerance, Some(Duration::from_secs(1)));
    assert_eq!(check.rule.to_string(), "status 200-399");
}

#[test]
fn checks_in_every_form() {
    for (flag, value, expected) in [
        (
            "health-http",
            "path=/h,port=81",
            "health health http://127.0.0.1:81/h",
        ),
        (
            "health-http",
            "port=81,path=/h",
            "health health http://127.0.0.1:81/h",
        ),
        (
            "health-http",
            "path=/h",
            "health health http://127.0.0.1:80/h",
        ),
        (
            "health-http",
            "/h:81",
            "health health http://127.0.0.1:81/h",
        ),
        ("health-tcp", "6379", "health health tcp://127.0.0.1:6379"),
        (
            "health-tcp",
            "port=6379",
            "health health tcp://127.0.0.1:6379",
        ),
        (
            "health-cmd",
            "test -e /x",
            "health health exec /bin/sh (2 arguments)",
        ),
        (
            "health-cmd",
            "[ -e /x ]",
            "health health exec /bin/sh (2 arguments)",
        ),
        (
            "health-cmd",
            r#"["pg_isready", "-q"]"#,
            "health health exec pg_isready (1 arguments)",
        ),
        ("startup", "port=81", "startup startup http://127.0.0.1:81/"),
        (
            "liveness",
            "tcp=81,interval=5s,retries=2",
            "liveness liveness tcp://127.0.0.1:81",
        ),
        (
            "readiness",
            "success=2,path=/r,port=81",
            "readiness readiness http://127.0.0.1:81/r",
        ),
        (
            "liveness",
            "interval=5,cmd=echo a=b,c=d",
            "liveness liveness exec /bin/sh (2 arguments)",
        ),
    ] {
        let group = group(&[(flag, json!(value))]);
        assert_eq!(checks(&group, 0), [expected], "{flag} {value}");
    }
    let group = group(&[
        ("health-tcp", json!("1")),
        ("startup", json!("tcp=2,delay=3")),
        (
            "readiness",
            json!("tcp=3,success=4,timeout=2s,start_period=1m"),
        ),
        ("min-uptime", json!("5")),
    ]);
    let kinds: Vec<_> = group.checks[0]
        .0
        .iter()
        .map(|it| it.name.to_string())
        .collect();
    assert_eq!(kinds, ["health", "startup", "readiness"]);
    let delays = group.checks[0]
        .0
        .iter()
        .map(|it| it.config.initial_delay.as_secs());
    assert_eq!(delays.collect::<Vec<_>>(), [0, 3, 0], "0: min_uptime");
    let readiness = &group.checks[0].0[2].config;
    assert_eq!(
        (readiness.success_threshold, readiness.timeout.as_secs()),
        (4, 2)
    );
}

#[test]
fn what_differs_from_replica_to_replica() {
    let group = group(&[
        ("name", json!("web")),
        ("replicas", json!(3)),
        ("port", json!(8000)),
        ("port-step", json!(10)),
        ("health-http", json!("path=/")),
        ("liveness", json!("tcp={port}")),
        ("readiness", json!("port=90{index}")),
    ]);
    assert_eq!(
        checks(&group, 2),
        [
            "health health http://127.0.0.1:8020/",
            "liveness liveness tcp://127.0.0.1:8020",
            "readiness readiness http://127.0.0.1:902/",
        ]
    );
    assert!(group.warnings().is_empty());
    let group = self::group(&[("replicas", json!(2)), ("health-tcp", json!("81"))]);
    assert!(group.warnings()[0].contains("all replicas are probed at tcp://127.0.0.1:81"));
    let group = self::group(&[("health-tcp", json!("81")), ("health-timeout", json!("30"))]);
    assert!(group.warnings()[0].contains("not below interval"));
}

#[test]
fn a_name_is_made_of_the_program() {
    for (program, expected) in [
        ("/usr/sbin/nginx", "nginx"),
        ("./my app!", "my-app-"),
        (&"x".repeat(70), &*"x".repeat(58)),
    ] {
        let group = group(&[("command", json!([program, ""]))]);
        assert_eq!(group.name.as_str(), expected);
    }
}

#[test]
fn timing_is_taken_over() {
    let group = group(&[
        ("replicas", json!(10)),
        ("restart", json!("on-failure")),
        ("success-exit", json!("0,143")),
        ("fatal-exit", json!("125")),
        ("backoff", json!("0")),
        ("max-restarts", json!(5)),
        ("restart-budget", json!("3/1m")),
        ("max-unavailable", json!("35%")),
        ("min-ready", json!(10)),
        ("no-canary", json!(true)),
        ("failure-grace", json!("1.5s")),
        ("stop-signal", json!("SIGQUIT")),
        ("prefix", json!("never")),
        ("log-rate", json!(0)),
    ]);
    let config = &group.config;
    assert_eq!(config.restart, RestartPolicy::OnFailure);
    assert_eq!(
        (&*config.success_exits, &*config.fatal_exits),
        (&[0, 143][..], &[125][..])
    );
    assert_eq!(
        (config.backoff, config.max_restarts),
        (Duration::ZERO, Some(5))
    );
    let budget = config.budget.map(|it| (it.restarts, it.period.as_secs()));
    assert_eq!(budget, Some((3, 60)));
    assert_eq!((config.max_unavailable, config.min_ready), (Some(3), 10));
    assert_eq!(
        (config.canary, config.failure_grace),
        (false, Some(Duration::from_millis(1_500)))
    );
    assert_eq!(group.log_rate, LogRate::NONE);
    assert!(!group.has_prefix());
}

/// A file, gone at the end.
fn of_file(name: &str, text: &str) -> Result<RunSettings> {
    let id = std::process::id();
    let path = std::env::temp_dir().join(format!("healthd-run-{id}-{name}"));
    fs::write(&path, text).expect("written");
    let flags = RunFlags {
        config: Some(path.clone()),
        ..RunFlags::default()
    };
    let read = RunSettings::read(&flags);
    let _ = fs::remove_file(&path);
    read
}

#[test]
fn a_file_says_the_same_as_flags() {
    let toml = r#"
        listen = "127.0.0.1:9999"
        token = "hunter2"
        grace = "42s"
        [[run]]
        name = "web"
        command = ["./app", "--port", "{port}"]
        replicas = 3
        port = 8000
        backoff = "5s"
        success_exits = [0, 143]
        budget = { restarts = 3, period = "1m" }
        canary = false
        [[run.check]]
        kind = "liveness"
        http = { path = "/live", port = "{port}" }
        interval_seconds = 10
        [[run.check]]
        check_name = "by-name"
        url = "http://localhost:{port}/{index}"
        [[run]]
        name = "db"
        restart_command = "docker restart db-{index}"
        health_tcp = 5432
        [[run]]
        command = ["sleep", "1000"]
        drain_delay = 11
    "#;
    let settings = of_file("same.toml", toml).expect("allowed");
    assert_eq!(settings.listen.port(), 9999);
    let names: Vec<_> = settings.groups.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["web", "db", "sleep"]);
    let web = &settings.groups[0];
    assert_eq!(web.config.success_exits, [0, 143]);
    assert_eq!(
        (web.config.canary, web.config.backoff.as_secs()),
        (false, 5)
    );
    assert_eq!(
        checks(web, 1),
        [
            "http liveness http://127.0.0.1:8001/live",
            "by-name health http://localhost:8001/{index}",
        ]
    );
    assert_eq!(web.checks[1].0[0].config.interval, Duration::from_secs(10));
    assert!(settings.groups[1].config.is_external);
    assert_eq!(
        checks(&settings.groups[1], 0),
        ["health health tcp://127.0.0.1:5432"]
    );
}
