//! Answers as bytes: head and body into one buffer, and how the connection ends behind them.

use alloc::vec::Vec;

use super::{Ask, CloseReason, Service};
use crate::health::Snapshot;
use crate::http::response::Persistence;
use crate::http::{Head, Method, Reject, Request};
use crate::render;
use crate::time::Moment;

/// How a connection ends behind its last answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ending {
    pub(super) reason: CloseReason,
    /// More input may be under way. Closing on unread bytes sends a reset, which may overtake the
    /// answer (RFC 9112 §9.6): half-close first and read on for a while.
    pub(super) linger: bool,
}

impl Ending {
    /// Whether nothing may follow `request` on its connection, and why.
    pub(super) fn behind(request: &Request<'_>, more_has_come: bool) -> Option<Self> {
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
                linger: more_has_come,
            })
        }
    }
}

/// Appends the answer to `ask`.
pub(super) fn answer(
    service: &Service,
    ask: &Ask,
    persistence: Persistence,
    moment: Moment,
    snapshot: &Snapshot,
    out: &mut Vec<u8>,
) {
    let head = service.head(ask, snapshot);
    let length = head.write(moment.unix, persistence, out);
    let body = out.len();
    if ask.method != Method::Options {
        service.body(moment, ask, &head, snapshot, out);
    }
    length.fill(out.len() - body, out);
    if ask.method == Method::Head {
        out.truncate(body);
    }
}

/// Appends the refusal of a request.
pub(super) fn reject(reject: Reject, moment: Moment, out: &mut Vec<u8>) {
    let length = Head::new(reject.status()).write(moment.unix, Persistence::Close, out);
    let body = out.len();
    render::error(reject.reason(), out);
    length.fill(out.len() - body, out);
}
