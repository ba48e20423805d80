//! Conditions on an HTTP response, beyond its status.

mod json;
#[cfg(feature = "expect")]
mod pattern;
mod pointer;
mod reader;
mod search;

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde_json::{Number, Value};

use super::response::Head;
use crate::base::grammar;
use crate::base::{ConfigError, Kind, Outcome};
#[cfg(feature = "expect")]
use pattern::Pattern;
pub(super) use reader::BodyReader;
use search::Search;

/// A condition on a response whose status was accepted.
///
/// One that does not hold makes the attempt a failure, or a warning if it is [soft](Self::soft).
/// The message quotes the condition, never the response.
///
/// ```
/// use health_core::check::probe::{Condition, HttpProbe};
///
/// let probe = HttpProbe::builder("http://db.example")
///     .expect(Condition::body_is_json())
///     .expect(Condition::json_at("/replicas/0/up", true))
///     .expect(Condition::header_equals("X-Cache", "HIT").soft())
///     .build()?;
/// # Ok::<(), health_core::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Condition {
    what: What,
    soft: bool,
}

#[derive(Clone, Debug)]
enum What {
    Header {
        name: String,
        value: Option<String>,
    },
    Contains(Vec<u8>),
    Json,
    JsonAt {
        pointer: String,
        expected: Value,
    },
    #[cfg(feature = "expect")]
    Matches(Pattern),
}

impl Condition {
    /// The response has a header `name`, whatever its value.
    #[must_use]
    pub fn header(name: impl Into<String>) -> Self {
        let name = name.into();
        Self::hard(What::Header { name, value: None })
    }

    /// The response has a header `name` with exactly this value.
    #[must_use]
    pub fn header_equals(name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, value) = (name.into(), Some(value.into()));
        Self::hard(What::Header { name, value })
    }

    /// The body contains these bytes, 1 to 10,240, within the part that is
    /// [read](super::HttpProbeBuilder::max_body).
    #[must_use]
    pub fn body_contains(bytes: impl Into<Vec<u8>>) -> Self {
        Self::hard(What::Contains(bytes.into()))
    }

    /// The first 64 KiB of the body match this regular expression, in the syntax of the crate `regex`
    /// (linear in time, so without look-around and back-references) for bytes: `.`, `\w` and the like mean
    /// ASCII, for which `(?i)` holds, too.
    #[cfg(feature = "expect")]
    #[must_use]
    pub fn body_matches(pattern: impl Into<String>) -> Self {
        Self::hard(What::Matches(Pattern::new(pattern.into())))
    }

    /// The body is one valid JSON text (RFC 8259) in UTF-8, nested at most 65,536 levels. One that is
    /// longer than [what is read](super::HttpProbeBuilder::max_body) fails it.
    #[must_use]
    pub fn body_is_json() -> Self {
        Self::hard(What::Json)
    }

    /// The body is valid JSON, and what stands at `pointer` (RFC 6901: `/status`,
    /// `/replicas/0/up`; empty for the whole text) equals `expected`. A body that is longer than
    /// [what is read](super::HttpProbeBuilder::max_body) fails it.
    ///
    /// Numbers are compared by value: 1 equals 1.0. Of members with the same name, the last one counts. A
    /// value whose text is longer than 16 KiB equals none, one that is nested deeper than 128 levels
    /// fails. Reading a hostile value may take a megabyte of memory for the length of one call.
    #[must_use]
    pub fn json_at(pointer: impl Into<String>, expected: impl Into<Value>) -> Self {
        let (pointer, expected) = (pointer.into(), expected.into());
        Self::hard(What::JsonAt { pointer, expected })
    }

    /// As [`json_at`](Self::json_at), with a value as it is typed on a command line: JSON (`3`,
    /// `true`, `"3"`), or a text if it is not (`ok`).
    #[must_use]
    pub fn json_at_typed(pointer: impl Into<String>, text: &str) -> Self {
        let typed = serde_json::from_str(text);
        Self::json_at(pointer, typed.unwrap_or_else(|_| Value::from(text)))
    }

    /// The same condition, whose breach is a warning: the target counts as healthy, and shows as
    /// degraded.
    #[must_use]
    pub fn soft(mut self) -> Self {
        self.soft = true;
        self
    }

    const fn hard(what: What) -> Self {
        Self { what, soft: false }
    }

    pub(super) const fn is_soft(&self) -> bool {
        self.soft
    }

    pub(super) const fn is_on_body(&self) -> bool {
        !matches!(self.what, What::Header { .. })
    }

    pub(super) fn check_setting(&self) -> Result<(), ConfigError> {
        let refused = |field, value: &str, allowed| Err(ConfigError::new(field, value, allowed));
        match &self.what {
            What::Header { name, .. } if !grammar::is_token(name.as_bytes()) => {
                let allowed = "allowed are letters, digits and !#$%&'*+-.^_`|~";
                refused("expected header", name, allowed)
            }
            What::Header {
                name,
                value: Some(value),
            } if !grammar::is_value(value.as_bytes()) => {
                let allowed = "allowed is text without control characters and without spaces \
                               around it: no header can have another value";
                refused("value of expected header", name, allowed)
            }
            What::Contains(bytes) if bytes.is_empty() || bytes.len() > Search::MAX => {
                let value = format!("{} bytes", bytes.len());
                refused("expected content", &value, "allowed are 1 to 10240 bytes")
            }
            #[cfg(feature = "expect")]
            What::Matches(pattern) => pattern.check(),
            What::JsonAt { pointer, .. } if !is_pointer(pointer) => {
                let allowed = "allowed are JSON pointers (RFC 6901): empty, or beginning with / \
                               and with each ~ followed by 0 or 1";
                refused("JSON pointer", pointer, allowed)
            }
            _ => Ok(()),
        }
    }

    /// Judges a head; a condition on the body holds for now.
    pub(super) fn check_head(&self, head: &Head<'_>) -> Result<(), Breach> {
        let What::Header { name, value } = &self.what else {
            return Ok(());
        };
        let mut values = head.values(name).peekable();
        let problem = match value {
            None if values.peek().is_some() => return Ok(()),
            Some(value) if values.any(|given| given == value.as_bytes()) => return Ok(()),
            Some(value) if head.values(name).next().is_some() => {
                format!("header {name} is not {}", quoted(value.as_bytes()))
            }
            _ => format!("header {name} is missing"),
        };
        Err(Breach::new(Kind::BadHeader, problem))
    }

    /// What reads a body for the condition; `None` for one on the head.
    pub(super) fn body_reader(&self) -> Option<BodyReader<'_>> {
        BodyReader::new(&self.what)
    }
}

/// Why a response is not accepted: a condition does not hold, or the response did not come whole.
pub(super) struct Breach {
    pub(super) kind: Kind,
    /// For everybody: made of the configuration and of fixed words.
    pub(super) message: String,
    /// For authorised readers.
    pub(super) detail: Option<String>,
}

impl Breach {
    pub(super) const fn new(kind: Kind, message: String) -> Self {
        Self {
            kind,
            message,
            detail: None,
        }
    }

    /// The failure it makes of an attempt.
    pub(super) fn into_outcome(self) -> Outcome {
        let outcome = Outcome::failure_with_message(self.message).of_kind(self.kind);
        match self.detail {
            Some(detail) => outcome.caused_by(detail),
            None => outcome,
        }
    }

    /// Where a syntax error stands depends on the body, so it is a detail.
    fn not_json(error: &dyn fmt::Display) -> Self {
        Self {
            detail: Some(error.to_string()),
            ..Self::new(Kind::BadBody, "body is not valid JSON".to_owned())
        }
    }
}

/// The syntax of RFC 6901 §3.
fn is_pointer(text: &str) -> bool {
    let mut escapes = text.split('~').skip(1);
    (text.is_empty() || text.starts_with('/')) && escapes.all(|after| after.starts_with(['0', '1']))
}

/// Equality of JSON values as RFC 6902 §4.6 has it: by value, so that `1` is `1.0`.
///
/// Goes no deeper than serde_json's parser does (128 levels).
fn is_same(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Number(found), Value::Number(expected)) => is_same_number(found, expected),
        (Value::Array(found), Value::Array(expected)) => {
            found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| is_same(a, b))
        }
        (Value::Object(found), Value::Object(expected)) => {
            found.len() == expected.len()
                && found
                    .iter()
                    .all(|(key, a)| expected.get(key).is_some_and(|b| is_same(a, b)))
        }
        (found, expected) => found == expected,
    }
}

/// Whole numbers exactly, also where a float could not tell them apart.
fn is_same_number(found: &Number, expected: &Number) -> bool {
    let whole = |n: &Number| n.as_i64().map(i128::from).or(n.as_u64().map(i128::from));
    match (whole(found), whole(expected)) {
        (Some(found), Some(expected)) => found == expected,
        _ => found.as_f64() == expected.as_f64(),
    }
}

/// At most 64 characters of what was expected, escaped, in quotes.
pub(super) fn quoted(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    shortened(&text, |part| format!("{part:?}"))
}

fn quoted_json(value: &Value) -> String {
    shortened(&value.to_string(), str::to_owned)
}

fn shortened(text: &str, show: impl Fn(&str) -> String) -> String {
    match text.char_indices().nth(64) {
        Some((end, _)) => show(&text[..end]) + "...",
        None => show(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(condition: &Condition, body: &str) -> Result<(), Breach> {
        let mut reader = condition.body_reader().expect("it is on the body");
        reader.handle_input(body.as_bytes());
        reader.judge(None)
    }

    #[track_caller]
    fn message(condition: &Condition, body: &str) -> Option<String> {
        judge(condition, body).err().map(|breach| breach.message)
    }

    #[test]
    fn json_numbers_are_compared_by_value() {
        let is_one = Condition::json_at("/n", 1);
        assert_eq!(message(&is_one, r#"{"n":1.0}"#), None);
        assert_eq!(message(&is_one, r#"{"n":1e0}"#), None);
        assert!(message(&is_one, r#"{"n":"1"}"#).is_some());
        let large = Condition::json_at("/n", u64::MAX);
        assert_eq!(message(&large, r#"{"n":18446744073709551615}"#), None);
        assert!(message(&large, r#"{"n":18446744073709551614}"#).is_some());
        let nested = Condition::json_at("", serde_json::json!({"a": [1, {"b": null}]}));
        assert_eq!(message(&nested, r#"{"a":[1.0,{"b":null}]}"#), None);
        assert!(message(&nested, r#"{"a":[1.0,{"b":null}],"c":0}"#).is_some());
        assert!(message(&nested, "{}").is_some());
    }

    /// The example of RFC 6901 §5.
    #[test]
    fn json_pointers() {
        let body = r#"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,
                       "k\"l":6," ":7,"m~n":8}"#;
        for (pointer, expected) in [
            ("/foo/0", Value::from("bar")),
            ("/", 0.into()),
            ("/a~1b", 1.into()),
            ("/c%d", 2.into()),
            ("/e^f", 3.into()),
            ("/g|h", 4.into()),
            ("/i\\j", 5.into()),
            ("/k\"l", 6.into()),
            ("/ ", 7.into()),
            ("/m~0n", 8.into()),
        ] {
            let condition = Condition::json_at(pointer, expected);
            assert!(condition.check_setting().is_ok(), "{pointer}");
            assert_eq!(message(&condition, body), None, "{pointer}");
        }
        for pointer in ["/foo/00", "/foo/-", "/foo/2", "/foo/+1", "/nope", "/a~01b"] {
            let condition = Condition::json_at(pointer, "bar");
            let nothing = format!("body has nothing at {pointer:?}");
            assert_eq!(message(&condition, body), Some(nothing));
        }
        for pointer in ["a", "foo/0", "/~", "/~2", "/a~"] {
            assert!(
                Condition::json_at(pointer, 0).check_setting().is_err(),
                "{pointer}"
            );
        }
    }

    #[test]
    fn a_byte_order_mark_before_json_is_skipped() {
        assert_eq!(message(&Condition::body_is_json(), "\u{feff}{}"), None);
        let is_one = Condition::json_at("/n", 1);
        assert_eq!(message(&is_one, "\u{feff}{\"n\": 1}"), None);
        for body in [
            "\u{feff}\u{feff}{}",
            "{}\u{feff}",
            " \u{feff}{}",
            "\u{feff}",
        ] {
            assert!(
                message(&Condition::body_is_json(), body).is_some(),
                "{body:?}"
            );
        }
    }

    #[test]
    fn deep_nesting_does_not_reach_the_stack() {
        let body = "[".repeat(5_000) + &"]".repeat(5_000);
        assert_eq!(message(&Condition::body_is_json(), &body), None);
        let refused = judge(&Condition::json_at("", 0), &body);
        let detail = refused.err().and_then(|breach| breach.detail);
        let limit = "recursion limit exceeded at line 1 column 128";
        assert_eq!(detail.as_deref(), Some(limit));
    }
}
