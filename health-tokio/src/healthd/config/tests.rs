//! What is read, and what is said of what cannot be.

use std::path::PathBuf;

use health_core::check::OnUnhealthy;

use super::*;

struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let id = std::process::id();
        let path = std::env::temp_dir().join(format!("healthd-config-{id}-{name}"));
        fs::write(&path, text).expect("written");
        Self(path)
    }

    fn read(&self) -> Result<Settings> {
        Settings::read(&Told {
            config: Some(self.0.clone()),
            ..Told::default()
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
    let read = |name, text| toml(name, &format!("[[target]]\n{text}")).targets.remove(0);
    let ours = read("ours", ours);
    assert_eq!(ours.checks.len(), 3);
    let names: Vec<_> = ours.checks.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["http", "tcp", "exec"]);
    for (name, other) in [("k8s", kubernetes), ("orchestrator", orchestrator)] {
        let other = read(name, other);
        assert!(
            ours.is_same_as(&other),
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
    let health_core::check::probe::Probe::Http(target) = &check.probe else {
        panic!("{:?}", check.probe);
    };
    assert_eq!(target.request().accepted_status(), &(200..=200));

    let settings = toml(
        "all",
        r#"
        db = "registry.db"
        listen = "127.0.0.1:0"
        token = "s3cr3t"
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

#[test]
fn lists_of_prometheus_name_targets() {
    let list = r#"[{"targets": ["10.0.0.1:8080", "[::1]:9100"], "labels": {"job": "node"}},
                   {"targets": ["db:1"], "labels": {"__scheme__": "https", "__metrics_path__": "/h"}}]"#;
    let list = File::new("sd-1.json", list);
    let pattern = list
        .0
        .file_name()
        .and_then(|it| it.to_str())
        .expect("a name")
        .replace("1.json", "*.json");
    let settings = toml(
        "sd",
        &format!("file_sd = [{{ files = [{pattern:?}], path = \"/healthz\" }}]"),
    );
    let shown: Vec<_> = settings
        .targets
        .iter()
        .map(|it| format!("{} {} {}", it.group, it.name, it.checks[0].probe))
        .collect();
    assert_eq!(
        shown,
        [
            "node 10.0.0.1:8080 http://10.0.0.1:8080/healthz",
            "node ::1_:9100 http://[::1]:9100/healthz",
            "targets db:1 https://db:1/h",
        ]
    );
}

#[test]
fn a_password_that_changes_is_a_change_and_never_shown() {
    let read = |secret: &str| {
        let text = format!(
            "target = [{{ name = \"a\", url = \"http://a/\", headers = {{ Authorization = {secret:?} }} }}]"
        );
        toml("secret", &text).targets.remove(0)
    };
    let (old, new, same) = (read("hunter2"), read("hunter3"), read("hunter2"));
    assert!(!old.is_unchanged(&new) && old.is_unchanged(&same) && old.is_same_as(&new));
    assert!(!old.text.contains("hunter") && !format!("{:?}", old.checks).contains("hunter"));
}

/// Each line names the file, the key, the value and what is allowed.
#[test]
fn thirty_kinds_of_wrong_configuration() {
    let target = |rest: &str| format!("target = [{{ name = \"a\", {rest} }}]");
    let url = |rest: &str| target(&format!("url = \"http://a/\", {rest}"));
    let cases: Vec<(String, &str)> = vec![
        ("interval = ".into(), "TOML parse error at line 1"),
        (
            "intervall = 5".into(),
            "intervall: no such key; allowed are: action",
        ),
        (
            "interval = \"5 min\"".into(),
            "interval = \"5 min\": allowed is a duration",
        ),
        (
            "interval = 0".into(),
            "interval = 0: allowed is at least 1ms",
        ),
        (
            "timeout = true".into(),
            "timeout = true: allowed is a duration",
        ),
        ("timeout = -1".into(), "timeout = -1: allowed is a duration"),
        (
            "interval = 5\nperiodSeconds = 5".into(),
            "periodSeconds = 5: allowed is one of interval, interval_seconds, periodSeconds",
        ),
        ("retries = 0".into(), "retries = 0: allowed is 1 to 1000000"),
        (
            "listen = \"localhost\"".into(),
            "listen = \"localhost\": allowed is ADDRESS:PORT",
        ),
        (
            "auto_deregister = 1".into(),
            "auto_deregister = 1: allowed is true or false",
        ),
        (
            "max_in_flight = 0".into(),
            "max_in_flight = 0: allowed is 1 to",
        ),
        (
            "mass_failure = { failed_fraction = 2 }".into(),
            "mass_failure.failed_fraction = 2: allowed is 0 to 1",
        ),
        (
            "db = \"/no/such/place/a.db\"".into(),
            "db = /no/such/place/a.db: allowed is a file in a directory that exists",
        ),
        ("target = 5".into(), "target = 5: allowed is a list"),
        ("target = [5]".into(), "target[0] = 5: allowed is a table"),
        (
            "target = [{ url = \"http://a/\" }]".into(),
            "target[0]: name is missing",
        ),
        (
            "target = [{ name = \"a b\", url = \"http://a/\" }]".into(),
            "target[0].name = \"a b\": allowed are 1 to 64 characters",
        ),
        (
            "target = [{ name = \"a\" }]".into(),
            "target[0]: nothing to check; allowed is one of: url",
        ),
        (
            target("url = \"ftp://a/\""),
            "target[0].url = \"ftp://a/\": allowed are http://",
        ),
        (
            target("url = \"http://u:hunter2@a/\""),
            "credentials go into an Authorization header",
        ),
        (target("url = \"tcp://a\""), "target[0].url: "),
        (
            target("url = \"http://a/\", tcp = { port = 1 }"),
            "target[0].tcp: a check has one of: url",
        ),
        (
            target("tcpSocket = { port = 70000 }"),
            "target[0].tcpSocket: host is missing",
        ),
        (
            target("host = \"a\", tcpSocket = { port = 70000 }"),
            "target[0].tcpSocket.port = 70000: allowed is 1 to 65535",
        ),
        (
            target("host = \"a\", httpGet = { scheme = \"gopher\" }"),
            "target[0].httpGet.scheme = \"gopher\": allowed is one of: http, https",
        ),
        (
            target("host = \"a\", http = { status_code_min = 400, status_code_max = 200 }"),
            "target[0].http: status_code_min is above",
        ),
        (target("exec = []"), "target[0].exec: "),
        (
            target("type = \"TCP\", url = \"http://a/\""),
            "target[0].type = \"TCP\": it has url",
        ),
        (
            url("expect_status = \"2xx\""),
            "target[0].expect_status = \"2xx\": allowed is 200 or 200-399",
        ),
        (
            url("kind = \"alive\""),
            "target[0].kind = \"alive\": allowed is one of: health, startup",
        ),
        (
            url("kind = \"liveness\", success_threshold = 2"),
            "target[0]: success_threshold 2: allowed is 1 for a startup or liveness check",
        ),
        (
            url("headers = { A = { env = \"HEALTHD_NO_SUCH_VARIABLE\" } }"),
            "target[0].headers.A.env = \"HEALTHD_NO_SUCH_VARIABLE\": no such variable",
        ),
        (url("tls = { insecure = true }"), "tls is for https"),
        (url("colour = \"red\""), "target[0].colour: no such key"),
        (
            format!(
                "{}\n[[target]]\nname = \"a\"\nurl = \"http://b/\"",
                "[[target]]\nname = \"a\"\nurl = \"http://a/\""
            ),
            "target.name = a: two targets of this name",
        ),
        (
            "action = [{ command = [] }]".into(),
            "action[0].command = […]: allowed is a program and its arguments",
        ),
        (
            "action = [{ on = [\"death\"], command = [\"true\"] }]".into(),
            "action[0].on[0] = \"death\": allowed is one of: unhealthy, recovered, deregistered, mass_failure",
        ),
        (
            "action = [{ webhook = \"https://a/?token=hunter2\" }]".into(),
            "action[0].webhook: allowed is http://",
        ),
        (
            "action = [{ command = [\"true\"], webhook = \"http://a/\" }]".into(),
            "action[0]: allowed is one of: command, webhook",
        ),
        (
            "file_sd = [{ files = [\"none.json\"] }]".into(),
            "none.json: No such file",
        ),
    ];
    for (index, (text, expected)) in cases.iter().enumerate() {
        let file = File::new(&format!("wrong-{index}.toml"), text);
        let error = match file.read() {
            Ok(settings) => panic!("{text}: accepted as {settings:?}"),
            Err(error) => error.to_string(),
        };
        assert!(
            error.contains(expected),
            "{text}\n  said {error}\n  not  {expected}"
        );
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(!error.contains("hunter2"), "{error}");
        let names_its_place = error.contains("wrong-")
            || error.starts_with("settings")
            || error.contains("none.json");
        assert!(names_its_place, "{error}");
    }
    let missing = Settings::read(&Told {
        config: Some("/no/such/file.toml".into()),
        ..Told::default()
    });
    let error = missing.expect_err("no file").to_string();
    assert!(
        error.starts_with("/no/such/file.toml: No such file"),
        "{error}"
    );
    for (told, expected) in [
        ("a", "--target = \"a\": allowed is NAME=URL"),
        ("a=b", "--target: url = \"b\": allowed are http://"),
    ] {
        let read = Settings::read(&Told {
            targets: vec![told.to_owned()],
            ..Told::default()
        });
        let error = read.expect_err("refused").to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}
