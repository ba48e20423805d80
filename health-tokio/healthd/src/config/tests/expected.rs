//! What a check may be told to send, to expect and to use.

use health_core::check::probe::{ExecProbe, ResourceLimits};

use super::*;
use crate::config::check::CheckDef;

/// The check of a target that is described like this.
fn check(name: &str, text: &str) -> CheckDef {
    let text = format!("[[target]]\nname = \"a\"\n{text}\n");
    toml(name, &text).targets.remove(0).checks.remove(0)
}

fn rule(name: &str, text: &str) -> String {
    check(name, text).rule.to_string()
}

#[test]
fn a_rule_says_everything_that_is_expected() {
    let url = "url = \"http://a/\"\n";
    for (text, said) in [
        ("", "status 200, a body of JSON"),
        ("expect_status = 204\njson = false", "status 204"),
        (
            "expect_status = \"200, 204,300-399\"\njson = false",
            "status 200|204|300-399",
        ),
        (
            "expect_status = [200, \"300-399\"]\njson = false",
            "status 200|300-399",
        ),
        (
            "contains = \"ok\"\nmatches = [\"^a\", \"b$\"]\njson = false",
            "status 200, a body with \"ok\", a body that matches \"^a\", a body that matches \"b$\"",
        ),
        (
            "json_at = { \"/status\" = \"ok\", \"/replicas/0\" = 3 }",
            "status 200, a body of JSON, 3 at /replicas/0, \"ok\" at /status",
        ),
        (
            "json = false\nexpect_headers = { X-Cache = \"HIT\", Date = true }",
            "status 200, a header Date, X-Cache \"HIT\"",
        ),
        (
            "json = false\nmax_latency = \"500ms\"\nredirects = 3\nip_family = \"ipv6\"",
            "status 200, within 500ms, behind at most 3 redirects, over IPv6",
        ),
        (
            "json = false\nmax_latency = 2\nwarn = { max_latency = 0.5, contains = \"ok\" }",
            "status 200, within 2s; degraded without: a body with \"ok\", within 500ms",
        ),
    ] {
        assert_eq!(rule("rule", &format!("{url}{text}")), said, "{text}");
    }
    let tcp = "url = \"tcp://a:1\"\nip_family = \"ipv4\"";
    assert_eq!(rule("rule-tcp", tcp), "a connection is accepted over IPv4");
    assert_eq!(rule("rule-exec", "exec = [\"true\"]"), "exit code 0");
    let plugin = "exec = [\"true\"]\nexit_codes = \"plugin\"";
    assert_eq!(rule("rule-plugin", plugin), "exit code 0; degraded with 1");
}

#[test]
fn a_request_is_sent_as_it_was_told() {
    let text = "url = \"http://a/\"\nmethod = \"POST\"\nbody = \"{}\"\n\
                headers = { Content-Type = \"application/json\" }";
    let Probe::Http(http) = check("request", text).probe else {
        panic!("HTTP");
    };
    let request = String::from_utf8_lossy(http.request()).into_owned();
    assert!(request.starts_with("POST / HTTP/1.1\r\n"), "{request}");
    assert!(request.ends_with("application/json\r\n\r\n{}"), "{request}");
}

fn command(name: &str, text: &str) -> ExecProbe {
    match check(name, text).probe {
        Probe::Exec(command) => command,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_command_may_be_limited_and_run_elsewhere() {
    let command = command(
        "exec",
        r#"exec = ["pg_isready", "-q"]
        exec_prefix = ["docker", "exec", "db"]
        exec_user = "root"
        exec_dir = "/tmp"
        exec_env = { PGPASSWORD = "s3cr3t" }
        exec_limits = { cpu = "2s", memory = "64M", processes = 100, files = 64 }"#,
    );
    let argv: Vec<_> = command.argv().collect();
    assert_eq!(argv, ["docker", "exec", "db", "pg_isready", "-q"]);
    assert_eq!((command.uid(), command.gid()), (Some(0), Some(0)));
    assert_eq!(command.dir(), "/tmp");
    assert!(command.env().any(|it| it == ("PGPASSWORD", "s3cr3t")));
    let mut limits = ResourceLimits::default();
    limits.cpu = Some(Duration::from_secs(2));
    limits.address_space = Some(64 << 20);
    (limits.processes, limits.files) = (Some(100), Some(64));
    assert_eq!(command.limits(), &limits);
}

#[test]
fn a_user_is_a_name_or_numbers() {
    for (user, ids) in [
        ("1000", (Some(1_000), None)),
        ("\"1000\"", (Some(1_000), None)),
        ("\"1000:50\"", (Some(1_000), Some(50))),
    ] {
        let text = format!("exec = [\"true\"]\nexec_user = {user}");
        let command = command("user", &text);
        assert_eq!((command.uid(), command.gid()), ids, "{user}");
    }
}

#[test]
fn a_check_may_be_made_more_or_less_often() {
    let rhythm = "edge_interval = \"5s\"\ndown_interval = 10\ndown_backoff = 2\n\
                  down_interval_max = \"5m\"\njitter = 10\n";
    let own = format!("url = \"http://a/\"\n{rhythm}");
    let of_all = format!("{rhythm}[[target]]\nname = \"a\"\nurl = \"http://a/\"");
    let of_all = toml("rhythm-all", &of_all)
        .targets
        .remove(0)
        .checks
        .remove(0);
    for check in [check("rhythm", &own), of_all] {
        let config = &check.config;
        assert_eq!(config.edge_interval, Some(Duration::from_secs(5)));
        assert_eq!(config.unhealthy_interval, Some(Duration::from_secs(10)));
        assert_eq!(
            config.unhealthy_interval_max,
            Some(Duration::from_secs(300))
        );
        assert!((config.unhealthy_backoff_factor - 2.0).abs() < f64::EPSILON);
        assert_eq!(config.jitter_percent, 10);
        let text = "every 5s while a change is pending; every 10s while unhealthy, times 2 at each \
                    failure up to 300s; late by up to 10 %";
        assert_eq!(rhythm::words(config).as_deref(), Some(text));
    }
}

#[test]
fn addresses_of_credentials_are_denied_unless_allowed() {
    use health_core::check::probe::AddressPolicy;
    let policy = |text: &str| toml("addresses", text).policy;
    let by_default = AddressPolicy::new().deny(AddressPolicy::METADATA);
    assert_eq!(policy(""), by_default);
    assert_eq!(policy("addresses = {}"), by_default);
    assert_eq!(policy("addresses = { deny = [] }"), AddressPolicy::new());
    let block = |text: &str| text.parse::<health_core::Cidr>().expect(text);
    assert_eq!(
        policy("addresses = { allow = [\"10.0.0.0/8\"], deny = [\"10.9.0.0/16\", \"this-host\"] }"),
        AddressPolicy::new()
            .allow([block("10.0.0.0/8")])
            .deny([block("10.9.0.0/16")])
            .deny(AddressPolicy::THIS_HOST),
    );
    let allowed = AddressPolicy::new().allow(AddressPolicy::LINK_LOCAL);
    assert_eq!(policy("addresses = { allow = [\"link-local\"] }"), allowed);
}
