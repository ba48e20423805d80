//! Answers as bytes: head and body into one buffer, and how the connection ends behind them.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::request_id::RequestId;
use super::stream::Stream;
use super::{CloseReason, Query, Route, Service};
use crate::base::Moment;
use crate::health::{Phase, Snapshot};
use crate::http::response::Persistence;
use crate::http::{Head, Method, Reject, Request, StatusCode, Version};
use crate::render;

/// How a connection ends behind its last answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ending {
    pub(super) reason: CloseReason,
    /// More input may be under way. Closing on unread bytes sends a reset, which may overtake the
    /// answer (RFC 9112 §9.6): half-close first and read on for a while.
    pub(super) linger: bool,
}

impl Ending {
    /// The client may not expect that this answer is the last.
    pub(super) const ANSWERED: Self = Self {
        reason: CloseReason::Answered,
        linger: true,
    };

    /// Nobody can say where the next request begins.
    pub(super) const fn rejected(reject: Reject) -> Self {
        Self {
            reason: CloseReason::Rejected(reject),
            linger: true,
        }
    }

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

    /// What ends a connection that was told to end, or whose daemon is in this phase.
    pub(super) fn told(told: Option<CloseReason>, phase: Phase) -> Option<Self> {
        let draining = phase.is_ending().then_some(CloseReason::Draining);
        told.or(draining).map(|reason| Self {
            reason,
            // A client that has not closed does not know yet: its next request may be on its way.
            linger: reason != CloseReason::PeerClosed,
        })
    }
}

/// Appends the answer to `ask`, which is called `id` if it has a name.
pub(super) fn answer(
    service: &Service,
    ask: &Query,
    id: Option<RequestId>,
    persistence: Persistence,
    moment: Moment,
    snapshot: &Snapshot,
    out: &mut Vec<u8>,
) -> StatusCode {
    let limited = service.limited(moment, ask);
    let ask = limited.as_ref().unwrap_or(ask);
    let verdict = Service::verdict(ask, snapshot);
    let head = service.head(ask, verdict);
    let rare = |out: &mut Vec<u8>| write_rare(service, ask, id, out);
    write(&head, ask.method, persistence, moment, out, rare, |out| {
        service.body(moment, ask, &head, verdict, snapshot, out);
    });
    head.status
}

/// Whether `ask` is answered by a stream: then that begins with [`begin`].
pub(super) fn is_stream(service: &Service, ask: &Query, moment: Moment) -> bool {
    ask.route == Route::Events
        && matches!(ask.method, Method::Get | Method::Head)
        && service.code(ask, None) == StatusCode::Ok
        && service.limited(moment, ask).is_none()
}

/// Appends the head of a stream, which is all that a `HEAD` is told.
pub(super) fn begin(
    service: &Service,
    ask: &Query,
    id: Option<RequestId>,
    version: Version,
    moment: Moment,
    out: &mut Vec<u8>,
) -> Option<Box<Stream>> {
    let chunked = version == Version::Http11;
    let head = service.head(ask, None);
    let rare = |out: &mut Vec<u8>| write_rare(service, ask, id, out);
    head.write_stream(moment.unix, chunked, out, rare);
    (ask.method != Method::Head).then(|| Box::new(Stream::new(ask, chunked, moment.now)))
}

/// Appends the refusal of a request, whose method is known if it came that far.
pub(super) fn reject(
    service: &Service,
    reject: Reject,
    method: Option<Method>,
    id: Option<RequestId>,
    moment: Moment,
    out: &mut Vec<u8>,
) -> StatusCode {
    service.counters().count_reject(reject.status());
    let head = Head::new(reject.status());
    let method = method.unwrap_or(Method::Other);
    let rare = |out: &mut Vec<u8>| write_id(id, out);
    let last = Persistence::Close;
    write(&head, method, last, moment, out, rare, |out| {
        render::error(reject.reason(), out);
    });
    head.status
}

fn write_rare(service: &Service, ask: &Query, id: Option<RequestId>, out: &mut Vec<u8>) {
    let key_header = service.policy.key_header();
    service.cors.write(ask.cross_origin, key_header, out);
    write_id(id, out);
}

fn write_id(id: Option<RequestId>, out: &mut Vec<u8>) {
    if let Some(id) = id {
        out.extend_from_slice(b"X-Request-Id: ");
        out.extend_from_slice(id.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
}

/// Appends `head` with the `rare` fields, then what `body` appends, whose length belongs into the head. A `HEAD` is told
/// the length and spared the rest (RFC 9110 §9.3.2).
fn write(
    head: &Head,
    method: Method,
    persistence: Persistence,
    moment: Moment,
    out: &mut Vec<u8>,
    rare: impl FnOnce(&mut Vec<u8>),
    body: impl FnOnce(&mut Vec<u8>),
) {
    let length = head.write(moment.unix, persistence, out, rare);
    let body_start = out.len();
    body(out);
    length.fill(out.len() - body_start, out);
    if method == Method::Head {
        out.truncate(body_start);
    }
}
