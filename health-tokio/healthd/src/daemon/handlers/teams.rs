//! Microsoft Teams' webhooks (Workflows): a message with an adaptive card.

use serde_json::json;

use super::Request;
use super::message::{Message, Severity, cut};

/// A message may have 28 KB.
const MAX_TEXT: usize = 8_000;

pub(super) fn request(url: String, message: &Message) -> Request {
    let colour = match message.severity {
        Severity::Critical => "attention",
        Severity::Warning => "warning",
        Severity::Good => "good",
    };
    let block = |text: &str| {
        // A single line end is none in a text block.
        let text = plain(&cut(text, MAX_TEXT)).replace('\n', "\n\n");
        json!({ "type": "TextBlock", "text": text, "wrap": true })
    };
    let mut title = block(&message.title);
    title["weight"] = "bolder".into();
    title["size"] = "medium".into();
    title["color"] = colour.into();
    let mut blocks = vec![title];
    if !message.text.is_empty() {
        blocks.push(block(&message.text));
    }
    let body = json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "body": blocks,
            },
        }],
    });
    Request::json(url, &body)
}

/// Without what a text block would read as markup.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '*' | '_' | '[' | ']' | '`' | '\\') {
            plain.push('\\');
        }
        plain.push(c);
    }
    plain
}
