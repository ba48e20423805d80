//! What all connections of a listener share, and the answers themselves.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::access::Policy;
use super::cors::{AllowList, CrossOrigin};
use super::log::Log;
use super::rate::Bucket;
use super::route::QueryString;
#[cfg(feature = "monitor")]
use super::targets::Watcher;
use super::{
    Access, AccessRequest, Counters, Cursor, DegradedCode, Limits, PanicGuard, Peer, Query, Route,
};
use crate::base::Moment;
use crate::base::Status;
use crate::health::Snapshot;
use crate::http::{Head, Method, Request, StatusCode, Target};
use crate::render::Format;

/// One listener's settings: limits, paths, codes, tokens. Clones count together.
///
/// Drivers run it through [`Connection`](super::Connection). Daemons that have an HTTP server
/// already mount it with [`query`](Self::query) and [`answer`](Self::answer): the drivers' examples
/// `axum`, `hyper` and `tiny_http` show the few lines that takes.
///
/// ```
/// use health_core::health::Registry;
/// use health_core::http::{Method, StatusCode};
/// use health_core::server::{Peer, Service};
/// use health_core::Moment;
///
/// let moment = Moment::default();
/// let mut registry = Registry::new("steering", "1.4.0", moment.now);
/// let service = Service::new();
///
/// let ask = service.query(Peer::Unknown, Method::Get, "/health/ready", |_| None);
/// let mut body = Vec::new();
/// let head = service.answer(moment, &ask, &registry.snapshot(moment.now), &mut body);
/// assert_eq!(head.status, StatusCode::ServiceUnavailable);
/// assert!(head.fields().any(|(name, value)| name == "Retry-After" && value == "1"));
/// assert_eq!(body, br#"{"status":"unhealthy","phase":"starting"}"#);
/// ```
#[derive(Clone, Debug)]
pub struct Service {
    limits: Limits,
    pub(super) prefix: Box<str>,
    degraded: DegradedCode,
    retry_after: u32,
    is_agent: bool,
    pub(super) policy: Policy,
    pub(super) cors: AllowList,
    pub(super) bucket: Option<Bucket>,
    pub(super) log: Option<Log>,
    #[cfg(feature = "monitor")]
    pub(super) targets: Option<Watcher>,
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

    /// Sets what a client may use.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets what stands before every path (`/actuator` makes `/actuator/health`). Default: nothing.
    #[must_use]
    pub fn prefix(mut self, prefix: &str) -> Self {
        self.prefix = prefix.trim_end_matches('/').into();
        self
    }

    /// Sets the code of a degraded daemon. Default 200.
    #[must_use]
    pub fn degraded_code(mut self, code: DegradedCode) -> Self {
        self.degraded = code;
        self
    }

    /// Sets the seconds in `Retry-After` on 503 and 429. Default 1; 0 counts as 1.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = seconds.max(1);
        self
    }

    /// Speaks no HTTP but HAProxy's `agent-check`: whoever connects is sent one line
    /// ([`crate::render::agent_check`]), and the connection is closed. For a listener of its own.
    #[must_use]
    pub fn agent_check(mut self) -> Self {
        self.is_agent = true;
        self
    }

    /// Whether it says its line and asks nothing.
    pub(super) const fn is_agent(&self) -> bool {
        self.is_agent
    }

    /// What a client may use.
    #[must_use]
    pub const fn bounds(&self) -> &Limits {
        &self.limits
    }

    /// What the endpoint counts about itself.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Reads a request that another HTTP server has parsed: its method by name, its target as it
    /// was sent, and `field`, which finds the value of the first field of a name, in any case.
    ///
    /// A peer on this machine may see details while no token is set. Behind a proxy everybody is:
    /// say [`Peer::Unknown`] there.
    #[must_use]
    pub fn query<'a>(
        &self,
        peer: Peer,
        method: impl Into<Method>,
        target: &str,
        field: impl Fn(&str) -> Option<&'a [u8]>,
    ) -> Query {
        let method = method.into();
        // What is no target to us is nothing that we have.
        let nothing = Target::Path {
            path: b"",
            query: None,
        };
        let target = Target::parse(method, target.as_bytes()).unwrap_or(nothing);
        self.ask_of(&peer, method, target, field("accept"), &|name| field(name))
    }

    /// Reads a request of our own.
    pub(super) fn ask_request(&self, peer: &Peer, request: &Request<'_>) -> Query {
        let Request {
            method,
            target,
            accept,
            ..
        } = *request;
        let mut ask = self.ask_of(peer, method, target, accept, &|name| request.field(name));
        ask.cross_origin = self.cors.look_at(request);
        ask
    }

    fn ask_of<'a>(
        &self,
        peer: &'a Peer,
        method: Method,
        target: Target<'a>,
        accept: Option<&[u8]>,
        field: &'a dyn Fn(&str) -> Option<&'a [u8]>,
    ) -> Query {
        let (path, query) = match target {
            Target::Server => (&b"*"[..], None),
            Target::Path { path, query } => (path, query),
        };
        let route = match target {
            Target::Server => Route::Server,
            Target::Path { .. } => {
                let path = path.strip_prefix(self.prefix.as_bytes());
                path.map_or(Route::NotFound, Route::of)
            }
        };
        #[cfg(feature = "monitor")]
        let route = match route {
            Route::NotFound => self.route_to_targets(path, query),
            route => route,
        };
        let query = query.map(QueryString::parse).unwrap_or_default();
        let offered = route.formats();
        let format = match (query.format, accept) {
            (Some(name), _) => Format::from_name(name, offered),
            (None, Some(accept)) => Some(Format::from_accept(accept, offered)),
            (None, None) => offered.first().copied(),
        };
        let mut ask = Query {
            method,
            route,
            format,
            verbose: query.verbose,
            access: Access::Public,
            excluded: query.excluded,
            after: query.after,
            cross_origin: CrossOrigin::default(),
            wait: None,
        };
        if matches!(route, Route::History | Route::Events) {
            // A client that reconnects repeats its address: what it has seen since then counts.
            ask.after = field("last-event-id").map_or(ask.after, Cursor::of_event_id);
        }
        if ask.wants_details() {
            let request = AccessRequest {
                peer,
                method,
                path,
                field,
            };
            ask.access = self.policy.decide(self.guard(), &request);
        }
        ask
    }

    /// Answers `ask`: returns the head and appends the body, none for `OPTIONS`.
    ///
    /// For `HEAD` the body is appended too, since its length belongs into the head: HTTP servers
    /// drop it themselves.
    pub fn answer(
        &self,
        moment: Moment,
        ask: &Query,
        snapshot: &Snapshot,
        body: &mut Vec<u8>,
    ) -> Head {
        let limited = self.limited(moment, ask);
        let ask = limited.as_ref().unwrap_or(ask);
        let verdict = Self::verdict(ask, snapshot);
        let head = self.head(ask, verdict);
        self.body(moment, ask, &head, verdict, snapshot, body);
        head
    }

    /// The same question, if it asks for details and there have been too many of those.
    pub(super) fn limited(&self, moment: Moment, ask: &Query) -> Option<Query> {
        let bucket = self.bucket.as_ref()?;
        if ask.access == Access::Public {
            return None;
        }
        let wait = bucket.take(moment.now).err()?;
        let seconds = u32::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX);
        let wait = Some(seconds.max(1));
        Some(Query { wait, ..*ask })
    }

    /// The status that is asked for, if one is and there is such a part.
    pub(super) fn verdict(ask: &Query, snapshot: &Snapshot) -> Option<Status> {
        match ask.route {
            Route::Probe(kind) => Some(ask.excluded.status(kind, snapshot)),
            Route::Check(name) => snapshot.status_of(name.as_str()),
            _ => None,
        }
    }

    /// What the answer to `ask` is, but for its bytes. It is counted.
    pub(super) fn head(&self, ask: &Query, verdict: Option<Status>) -> Head {
        let mut head = Head::new(self.code(ask, verdict));
        self.counters.count_request(ask.route, head.status);
        let carries_only_the_code = ask.method == Method::Options && ask.route != Route::NotFound;
        head.allow = (carries_only_the_code && !ask.cross_origin.is_preflight)
            || head.status == StatusCode::MethodNotAllowed;
        head.authenticate = head.status == StatusCode::Unauthorized;
        if matches!(
            head.status,
            StatusCode::ServiceUnavailable | StatusCode::TooManyRequests
        ) {
            head.retry_after = Some(ask.wait.unwrap_or(self.retry_after));
        }
        if carries_only_the_code {
            head.content_type = None;
        } else if ask.route == Route::Events && head.status == StatusCode::Ok {
            head.content_type = Some(Head::EVENT_STREAM);
        } else if ask.wait.is_none() && has_format(ask.route, head.status) {
            let format = ask.format.unwrap_or(ask.route.formats()[0]);
            head.content_type = Some(format.content_type());
            head.content_security_policy = format.content_security_policy();
        }
        head
    }

    pub(super) fn code(&self, ask: &Query, verdict: Option<Status>) -> StatusCode {
        match ask.route {
            Route::NotFound => StatusCode::NotFound,
            Route::Server => StatusCode::NoContent,
            _ if ask.cross_origin.is_preflight => StatusCode::NoContent,
            _ if ask.method == Method::Other => StatusCode::MethodNotAllowed,
            _ if ask.wait.is_some() => StatusCode::TooManyRequests,
            Route::Events if self.limits.streams == 0 => StatusCode::NotFound,
            route if route.is_private() && ask.access == Access::Public => self.policy.refusal(),
            Route::History | Route::Events if ask.after == Cursor::Malformed => {
                StatusCode::BadRequest
            }
            Route::Events => StatusCode::Ok,
            #[cfg(feature = "monitor")]
            Route::Targets(listing) if listing.flaw().is_some() => StatusCode::BadRequest,
            #[cfg(feature = "monitor")]
            Route::Targets(_) | Route::ReadyTargets => StatusCode::Ok,
            Route::Stats | Route::Metrics | Route::History | Route::Version => StatusCode::Ok,
            Route::Probe(_) | Route::Check(_) if ask.format.is_none() => StatusCode::NotAcceptable,
            Route::Probe(_) | Route::Check(_) => {
                verdict.map_or(StatusCode::NotFound, |status| self.code_of(status))
            }
        }
    }

    pub(super) const fn code_of(&self, status: Status) -> StatusCode {
        match (status, self.degraded) {
            (Status::Healthy, _) | (Status::Degraded, DegradedCode::Ok) => StatusCode::Ok,
            (Status::Degraded, DegradedCode::TooManyRequests) => StatusCode::TooManyRequests,
            _ => StatusCode::ServiceUnavailable,
        }
    }
}

/// Whether the body is in the format that was asked for, and not a document that has but one.
const fn has_format(route: Route, status: StatusCode) -> bool {
    let is_answered = matches!(
        status,
        StatusCode::Ok | StatusCode::TooManyRequests | StatusCode::ServiceUnavailable
    );
    is_answered && matches!(route, Route::Probe(_) | Route::Check(_) | Route::Metrics)
}
