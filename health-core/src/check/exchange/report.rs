//! What an exchange has to say when it is over.

use core::fmt;
use core::time::Duration;

use crate::base::{Kind, Outcome};

/// The result of one exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The verdict. Of the target's bytes only the three digits of the status are in its message.
    pub outcome: Outcome,
    /// What went wrong, for counters and rules; `None` unless the outcome is a failure.
    pub failure: Option<FailureKind>,
    /// The status of the answer, if a whole head came.
    pub status: Option<u16>,
    /// How long each part took.
    pub timings: Timings,
}

/// How long the parts of an exchange took. A part that never began is `None`; the one that was
/// running at the end counts up to the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// From the start of the exchange until the request was sent.
    pub send: Option<Duration>,
    /// From there until the whole response head had come, interim answers included.
    pub head: Option<Duration>,
    /// From there until the end of the body, or to where it was cut.
    pub body: Option<Duration>,
}

impl Timings {
    pub(super) const fn record(&mut self, part: ProbePhase, length: Duration) {
        match part {
            ProbePhase::Send => self.send = Some(length),
            ProbePhase::Head => self.head = Some(length),
            ProbePhase::Body => self.body = Some(length),
        }
    }
}

/// A part of an exchange. Displayed as what one is doing: `waiting for the response head`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProbePhase {
    /// The request is being sent.
    Send,
    /// The head of the answer has not come, or not all of it.
    Head,
    /// The body of the answer has not come, or not all of it.
    Body,
}

impl fmt::Display for ProbePhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Send => "sending the request",
            Self::Head => "waiting for the response head",
            Self::Body => "reading the response body",
        })
    }
}

/// Why an exchange failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FailureKind {
    /// The deadline passed.
    Timeout,
    /// The connection ended before one byte of an answer. On a connection that had been used
    /// before, this is a peer that closed it in the meantime: try once more on a new one.
    NoResponse,
    /// The connection ended inside the answer.
    Closed,
    /// The answer is not HTTP/1.1, or more than we read.
    Protocol,
    /// The status is not accepted.
    Status,
    /// A condition on a header does not hold.
    Header,
    /// A condition on the body does not hold.
    Body,
}

impl FailureKind {
    /// The kind as one lower-case word, for labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::NoResponse => "no_response",
            Self::Closed => "closed",
            Self::Protocol => "protocol",
            Self::Status => "status",
            Self::Header => "header",
            Self::Body => "body",
        }
    }

    /// The word of an [outcome](crate::base::Outcome) for it, which has fewer distinctions.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Timeout => Kind::Timeout,
            Self::NoResponse | Self::Closed => Kind::Reset,
            Self::Protocol => Kind::BadResponse,
            Self::Status => Kind::BadStatus,
            Self::Header => Kind::BadHeader,
            Self::Body => Kind::BadBody,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both words are labels somewhere: another one would break whoever selects by it.
    #[test]
    fn every_failure_keeps_its_words() {
        for (kind, words) in [
            (FailureKind::Timeout, ("timeout", "timeout")),
            (FailureKind::NoResponse, ("no_response", "reset")),
            (FailureKind::Closed, ("closed", "reset")),
            (FailureKind::Protocol, ("protocol", "bad_response")),
            (FailureKind::Status, ("status", "bad_status")),
            (FailureKind::Header, ("header", "bad_header")),
            (FailureKind::Body, ("body", "bad_body")),
        ] {
            assert_eq!((kind.as_str(), kind.kind().as_str()), words);
        }
    }
}
