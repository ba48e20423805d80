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
    service.counters().count_request(ask.route, head.status);
    write(&head, ask.method, persistence, moment, out, |out| {
        service.body(moment, ask, &head, snapshot, out);
    });
}

/// Appends the refusal of a request, whose method is known if it came that far.
pub(super) fn reject(
    service: &Service,
    reject: Reject,
    method: Option<Method>,
    moment: Moment,
    out: &mut Vec<u8>,
) {
    service.counters().count_reject(reject.status());
    let head = Head::new(reject.status());
    let method = method.unwrap_or(Method::Other);
    write(&head, method, Persistence::Close, moment, out, |out| {
        render::error(reject.reason(), out);
    });
}

/// Appends `head`, then what `body` appends, whose length belongs into the head. A `HEAD` is told
/// the length and spared the rest (RFC 9110 §9.3.2).
fn write(
    head: &Head,
    method: Method,
    persistence: Persistence,
    moment: Moment,
    out: &mut Vec<u8>,
    body: impl FnOnce(&mut Vec<u8>),
) {
    let length = head.write(moment.unix, persistence, out);
    let body_start = out.len();
    body(out);
    length.fill(out.len() - body_start, out);
    if method == Method::Head {
        out.truncate(body_start);
    }
}
