//! Target `request`: one client's bytes, however they are cut.
//!
//! The first bytes of an input are settings, the rest is what the client sends:
//!
//! | bytes | |
//! |---|---|
//! | 0 | bit 0: small limits, bit 1: the client closes its half behind the last byte |
//! | 1–5 | the lengths of the pieces, over and over; 0 counts as 256 |
//!
//! A mutated input thus keeps its cuts, and a captured request becomes a seed by six bytes in front.

use std::fmt;
use std::sync::Arc;

use health_core::health::Registry;
use health_core::http::{Fault, Method, RequestTarget, Version};
use health_core::server::{CloseReason, Connection, Limits, Peer, Service, Step};
use health_core::{Instant, Moment, UnixTime};

use crate::expectation::{Expected, expect};
use crate::reference::{self, Verdict};

const START: Moment = Moment {
    now: Instant::from_micros(1_000_000),
    unix: UnixTime::from_millis(1_769_164_200_000),
};

/// The limits of a run: the usual ones, or small ones that a short input can reach.
pub(crate) fn limits(small: bool) -> Limits {
    let mut limits = Limits::default();
    // A stream is no answer that the reference could know the end of: its path is nobody's here.
    limits.streams = 0;
    if !small {
        return limits;
    }
    limits.request_line = 40;
    limits.head = 160;
    limits.fields = 5;
    limits.body = 10;
    limits.finish_bytes = 100;
    limits
}

/// Checks one input.
///
/// # Panics
///
/// If the core and the reference disagree, or if it matters how the input was cut.
pub fn check(data: &[u8]) {
    let Some((&[settings, ref lengths @ ..], sent)) = data.split_first_chunk::<6>() else {
        return;
    };
    let limits = limits(settings & 1 != 0);
    let closes = settings & 2 != 0;
    compare_heads(sent, &limits);
    let whole = converse(&limits, [sent], closes);
    let bytes = converse(&limits, sent.chunks(1), closes);
    assert_eq!(whole, bytes, "byte by byte");
    let cut = converse(&limits, Pieces::new(sent, lengths), closes);
    assert_eq!(whole, cut, "cut");
    compare_answers(sent, &limits, closes, &whole);
}

/// What the client sends, cut.
pub(crate) struct Pieces<'a, 'b> {
    rest: &'a [u8],
    lengths: std::iter::Cycle<std::slice::Iter<'b, u8>>,
}

impl<'a, 'b> Pieces<'a, 'b> {
    pub(crate) fn new(bytes: &'a [u8], lengths: &'b [u8]) -> Self {
        Self {
            rest: bytes,
            lengths: lengths.iter().cycle(),
        }
    }
}

impl<'a> Iterator for Pieces<'a, '_> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let length = match self.lengths.next() {
            None | Some(0) => 256,
            Some(length) => usize::from(*length),
        };
        let (piece, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.rest = rest;
        (!piece.is_empty()).then_some(piece)
    }
}

/// All heads in `sent`, as the core and as the reference read them.
fn compare_heads(mut sent: &[u8], limits: &Limits) {
    loop {
        let ours = limits.read_head(sent);
        match (ours, reference::read(sent, limits)) {
            (Ok(None), Verdict::Incomplete { .. }) => return,
            (Err(reject), Verdict::Refused { faults, .. }) if faults.contains(&reject) => return,
            (Ok(Some((request, length))), Verdict::Request(expected, expected_length)) => {
                assert_eq!(length, expected_length, "the end of the head");
                let target = match request.target {
                    RequestTarget::Server => reference::Target::Asterisk,
                    RequestTarget::Path { path, query, .. } => {
                        reference::Target::Resource(path, query)
                    }
                };
                let version = match expected.minor {
                    0 => Version::Http10,
                    _ => Version::Http11,
                };
                assert_eq!(request.method, Method::from_name(expected.method));
                assert_eq!(target, expected.target);
                assert_eq!(request.version, version);
                assert_eq!(request.keep_alive, expected.keep_alive, "keep-alive");
                assert_eq!(request.has_body, expected.has_body, "body");
                assert_eq!(request.accept, expected.accept.first().copied());
                assert_eq!(
                    request.field("authorization"),
                    expected.authorization.first().copied()
                );
                sent = &sent[length..];
            }
            (ours, expected) => panic!("{ours:?}, but the reference says {expected:?}"),
        }
    }
}

/// What came of a conversation.
#[derive(PartialEq, Eq)]
struct Conversation {
    answers: Vec<u8>,
    reason: CloseReason,
}

impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} behind {}",
            self.reason,
            self.answers.escape_ascii()
        )
    }
}

/// A conversation in which the client reads at once and sends as fast as it may, up to its end.
fn converse<'a>(
    limits: &Limits,
    pieces: impl IntoIterator<Item = &'a [u8]>,
    closes: bool,
) -> Conversation {
    let mut registry = Registry::new("fuzz", "1.0", START.now);
    registry.set_running(START.now);
    let service = Arc::new(Service::new().limits(*limits));
    let mut machine = Connection::new(service, Peer::Unknown, START.now);
    let mut pieces = pieces.into_iter();
    let mut now = START.now;
    let mut answers = Vec::new();
    loop {
        match machine.step() {
            Step::Respond => {
                // The wall clock stands still, else the answers could not be compared.
                let moment = Moment { now, ..START };
                machine.respond(moment, &registry.snapshot(now), &mut answers);
            }
            Step::Write { .. } => machine.handle_sent(now),
            Step::Read { until } | Step::Follow { until, .. } | Step::Finish { until } => {
                match pieces.next() {
                    Some(piece) => machine.handle_input(now, piece),
                    None if closes => machine.handle_eof(),
                    None => {
                        assert!(now < until, "a deadline that has passed");
                        now = until;
                        machine.handle_timeout(now);
                    }
                }
            }
            Step::Close(reason) => return Conversation { answers, reason },
        }
    }
}

/// Whether `conversation` is what the reference makes of `sent`.
fn compare_answers(sent: &[u8], limits: &Limits, closes: bool, conversation: &Conversation) {
    let expectation = expect(sent, limits);
    let mut answers = expectation.answers;
    let reasons = if expectation.ends {
        answers
            .last()
            .and_then(|it| it.last.clone())
            .unwrap_or_default()
    } else {
        vec![match (closes, expectation.under_way) {
            (true, true) => CloseReason::Truncated,
            (true, false) => CloseReason::PeerClosed,
            (false, true) => {
                answers.push(Expected::timeout(expectation.to_head));
                CloseReason::Rejected(Fault::HeadTimeout.into())
            }
            (false, false) if answers.is_empty() => CloseReason::Silent,
            (false, false) => CloseReason::Idle,
        }]
    };
    assert!(
        reasons.contains(&conversation.reason),
        "{conversation:?}, expected {reasons:?} behind {answers:?}"
    );
    let mut rest = &conversation.answers[..];
    for answer in &answers {
        let (says_close, length) = answer.read(rest);
        assert_eq!(
            says_close,
            answer.last.is_some(),
            "close said to {answer:?}"
        );
        rest = &rest[length..];
    }
    assert!(
        rest.is_empty(),
        "answers to nothing: {}",
        rest.escape_ascii()
    );
}
