//! Reads the conditions on an answer: those that make it a failure, and under `warn` those that make it a
//! warning.

use std::time::Duration;

use health_core::check::probe::{Condition, HttpProbeBuilder};

use super::rule::quoted;
use crate::config::reader::{Item, Result, Table};

/// Their keys, in a check's table and in that of `warn`.
pub(super) const KEYS: [&str; 6] = [
    "contains",
    "expect_headers",
    "json",
    "json_at",
    "matches",
    "max_latency",
];

/// Conditions of one severity.
#[derive(Default)]
pub(super) struct Conditions {
    /// Each with its words.
    all: Vec<(Condition, String)>,
    max_latency: Option<Duration>,
}

impl Conditions {
    /// `is_json` is whether a body of JSON is expected if nothing is said of it.
    pub(super) fn read(table: &Table<'_>, is_json: bool) -> Result<Self> {
        let mut all = Vec::new();
        let json = table.get("json").map(|item| item.flag()).transpose()?;
        if json.unwrap_or(is_json) {
            all.push((Condition::body_is_json(), "a body of JSON".to_owned()));
        }
        if let Some(item) = table.get("contains") {
            for text in one_or_more(&item)? {
                let words = format!("a body with {}", quoted(text));
                all.push((Condition::body_contains(text), words));
            }
        }
        if let Some(item) = table.get("matches") {
            for pattern in one_or_more(&item)? {
                let words = format!("a body that matches {}", quoted(pattern));
                all.push((Condition::body_matches(pattern), words));
            }
        }
        if let Some(item) = table.get("json_at") {
            for (pointer, value) in item.table()?.entries() {
                let expected = value.value();
                if expected.is_null() {
                    return Err(value.wrong("allowed is a text, a number, true, false or a list"));
                }
                let words = format!("{} at {pointer}", shortened(&expected.to_string()));
                all.push((Condition::json_at(pointer, expected.clone()), words));
            }
        }
        if let Some(item) = table.get("expect_headers") {
            for (name, value) in item.table()?.entries() {
                all.push(match (value.value().as_bool(), value.value().as_str()) {
                    (Some(true), _) => (Condition::header(name), format!("a header {name}")),
                    (_, Some(text)) => {
                        let words = format!("{name} {}", quoted(text));
                        (Condition::header_equals(name, text), words)
                    }
                    _ => return Err(value.wrong("allowed is a text, or true for any value")),
                });
            }
        }
        let max_latency = table.get("max_latency").map(|item| {
            let limit = item.duration()?;
            match limit.is_zero() {
                true => Err(item.wrong("allowed is more than 0")),
                false => Ok(limit),
            }
        });
        let max_latency = max_latency.transpose()?;
        Ok(Self { all, max_latency })
    }

    pub(super) fn words(&self) -> Vec<String> {
        let words = self.all.iter().map(|(_, words)| words.clone());
        let latency = self.max_latency.map(|it| format!("within {it:?}"));
        words.chain(latency).collect()
    }

    pub(super) fn apply(self, request: HttpProbeBuilder, is_soft: bool) -> HttpProbeBuilder {
        let conditions = self.all.into_iter().map(|(condition, _)| condition);
        let request = conditions.fold(request, |request, condition| {
            request.expect(match is_soft {
                true => condition.soft(),
                false => condition,
            })
        });
        match (self.max_latency, is_soft) {
            (Some(limit), true) => request.soft_latency(limit),
            (Some(limit), false) => request.max_latency(limit),
            (None, _) => request,
        }
    }
}

fn one_or_more<'a>(item: &Item<'a>) -> Result<Vec<&'a str>> {
    match item.value().is_array() {
        true => item.list()?.iter().map(Item::text).collect(),
        false => Ok(vec![item.text()?]),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(64) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
