//! Where a connection is in its conversation.

use super::CloseReason;
use super::answer::Ending;
use super::reader::Reply;
use crate::health::Revision;
use crate::time::Instant;

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
        /// When the stream was asked for.
        since: Instant,
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
    /// Something is to be answered, and nothing before it.
    pub(super) const fn responding(reply: Reply) -> Self {
        let unsent = None;
        Self::Responding { reply, unsent }
    }
}
