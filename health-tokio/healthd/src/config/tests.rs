//! What is read, and what is said of what cannot be.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use health_core::check::OnUnhealthy;
use health_core::check::probe::Probe;

use super::*;

mod actions;
mod discovered;
mod expected;
mod identity;
mod mistakes;
mod streams;
mod windows;
mod wrong;

pub(super) struct File(pub(super) PathBuf);

impl File {
    pub(super) fn new(name: &str, text: &str) -> Self {
        static FILES: AtomicU32 = AtomicU32::new(0);
        let (id, number) = (std::process::id(), FILES.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(format!("healthd-config-{id}-{number}-{name}"));
        fs::write(&path, text).expect("written");
        Self(path)
    }

    fn read(&self) -> Result<Settings> {
        Settings::read(&Flags {
            config: Some(self.0.clone()),
            ..Flags::default()
        })
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn toml(name: &str, text: &str) -> Settings {
    let read = File::new(&format!("{name}.toml"), text).read();
    read.unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn three_grammars_say_the_same() {
    let ours = r#"
        name = "db-1"
        host = "10.0.0.5"
        [[target.check]]
        url = "http://10.0.0.5:8080/health"
        expect_status = "200-399"
        json = false
        headers = { X-Probe = "1" }
        interval = "15s"
        timeout = "2s"
        retries = 5
        [[target.check]]
        url = "tcp://10.0.0.5:5432"
        [[target.check]]
        exec = ["pg_isready", "-q"]
        initial_delay = 30
    "#;
    let kubernetes = r#"
        name = "db-1"
        host = "10.0.0.5"
        [[target.check]]
        httpGet = { path = "/health", port = 8080, httpHeaders = [{ name = "X-Probe", value = "1" }] }
        periodSeconds = 15
        timeoutSeconds = 2
        failureThreshold = 5
        [[target.check]]
        tcpSocket = { port = 5432 }
        [[target.check]]
        exec = { command = ["pg_isready", "-q"] }
        initialDelaySeconds = 30
    "#;
    let orchestrator = r#"
        name = "db-1"
        host = "10.0.0.5"
        [[target.health_checks]]
        type = "HTTP"
        http = { path = "/health", port = 8080, scheme = "http", headers = [{ key = "X-Probe", value = "1" }], status_code_min = 200, status_code_max = 399 }
        interval_seconds = 15
        timeout_seconds = 2
        retries = 5
        [[target.health_checks]]
        type = "TCP"
        tcp = { port = 5432 }
        [[target.health_checks]]
        type = "EXEC"
        exec = { command = ["pg_isready", "-q"] }
        initial_delay = 30
    "#;
    let read = |name, text| {
        toml(name, &format!("interval = 60\n[[target]]\n{text}"))
            .targets
            .remove(0)
    };
    let ours = read("ours", ours);
    assert_eq!(ours.checks.len(), 3);
    let names: Vec<_> = ours.checks.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["http", "tcp", "exec"]);
    for (name, other) in [("k8s", kubernetes), ("orchestrator", orchestrator)] {
        let other = read(name, other);
        assert!(
            ours.listed().probes_the_same_as(&other),
            "{name}: {:#?}\n{:#?}",
            ours.checks,
            other.checks
        );
        for (a, b) in ours.checks.iter().zip(&other.checks) {
            assert_eq!(a.config, b.config, "{name}");
        }
    }
}

#[test]
fn three_formats_say_the_same() {
    let json = r#"{"interval": 5, "token": "1234", "allow_hosts": ["prober"],
        "mass_failure": {"failed_fraction": 0.3},
        "target": [{"name": "a", "url": "http://a/", "expect_status": "200-204"},
                   {"name": "b", "exec": ["test", "-e", "yes"], "on_unhealthy": "report"}],
        "action": [{"on": ["unhealthy"], "command": ["notify", "x"]}]}"#;
    let toml = r#"interval = 5
        token = "1234"
        allow_hosts = ["prober"]
        mass_failure.failed_fraction = 0.3
        [[target]]
        name = "a"
        url = "http://a/"
        expect_status = "200-204"
        [[target]]
        name = "b"
        exec = ["test", "-e", "yes"]
        on_unhealthy = "report"
        [[action]]
        on = ["unhealthy"]
        command = ["notify", "x"]"#;
    let yaml = "interval: 5\ntoken: '1234'\nallow_hosts: [prober]\n\
        mass_failure:\n  failed_fraction: 0.3\n\
        target:\n- {name: a, url: 'http://a/', expect_status: 200-204}\n\
        - name: b\n  exec: [test, -e, 'yes']\n  on_unhealthy: report\n\
        action:\n- on: [unhealthy]\n  command: [notify, x]\n";
    let read = [
        ("json", json),
        ("toml", toml),
        ("yaml", yaml),
        ("yml", yaml),
    ];
    let read = read.map(|(end, text)| {
        let file = File::new(&format!("formats.{end}"), text);
        let value = parse(&file.0, "same").expect(end);
        (value, file.read().map(|it| it.targets.len()))
    });
    for it in &read[1..] {
        assert_eq!(it, &read[0]);
    }
    let mistake = File::new("line.yaml", "interval: 5\nretries: [\n").read();
    let mistake = mistake.expect_err("refused").to_string();
    assert!(mistake.contains("line.yaml: line 3, column"), "{mistake}");
}

#[test]
fn the_default_interval_depends_on_the_grammar_unless_one_is_set_for_all() {
    let checks = r#"
        [[target]]
        name = "a"
        host = "10.0.0.5"
        [[target.check]]
        url = "http://10.0.0.5/"
        [[target.check]]
        exec = ["true"]
        [[target.check]]
        url = "tcp://10.0.0.5:5432"
        [[target.check]]
        tcp = { port = 5432 }
        [[target.check]]
        httpGet = { port = 80 }
        [[target.check]]
        type = "HTTP"
        http = { port = 80 }
        [[target.check]]
        tcpSocket = { port = 80 }
        [[target.check]]
        exec = { command = ["true"] }
        [[target.check]]
        http = { port = 80 }
        interval_seconds = 7
        [[target]]
        name = "pod"
        host = "10.0.0.5"
        livenessProbe = { httpGet = { port = 80 } }
    "#;
    let intervals = |name, settings: &str| -> Vec<u64> {
        let targets = toml(name, &format!("{settings}\n{checks}")).targets;
        let checks = targets.iter().flat_map(|it| &it.checks);
        checks.map(|it| it.config.interval.as_secs()).collect()
    };
    let by_default = intervals("intervals", "");
    assert_eq!(by_default, [60, 60, 60, 30, 30, 30, 30, 30, 7, 30]);
    for set in ["interval = 20", "periodSeconds = 20"] {
        let set = intervals("set-interval", set);
        assert_eq!(set, [20, 20, 20, 20, 20, 20, 20, 20, 7, 20]);
    }
}

#[test]
fn a_container_of_kubernetes_is_a_target() {
    let text = r#"{"target": [{"name": "web", "host": "::1",
        "startupProbe": {"httpGet": {"port": 80}, "failureThreshold": 30},
        "livenessProbe": {"httpGet": {"port": 80, "path": "/livez", "scheme": "HTTPS"}},
        "readinessProbe": {"tcpSocket": {"port": 80}, "successThreshold": 2}}]}"#;
    let settings = File::new("k8s.json", text).read().expect("read");
    let target = &settings.targets[0];
    let shown: Vec<_> = target
        .checks
        .iter()
        .map(|it| format!("{} {}", it.name, it.probe))
        .collect();
    assert_eq!(
        shown,
        [
            "startup http://[::1]:80/",
            "liveness https://[::1]:443/livez",
            "readiness tcp://[::1]:80"
        ]
        .map(|it| it.replace(":443", ":80")),
    );
    let acts: Vec<_> = target
        .checks
        .iter()
        .map(|it| it.config.on_unhealthy)
        .collect();
    assert_eq!(
        acts,
        [
            OnUnhealthy::Report,
            OnUnhealthy::Deregister,
            OnUnhealthy::Report
        ]
    );
}

#[test]
fn a_url_is_a_server_of_a_registry_and_everything_can_be_said() {
    let settings = toml(
        "defaults",
        r#"target = [{ name = "a", url = "http://a/health" }]"#,
    );
    let check = &settings.targets[0].checks[0];
    assert_eq!(check.config.interval, Duration::from_secs(60));
    assert_eq!(check.config.timeout, Duration::from_secs(10));
    assert_eq!(
        (check.config.retries, check.config.on_unhealthy),
        (3, OnUnhealthy::Deregister)
    );
    let Probe::Http(http) = &check.probe else {
        panic!("{:?}", check.probe);
    };
    let shown = format!("{http:?}");
    assert!(shown.contains("accepted: 200,"), "{shown}");

    let settings = toml(
        "all",
        r#"
        db = "registry.db"
        listen = "127.0.0.1:0"
        token = "s3cr3t"
        allow_hosts = ["prober", "prober.example.com"]
        interval = "5s"
        retries = 2
        auto_deregister = false
        results = 50
        max_in_flight = 7
        mass_failure = { min_targets = 10, failed_fraction = 0.3 }
        target = [{ name = "a", url = "http://a/", group = "web", interval = 1, expect_status = 204, json = false, method = "HEAD" }]
        "#,
    );
    assert!(settings.db.ends_with("registry.db") && settings.db.is_absolute());
    assert_eq!(settings.monitor.max_in_flight, 7);
    assert_eq!(settings.allow_hosts, ["prober", "prober.example.com"]);
    let check = &settings.targets[0].checks[0];
    assert_eq!(check.config.interval, Duration::from_secs(1));
    assert_eq!(
        (check.config.retries, check.config.on_unhealthy),
        (2, OnUnhealthy::Report)
    );
    assert_eq!(
        settings.warnings().len(),
        1,
        "timeout 10 s is above interval 1 s"
    );
}

/// As in a pod's manifest.
#[test]
fn an_empty_header_takes_the_default_away() {
    let text = "[[target]]\nname = \"a\"\n[target.httpGet]\nhost = \"h\"\nport = 80\n\
                httpHeaders = [{ name = \"Accept\", value = \"\" }]\n";
    let settings = toml("header", text);
    let Probe::Http(probe) = &settings.targets[0].checks[0].probe else {
        panic!("HTTP");
    };
    let request = String::from_utf8_lossy(probe.request());
    assert!(!request.contains("Accept: "), "{request}");
}

/// Ten of its own intervals, if nothing else is said; 0 is never.
#[test]
fn how_a_deregistered_target_is_rechecked() {
    let secs = |config: &str, flags: Flags| {
        let file = File::new("recheck.toml", config);
        let flags = Flags {
            config: Some(file.0.clone()),
            ..flags
        };
        let settings = Settings::read(&flags).expect("read");
        let config = &settings.targets[0].checks[0].config;
        let interval = config.recheck_interval.map(|it| it.as_secs_f64());
        (interval, config.auto_reactivate)
    };
    let target = |more: &str| format!("[[target]]\nname = \"a\"\nurl = \"http://a/\"\n{more}\n");
    let flags = Flags::default;
    let flagged = |seconds| Flags {
        recheck_interval: Some(Duration::from_secs(seconds)),
        auto_reactivate: true,
        interval: Some(Duration::from_secs(5)),
        ..Flags::default()
    };
    for (config, flags, wanted) in [
        (target(""), flags(), (Some(600.0), false)),
        (target("interval = 7"), flags(), (Some(70.0), false)),
        (
            "interval = 3\n".to_owned() + &target(""),
            flags(),
            (Some(30.0), false),
        ),
        (
            target("recheck_interval = \"9s\""),
            flags(),
            (Some(9.0), false),
        ),
        (
            "recheck_interval = 8\n".to_owned() + &target("interval = 7"),
            flags(),
            (Some(8.0), false),
        ),
        (
            "recheck_interval = 0\n".to_owned() + &target(""),
            flags(),
            (None, false),
        ),
        (
            "recheck_interval = 0\nauto_reactivate = true\n".to_owned()
                + &target("recheck_interval = 4"),
            flags(),
            (Some(4.0), true),
        ),
        (
            "auto_reactivate = true\n".to_owned() + &target("auto_reactivate = false"),
            flags(),
            (Some(600.0), false),
        ),
        (
            "recheck_interval = 8\n".to_owned() + &target(""),
            flagged(2),
            (Some(2.0), true),
        ),
        (target(""), flagged(0), (None, true)),
        (
            target(""),
            Flags {
                interval: Some(Duration::from_secs(5)),
                ..Flags::default()
            },
            (Some(50.0), false),
        ),
    ] {
        assert_eq!(secs(&config, flags), wanted, "{config}");
    }
}
