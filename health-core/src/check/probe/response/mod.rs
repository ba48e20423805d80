//! Reads the response to a probe: bytes in, an outcome at the end.
//!
//! It has no clock and no connection: the [`Attempt`](super::Attempt) that owns one hands it the
//! bytes and decides what an end of the stream or a deadline means.
//!
//! Answers are read as common clients read them, for the connection ends behind one answer and
//! nothing can be smuggled behind it. What leaves the end of the body in doubt is refused.
//!
//! | | |
//! |---|---|
//! | status line | `HTTP/1.` and a digit (2 to 9 as 1), spaces, three digits, and perhaps a space and any reason; empty lines before it are skipped |
//! | line ends | CR LF, in the head also LF; bare CR and NUL are refused |
//! | fields | a colon somewhere, blanks before it are no part of the name; any value. One of an odd name is passed over, but a name that is nearly that of `Content-Length` or `Transfer-Encoding` is refused |
//! | folded lines | read as one, with blanks in place of the line end |
//! | head | 64 KiB with the interim responses (1xx) before it, which are skipped; 101 refused |
//! | `Content-Length` | digits, if repeated the same, and not beside `Transfer-Encoding` |
//! | `Transfer-Encoding` | exactly `chunked`, once, in HTTP/1.1 |
//! | chunks | size of 1–16 hexadecimal digits and blanks, any extension, line of 256 bytes ended by CR LF, 4 KiB of trailers |
//! | body | read for the conditions on it up to 1 MiB, a setting, else 10 KiB; none after `HEAD`, 204, 304; without a length, up to the end of the stream |
//! | end of the stream | before the end of the response: a failure that says where |

mod body;
mod chunked;
mod head;
mod malformed;
mod verdict;

#[cfg(any(feature = "expect", feature = "registry"))]
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;

use super::condition::Breach;
use super::http::HttpProbe;
#[cfg(feature = "expect")]
use super::redirect::{self, Location};
use crate::base::Outcome;
use body::Body;
pub(super) use body::Progress;
pub(super) use head::Head;
use head::HeadReader;
pub(super) use malformed::Malformed;
use verdict::Verdict;

/// A response of which some, all or nothing has come.
pub(super) struct Response<'p> {
    probe: &'p HttpProbe,
    verdict: Verdict,
    part: Part<'p>,
    /// Where it leads to, if it is a redirect that is followed: then nothing else of it is judged.
    #[cfg(feature = "expect")]
    location: Option<Box<Location>>,
    /// `Retry-After` and, of a redirect, `Location`. Few have either, and there are many responses.
    #[cfg(feature = "registry")]
    pub(super) asks: Option<Box<[Option<Box<str>>; 2]>>,
}

enum Part<'p> {
    Head(HeadReader),
    Body { status: u16, body: Body<'p> },
}

impl<'p> Response<'p> {
    /// A response of which nothing has come.
    pub(super) fn new(probe: &'p HttpProbe) -> Self {
        Self {
            probe,
            verdict: Verdict::default(),
            part: Part::Head(HeadReader::default()),
            #[cfg(feature = "expect")]
            location: None,
            #[cfg(feature = "registry")]
            asks: None,
        }
    }

    /// Its status; `None` until its head has come.
    pub(super) const fn status(&self) -> Option<u16> {
        match &self.part {
            Part::Head(_) => None,
            Part::Body { status, .. } => Some(*status),
        }
    }

    /// Bytes of heap held for it.
    #[cfg(feature = "test-util")]
    pub(super) fn buffered(&self) -> usize {
        match &self.part {
            Part::Head(reader) => reader.buffered(),
            Part::Body { body, .. } => body.buffered(),
        }
    }

    /// Takes input, as much as came.
    pub(super) fn handle_input(&mut self, mut input: &[u8]) -> Result<Progress, Malformed> {
        loop {
            let reader = match &mut self.part {
                Part::Body { body, .. } => return body.handle_input(input),
                Part::Head(reader) => reader,
            };
            let Some((head, used)) = reader.handle_input(input)? else {
                return Ok(Progress::More);
            };
            let head = Head::parse(head)?;
            self.part = match head.status() {
                101 => return Err(Malformed::Switched),
                // It says nothing (RFC 9110 §15.2).
                100..=199 => Part::Head(HeadReader::behind(reader)),
                status => {
                    let framing = head.framing(self.probe.method())?;
                    #[cfg(feature = "registry")]
                    {
                        let is_redirect = (300..=399).contains(&status);
                        let location = is_redirect.then(|| text(&head, "Location")).flatten();
                        let asks = [text(&head, "Retry-After"), location];
                        let has_any = asks.iter().any(Option::is_some);
                        self.asks = has_any.then(|| Box::new(asks));
                    }
                    #[cfg(not(feature = "expect"))]
                    let is_followed = false;
                    #[cfg(feature = "expect")]
                    let is_followed = {
                        let follows = self.probe.limits().redirects > 0;
                        self.location = follows
                            .then(|| redirect::location(&head))
                            .flatten()
                            .map(Box::new);
                        self.location.is_some()
                    };
                    if !is_followed {
                        self.verdict = Verdict::of_head(self.probe, &head);
                    }
                    let is_judged = !is_followed && self.verdict.needs_body(self.probe);
                    let body = Body::new(framing, self.probe, is_judged);
                    Part::Body { status, body }
                }
            };
            input = &input[used..];
        }
    }

    /// The stream ended: `Ok` if that is how the response ends, else how much of it had come.
    pub(super) fn handle_eof(&self) -> Result<(), String> {
        match &self.part {
            Part::Head(reader) => Err(format!("{} bytes of the head received", reader.seen())),
            Part::Body { body, .. } => body.handle_eof(),
        }
    }

    /// Where it leads to.
    #[cfg(feature = "expect")]
    pub(super) fn location(&self) -> Option<&Location> {
        self.location.as_deref()
    }

    /// The outcome of a response that came whole, or whose body was cut at the limit.
    pub(super) fn judge(mut self, truncated: bool) -> Outcome {
        if let Part::Body { body, .. } = &self.part {
            self.verdict.judge_body(self.probe, body, truncated);
        }
        self.into_outcome()
    }

    /// The outcome of a response that was cut short by `breach`.
    pub(super) fn cut_short(mut self, breach: Breach) -> Outcome {
        self.verdict.cut_short(breach);
        self.into_outcome()
    }

    fn into_outcome(self) -> Outcome {
        let excerpt = match &self.part {
            Part::Body { body, .. } => body.excerpt(),
            Part::Head(_) => None,
        };
        self.verdict.into_outcome(excerpt)
    }
}

/// The value of the field, if it is there once, short, and of visible ASCII and blanks.
#[cfg(feature = "registry")]
fn text(head: &Head<'_>, name: &str) -> Option<Box<str>> {
    let mut values = head.values(name);
    let value = values.next().filter(|it| it.len() <= 2_048)?;
    let is_plain = value.iter().all(|it| matches!(it, b' '..=b'~'));
    let is_it = is_plain && values.next().is_none();
    is_it.then(|| core::str::from_utf8(value).ok().map(Into::into))?
}
