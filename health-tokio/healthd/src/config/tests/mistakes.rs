//! Mistakes in a configuration, and what is said of each: for the reader, and for the program as it is
//! run.

/// A file, and what the one line has to have in it. No line may have `hunter2` in it.
pub(crate) fn mistakes() -> Vec<(String, &'static str)> {
    let target = |rest: &str| format!("target = [{{ name = \"a\", {rest} }}]");
    let url = |rest: &str| target(&format!("url = \"http://a/\", {rest}"));
    vec![
        ("interval = ".into(), "TOML parse error at line 1"),
        (
            "intervall = 5".into(),
            "intervall: no such key; allowed are: action",
        ),
        (
            "allow_hosts = [\"prober\", \"prober:9103\"]".into(),
            "allow_hosts[1] = \"prober:9103\": allowed is the name of a host, without a port",
        ),
        (
            "interval = \"5 min\"".into(),
            "interval = \"5 min\": a duration is a number of seconds",
        ),
        (
            "interval = 0".into(),
            "interval = 0: allowed is at least 100ms",
        ),
        (
            "periodSeconds = 0.09".into(),
            "periodSeconds = 0.09: allowed is at least 100ms",
        ),
        (
            url("interval_seconds = 0.001"),
            "target[0].interval_seconds = 0.001: allowed is at least 100ms",
        ),
        (
            url("interval = \"99ms\""),
            "target[0].interval = \"99ms\": allowed is at least 100ms",
        ),
        ("timeout = 0".into(), "timeout = 0: allowed is at least 1ms"),
        (
            "window = [{ name = \"w\", cron = \"0 2 * * SUN\" }]".into(),
            "window[0]: for is missing",
        ),
        (
            "window = [{ name = \"w\", cron = \"61 2 * * *\", for = \"1h\" }]".into(),
            "window[0].cron = \"61 2 * * *\": ",
        ),
        (
            "window = [{ name = \"w\", cron = \"0 0 30 2 *\", for = \"1h\" }]".into(),
            "it never comes; allowed is 'MINUTE HOUR DAY MONTH WEEKDAY', as 30 2 * * SUN",
        ),
        (
            "window = [{ name = \"w\", cron = \"0 0 2 * * *\", for = \"1h\" }]".into(),
            "allowed is 'MINUTE HOUR DAY MONTH WEEKDAY', as 30 2 * * SUN",
        ),
        (
            "window = [{ name = \"w\", cron = \"0 2 * * *\", for = \"1h\", zone = \"Europe/Berlim\" }]"
                .into(),
            "window[0].zone = \"Europe/Berlim\": allowed is a name of the IANA time zones, as Europe/Berlin",
        ),
        (
            "window = [{ name = \"w\", cron = \"0 2 * * *\", for = \"367d\" }]".into(),
            "window[0].for = \"367d\": allowed is at most 366d",
        ),
        (
            "window = [{ name = \"w\", cron = \"0 2 * * *\", for = \"1h\", groups = [] }]".into(),
            "window[0].groups = […]: allowed are names; without this key it is for all targets",
        ),
        (
            "timeout = true".into(),
            "timeout = true: a duration is a number of seconds",
        ),
        (
            "timeout = -1".into(),
            "timeout = -1: a duration is a number of seconds",
        ),
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
        (
            url("max_body = 0"),
            "target[0].max_body = 0: allowed is 1 to 1073741824",
        ),
        (
            target("url = \"tcp://a:1\", max_body = 5"),
            "max_body is for http and https",
        ),
        (
            target("exec = [\"true\"], json = false"),
            "target[0].json: json is for http and https",
        ),
        (
            target("host = \"a\", tcp = { port = 1 }, warn = { contains = \"x\" }"),
            "target[0].warn: warn is for http and https",
        ),
        (
            url("exit_codes = \"plugin\""),
            "target[0].exit_codes: exit_codes is for exec",
        ),
        (
            target("url = \"tcp://a:1\", exec_user = \"root\""),
            "target[0].exec_user: exec_user is for exec",
        ),
        (
            url("expect_status = \"200,20\""),
            "target[0].expect_status = \"200,20\": allowed is 200, 200-399 or 200,204,300-399",
        ),
        (
            url("expect_status = [200, 600]"),
            "target[0].expect_status[1] = 600: allowed is 200 or 300-399",
        ),
        (
            url("expect_status = []"),
            "target[0].expect_status = […]: allowed is at least one status",
        ),
        (
            url("expect_status = \"399-200\""),
            "target[0].expect_status = \"399-200\": allowed is 200",
        ),
        (url("body = 5"), "target[0].body = 5: allowed is a text"),
        (
            url("contains = [\"a\", 5]"),
            "target[0].contains[1] = 5: allowed is a text",
        ),
        (
            url("matches = \"a(b\""),
            "target[0].url: expected pattern \"unclosed group: a(b\": allowed is a regular expression",
        ),
        (
            url("json_at = \"/status\""),
            "target[0].json_at = \"/status\": allowed is a table",
        ),
        (
            url("json_at = { status = \"ok\" }"),
            "target[0].url: JSON pointer \"status\": allowed are JSON pointers",
        ),
        (
            url("expect_headers = { X-Cache = 5 }"),
            "target[0].expect_headers.X-Cache = 5: allowed is a text, or true for any value",
        ),
        (
            url("max_latency = 0"),
            "target[0].max_latency = 0: allowed is more than 0",
        ),
        (
            url("max_latency = \"10s\""),
            "target[0].max_latency = \"10s\": allowed is less than the timeout, 10s",
        ),
        (
            url("warn = { max_latency = 20 }"),
            "target[0].warn.max_latency = 20: allowed is less than the timeout, 10s",
        ),
        (
            url("max_latency = 1, warn = { max_latency = 1 }"),
            "soft latency 1s: allowed is less than the limit that makes it a failure",
        ),
        (
            url("warn = { expect_status = 200 }"),
            "target[0].warn.expect_status: no such key; allowed are: contains, expect_headers, json",
        ),
        (
            url("redirects = 11"),
            "target[0].redirects = 11: allowed is 0 to 10",
        ),
        (
            url("ip_family = \"ipv5\""),
            "target[0].ip_family = \"ipv5\": allowed is one of: any, ipv4, ipv6",
        ),
        (
            target("url = \"tcp://127.0.0.1:1\", ip_family = \"ipv6\""),
            "target[0].url: IP family \"IPv6\": allowed is the family of the address",
        ),
        (
            target("exec = [\"true\"], exit_codes = \"nagios\""),
            "target[0].exit_codes = \"nagios\": allowed is one of: zero, plugin",
        ),
        (
            target("exec = [\"true\"], exec_prefix = \"docker exec\""),
            "target[0].exec_prefix = \"docker exec\": allowed is a list",
        ),
        (
            target("exec = [\"true\"], exec_user = \"no such user\""),
            "target[0].exec_user = \"no such user\": allowed is a name of /etc/passwd, a number, or UID:GID",
        ),
        (
            target("exec = [\"true\"], exec_dir = \"tmp\""),
            "target[0].exec_dir = \"tmp\": allowed is an absolute path",
        ),
        (
            target("exec = [\"true\"], exec_env = { A = 5 }"),
            "target[0].exec_env.A = 5: allowed is a text",
        ),
        (
            target("exec = [\"true\"], exec_limits = { cpu = 0 }"),
            "target[0].exec_limits.cpu = 0: allowed is more than 0",
        ),
        (
            target("exec = [\"true\"], exec_limits = { memory = \"64MB\" }"),
            "target[0].exec_limits.memory = \"64MB\": allowed is a number of bytes, as 67108864 or 64M",
        ),
        (
            target("exec = [\"true\"], exec_limits = { files = 0 }"),
            "target[0].exec_limits.files = 0: allowed is 1 to",
        ),
        (
            target("exec = [\"true\"], exec_limits = { disk = 1 }"),
            "target[0].exec_limits.disk: no such key; allowed are: cpu, files, memory, processes",
        ),
        (
            url("edge_interval = \"1ms\""),
            "target[0].edge_interval = \"1ms\": allowed is at least 100ms",
        ),
        (
            url("down_interval = 0"),
            "target[0].down_interval = 0: allowed is at least 100ms",
        ),
        (
            url("down_backoff = 0.5"),
            "target[0].down_backoff = 0.5: allowed is 1 to 100",
        ),
        (
            url("down_interval_max = 0"),
            "target[0].down_interval_max = 0: allowed is at least 100ms",
        ),
        ("jitter = 51".into(), "jitter = 51: allowed is 0 to 50"),
        (
            "addresses = { deny = [\"10.0.0.1/8\"] }".into(),
            "addresses.deny[0] = \"10.0.0.1/8\": allowed is a block as 10.0.0.0/8, or link-local",
        ),
        (
            "addresses = { allow = [] }".into(),
            "addresses.allow = […]: allowed is at least one block",
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
            "target[0].expect_status = \"2xx\": allowed is 200, 200-399 or 200,204,300-399",
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
            "action[0].on[0] = \"death\": allowed is one of: unhealthy, recovered, deregistered, answers_again, flapping, mass_failure",
        ),
        (
            "action = [{ webhook = \"gopher://a/?token=hunter2\" }]".into(),
            "action[0].webhook: allowed is http(s)://",
        ),
        (
            "action = [{ command = [\"true\"], webhook = \"http://a/\" }]".into(),
            "action[0]: allowed is one of: command, webhook",
        ),
        (
            "file_sd = [{ files = \"none.json\" }]".into(),
            "file_sd[0].files = \"none.json\": allowed is a list",
        ),
    ]
}
