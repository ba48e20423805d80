//! Alertmanager's API v2: one alert for each incident, which fires until all is over.

use std::collections::BTreeMap;

use health_core::UnixTime;
use serde_json::json;

use super::super::documents::rfc3339;
use super::Request;
use super::message::{Message, cut};

/// An alert that is not sent again for so long is over: it is repeated more often than that, and must not
/// stay for ever if the monitor is gone.
const LASTS_MS: u64 = 5 * 60 * 1_000;
const MAX_TEXT: usize = 8_000;

/// `url` is that of the Alertmanager.
pub(super) fn request(
    url: &str,
    labels: &BTreeMap<String, String>,
    message: &Message,
    now: UnixTime,
) -> Request {
    let incident = message.incident.as_deref().unwrap_or(&message.id);
    // The labels are what makes two alerts the same: nothing in them changes within an incident.
    let mut all = json!({
        "alertname": "HealthdTargetsDown",
        "severity": "critical",
        "instance": message.source,
        "incident": incident,
    });
    for (name, value) in labels {
        all[name] = value.clone().into();
    }
    let ends = match message.is_over {
        true => now,
        false => UnixTime::from_millis(now.as_millis() + LASTS_MS),
    };
    let alert = json!({
        "labels": all,
        "annotations": {
            "summary": cut(&message.title, MAX_TEXT),
            "description": cut(&message.text, MAX_TEXT),
        },
        "startsAt": message.since,
        "endsAt": rfc3339(ends),
    });
    let url = format!("{}/api/v2/alerts", url.trim_end_matches('/'));
    Request::json(url, &json!([alert]))
}
