//! Requests about a target that the program answers itself, and later: its own paths below
//! `/targets/NAME/`.
//!
//! Everything else is answered at once from a snapshot. A program's own answer may need a disk, or a task
//! that is busy, and nothing may hold up the thread on which probes wait. So such a request is checked
//! here, handed over with a key, and its connection waits as that of a stream does: for a change of the
//! [`Revision`](crate::health::Revision), which drivers wait for already.
//!
//! ```text
//!  head ─► method, token, query ─► TargetRequests::add ─► key        the program, at its own pace
//!                                      │                                      │
//!                                      ▼                                      ▼
//!                        Step::Follow, for at most              the answer is kept by its key,
//!                        TargetRoutes::timeout                  then Registry::note_answer
//!                                      │                                      │
//!                                      ▼                                      │
//!        Step::Write ◄── respond ◄── TargetRequests::answer ◄── revision ◄────┘
//! ```
//!
//! * **The endpoint stays quick.** `add`, `answer` and `forget` are calls of a queue: they return at once.
//! * **All is bounded.** The queue refuses what is too much, the wait has a deadline, the query a size;
//!   what a client sends behind a request that waits is kept up to [`Limits::head`](super::Limits::head).
//! * **Who leaves is forgotten**: `forget` is called however the wait ends. The end of the client's input
//!   counts as its leaving, as it does on a stream: a client that only half-closes looks the same.
//! * **A page of another origin cannot act.** An action is a `POST` with the token in `Authorization`, which
//!   no browser adds by itself, and no origin is ever allowed to send one.
//! * A **mounted** endpoint has no such paths: it answers at once or not at all. Its server has routes of its
//!   own.

mod parameters;
mod routes;
mod waiting;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

pub use routes::TargetRoutes;
pub(super) use routes::{Asked, Asking, Desk};
pub(super) use waiting::AskedHead;

use super::Peer;
use crate::base::Name;
use crate::http::Code;
use crate::render;

/// Where a [`Service`](super::Service) puts the requests of its [`TargetRoutes`], and finds the answers. A
/// driver's queue implements it.
///
/// It is called on the endpoint's thread, where probes wait for their responses: each call has to return
/// at once. Once an answer can be found, [`Registry::note_answer`](crate::health::Registry::note_answer)
/// wakes the connection that waits for it.
pub trait TargetRequests: Send + Sync {
    /// Takes a request, and returns the key of its answer, which no other request has had. `None` if too
    /// many wait already: that is answered 503.
    fn add(&self, request: TargetRequest) -> Option<u64>;

    /// The answer to the request with this key, if it is there. It is not asked for again after that.
    fn answer(&self, key: u64) -> Option<TargetAnswer>;

    /// Nobody waits for this answer any more: it was sent, or the client has gone, or the time is up.
    /// Called once for each key.
    fn forget(&self, key: u64);
}

/// A request about a target. What it may do has been checked; whether there is such a target has not.
#[derive(Clone, Debug)]
pub struct TargetRequest {
    target: Name,
    path: &'static str,
    parameters: Box<[(String, String)]>,
    peer: Peer,
}

impl TargetRequest {
    /// The name in the path.
    #[must_use]
    pub const fn target(&self) -> &Name {
        &self.target
    }

    /// What is asked for: one of those that were declared with [`TargetRoutes`].
    #[must_use]
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// The parameters of the query, decoded, in their order: no name twice, no control characters.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        let parameters = self.parameters.iter();
        parameters.map(|(name, value)| (&**name, &**value))
    }

    /// The value of the parameter of this name.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters()
            .find(|it| it.0 == name)
            .map(|(_, value)| value)
    }

    /// The client.
    #[must_use]
    pub const fn peer(&self) -> &Peer {
        &self.peer
    }
}

/// What a [`TargetRequest`] is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetAnswer {
    status: Code,
    text: Box<str>,
}

impl TargetAnswer {
    /// 200 with this document.
    ///
    /// # Misuse
    ///
    /// What is not valid JSON is sent as it is.
    #[must_use]
    pub fn json(document: impl Into<Box<str>>) -> Self {
        let text = document.into();
        Self {
            status: Code::Ok,
            text,
        }
    }

    /// 400: the query is not allowed. As all the others below, `{"error":"…"}`.
    #[must_use]
    pub fn bad_request(error: &str) -> Self {
        Self::error(Code::BadRequest, error)
    }

    /// 404: there is no such target.
    #[must_use]
    pub fn not_found() -> Self {
        Self::error(Code::NotFound, "Not found")
    }

    /// 409: it cannot be done as things stand.
    #[must_use]
    pub fn conflict(error: &str) -> Self {
        Self::error(Code::Conflict, error)
    }

    /// 503: it cannot be answered now; the client may come again.
    #[must_use]
    pub fn unavailable(error: &str) -> Self {
        Self::error(Code::ServiceUnavailable, error)
    }

    fn error(status: Code, error: &str) -> Self {
        let mut document = Vec::new();
        render::error(error, &mut document);
        let text = String::from_utf8(document).unwrap_or_default().into();
        Self { status, text }
    }
}
