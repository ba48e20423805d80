//! Each preset: from a notice to a request.

use std::collections::BTreeMap;

use health_core::UnixTime;
use serde_json::{Value, json};

use super::super::documents::specimen;
use super::message::Message;
use super::{Request, alertmanager, discord, ntfy, pagerduty, slack, teams};

const URL: &str = "https://receiver.example/hooks/secret";

fn message(change: impl FnOnce(&mut Value)) -> Message {
    let mut document = specimen("ops", false);
    change(&mut document);
    Message::read(&document.to_string(), None).expect("a message")
}

fn down() -> Message {
    message(|it| it["targets"][0]["reason"] = "<b> & *up*".into())
}

fn over() -> Message {
    let document = specimen("ops", true).to_string();
    Message::read(&document, None).expect("a message")
}

fn body(request: &Request) -> Value {
    serde_json::from_str(&request.body).expect("JSON")
}

fn has_json(request: &Request) -> bool {
    let kind = ("Content-Type".to_owned(), "application/json".to_owned());
    request.method == "POST" && request.headers.contains(&kind)
}

#[test]
fn slack_gets_a_text_and_an_attachment_without_markup() {
    let request = slack::request(URL.to_owned(), &down());
    assert!(has_json(&request) && request.url == URL);
    let body = body(&request);
    assert_eq!(body["text"], "specimen is unhealthy");
    let attachment = &body["attachments"][0];
    assert_eq!(attachment["color"], "#C62828");
    let text = attachment["text"].as_str().expect("a text");
    assert!(
        text.starts_with("specimen (trial): unhealthy, &lt;b&gt; &amp; *up*"),
        "{text}"
    );
    let good = slack::request(URL.to_owned(), &over());
    assert_eq!(self::body(&good)["attachments"][0]["color"], "#2E7D32");
}

#[test]
fn teams_gets_a_card() {
    let request = teams::request(URL.to_owned(), &down());
    let body = body(&request);
    assert_eq!(body["type"], "message");
    let content = &body["attachments"][0]["content"];
    assert_eq!(content["type"], "AdaptiveCard");
    assert_eq!(content["body"][0]["text"], "specimen is unhealthy");
    assert_eq!(content["body"][0]["color"], "attention");
    let text = content["body"][1]["text"].as_str().expect("a text");
    assert!(text.contains(r"\*up\*"), "{text}");
}

#[test]
fn discord_gets_an_embed_that_mentions_nobody() {
    let body = body(&discord::request(URL.to_owned(), &down()));
    assert_eq!(body["allowed_mentions"], json!({ "parse": [] }));
    assert_eq!(body["embeds"][0]["title"], "specimen is unhealthy");
    assert_eq!(body["embeds"][0]["color"], 0x00C6_2828);
}

#[test]
fn ntfy_gets_json_at_the_root_of_its_server() {
    let token = Some("tk_1".to_owned());
    let request = ntfy::request("https://ntfy.example/alerts/", token, &down());
    assert_eq!(request.url, "https://ntfy.example/");
    let bearer = ("Authorization".to_owned(), "Bearer tk_1".to_owned());
    assert!(request.headers.contains(&bearer));
    let body = body(&request);
    assert_eq!(
        (&body["topic"], &body["priority"]),
        (&json!("alerts"), &json!(5))
    );
    let without = Message::read(&specimen("ops", true).to_string(), None);
    let mut without = without.expect("a message");
    without.text.clear();
    let body = self::body(&ntfy::request(
        "https://ntfy.example/alerts",
        None,
        &without,
    ));
    assert_eq!(body["message"], "specimen has recovered");
}

#[test]
fn pager_duty_is_triggered_and_resolved_under_one_key() {
    let event = |it: &Message| body(&pagerduty::request(URL.to_owned(), "key".to_owned(), it));
    let (first, last) = (event(&down()), event(&over()));
    assert_eq!(first["routing_key"], "key");
    assert_eq!(first["event_action"], "trigger");
    assert_eq!(first["payload"]["severity"], "critical");
    assert_eq!(first["payload"]["summary"], "specimen is unhealthy");
    assert!(
        first["payload"]["source"]
            .as_str()
            .is_some_and(|it| !it.is_empty())
    );
    assert_eq!(last["event_action"], "resolve");
    assert_eq!(last["dedup_key"], first["dedup_key"]);
    assert_eq!(last["dedup_key"], "healthd-ops-specimen");
    // Some are well again, others are not.
    let part = message(|it| {
        it["severity"] = "good".into();
        it["open"] = 2.into();
    });
    let part = event(&part);
    assert_eq!(
        (&part["event_action"], &part["payload"]["severity"]),
        (&json!("trigger"), &json!("info"))
    );
}

#[test]
fn an_alert_fires_until_all_is_over_and_has_the_same_labels() {
    let labels = BTreeMap::from([("team".to_owned(), "web".to_owned())]);
    let now = UnixTime::from_millis(1_000_000);
    let alert = |it: &Message| {
        let request = alertmanager::request("http://am.example/", &labels, it, now);
        assert_eq!(request.url, "http://am.example/api/v2/alerts");
        body(&request)[0].clone()
    };
    let (first, last) = (alert(&down()), alert(&over()));
    assert_eq!(first["labels"], last["labels"]);
    assert_eq!(first["labels"]["team"], "web");
    assert_eq!(first["labels"]["alertname"], "HealthdTargetsDown");
    assert_eq!(first["annotations"]["summary"], "specimen is unhealthy");
    assert_eq!(first["endsAt"], "1970-01-01T00:21:40.000Z");
    assert_eq!(last["endsAt"], "1970-01-01T00:16:40.000Z");
}

/// A hundred targets with long names and reasons.
#[test]
fn no_message_is_longer_than_its_receiver_takes() {
    let long = message(|it| {
        let mut target = it["targets"][0].clone();
        target["reason"] = "ö".repeat(5_000).into();
        target["name"] = "n".repeat(64).into();
        it["targets"] = vec![target; 100].into();
        it["summary"] = "ß".repeat(3_000).into();
        it["count"] = 5_000.into();
    });
    let lengths = |request: Request, at: &[&str]| {
        let body = body(&request);
        let texts = at.iter().map(|it| {
            body.pointer(it)
                .and_then(Value::as_str)
                .expect("a text")
                .len()
        });
        texts.collect::<Vec<_>>()
    };
    let url = || URL.to_owned();
    let discord = discord::request(url(), &long);
    let found = lengths(discord, &["/embeds/0/title", "/embeds/0/description"]);
    assert!(found[0] <= 256 && found[1] <= 4_096, "{found:?}");
    let ntfy = ntfy::request(URL, None, &long);
    assert!(lengths(ntfy, &["/message"])[0] <= 4_096);
    let pager = pagerduty::request(url(), String::new(), &long);
    assert!(lengths(pager, &["/payload/summary"])[0] <= 1_024);
    assert!(teams::request(url(), &long).body.len() < 28_000);
}
