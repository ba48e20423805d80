//! The outcome of a response: its status and the conditions on it.

use alloc::format;
use alloc::string::String;

use super::super::condition::{Breach, Condition};
use super::super::http::HttpProbe;
use super::super::statuses::Statuses;
use super::body::Body;
use super::head::Head;
use crate::base::{Capture, Kind, Outcome};

/// The first breach of each severity so far.
#[derive(Default)]
pub(super) struct Verdict {
    hard: Option<Breach>,
    soft: Option<Breach>,
    /// The content coding of the body, which nobody asked for.
    coding: Option<&'static str>,
}

impl Verdict {
    /// Judges a head: the status, then the conditions on headers in their order.
    pub(super) fn of_head(probe: &HttpProbe, head: &Head<'_>) -> Self {
        let mut verdict = Self {
            coding: head.content_coding(),
            ..Self::default()
        };
        if !probe.accepted_status().contain(head.status()) {
            let message = not_accepted(head.status(), probe.accepted_status());
            verdict.hard = Some(Breach::new(Kind::BadStatus, message));
        }
        verdict.judge(probe, |_, condition| condition.check_head(head));
        verdict
    }

    /// Whether the content of the body can still change anything.
    pub(super) fn needs_body(&self, probe: &HttpProbe) -> bool {
        let can_change = self.hard.is_none() && self.coding.is_none();
        can_change && probe.conditions().iter().any(Condition::is_on_body)
    }

    /// Judges the body of a response that came whole, or was cut at the limit.
    pub(super) fn judge_body(&mut self, probe: &HttpProbe, body: &Body<'_>, truncated: bool) {
        let coding = self.coding;
        let longer_than = truncated.then(|| probe.max_body());
        self.judge(probe, |at, condition| match (coding, body.reader(at)) {
            (Some(coding), _) if condition.is_on_body() => {
                let message = format!("body has the content coding {coding}, which is not decoded");
                Err(Breach::new(Kind::BadBody, message))
            }
            (_, Some(reader)) => reader.judge(longer_than),
            (_, None) => Ok(()),
        });
    }

    /// The response was cut short by this. A breach that the head has shown is reported in
    /// preference: a bad status says more than a truncated body.
    pub(super) fn cut_short(&mut self, by: Breach) {
        match &mut self.hard {
            Some(hard) if hard.detail.is_none() => hard.detail = Some(by.message),
            Some(_) => {}
            None => self.hard = Some(by),
        }
    }

    /// The outcome. `body` is what may be shown in private.
    pub(super) fn into_outcome(self, body: Option<&Capture>) -> Outcome {
        let (outcome, detail) = match (self.hard, self.soft) {
            (Some(hard), _) => (
                Outcome::failure_with_message(hard.message).of_kind(hard.kind),
                hard.detail,
            ),
            (None, Some(soft)) => (Outcome::warning(soft.message), soft.detail),
            (None, None) => return Outcome::success(),
        };
        let excerpt = body.map(|body| format!("body: {body}"));
        match (detail, excerpt) {
            (Some(detail), Some(excerpt)) => outcome.caused_by(format_args!("{detail}\n{excerpt}")),
            (Some(only), None) | (None, Some(only)) => outcome.caused_by(only),
            (None, None) => outcome,
        }
    }

    fn judge(
        &mut self,
        probe: &HttpProbe,
        check: impl Fn(usize, &Condition) -> Result<(), Breach>,
    ) {
        for (at, condition) in probe.conditions().iter().enumerate() {
            let place = if condition.is_soft() {
                &mut self.soft
            } else {
                &mut self.hard
            };
            if place.is_none() {
                *place = check(at, condition).err();
            }
        }
    }
}

/// `HTTP 500 Internal Server Error (accepted: 200-399)`.
fn not_accepted(status: u16, accepted: &Statuses) -> String {
    let mut text = format!("HTTP {status}");
    if let Some(name) = reason(status) {
        text.extend([" ", name]);
    }
    text + &format!(" (accepted: {accepted})")
}

/// The reason phrase that RFC 9110 §15 (or the RFC at the status) gives to a status.
///
/// Messages use these and not what the peer wrote: the three digits of a status are all that a
/// target can put into a message that everybody may read.
const fn reason(status: u16) -> Option<&'static str> {
    Some(match status {
        101 => "Switching Protocols",
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        203 => "Non-Authoritative Information",
        204 => "No Content",
        205 => "Reset Content",
        206 => "Partial Content",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Range Not Satisfiable",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        426 => "Upgrade Required",
        // RFC 6585
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        // RFC 7725
        451 => "Unavailable For Legal Reasons",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        511 => "Network Authentication Required",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;

    #[test]
    fn no_two_statuses_have_one_phrase() {
        let mut statuses = BTreeMap::new();
        for status in 100..600 {
            if let Some(phrase) = reason(status) {
                assert_eq!(statuses.insert(phrase, status), None, "{phrase}");
            }
        }
        assert_eq!(statuses["Service Unavailable"], 503);
        assert_eq!((reason(306), reason(418), reason(599)), (None, None, None));
    }
}
