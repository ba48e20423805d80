//! What reads a body for a condition, and judges it.

use alloc::format;

use serde_json::Value;

use super::json::{JsonReader, NotJson};
#[cfg(feature = "expect")]
use super::pattern::PatternReader;
use super::pointer::ValueReader;
use super::search::Search;
use super::{Breach, What, is_same, quoted, quoted_json};
use crate::base::Kind;

/// Reads a body piece by piece for one condition, and keeps no more of it than that needs.
pub(in super::super) struct BodyReader<'p>(Reader<'p>);

enum Reader<'p> {
    Contains(Search<'p>),
    Json(Result<JsonReader, NotJson>),
    JsonAt {
        reader: Result<ValueReader, NotJson>,
        pointer: &'p str,
        expected: &'p Value,
    },
    #[cfg(feature = "expect")]
    Matches(PatternReader<'p>),
}

impl<'p> BodyReader<'p> {
    /// `None` for a condition on the head.
    pub(super) fn new(what: &'p What) -> Option<Self> {
        Some(Self(match what {
            What::Header { .. } => return None,
            What::Contains(bytes) => Reader::Contains(Search::new(bytes)),
            What::Json => Reader::Json(Ok(JsonReader::new())),
            #[cfg(feature = "expect")]
            What::Matches(pattern) => Reader::Matches(PatternReader::new(pattern)),
            What::JsonAt { pointer, expected } => Reader::JsonAt {
                reader: Ok(ValueReader::new(pointer)),
                pointer,
                expected,
            },
        }))
    }

    pub(in super::super) fn handle_input(&mut self, input: &[u8]) {
        match &mut self.0 {
            Reader::Contains(search) => search.handle_input(input),
            #[cfg(feature = "expect")]
            Reader::Matches(reader) => reader.handle_input(input),
            Reader::Json(reader) => read_all(reader, input, |reader, byte| {
                reader.handle_byte(byte).map(|_| ())
            }),
            Reader::JsonAt { reader, .. } => read_all(reader, input, ValueReader::handle_byte),
        }
    }

    /// Whether what is still to come can change nothing.
    pub(in super::super) fn is_decided(&self) -> bool {
        match &self.0 {
            Reader::Contains(search) => search.is_found(),
            #[cfg(feature = "expect")]
            Reader::Matches(reader) => reader.is_full(),
            Reader::Json(reader) => reader.is_err(),
            Reader::JsonAt { reader, .. } => reader.is_err(),
        }
    }

    /// Bytes of heap for what has come.
    #[cfg(feature = "test-util")]
    pub(in super::super) fn buffered(&self) -> usize {
        match &self.0 {
            Reader::Contains(search) => search.buffered(),
            #[cfg(feature = "expect")]
            Reader::Matches(reader) => reader.buffered(),
            Reader::Json(reader) => reader.as_ref().map_or(0, JsonReader::buffered),
            Reader::JsonAt { reader, .. } => reader.as_ref().map_or(0, ValueReader::buffered),
        }
    }

    /// Judges the body, or the first bytes of one that is longer than this.
    pub(in super::super) fn judge(&self, longer_than: Option<usize>) -> Result<(), Breach> {
        let problem = match (&self.0, longer_than) {
            (Reader::Contains(search), _) if search.is_found() => return Ok(()),
            (Reader::Contains(search), longer_than) => {
                let text = quoted(search.text());
                let border = longer_than.map(|most| format!(" in its first {most} bytes"));
                format!("body does not contain {text}{}", border.unwrap_or_default())
            }
            #[cfg(feature = "expect")]
            (Reader::Matches(reader), longer_than) => return reader.judge(longer_than),
            (Reader::Json(Ok(_)) | Reader::JsonAt { reader: Ok(_), .. }, Some(most)) => {
                format!("body is longer than {most} bytes: not judged as JSON")
            }
            (Reader::Json(reader), _) => {
                let read = reader.as_ref().map_err(|error| *error);
                return read
                    .and_then(JsonReader::finish)
                    .map_err(|error| Breach::not_json(&error));
            }
            (
                Reader::JsonAt {
                    reader,
                    pointer,
                    expected,
                },
                _,
            ) => {
                let read = reader.as_ref().map_err(|error| *error);
                let value = read
                    .and_then(ValueReader::finish)
                    .map_err(|error| Breach::not_json(&error))?;
                let is_expected = match value {
                    Some(text) if text.len() < ValueReader::MAX => serde_json::from_slice(text)
                        .map(|value| is_same(&value, expected))
                        .map_err(|error| Breach::not_json(&error))?,
                    _ => false,
                };
                match value {
                    _ if is_expected => return Ok(()),
                    Some(_) => {
                        let expected = quoted_json(expected);
                        format!("body has another value than {expected} at {pointer:?}")
                    }
                    None => format!("body has nothing at {pointer:?}"),
                }
            }
        };
        Err(Breach::new(Kind::BadBody, problem))
    }
}

/// Reads up to what is not JSON, and remembers that.
fn read_all<R>(
    reader: &mut Result<R, NotJson>,
    input: &[u8],
    handle_byte: impl Fn(&mut R, u8) -> Result<(), NotJson>,
) {
    let Ok(json) = reader else {
        return;
    };
    if let Err(error) = input.iter().try_for_each(|byte| handle_byte(json, *byte)) {
        *reader = Err(error);
    }
}
