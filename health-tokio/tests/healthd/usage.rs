//! Commands that look once, or say what is wrong with them.

use std::fs;

use super::backend::Backend;
use super::daemon::Place;

#[test]
fn wrong_is_said_in_one_line_with_code_2() {
    let place = Place::new("wrong");
    fs::write(place.path("wrong.toml"), "intervall = 5").expect("written");
    let wrong = place.path("wrong.toml").display().to_string();
    for (args, expected) in [
        (
            vec!["monitor", "--config", &wrong],
            "wrong.toml: intervall: no such key; allowed are: ",
        ),
        (
            vec!["monitor", "--config", "/no/such.toml"],
            "/no/such.toml: No such file",
        ),
        (
            vec!["monitor", "--target", "a"],
            "--target = \"a\": allowed is NAME=URL",
        ),
        (
            vec!["monitor", "--target", "a=b"],
            "--target: url = \"b\": allowed are http://",
        ),
        (
            vec!["monitor", "--target", "a b=http://a/"],
            "name = \"a b\": allowed are 1 to 64",
        ),
        (
            vec!["monitor", "--interval", "0"],
            "allowed is at least 1ms",
        ),
        (
            vec!["monitor", "--interval", "soon"],
            "a duration is a number of seconds",
        ),
        (vec!["monitor", "--listen", "here"], "--listen"),
        (vec!["monitor", "--retries", "0"], "--retries"),
        (vec!["monitor", "--log", "loud"], "--log"),
        (vec!["monitor", "--colour"], "--colour"),
        (
            vec!["check", "ftp://a"],
            "url = \"ftp://a\": allowed are http://",
        ),
        (
            vec!["check", "http://a/", "--timeout", "0"],
            "allowed is at least 1ms",
        ),
        (
            vec!["check", "http://a/", "--expect-status", "2xx"],
            "allowed is 200 or 200-399",
        ),
        (
            vec!["check", "tcp://a:1", "--contains", "x"],
            "contains is for http",
        ),
        (vec!["check", "exec"], "command"),
        (vec!["add", "a"], "allowed is NAME=URL"),
        (vec!["inspect"], "<NAME>"),
        (vec!["frobnicate"], "frobnicate"),
    ] {
        let (code, error) = place.fails(&args);
        assert!(
            code == 2 && error.contains(expected),
            "{args:?}: {code} {error}"
        );
    }
}

/// A mistake in a file, and what is said of it.
const MISTAKES: [(&str, &str); 40] = [
    ("interval = ", "TOML parse error at line 1, column 12"),
    (
        "intervall = 5",
        "intervall: no such key; allowed are: action, ",
    ),
    ("interval = 0", "interval = 0: allowed is at least 1ms"),
    (
        "interval = \"soon\"",
        "interval = \"soon\": a duration is a number of seconds",
    ),
    ("timeout = \"-1s\"", "timeout = \"-1s\": a duration is"),
    ("retries = 0", "retries = 0: allowed is 1 to 1000000"),
    ("retries = 1.5", "retries = 1.5: allowed is 1 to"),
    (
        "auto_deregister = \"yes\"",
        "auto_deregister = \"yes\": allowed is true or false",
    ),
    (
        "listen = \"here\"",
        "listen = \"here\": allowed is ADDRESS:PORT",
    ),
    ("results = 0", "results = 0: allowed is 1 to 1000"),
    ("max_in_flight = 0", "max_in_flight = 0: allowed is 1 to"),
    (
        "mass_failure = 2",
        "mass_failure = 2: allowed is true or false",
    ),
    ("token = 5", "token = 5: allowed is a text"),
    ("target = \"a\"", "target = \"a\": allowed is a list"),
    (
        "[[target]]\nurl = \"http://a/\"",
        "target[0]: name is missing",
    ),
    (
        "[[target]]\nname = \"a\"",
        "target[0]: nothing to check; allowed is one of: url, ",
    ),
    (
        "[[target]]\nname = \"a b\"",
        "target[0].name = \"a b\": allowed are 1 to 64 characters",
    ),
    (
        "[[target]]\nname = \"a\"\nurl = \"gopher://a/\"",
        "target[0].url = \"gopher://a/\": allowed are http://",
    ),
    (
        "[[target]]\nname = \"a\"\nurl = \"http://a:99999/\"",
        "target[0].url: port \"99999\": allowed is a number",
    ),
    (
        "[[target]]\nname = \"a\"\nurl = \"http://a/\"\n[[target]]\nname = \"a\"\nurl = \"http://b/\"",
        "target.name = a: two targets of this name",
    ),
    (
        "[[target]]\nname = \"a\"\nurl = \"http://a/\"\ninterval = 1\nperiodSeconds = 2",
        "target[0].periodSeconds = 2: allowed is one of interval, ",
    ),
    (
        "[[target]]\nname = \"a\"\nurl = \"http://a/\"\nexpect_status = \"2xx\"",
        "target[0].expect_status = \"2xx\": allowed is 200 or 200-399",
    ),
    (
        "[[target]]\nname = \"a\"\nurl = \"http://a/\"\nheaders = { \"X Y\" = \"s3cr3t\" }",
        "target[0].url: header \"X Y\": allowed are letters",
    ),
    (
        "[[target]]\nname = \"a\"\nurl = \"http://a/\"\ngroup = \"store\"",
        "target[0].group = \"store\": allowed is any other name",
    ),
    (
        "[[target]]\nname = \"a\"\nurl = \"http://a/\"\nchecks = []",
        "target[0].checks = […]: allowed is 1 to 16 checks",
    ),
    (
        "[[target]]\nname = \"a\"\nurl = \"http://a/\"\nkind = \"aliveness\"",
        "target[0].kind = \"aliveness\": allowed is one of: health, startup",
    ),
    (
        "[[target]]\nname = \"a\"\nurl = \"http://a/\"\nstart_period = \"1y\"",
        "target[0].start_period = \"1y\": a duration is",
    ),
    (
        "[[target]]\nname = \"a\"\nurl = \"http://a/\"\nsuccess_threshold = 0",
        "target[0].success_threshold = 0: allowed is 1 to",
    ),
    (
        "[[target]]\nname = \"a\"\nurl = \"http://a/\"\ntls = { ca = \"x\" }",
        "target[0].tls",
    ),
    (
        "[[target]]\nname = \"a\"\nurl = \"tcp://a:1\"\ncontains = \"x\"",
        "target[0].url = \"tcp://a:1\": contains is for http and https",
    ),
    (
        "[[target]]\nname = \"a\"\nexec = []",
        "target[0].exec: command \"\": allowed is a program",
    ),
    (
        "[[target]]\nname = \"a\"\ntcpSocket = {}",
        "target[0].tcpSocket: host is missing",
    ),
    (
        "[[target]]\nname = \"a\"\nhost = \"a\"\nhttpGet = { port = 70000 }",
        "70000",
    ),
    (
        "[[action]]\non = [\"unhealthy\"]",
        "action[0]: allowed is one of: command, webhook",
    ),
    (
        "[[action]]\ncommand = [\"a\"]\nwebhook = \"http://a/\"",
        "action[0]: allowed is one of: command, webhook",
    ),
    (
        "[[action]]\ncommand = []",
        "action[0].command = […]: allowed is a program and its arguments",
    ),
    (
        "[[action]]\ncommand = [\"a\"]\non = [\"sad\"]",
        "action[0].on[0] = \"sad\": allowed is one of: unhealthy, ",
    ),
    (
        "[[action]]\nwebhook = \"ftp://a/?key=s3cr3t\"",
        "action[0].webhook: allowed is http(s)://",
    ),
    (
        "[[action]]\ncommand = [\"a\"]\ntimeout = 0",
        "action[0].timeout = 0: allowed is at least 1ms",
    ),
    ("[[file_sd]]\nfiles = [\"none.json\"]", "none.json"),
];

#[test]
fn every_mistake_in_a_file_is_one_line_with_file_key_value_and_what_is_allowed() {
    let place = Place::new("mistakes");
    let path = place.path("wrong.toml").display().to_string();
    for (text, expected) in MISTAKES {
        fs::write(&path, text).expect("written");
        let (code, error) = place.fails(&["monitor", "--config", &path]);
        let is_clear = error.contains("wrong.toml: ") && error.contains(expected);
        let is_one_line = error.trim_end().lines().count() == 1;
        assert!(
            code == 2 && is_clear && is_one_line && !error.contains("s3cr3t"),
            "{text}: {code} {error}"
        );
    }
    fs::write(&path, "[[action]]\nwebhook = \"https://a/?key=s3cr3t\"").expect("written");
    if cfg!(not(feature = "tls")) {
        let (code, error) = place.fails(&["monitor", "--config", &path]);
        assert!(code == 2 && error.contains("built without TLS"), "{error}");
    }
}

#[test]
fn check_tells_healthy_from_not() {
    let place = Place::new("check");
    let mut a = Backend::start();
    let url = a.url();
    let healthy = place.out(&["check", &url]);
    assert!(healthy.starts_with(&format!("healthy: {url}")), "{healthy}");
    for part in ["connect", "send", "wait", "body", "total", "status   200"] {
        assert!(healthy.contains(part), "{healthy}");
    }
    let document: serde_json::Value =
        serde_json::from_str(&place.out(&["check", &url, "--json"])).expect("JSON");
    assert_eq!(
        (&document["healthy"], &document["status"]),
        (&true.into(), &200.into())
    );
    assert!(document["timings_ms"]["connect"].is_number(), "{document}");
    assert!(
        place
            .out(&["check", "exec", "--", "true"])
            .starts_with("healthy: exec true")
    );
    a.stop();
    let failed = place.run(&["check", &url]);
    assert_eq!(failed.status.code(), Some(1));
    let text = String::from_utf8_lossy(&failed.stdout);
    assert!(
        text.contains("unhealthy") && text.contains("refused"),
        "{text}"
    );
    assert_eq!(
        place.run(&["check", "exec", "--", "false"]).status.code(),
        Some(1)
    );
}

#[test]
fn help_man_page_and_completions_come_from_one_place() {
    let place = Place::new("help");
    for shell in ["bash", "zsh", "fish"] {
        assert!(place.out(&["completions", shell]).contains("reactivate"));
    }
    assert!(place.out(&["man"]).contains(".TH healthd"));
    let help = place.out(&["monitor", "--help"]);
    assert!(
        help.contains("HEALTHD_DB") && help.contains("127.0.0.1:9103"),
        "{help}"
    );
}
