//! What an answer must be, and the comparison with the one that came.

use super::bare::has_page;
use super::response::Response;

/// What must hold of one answer, beyond what must hold of every answer (`response.rs`).
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// True if it answers HEAD: no body may follow, whatever the head announces.
    pub(crate) to_head: bool,
    /// What becomes of the connection afterwards.
    pub(crate) then: Then,
    fields: Vec<(&'static str, Field)>,
    body: Body,
}

/// What becomes of the connection after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// The next request is answered.
    Keep,
    /// `Connection: close` is said, nothing more is answered, and the end follows.
    Close,
    /// The client itself has ended it already, so `Connection: close` need not be said.
    Over,
}

#[derive(Clone, Copy)]
enum Field {
    Is(&'static str),
    Absent,
    /// It stands there with any value.
    Present,
    /// A whole number, at least this.
    AtLeast(u64),
}

#[derive(Clone, Copy)]
enum Body {
    Empty,
    /// A JSON object; whatever else it holds.
    Document,
    /// A JSON object in which this key has this text.
    Says(&'static str, &'static str),
    /// A JSON object in which this key stands.
    Has(&'static str),
    /// A JSON object without this key.
    Lacks(&'static str),
    /// `{"error":"..."}` and nothing else: an error names itself, not the daemon.
    Error,
    /// A JSON object in which this key has this value.
    Holds(&'static str, &'static str),
    /// Exactly these bytes.
    Exactly(&'static str),
    /// A JSON object that begins with these bytes and has at most 1 KiB.
    Begins(&'static str),
    /// Whatever was negotiated, but something.
    Any,
}

/// The methods of every path of ours (RFC 9110 §10.2.1).
const ALLOW: &str = "GET, HEAD, OPTIONS";

/// A probe's answer with this status; the connection stays open.
pub(crate) fn probe(status: u16) -> Answer {
    Answer {
        status,
        to_head: false,
        then: Then::Keep,
        fields: vec![
            ("content-type", Field::Is("application/json")),
            ("cache-control", Field::Is("no-store")),
            ("x-content-type-options", Field::Is("nosniff")),
        ],
        body: Body::Document,
    }
}

/// 200 with a document.
pub(crate) fn ok() -> Answer {
    probe(200).without("retry-after")
}

/// 503 with a document.
pub(crate) fn unavailable() -> Answer {
    probe(503)
}

/// 200 in whatever form the request asks for.
pub(crate) fn ok_in_some_form() -> Answer {
    Answer {
        fields: Vec::new(),
        body: Body::Any,
        ..ok()
    }
    .with("cache-control", "no-store")
}

/// The verdict as a browser gets it: the page if there is one, with the verdict's code.
pub(crate) fn for_browser(status: u16) -> Answer {
    if !has_page() {
        return probe(status);
    }
    Answer {
        status,
        ..ok_in_some_form()
    }
    .with("content-type", "text/html; charset=utf-8")
}

/// The request was not understood or not accepted: this status, and the connection ends.
pub(crate) fn refused(status: u16) -> Answer {
    Answer {
        status,
        to_head: false,
        then: Then::Close,
        fields: vec![("content-type", Field::Is("application/json"))],
        body: Body::Error,
    }
}

/// 404 for a path that is not ours. The request was well-formed, so the connection stays open.
pub(crate) fn not_found() -> Answer {
    Answer {
        then: Then::Keep,
        body: Body::Exactly(r#"{"error":"Not found"}"#),
        ..refused(404)
    }
}

/// 405 with `Allow`, a MUST of RFC 9110 §15.5.6. Well-formed, so the connection stays open.
pub(crate) fn not_allowed() -> Answer {
    Answer {
        then: Then::Keep,
        ..refused(405)
    }
    .with("allow", ALLOW)
}

/// The answer to OPTIONS on a path: the code GET would have, and no content.
pub(crate) fn options(status: u16) -> Answer {
    Answer {
        status,
        to_head: false,
        then: Then::Keep,
        fields: Vec::new(),
        body: Body::Empty,
    }
    .with("allow", ALLOW)
    .with("content-length", "0")
}

/// The answer to `OPTIONS *` (RFC 9110 §9.3.7).
pub(crate) fn options_asterisk() -> Answer {
    Answer {
        fields: Vec::new(),
        ..options(204)
    }
    .with("allow", ALLOW)
    // RFC 9110 §8.6: a server MUST NOT send it in a 204.
    .without("content-length")
}

impl Answer {
    /// It answers HEAD: the head of the answer to GET and no body.
    pub(crate) fn for_head(mut self) -> Self {
        self.to_head = true;
        self
    }

    /// The connection ends after it.
    pub(crate) fn closes(mut self) -> Self {
        self.then = Then::Close;
        self
    }

    /// The client has ended the connection, and the end may have come before this answer was made.
    pub(crate) fn over(mut self) -> Self {
        self.then = Then::Over;
        self
    }

    /// The connection stays, and an HTTP/1.0 client is told so (RFC 9112 §9.3).
    pub(crate) fn keeps_1_0(self) -> Self {
        self.with("connection", "keep-alive")
    }

    /// The same answer, but for what was said of its fields.
    pub(crate) fn without_fields(mut self) -> Self {
        self.fields.clear();
        self
    }

    /// The field stands, with any value.
    pub(crate) fn has_field(mut self, name: &'static str) -> Self {
        self.fields.push((name, Field::Present));
        self
    }

    /// The field stands with exactly this value.
    pub(crate) fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.fields.push((name, Field::Is(value)));
        self
    }

    /// The field is absent.
    pub(crate) fn without(mut self, name: &'static str) -> Self {
        self.fields.push((name, Field::Absent));
        self
    }

    /// `Retry-After` stands and is at least one whole second.
    pub(crate) fn retry_after(mut self) -> Self {
        self.fields.push(("retry-after", Field::AtLeast(1)));
        self
    }

    /// The document has this text under this key.
    pub(crate) fn says(mut self, key: &'static str, text: &'static str) -> Self {
        self.body = Body::Says(key, text);
        self
    }

    /// The document has this key.
    pub(crate) fn has(mut self, key: &'static str) -> Self {
        self.body = Body::Has(key);
        self
    }

    /// The document does not have this key.
    pub(crate) fn lacks(mut self, key: &'static str) -> Self {
        self.body = Body::Lacks(key);
        self
    }

    /// The document has this value, in JSON, under this key.
    pub(crate) fn holds(mut self, key: &'static str, value: &'static str) -> Self {
        self.body = Body::Holds(key, value);
        self
    }

    /// The body is exactly this.
    pub(crate) fn exactly(mut self, text: &'static str) -> Self {
        self.body = Body::Exactly(text);
        self
    }

    /// The document begins with these bytes, and a probe that reads 1 KiB sees it whole.
    pub(crate) fn begins(mut self, text: &'static str) -> Self {
        self.body = Body::Begins(text);
        self
    }

    /// Compares; the error says what differs.
    pub(crate) fn check(&self, got: &Response) -> Result<(), String> {
        if got.status != self.status {
            return Err(format!("status {} instead of {}", got.status, self.status));
        }
        for (name, wanted) in &self.fields {
            let value = got.field(name);
            let holds = match wanted {
                Field::Is(text) => value == Some(*text),
                Field::Absent => value.is_none(),
                Field::Present => value.is_some(),
                Field::AtLeast(least) => value
                    .and_then(|text| text.parse().ok())
                    .is_some_and(|number: u64| number >= *least),
            };
            if !holds {
                return Err(format!("field {name} is {value:?}"));
            }
        }
        // Said if and only if it closes: a client that is not told loses its next request, and
        // one that is told wrongly opens a connection for each.
        let said = got.connection_says("close");
        if self.then != Then::Over && said != (self.then == Then::Close) {
            return Err(format!(
                "says close: {said}, but it must be {:?}",
                self.then
            ));
        }
        if self.to_head {
            return Ok(());
        }
        self.check_body(&got.body)
    }

    fn check_body(&self, body: &[u8]) -> Result<(), String> {
        let text = String::from_utf8_lossy(body);
        let document = || -> Result<serde_json::Map<String, serde_json::Value>, String> {
            serde_json::from_slice(body).map_err(|e| format!("{e} in {text:?}"))
        };
        let holds = match self.body {
            Body::Empty => body.is_empty(),
            Body::Exactly(wanted) => text == wanted,
            Body::Any => !body.is_empty(),
            Body::Begins(wanted) => {
                document()?;
                text.starts_with(wanted) && body.len() <= 1024
            }
            Body::Document => !document()?.is_empty(),
            Body::Says(key, wanted) => document()?.get(key).is_some_and(|value| value == wanted),
            Body::Holds(key, wanted) => {
                let wanted = serde_json::from_str(wanted).expect("a row's JSON");
                document()?.get(key) == Some(&wanted)
            }
            Body::Has(key) => document()?.contains_key(key),
            Body::Lacks(key) => !document()?.contains_key(key),
            Body::Error => {
                let document = document()?;
                let error = document.get("error").and_then(|value| value.as_str());
                document.len() == 1 && error.is_some_and(|error| !error.is_empty())
            }
        };
        if holds {
            Ok(())
        } else {
            Err(format!("body {text:?}"))
        }
    }
}

/// So that a row may state one answer or an array of them.
impl From<Answer> for Vec<Answer> {
    fn from(answer: Answer) -> Self {
        vec![answer]
    }
}
