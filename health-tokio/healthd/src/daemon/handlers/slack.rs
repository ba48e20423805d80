//! Slack's incoming webhooks: a text, and an attachment with a colour.

use serde_json::json;

use super::Request;
use super::message::{Message, cut};

/// What Slack shows of a text without folding it is less; what it takes is more.
const MAX_TEXT: usize = 3_000;

pub(super) fn request(url: String, message: &Message) -> Request {
    let title = escaped(&cut(&message.title, MAX_TEXT));
    let body = json!({
        "text": title,
        "attachments": [{
            "color": format!("#{:06X}", message.severity.rgb()),
            "text": escaped(&cut(&message.text, MAX_TEXT)),
            "fallback": title,
            // Nothing in it is meant as markup.
            "mrkdwn_in": [],
        }],
    });
    Request::json(url, &body)
}

/// The three characters that begin mentions and links.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
