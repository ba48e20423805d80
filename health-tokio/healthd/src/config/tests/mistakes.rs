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
