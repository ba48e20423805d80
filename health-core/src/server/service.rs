//! What all connections of a listener share, and how a request becomes a query.
//!
//! The settings are in `settings`, the responses in `answer`.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::access::Policy;
use super::cors::{AllowList, CrossOrigin};
use super::counters::Counters;
use super::guard::{PanicGuard, UNGUARDED};
use super::log::Log;
use super::query::QueryString;
use super::rate::Bucket;
#[cfg(feature = "registry")]
use super::requests::Desk;
#[cfg(feature = "monitor")]
use super::targets::TargetList;
use super::{Access, AccessRequest, DegradedCode, EventCursor, Limits};
use super::{Peer, Query, Route};
use crate::base::Moment;
use crate::health::Snapshot;
use crate::http::{Accept, Head, Method, RequestTarget};
use crate::render::Format;

/// One listener's settings: limits, paths, codes, tokens. Clones count together.
///
/// Drivers run it through [`Connection`](super::Connection). Daemons that have an HTTP server
/// already mount it with [`query`](Self::query) and [`answer`](Self::answer): the drivers' examples
/// `axum`, `hyper` and `tiny_http` show the few lines that takes.
///
/// ```
/// use health_core::health::Registry;
/// use health_core::server::{Peer, Service};
/// use health_core::Moment;
///
/// let moment = Moment::default();
/// let mut registry = Registry::new("steering", "1.4.0", moment.now);
/// let service = Service::new();
///
/// let query = service.query(Peer::Unknown, "GET", "/health/ready", |_| None);
/// let mut body = Vec::new();
/// let head = service.answer(moment, &query, &registry.snapshot(moment.now), &mut body);
/// assert_eq!(head.status, 503);
/// assert!(head.fields().any(|(name, value)| name == "Retry-After" && value == "1"));
/// assert_eq!(body, br#"{"status":"unhealthy","phase":"starting"}"#);
/// ```
///
/// # The event stream
///
/// `/health/events` answers with server-sent events (WHATWG HTML §9.2):
///
/// | event | id | data |
/// |---|---|---|
/// | `snapshot` | of the latest transition | the document of `/health?verbose`: first of all, and after the transitions of each batch |
/// | `transition` | its own | an entry of `/health/history` |
/// | `stats` | | the document of `/stats`, or of `/stats?verbose` if the stream was requested so: the latest values, however many were published in between |
/// | `reset` | | `{"after":7,"first_id":9,"last_id":12}`: transitions between what the client has seen and what follows are lost. `after` is left out unless it is a number below 2^53, which any reader of JSON keeps. The client discards its state; all that is remembered comes next |
/// | `end` | | `{"phase":"draining"}`: nothing more comes. While the phase is another one, the place is another client's: the `retry` that comes with it says when to come back |
///
/// Data is one line of JSON, by `schemas/events.json`. Batches are 200 ms apart or more, published
/// values gather for 50 ms, and a comment is the heartbeat of a stream without events. A client that
/// reconnects sends what it has seen as `Last-Event-ID` or `?after=`, and gets the transitions after
/// that before the snapshot. In HTTP/1.1 the stream comes in chunks, in HTTP/1.0 it ends with its
/// connection.
///
/// A listener has a limited [number of streams](Limits::streams). One that has been open for 60 s makes
/// room for another one; if none has, the other one is sent the present state and ends. Either is told to
/// come back after 60 to 120 s.
#[derive(Clone, Debug)]
pub struct Service {
    pub(super) limits: Limits,
    pub(super) prefix: Box<str>,
    pub(super) degraded: DegradedCode,
    pub(super) retry_after: u32,
    pub(super) is_agent: bool,
    pub(super) policy: Policy,
    pub(super) cors: AllowList,
    pub(super) bucket: Option<Bucket>,
    pub(super) log: Option<Log>,
    #[cfg(feature = "monitor")]
    pub(super) targets: Option<TargetList>,
    #[cfg(feature = "registry")]
    pub(super) desk: Option<Desk>,
    pub(super) guard: Option<PanicGuard>,
    counters: Arc<Counters>,
}

impl Default for Service {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            prefix: Box::default(),
            degraded: DegradedCode::default(),
            retry_after: 1,
            is_agent: false,
            policy: Policy::default(),
            cors: AllowList::default(),
            bucket: None,
            log: None,
            #[cfg(feature = "monitor")]
            targets: None,
            #[cfg(feature = "registry")]
            desk: None,
            guard: None,
            counters: Arc::default(),
        }
    }
}

impl Service {
    /// All settings at their defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether it answers agent checks and no requests.
    pub(super) const fn is_agent(&self) -> bool {
        self.is_agent
    }

    /// The limits that are set.
    #[must_use]
    pub const fn bounds(&self) -> &Limits {
        &self.limits
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(super) fn guard(&self) -> PanicGuard {
        self.guard.unwrap_or(UNGUARDED)
    }

    /// Reads a request that another HTTP server has parsed: its method by name (`GET`), its target as it
    /// was sent, and `field`, which finds the values of the fields of a name, in any case: the first one
    /// (`Option`), or better all of them, since `Accept` may be sent in several lines.
    ///
    /// A peer on this machine may see details while no token is set, if `field` has no `host`, or one
    /// that names this machine: see [`allow_hosts`](Self::allow_hosts). In HTTP/2 that is `:authority`,
    /// which may also stand in `target` (`http://localhost/stats`). Behind a proxy every peer seems to
    /// be on this machine: pass [`Peer::Unknown`] there.
    #[must_use]
    pub fn query<'a, V: IntoIterator<Item = &'a [u8]>>(
        &self,
        peer: Peer,
        method: &str,
        target: &str,
        field: impl Fn(&str) -> V,
    ) -> Query {
        let method = Method::from_name(method.as_bytes());
        // A target that is malformed is one that does not exist.
        let nothing = RequestTarget::Path {
            authority: None,
            path: b"",
            query: None,
        };
        let target = RequestTarget::parse(method, target.as_bytes()).unwrap_or(nothing);
        let cross_origin = CrossOrigin::default();
        let mut values = field("accept").into_iter();
        let (first, second) = (values.next(), values.next());
        let others = second.map_or_else(Vec::new, |second| {
            let all = first.into_iter().chain([second]).chain(values);
            all.flat_map(|value| [&b"accept:"[..], value, b"\n"].concat())
                .collect()
        });
        let accept = Accept {
            first,
            others: &others,
        };
        let field = &|name: &str| field(name).into_iter().next();
        let query = self.query_of(&peer, method, target, accept, field, cross_origin);
        // Its answer is due at once.
        #[cfg(feature = "registry")]
        let query = match query.route {
            Route::Asked(_) => Query {
                route: Route::NotFound,
                ..query
            },
            _ => query,
        };
        query
    }

    /// Answers `query`: returns the head and appends the body, none for `OPTIONS`.
    ///
    /// For `HEAD` the body is appended, too, since its length belongs into the head: HTTP servers
    /// drop it themselves.
    pub fn answer(
        &self,
        moment: Moment,
        query: &Query,
        snapshot: &Snapshot,
        body: &mut Vec<u8>,
    ) -> Head {
        let answer = self.decide(moment.now, query, snapshot);
        self.write_body(&answer, query, moment, snapshot, body);
        answer.head
    }

    /// Reads what a request asks for. Its bytes are not needed afterwards.
    pub(super) fn query_of<'a>(
        &self,
        peer: &'a Peer,
        method: Method,
        target: RequestTarget<'a>,
        accept: Accept<'a>,
        field: &'a dyn Fn(&str) -> Option<&'a [u8]>,
        cross_origin: CrossOrigin,
    ) -> Query {
        let (authority, path, parameters) = match target {
            RequestTarget::Server => (None, &b"*"[..], None),
            RequestTarget::Path {
                authority,
                path,
                query,
            } => (authority, path, query),
        };
        let route = match (target, path.strip_prefix(self.prefix.as_bytes())) {
            (RequestTarget::Server, _) => Route::Server,
            (_, Some(path)) => self.route(path, parameters),
            (_, None) => Route::NotFound,
        };
        let parameters = parameters.map(QueryString::parse).unwrap_or_default();
        let offered = route.formats();
        let format = match (parameters.format, accept) {
            (Some(name), _) => Format::from_name(name, offered),
            // What kubelet, curl and most others send.
            (
                None,
                Accept {
                    first: None | Some(b"*/*"),
                    others: [],
                },
            ) => offered.first().copied(),
            (None, _) => Some(Format::from_accept(accept.lines(), offered)),
        };
        let mut query = Query {
            method,
            route,
            format,
            verbose: parameters.verbose,
            access: Access::Public,
            excluded: parameters.excluded,
            after: parameters.after,
            cross_origin,
        };
        if matches!(route, Route::History | Route::Events) {
            // A client that reconnects repeats its address: what it has seen since then counts.
            let seen = field("last-event-id").and_then(EventCursor::of_event_id);
            query.after = seen.unwrap_or(query.after);
        }
        #[cfg(feature = "registry")]
        if route.is_action() {
            query.cross_origin.withhold();
            query.access = self.policy.decide_action(field("authorization"));
            return query;
        }
        if query.wants_details() {
            query.access = self.access_of(peer, method, (authority, path), field);
        }
        query
    }

    /// What a request for details may see. Most requests are for a verdict, so this is not among what they
    /// pass through.
    #[inline(never)]
    fn access_of<'a>(
        &self,
        peer: &'a Peer,
        method: Method,
        (authority, path): (Option<&'a [u8]>, &'a [u8]),
        field: &'a dyn Fn(&str) -> Option<&'a [u8]>,
    ) -> Access {
        let request = AccessRequest {
            peer,
            method,
            path,
            authority,
            field,
        };
        self.policy.decide(self.guard(), &request)
    }
}
