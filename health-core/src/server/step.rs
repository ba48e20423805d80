//! What a driver is told to do with one socket.

use crate::base::Instant;
use crate::health::Revision;
use crate::http::Reject;

/// The one thing to do next with a connection's socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Step {
    /// Wait for bytes: [`handle_input`](super::Connection::handle_input),
    /// [`handle_eof`](super::Connection::handle_eof), or at `until`
    /// [`handle_timeout`](super::Connection::handle_timeout).
    Read {
        /// The deadline for the whole head, or for its first byte.
        until: Instant,
    },
    /// Take a snapshot and call [`respond`](super::Connection::respond).
    Respond,
    /// Write what `respond` has appended, all of it, then call
    /// [`handle_sent`](super::Connection::handle_sent).
    Write {
        /// A total deadline for what was appended. A blocking driver re-arms its socket's timeout
        /// with what is left before every call: a reader of one byte a second must not win time.
        until: Instant,
    },
    /// A stream waits for something to tell. Wait for bytes and at `until` as for `Read`; and when
    /// the registry's revision has moved on from `after`, call
    /// [`handle_revision`](super::Connection::handle_revision).
    Follow {
        /// What the client knows; `None` if no change is to be told before `until`.
        after: Option<Revision>,
        /// When to say that the stream is still there, or to see what has gathered.
        until: Instant,
    },
    /// Half-close, so that the answer is not lost to a reset, then read and discard: hand over what
    /// comes as for `Read`.
    Finish {
        /// When patience ends.
        until: Instant,
    },
    /// Close the socket; the connection is over.
    Close(CloseReason),
}

impl Step {
    /// Whether it waits for a change of the registry, too.
    #[must_use]
    pub const fn wants_revision(self) -> bool {
        matches!(self, Self::Follow { after: Some(_), .. })
    }

    /// Its deadline, if it has one.
    #[must_use]
    pub const fn until(self) -> Option<Instant> {
        match self {
            Self::Read { until }
            | Self::Write { until }
            | Self::Follow { until, .. }
            | Self::Finish { until } => Some(until),
            Self::Respond | Self::Close(_) => None,
        }
    }
}

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CloseReason {
    /// The client wanted no more than it was given.
    Answered,
    /// The client closed between requests.
    PeerClosed,
    /// The client closed in the middle of a request head.
    Truncated,
    /// Nothing ever came.
    Silent,
    /// No further request came.
    Idle,
    /// The request was refused, and answered as such.
    Rejected(Reject),
    /// The request announced a body, which this endpoint never reads.
    BodyUnread,
    /// The client did not take its answer in time.
    WriteTimeout,
    /// Another connection needed the place.
    Evicted,
    /// The daemon is draining or has stopped.
    Draining,
}
