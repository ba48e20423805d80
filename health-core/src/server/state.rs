//! Where a connection is in its conversation, and what that asks of the driver.

use super::stream::Stream;
use super::{EvictionClass, Query, Service};
use crate::base::Instant;
use crate::health::{Phase, Revision};
use crate::http::{Fault, Method, Reject, Request, Version};

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
    /// A stream waits for a change, or a request for its answer. Wait for bytes and until `until` as for `Read`; and when the
    /// registry's revision is no longer `after`, call
    /// [`handle_revision`](super::Connection::handle_revision).
    Follow {
        /// The revision that is known; `None` if no change is sent before `until`.
        after: Option<Revision>,
        /// When to send a heartbeat, or what has changed meanwhile; or when the answer is due.
        until: Instant,
    },
    /// A lingering close (RFC 9112 §9.6): half-close, so that the response is not lost to a reset,
    /// then read and discard. Hand over what comes as for `Read`.
    Finish {
        /// When the client has had long enough.
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
    /// The last response has been delivered, and the client wanted no further one.
    Answered,
    /// The client closed between requests.
    PeerClosed,
    /// The client closed in the middle of a request head.
    Truncated,
    /// The client never sent anything.
    Silent,
    /// No further request came.
    Idle,
    /// The request was refused, and that was answered.
    Rejected(Reject),
    /// The request announced a body, which this endpoint never reads.
    BodyUnread,
    /// The client did not take a response in time.
    WriteTimeout,
    /// Another connection needed its slot.
    Evicted,
    /// The daemon is draining or has stopped.
    Draining,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum State {
    /// Waiting for the first byte of a head.
    Idle {
        since: Instant,
        until: Instant,
    },
    /// In the middle of a head.
    Head {
        since: Instant,
        until: Instant,
    },
    /// A response is due; since `unsent_since` others wait for it in the caller's buffer.
    Responding {
        pending: Pending,
        unsent_since: Option<Instant>,
    },
    /// Responses wait to be written. `close`: the connection ends behind them.
    Writing {
        writing: Writing,
        close: Option<CloseMode>,
    },
    /// A stream waits for a change.
    Following {
        after: Option<Revision>,
        until: Instant,
    },
    /// A request that was handed over waits for its answer.
    #[cfg(feature = "registry")]
    Waiting {
        after: Revision,
        until: Instant,
    },
    /// The last response has been sent; the client gets time to read it.
    Finishing {
        until: Instant,
        left: usize,
        reason: CloseReason,
    },
    Closed(CloseReason),
}

/// What is to be answered.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pending {
    Query {
        query: Query,
        version: Version,
        /// Set if nothing may follow on this connection.
        close: Option<CloseMode>,
    },
    /// The line of an agent check, which needs no request.
    AgentCheck,
    /// What has changed, for the client of a stream.
    Events,
    /// What the program says, if it has said it.
    #[cfg(feature = "registry")]
    Answer,
    Reject {
        fault: Fault,
        /// Known if the request came that far: a refused `HEAD` gets no body either.
        method: Option<Method>,
    },
}

/// Since when, and until when, responses are being written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Writing {
    pub(super) since: Instant,
    pub(super) until: Instant,
}

/// How a connection ends behind its last response.
#[derive(Clone, Copy, Debug)]
pub(super) struct CloseMode {
    pub(super) reason: CloseReason,
    /// More input may be under way. Closing on unread bytes sends a reset, which may overtake the
    /// response (RFC 9112 §9.6): half-close first and read on for a while.
    pub(super) linger: bool,
}

impl State {
    /// A client has connected.
    pub(super) fn accepted(service: &Service, now: Instant) -> Self {
        if service.is_agent() {
            return Self::responding(Pending::AgentCheck);
        }
        Self::Idle {
            since: now,
            until: now + service.bounds().head_timeout,
        }
    }

    /// A response is due, and none before it waits to be written.
    pub(super) const fn responding(pending: Pending) -> Self {
        let unsent_since = None;
        Self::Responding {
            pending,
            unsent_since,
        }
    }

    /// What the driver has to do.
    pub(super) fn step(&self) -> Step {
        match *self {
            Self::Idle { until, .. } | Self::Head { until, .. } => Step::Read { until },
            Self::Responding { .. } => Step::Respond,
            Self::Writing { writing, .. } => Step::Write {
                until: writing.until,
            },
            Self::Following { after, until, .. } => Step::Follow { after, until },
            #[cfg(feature = "registry")]
            Self::Waiting { after, until } => Step::Follow {
                after: Some(after),
                until,
            },
            Self::Finishing { until, .. } => Step::Finish { until },
            Self::Closed(reason) => Step::Close(reason),
        }
    }

    /// What the eviction would cost, of a connection that has been answered or not.
    pub(super) fn eviction_class(
        &self,
        has_answered: bool,
        stream: Option<&Stream>,
    ) -> EvictionClass {
        match *self {
            Self::Idle { since, .. } if has_answered => EvictionClass::Idle { since },
            Self::Idle { since, .. } | Self::Head { since, .. } => EvictionClass::Reading { since },
            // A stream has been answered, even while it is sent a change: it may be cut.
            Self::Following { .. } | Self::Responding { .. } => {
                stream.map_or(EvictionClass::Responding, Stream::eviction_class)
            }
            #[cfg(feature = "registry")]
            Self::Waiting { .. } => EvictionClass::Responding,
            Self::Writing { writing, .. } => EvictionClass::Writing {
                since: writing.since,
            },
            Self::Finishing { .. } | Self::Closed(_) => EvictionClass::Closing,
        }
    }

    /// The state after the registry's revision has become this one.
    pub(super) fn handle_revision(self, now: Instant, revision: Revision) -> Self {
        match self {
            Self::Following {
                after: Some(after), ..
            } if after.as_u64() < revision.as_u64() => Self::responding(Pending::Events),
            Self::Following {
                after: Some(after),
                until,
            } if after.published() < revision.published() => Self::Following {
                // Values are published one after the other.
                after: None,
                until: until.min(now + Stream::GATHERING),
            },
            #[cfg(feature = "registry")]
            Self::Waiting { after, .. } if after.answers() < revision.answers() => {
                Self::responding(Pending::Answer)
            }
            other => other,
        }
    }
}

impl CloseMode {
    /// The client may not know that this is the last response.
    pub(super) const ANSWERED: Self = Self {
        reason: CloseReason::Answered,
        linger: true,
    };

    /// Where the next request begins is unknown.
    pub(super) const fn rejected(fault: Fault) -> Self {
        Self {
            reason: CloseReason::Rejected(Reject(fault)),
            linger: true,
        }
    }

    /// Whether nothing may follow `request` on its connection, and why.
    pub(super) fn after(request: &Request<'_>, has_more_input: bool) -> Option<Self> {
        if request.has_body {
            Some(Self {
                reason: CloseReason::BodyUnread,
                linger: true,
            })
        } else if request.keep_alive {
            None
        } else {
            Some(Self {
                reason: CloseReason::Answered,
                linger: has_more_input,
            })
        }
    }

    /// How a connection ends that has a reason to, or whose daemon is in this phase.
    pub(super) fn of(reason: Option<CloseReason>, phase: Phase) -> Option<Self> {
        let draining = phase.is_ending().then_some(CloseReason::Draining);
        reason.or(draining).map(|reason| Self {
            reason,
            // A client that has not closed does not know yet: its next request may be on its way. The
            // place of one that is evicted is needed now.
            linger: !matches!(reason, CloseReason::PeerClosed | CloseReason::Evicted),
        })
    }
}
