//! Where a connection is in its conversation.

use super::answer::Ending;
use super::reader::Reply;
use super::stream::Stream;
use super::{CloseReason, EvictionClass, Service, Step};
use crate::base::Instant;
use crate::health::Revision;

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
    /// Something is to be answered; `unsent` answers wait for it in the caller's buffer.
    Responding {
        reply: Reply,
        unsent: Option<Writing>,
    },
    /// Answers wait to be written. `last`: the connection ends behind them.
    Writing {
        writing: Writing,
        last: Option<Ending>,
    },
    /// A stream waits for something to tell.
    Following {
        after: Option<Revision>,
        until: Instant,
    },
    /// The last answer is out; its reader gets time to read it.
    Finishing {
        until: Instant,
        left: usize,
        reason: CloseReason,
    },
    Closed(CloseReason),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Writing {
    pub(super) since: Instant,
    pub(super) until: Instant,
}

impl State {
    /// A client has connected.
    pub(super) fn accepted(service: &Service, now: Instant) -> Self {
        if service.is_agent() {
            return Self::responding(Reply::Agent);
        }
        Self::Idle {
            since: now,
            until: now + service.bounds().head_timeout,
        }
    }

    /// Something is to be answered, and nothing before it.
    pub(super) const fn responding(reply: Reply) -> Self {
        let unsent = None;
        Self::Responding { reply, unsent }
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
            Self::Finishing { until, .. } => Step::Finish { until },
            Self::Closed(reason) => Step::Close(reason),
        }
    }

    /// What an eviction would cost, of a connection that has been answered or not.
    pub(super) fn eviction_class(
        &self,
        has_answered: bool,
        stream: Option<&Stream>,
    ) -> EvictionClass {
        match *self {
            Self::Idle { since, .. } if has_answered => EvictionClass::Idle { since },
            Self::Idle { since, .. } | Self::Head { since, .. } => EvictionClass::Reading { since },
            // A stream that is about to be told the news has been answered: it may be cut.
            Self::Following { .. } | Self::Responding { .. } => {
                stream.map_or(EvictionClass::Responding, Stream::eviction_class)
            }
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
            } if after.as_u64() < revision.as_u64() => Self::responding(Reply::News),
            Self::Following {
                after: Some(after),
                until,
            } if after.published() < revision.published() => Self::Following {
                // Values are published one after the other.
                after: None,
                until: until.min(now + Stream::GATHERING),
            },
            other => other,
        }
    }
}
