//! Discord's webhooks: an embed with a colour, which mentions nobody.

use serde_json::json;

use super::Request;
use super::message::{Message, cut};

/// Characters; bytes are no fewer.
const MAX_TITLE: usize = 256;
const MAX_TEXT: usize = 4_096;

pub(super) fn request(url: String, message: &Message) -> Request {
    let body = json!({
        "embeds": [{
            "title": cut(&plain(&message.title), MAX_TITLE),
            "description": cut(&plain(&message.text), MAX_TEXT),
            "color": message.severity.rgb(),
            "timestamp": message.at,
        }],
        "allowed_mentions": { "parse": [] },
    });
    Request::json(url, &body)
}

/// Without what would be read as markup.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '*' | '_' | '~' | '`' | '|' | '\\') {
            plain.push('\\');
        }
        plain.push(c);
    }
    plain
}
