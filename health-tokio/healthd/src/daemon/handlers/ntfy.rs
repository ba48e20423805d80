//! ntfy: a message for a topic, as JSON to the server's root, since a header holds ASCII only.

use serde_json::json;

use super::Request;
use super::message::{Message, Severity, cut};

/// A longer one becomes an attachment.
const MAX_TEXT: usize = 4_000;

/// `url` is that of the topic.
pub(super) fn request(url: &str, token: Option<String>, message: &Message) -> Request {
    let (server, topic) = url
        .trim_end_matches('/')
        .rsplit_once('/')
        .unwrap_or((url, ""));
    let (priority, tag) = match message.severity {
        Severity::Critical => (5, "rotating_light"),
        Severity::Warning => (3, "warning"),
        Severity::Good => (3, "white_check_mark"),
    };
    // An empty message would be read as "triggered".
    let text = match message.text.is_empty() {
        true => &message.title,
        false => &message.text,
    };
    let body = json!({
        "topic": topic,
        "title": cut(&message.title, 250),
        "message": cut(text, MAX_TEXT),
        "priority": priority,
        "tags": [tag],
    });
    let request = Request::json(format!("{server}/"), &body).hiding(topic.to_owned());
    match token {
        Some(token) => request
            .header("Authorization", format!("Bearer {token}"))
            .hiding(token),
        None => request,
    }
}
