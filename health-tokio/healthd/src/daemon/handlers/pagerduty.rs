//! PagerDuty's Events API v2: an incident is triggered, kept up to date, and resolved when all is over.

use serde_json::json;

use super::Request;
use super::message::{Message, Severity, cut};

const MAX_SUMMARY: usize = 1_024;
const MAX_TEXT: usize = 16_000;

pub(super) fn request(url: String, key: String, message: &Message) -> Request {
    let incident = message.incident.as_deref().unwrap_or(&message.id);
    let mut body = json!({
        "routing_key": key,
        // An event of the same key is of the same incident.
        "dedup_key": cut(&format!("healthd-{incident}"), 255),
        "event_action": if message.is_over { "resolve" } else { "trigger" },
        "client": "healthd",
    });
    if !message.is_over {
        let severity = match message.severity {
            Severity::Critical => "critical",
            Severity::Warning => "warning",
            // Some of it is over.
            Severity::Good => "info",
        };
        body["payload"] = json!({
            "summary": cut(&message.title, MAX_SUMMARY),
            "source": message.source,
            "severity": severity,
            "timestamp": message.at,
            "custom_details": { "event": message.event, "text": cut(&message.text, MAX_TEXT) },
        });
    }
    Request::json(url, &body).hiding(key)
}
