//! Commands that look once, or say what is wrong with them.

use std::fs;

use super::backend::Backend;
use super::daemon::Place;
use super::mistakes::mistakes;

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
