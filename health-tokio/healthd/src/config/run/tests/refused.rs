//! Mistakes, and what is said of each.

use super::*;

/// Flags, and what the one line has to have in it.
#[test]
fn refused_by_flag_value_and_what_is_allowed() {
    let http = || ("health-http", json!("port=80"));
    let cases: Vec<(Vec<(&str, Value)>, &str)> = vec![
        (
            vec![("replicas", json!(0))],
            "--replicas = 0: allowed is 1 to 1000",
        ),
        (
            vec![("replicas", json!(1001))],
            "--replicas = 1001: allowed is 1 to 1000",
        ),
        (
            vec![("replicas", json!("-1"))],
            "--replicas = \"-1\": allowed is 1 to 1000",
        ),
        (
            vec![("port-step", json!(2))],
            "--port-step = 2: allowed only with port",
        ),
        (
            vec![("port", json!(0))],
            "--port = 0: allowed is 1 to 65535",
        ),
        (
            vec![("port", json!(65535)), ("replicas", json!(2))],
            "--port = 65535: allowed is a port from which",
        ),
        (
            vec![("name", json!("a b"))],
            "--name = \"a b\": allowed are 1 to 58",
        ),
        (vec![("name", json!("x".repeat(59)))], "allowed are 1 to 58"),
        (
            vec![("name", json!("actions"))],
            "--name = \"actions\": allowed is any other name",
        ),
        (vec![("command", json!([".."]))], "run: name is missing"),
        (
            vec![("command", json!([""]))],
            "-- COMMAND: allowed is a program",
        ),
        (
            vec![("command", json!(["a", "{port}"]))],
            "-- COMMAND: {port} is allowed only with port",
        ),
        (
            vec![("command", json!(["a"])), ("restart-command", json!("b"))],
            "--restart-command = \"b\": allowed is either",
        ),
        (
            vec![("command", Value::Null), ("restart-command", Value::Null)],
            "run: nothing to run; allowed is one of: -- COMMAND, --restart-command",
        ),
        (
            vec![("restart-command", json!("b")), ("name", json!("b"))],
            "--restart-command needs a check",
        ),
        (
            vec![
                ("restart-command", json!("b")),
                ("name", json!("b")),
                ("readiness", json!("tcp=1")),
            ],
            "--restart-command needs a check",
        ),
        (
            vec![("restart-command", json!("b")), http()],
            "run: name is missing",
        ),
        (
            vec![("restart", json!("sometimes"))],
            "--restart = \"sometimes\": allowed is one of: always, on-failure, never",
        ),
        (
            vec![("success-exit", json!("0,256"))],
            "--success-exit = \"0,256\": allowed are exit codes",
        ),
        (
            vec![("backoff", json!("301s"))],
            "--backoff = \"301s\": allowed is at most --backoff-max",
        ),
        (
            vec![("backoff-max", json!("5s"))],
            "--backoff-max = \"5s\": allowed is at least backoff, 10s",
        ),
        (
            vec![("backoff", json!("5 s"))],
            "--backoff = \"5 s\": a duration is",
        ),
        (
            vec![("backoff-jitter", json!(51))],
            "--backoff-jitter = 51: allowed is 0 to 50",
        ),
        (
            vec![("restart-budget", json!("0/1m"))],
            "--restart-budget = \"0/1m\": allowed is NUMBER/TIME, both above 0",
        ),
        (vec![("restart-budget", json!("1/0"))], "both above 0"),
        (
            vec![("restart-budget", json!("5"))],
            "--restart-budget = \"5\": allowed is NUMBER/TIME",
        ),
        (
            vec![("max-unavailable", json!(0))],
            "--max-unavailable = 0: allowed is 1 to",
        ),
        (
            vec![("max-unavailable", json!(2))],
            "--max-unavailable = 2: allowed is 1 to",
        ),
        (
            vec![("max-unavailable", json!("0%"))],
            "--max-unavailable = \"0%\": allowed is 1% to 100%",
        ),
        (
            vec![("min-ready", json!(2))],
            "--min-ready = 2: allowed is 1 to the number of replicas",
        ),
        (
            vec![("stop-signal", json!("STOP"))],
            "--stop-signal = \"STOP\": allowed is the name of a signal",
        ),
        (
            vec![("prefix", json!("maybe"))],
            "--prefix = \"maybe\": allowed is one of",
        ),
        (
            vec![("log-rate", json!("10"))],
            "--log-rate = \"10\": allowed is",
        ),
        (
            vec![http(), ("health-tcp", json!("80"))],
            "--health-tcp = \"80\": allowed is one of",
        ),
        (
            vec![("health-interval", json!("5s"))],
            "--health-interval = \"5s\": allowed only with",
        ),
        (
            vec![("health-retries", json!(5)), ("liveness", json!("tcp=1"))],
            "--health-retries = 5: allowed only with",
        ),
        (
            vec![("health-host", json!("h"))],
            "--health-host = \"h\": allowed only with a check",
        ),
        (
            vec![http(), ("health-interval", json!("0"))],
            "--health-interval = \"0\": allowed is at least",
        ),
        (
            vec![http(), ("health-timeout", json!("+1"))],
            "--health-timeout = \"+1\": a duration is",
        ),
        (
            vec![http(), ("health-retries", json!(0))],
            "--health-retries = 0: allowed is 1 to 1000000",
        ),
        (
            vec![http(), ("health-status", json!("2xx"))],
            "allowed is 200, 200-399 or 200,204,300-399",
        ),
        (
            vec![http(), ("health-header", json!(["hunter2"]))],
            "--health-header: allowed is 'NAME: VALUE'",
        ),
        (
            vec![
                ("health-tcp", json!("1")),
                ("health-header", json!(["K: hunter2"])),
            ],
            "--health-header: allowed only with --health-http",
        ),
        (
            vec![("health-tcp", json!("1")), ("health-status", json!("200"))],
            "--health-status = \"200\": allowed only",
        ),
        (
            vec![("health-http", json!("/path"))],
            "--health-http = \"/path\": allowed is path=/,port=80",
        ),
        (
            vec![("health-http", json!("80"))],
            "--health-http = \"80\": allowed is path=/,port=80",
        ),
        (
            vec![("health-http", json!("path=x"))],
            "--health-http = \"path=x\": allowed is",
        ),
        (
            vec![("health-http", json!("port=0"))],
            "--health-http = \"port=0\": allowed is",
        ),
        (
            vec![("health-http", json!("port=65536"))],
            "--health-http = \"port=65536\": allowed is",
        ),
        (
            vec![("health-http", json!("port=1,port=2"))],
            "port is there twice",
        ),
        (
            vec![("health-http", json!("port=1,host=h"))],
            "--health-http = \"port=1,host=h\": allowed is",
        ),
        (
            vec![("health-http", json!("port=1,scheme=ftp"))],
            "allowed is path=/",
        ),
        (
            vec![("health-tcp", json!("tcp://a:1"))],
            "--health-tcp = \"tcp://a:1\": allowed is port=6379",
        ),
        (
            vec![("health-cmd", json!(" "))],
            "--health-cmd = \" \": allowed is a command line",
        ),
        (
            vec![("health-cmd", json!("[1]"))],
            "--health-cmd = \"[1]\": allowed is a command line",
        ),
        (
            vec![("health-cmd", json!("[]"))],
            "--health-cmd = \"[]\": allowed is a command line",
        ),
        (
            vec![("health-cmd", json!("curl :{port}"))],
            "--health-cmd: {port} is allowed only with port",
        ),
        (
            vec![("liveness", json!("interval=5s"))],
            "--liveness = \"interval=5s\": allowed is one of: path",
        ),
        (
            vec![("liveness", json!("tcp=1,port=2"))],
            "allowed is one of: path, port and scheme; tcp; cmd",
        ),
        (
            vec![("liveness", json!("tcp=1,success=2"))],
            "--liveness = \"tcp=1,success=2\": allowed is key=value",
        ),
        (
            vec![("liveness", json!("tcp=1,retries=0"))],
            "retries: allowed is 1 to 1000000",
        ),
        (
            vec![("liveness", json!("tcp=1,interval=0"))],
            "interval: allowed is at least 100ms",
        ),
        (
            vec![("liveness", json!("tcp=1,interval=5,interval=6"))],
            "interval is there twice",
        ),
        (
            vec![("startup", json!("tcp"))],
            "--startup = \"tcp\": allowed is key=value",
        ),
        (
            vec![("grace", json!("10s"))],
            "--grace = \"10s\": allowed is at least 11s",
        ),
        (
            vec![("grace", json!("soon"))],
            "--grace = \"soon\": a duration is",
        ),
    ];
    for (flags, expected) in cases {
        let error = read(&flags).expect_err(expected).to_string();
        let is_one_line = !error.contains('\n') && !error.contains("hunter2");
        assert!(
            error.contains(expected) && is_one_line,
            "{flags:?}: {error}"
        );
    }
    assert!(read(&[("grace", json!("11s"))]).is_ok());
}

#[test]
fn mistakes_in_a_file_name_file_and_key() {
    let run = |rest: &str| format!("[[run]]\ncommand = [\"a\"]\n{rest}");
    for (text, expected) in [
        ("listen = \"127.0.0.1:1\"".to_owned(), "run is missing"),
        ("run = []".to_owned(), "run is empty"),
        (
            run("colour = 1"),
            "run[0].colour: no such key; allowed are: ",
        ),
        (
            run("replicas = 0"),
            "run[0].replicas = 0: allowed is 1 to 1000",
        ),
        (
            run("[[run.check]]\nhttp = { port = \"{port}\" }"),
            "run[0].check[0]: {port} is allowed only with port",
        ),
        (
            run("[[run.check]]\ntcp = { port = 1 }\non_unhealthy = \"report\""),
            "run[0].check[0].on_unhealthy: a replica that",
        ),
        (
            run("[[run.check]]\ntcp = { port = 1 }\ncolour = 1"),
            "run[0].check[0].colour: no such key",
        ),
        (
            run("[[run.check]]\ntcp = { port = 1 }\n[[run.check]]\ntcp = { port = 2 }"),
            "two checks named tcp",
        ),
        (
            run("[[run]]\ncommand = [\"a\"]"),
            "run[1]: two groups named a",
        ),
        (run("grace = 10"), "run[0].grace: no such key"),
        (
            format!("grace = 20\n{}{}", run(""), run("name = \"b\"")),
            "grace = 20: allowed is at least 21s",
        ),
        (
            run("canary = true\nno_canary = true"),
            "allowed is one of: canary, no_canary",
        ),
    ] {
        let error = of_file("wrong.toml", &text)
            .expect_err(expected)
            .to_string();
        assert!(
            error.contains("wrong.toml") && error.contains(expected),
            "{text}: {error}"
        );
    }
    let many = "[[run.check]]\ntcp = { port = 1 }\n".repeat(17);
    let error = of_file("many.toml", &run(&many)).expect_err("too many");
    assert!(
        error
            .to_string()
            .contains("run[0]: 17 checks; allowed is at most 16"),
        "{error}"
    );
    let flags = RunFlags {
        config: Some("/no/such.toml".into()),
        group: Map::from_iter([("replicas".to_owned(), json!(2))]),
        ..RunFlags::default()
    };
    let error = RunSettings::read(&flags).expect_err("refused").to_string();
    assert!(
        error.starts_with("--replicas = 2: not allowed with --config"),
        "{error}"
    );
}
