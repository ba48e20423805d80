//! Commands that look once, or say what is wrong with them.

use std::fs;

use super::backend::Backend;
use super::daemon::{Daemon, Place};
use super::mistakes::mistakes;

#[test]
fn wrong_is_said_in_one_line_with_code_2() {
    let place = Place::new("wrong");
    fs::write(place.path("wrong.toml"), "intervall = 5").expect("written");
    let wrong = place.path("wrong.toml").display().to_string();
    for (args, expected) in [
        (
            vec!["monitor", "--config", &wrong],
            "wrong.toml:1:1: intervall: no such key; allowed are: ",
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
            "allowed is at least 100ms",
        ),
        (
            vec!["monitor", "--interval", "99ms"],
            "allowed is at least 100ms",
        ),
        (vec!["monitor", "--timeout", "0"], "allowed is at least 1ms"),
        (
            vec!["add", "a=http://a/", "--interval", "0.05"],
            "interval = \"0.05\": allowed is at least 100ms",
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
            "allowed is 200, 200-399 or 200,204,300-399",
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

#[test]
fn every_mistake_in_a_file_is_one_line_with_code_2() {
    let place = Place::new("mistakes");
    let path = place.path("wrong.toml").display().to_string();
    // Were a mistake accepted, the monitor would end at once all the same.
    fs::create_dir(place.path("healthd.db.lock")).expect("a directory in the lock's place");
    let mistakes = mistakes();
    assert!(mistakes.len() >= 20);
    for (text, expected) in mistakes {
        fs::write(&path, &text).expect("written");
        let (code, error) = place.fails_at_home(&["monitor", "--config", &path]);
        let is_one_line = error.trim_end().lines().count() == 1;
        assert!(
            code == 2 && is_one_line && error.contains(expected) && !error.contains("hunter2"),
            "{text}: {code} {error}"
        );
    }
    if cfg!(not(feature = "tls")) {
        fs::write(
            &path,
            "action = [{ webhook = \"https://a/?token=hunter2\" }]",
        )
        .expect("written");
        let (code, error) = place.fails(&["monitor", "--config", &path]);
        assert!(code == 2 && error.contains("built without TLS"), "{error}");
        for args in [
            &["monitor", "--target", "a=https://a/"][..],
            &["check", "https://a/"],
        ] {
            let (code, error) = place.fails(args);
            assert!(code == 2 && error.contains("built without TLS"), "{error}");
        }
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

/// They would be passed over.
#[test]
fn a_command_has_no_headers_and_no_status() {
    let place = Place::new("exec-header");
    for flag in [
        ["--header", "X: hunter2"],
        ["--expect-status", "200"],
        ["--contains", "x"],
        ["--json-body", "true"],
        ["--max-body", "9"],
    ] {
        let args = [&["check", "exec"], &flag[..], &["--", "true"]].concat();
        let (code, error) = place.fails(&args);
        assert_eq!(code, 2, "{flag:?}: {error}");
        let expected = "are for http, https and unix";
        assert!(
            error.contains(expected) && !error.contains("hunter2"),
            "{error}"
        );
    }
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

/// A page: status 200, and no JSON.
fn page() -> Backend {
    Backend::answering("200 OK", "text/html", "<p>hello</p>")
}

#[test]
fn check_names_its_rule_and_says_if_a_target_would_be_judged_otherwise() {
    let place = Place::new("check-rule");
    let (json, page, moved) = (
        Backend::start(),
        page(),
        Backend::answering("301 Moved Permanently", "application/json", "{}"),
    );
    let out = |url: &str, flags: &[&str]| place.out(&[&["check", url], flags].concat());
    let same = out(&json.url(), &[]);
    assert!(same.contains("rule     status 200-399\n"), "{same}");
    assert!(!same.contains("as a target"), "{same}");
    for (backend, reason) in [(&page, "JSON"), (&moved, "301")] {
        let text = out(&backend.url(), &[]);
        assert!(text.starts_with("healthy: "), "{text}");
        let line = text.lines().last().expect("a line");
        assert!(
            line.starts_with("unhealthy as a target of this URL: ")
                && line.contains(reason)
                && line.contains("(rule: status 200, a body of JSON;"),
            "{text}"
        );
        let document = out(&backend.url(), &["--json"]);
        let document: serde_json::Value = serde_json::from_str(&document).expect("JSON");
        assert_eq!(document["rule"], "status 200-399", "{document}");
        assert_eq!(document["healthy"], true, "{document}");
        assert_eq!(document["as_target"]["healthy"], false, "{document}");
    }
    // Where both are judged alike, there is nothing to say.
    let flags = ["--expect-status", "200", "--json-body", "false"];
    let text = out(&page.url(), &flags);
    assert!(text.contains("rule     status 200\n"), "{text}");
    assert!(!text.contains("as a target"), "{text}");
    let flags = ["--expect-status", "200-399", "--contains", "hello"];
    let text = out(&page.url(), &flags);
    assert!(
        text.contains("rule     status 200-399, a body with \"hello\""),
        "{text}"
    );
    assert!(text.contains("unhealthy as a target"), "{text}");
    let text = out("exec", &["--", "true"]);
    assert!(text.contains("rule     exit code 0"), "{text}");
    let text = out(&format!("tcp://{}", json.address()), &[]);
    assert!(text.contains("rule     a connection is accepted"), "{text}");
}

#[test]
fn check_of_a_name_applies_the_targets_own_settings() {
    let place = Place::new("check-name");
    let page = page();
    let checks = |args: &[&str], code: i32, part: &str| {
        let output = place.run(&[&["check"], args].concat());
        let text = String::from_utf8_lossy(&output.stdout);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {text}{error}");
        let all = format!("{text}{error}");
        assert!(all.contains(part), "{args:?}: {all}");
    };
    // By `add`, with no monitor.
    let url = page.url();
    let strict = format!("strict={url}");
    place.out(&["add", &strict]);
    place.out(&["add", "page", &url, "--json-body", "false"]);
    place.out(&["add", "slow", "tcp://192.0.2.1:9", "--timeout", "50ms"]);
    checks(&["strict"], 1, "rule     status 200, a body of JSON\n");
    checks(&["page"], 0, "rule     status 200\n");
    checks(&["slow"], 1, "unhealthy");
    checks(&["nobody"], 2, "nobody: no such target");
    checks(&["page", "--contains", "x"], 2, "belongs to the target");

    // Of a configuration.
    let config = place.path("healthd.toml");
    let text = format!(
        "json = false\n[[target]]\nname = \"pair\"\n\
         [[target.check]]\nurl = \"{url}\"\ncontains = \"hello\"\n\
         [[target.check]]\nexec = [\"false\"]\n"
    );
    fs::write(&config, text).expect("written");
    let config = config.display().to_string();
    let pair = ["pair", "--config", &config];
    checks(&pair, 1, "rule     status 200-399, a body with \"hello\"\n");
    checks(&pair, 1, "unhealthy: exec false");
    checks(&["pair"], 2, "pair: no such target");
    let json = place.run(&["check", "pair", "--config", &config, "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).expect("JSON");
    assert_eq!(json["healthy"], false, "{json}");
    let each = [&json["checks"][0]["healthy"], &json["checks"][1]["healthy"]];
    assert_eq!(each, [true, false], "{json}");

    // A monitor knows where its targets come from.
    let flags = ["--config", &config, "--target", &format!("flag={url}")];
    let daemon = Daemon::start(&place, &flags.map(str::to_owned));
    checks(&["pair"], 1, "unhealthy: exec false");
    checks(&["flag"], 0, "rule     status 200-399\n");
    checks(&["page"], 0, "rule     status 200-399\n");
    daemon.stop();
    checks(&["pair"], 2, "name it by --config");
}
