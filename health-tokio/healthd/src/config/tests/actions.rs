//! What actions may be told, when, and how.

use health_core::monitor::registry::NoticeKind;

use super::*;

fn actions(name: &str, text: &str) -> Vec<Action> {
    toml(&format!("action-{name}"), text).actions
}

fn mistake(name: &str, text: &str) -> String {
    let read = File::new(&format!("action-{name}.toml"), text).read();
    read.expect_err("a mistake").to_string()
}

#[test]
fn every_kind_has_a_short_form_and_those_with_more_a_table() {
    let read = actions(
        "kinds",
        r#"
        interval = "15s"
        action = [
            { command = ["true"] },
            { webhook = "http://a/hook" },
            { webhook = { url = "http://b/hook", method = "PUT", headers = { X-Key = "k" }, body = '{"text": {{ summary }}}' } },
            { slack = "http://a/slack" },
            { teams = "http://a/teams" },
            { discord = "http://a/discord" },
            { ntfy = "http://a/topic" },
            { ntfy = { url = "http://b/topic", token = "t" } },
            { pagerduty = "key" },
            { pagerduty = { key = "key", url = "http://a/enqueue" } },
            { alertmanager = "http://a" },
            { alertmanager = { url = "http://b", labels = { team = "web" } } },
            { mail = { to = "ops@a.example", from = "Healthd <healthd@a.example>", server = "mail.a.example:2525", encryption = "none", user = "u", password = "p" } },
        ]
        "#,
    );
    let kinds: Vec<_> = read.iter().map(|it| it.handler.kind()).collect();
    let expected = [
        "command",
        "webhook",
        "webhook",
        "slack",
        "teams",
        "discord",
        "ntfy",
        "ntfy",
        "pagerduty",
        "pagerduty",
        "alertmanager",
        "alertmanager",
        "mail",
    ];
    assert_eq!(kinds, expected);
    // Programs are told at once; messages for people wait for an interval.
    let gather = |index: usize| read[index].rules.gather;
    assert_eq!(
        (gather(0), gather(1)),
        (Duration::from_secs(1), Duration::from_secs(1))
    );
    assert_eq!(
        (gather(3), gather(12)),
        (Duration::from_secs(15), Duration::from_secs(15))
    );
    assert_eq!(read[3].rules.repeat, None);
    assert_eq!(read[10].rules.repeat, Some(Duration::from_secs(60)));
    let Handler::Mail(mail) = &read[12].handler else {
        panic!("{:?}", read[12].handler);
    };
    assert_eq!((&*mail.host, mail.port), ("mail.a.example", 2525));
    assert!(
        read.iter()
            .all(|it| it.wants(NoticeKind::Unhealthy) && it.has_flapping())
    );
}

#[test]
fn groups_severity_and_rules_say_what_is_told_and_when() {
    let read = actions(
        "rules",
        r#"
        [[action]]
        slack = "http://a/"
        severity = "critical"
        groups = ["shop"]
        delay = "2m"
        repeat = "4h"
        gather = "10s"
        [[action]]
        slack = "http://b/"
        severity = "warning"
        [[action]]
        slack = "http://c/"
        on = ["unhealthy", "recovered"]
        recovery = false
        "#,
    );
    let wants = |index: usize, kind| read[index].wants(kind);
    use NoticeKind::{
        AnswersAgain, Flapping, MassFailureOver, Recovered, Reminder, StoppedFlapping, Unhealthy,
    };
    for (kind, of) in [
        (Unhealthy, [true, false, true]),
        (Recovered, [true, false, false]),
        (MassFailureOver, [true, false, false]),
        (AnswersAgain, [false, true, false]),
        (Flapping, [false, true, false]),
        (StoppedFlapping, [false, true, false]),
        (Reminder, [true, false, false]),
    ] {
        assert_eq!([0, 1, 2].map(|it| wants(it, kind)), of, "{kind:?}");
    }
    let first = &read[0];
    assert!(first.is_for(Some("shop")) && !first.is_for(Some("web")) && !first.is_for(None));
    assert!(read[1].is_for(None));
    let rules = first.rules;
    let seconds = Duration::from_secs;
    assert_eq!(
        (rules.delay, rules.repeat, rules.gather),
        (seconds(120), Some(seconds(4 * 3_600)), seconds(10))
    );
}

#[test]
fn a_mistake_is_said_at_the_start_and_gives_no_secret_away() {
    for (name, text, expected) in [
        (
            "two",
            "slack = \"http://a/\"\nmail = {}",
            "allowed is one of: command, webhook, slack",
        ),
        (
            "slack",
            "slack = \"hooks.example/s3cr3t\"",
            "slack: allowed is http(s)://",
        ),
        (
            "file",
            "slack = { file = \"/nonexistent\" }",
            "No such file",
        ),
        (
            "ntfy",
            "ntfy = \"http://a/\"",
            "allowed is http(s)://host/topic",
        ),
        (
            "both",
            "slack = \"http://a/\"\non = [\"unhealthy\"]\nseverity = \"critical\"",
            "on and severity exclude each other",
        ),
        (
            "severity",
            "slack = \"http://a/\"\nseverity = \"info\"",
            "severity = \"info\": allowed is one of: critical, warning",
        ),
        (
            "template",
            "webhook = { url = \"http://a/\", body = \"{{ summary\" }",
            "webhook.body: syntax error",
        ),
        (
            "filter",
            "webhook = { url = \"http://a/\", body = \"{{ summary|nothing }}\" }",
            "unknown filter",
        ),
        (
            "json",
            "webhook = { url = \"http://a/\", body = \"summary\" }",
            "it makes no JSON",
        ),
        (
            "header",
            "webhook = { url = \"http://a/\", headers = { \"X Y\" = \"s3cr3t\" } }",
            "webhook.headers.X Y",
        ),
        (
            "key",
            "slack = \"http://a/\"\ndely = \"1m\"",
            "dely: no such key",
        ),
        (
            "repeat",
            "slack = \"http://a/\"\nrepeat = \"0s\"",
            "allowed is at least 1s",
        ),
        (
            "mail",
            "mail = { to = \"ops\", from = \"a@b.c\", server = \"a\" }",
            "mail.to = \"ops\": allowed is user@host",
        ),
        (
            "login",
            "mail = { to = \"a@b.c\", from = \"a@b.c\", server = \"a\", user = \"s3cr3t\" }",
            "user and password belong together",
        ),
        (
            "label",
            "alertmanager = { url = \"http://a\", labels = { \"a-b\" = \"c\" } }",
            "allowed as a label's name are letters, digits and _",
        ),
    ] {
        let text = mistake(name, &format!("[[action]]\n{text}\n"));
        assert!(text.contains(expected), "{name}: {text}");
        assert!(!text.contains("s3cr3t"), "{text}");
    }
}

/// JSON has its own rules for what stands in it.
#[test]
fn a_template_of_json_writes_values_as_json() {
    let read = actions(
        "template",
        r#"
        [[action]]
        webhook = { url = "http://a/", body = '{"text": {{ summary }}, "names": {{ targets|map(attribute="name")|list }}}' }
        [[action]]
        webhook = { url = "http://b/", headers = { Content-Type = "text/plain" }, body = "{{ severity }}: {{ summary }}" }
        [[action]]
        discord = "http://c/"
        text = "{% for it in targets %}{{ it.name }}!{% endfor %}"
        "#,
    );
    let document = serde_json::json!({
        "summary": "\"a\" is down", "severity": "critical", "targets": [{ "name": "a" }],
    });
    let bodies = read.iter().map(|it| {
        let body = match &it.handler {
            Handler::Webhook(webhook) => webhook.body.as_ref(),
            _ => it.text.as_ref(),
        };
        body.expect("a template")
            .render(&document)
            .expect("rendered")
    });
    let bodies: Vec<_> = bodies.collect();
    let json: Value = serde_json::from_str(&bodies[0]).expect("JSON");
    assert_eq!(
        json,
        serde_json::json!({ "text": "\"a\" is down", "names": ["a"] })
    );
    assert_eq!(bodies[1], "critical: \"a\" is down");
    assert_eq!(bodies[2], "a!");
}
