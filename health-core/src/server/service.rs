//! What all connections of a listener share, and the answers themselves.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::access::Policy;
use super::route::Query;
use super::stream::Stream;
use super::{Access, Ask, Counters, Cursor, Limits, Peer, Route};
use crate::health::{Snapshot, Status};
use crate::http::{Head, Method, Request, StatusCode, Target};
use crate::render::exposition::Exposition;
use crate::render::{self, Format, Probe};
use crate::time::Moment;

/// One listener's settings: limits, paths, codes, tokens. Clones count together.
///
/// Drivers run it through [`Connection`](super::Connection). Daemons that have an HTTP server
/// already mount it with [`ask`](Self::ask) and [`answer`](Self::answer): the drivers' examples
/// `axum`, `hyper` and `tiny_http` show the few lines that takes.
///
/// ```
/// use health_core::health::Registry;
/// use health_core::http::{Method, StatusCode};
/// use health_core::server::{Peer, Service};
/// use health_core::time::Moment;
///
/// let moment = Moment::default();
/// let mut registry = Registry::new("steering", "1.4.0", moment.now);
/// let service = Service::new();
///
/// let ask = service.ask(Peer::Unknown, Method::Get, "/health/ready", |_| None);
/// let mut body = Vec::new();
/// let head = service.answer(moment, &ask, &registry.snapshot(moment.now), &mut body);
/// assert_eq!(head.status, StatusCode::ServiceUnavailable);
/// assert!(head.fields().any(|(name, value)| name == "Retry-After" && value == "1"));
/// assert_eq!(body, br#"{"status":"unhealthy","phase":"starting"}"#);
/// ```
#[derive(Clone, Debug)]
pub struct Service {
    limits: Limits,
    prefix: Box<str>,
    degraded: DegradedCode,
    retry_after: u32,
    policy: Policy,
    counters: Arc<Counters>,
}

/// The code of a degraded daemon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DegradedCode {
    /// 200: it works, and whoever wants to know more reads the document.
    #[default]
    Ok,
    /// 429: what Consul takes for a warning.
    TooManyRequests,
    /// 503: degraded is bad enough.
    ServiceUnavailable,
}

impl Default for Service {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            prefix: Box::default(),
            degraded: DegradedCode::default(),
            retry_after: 1,
            policy: Policy::default(),
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

    /// Shows details and stats to who presents `token` as `Authorization: Bearer`, and to nobody
    /// else. May be called for several tokens. Without any, they are shown to loopback peers and
    /// over Unix sockets: behind a proxy on the same machine that is everybody, so set a token
    /// there.
    #[must_use]
    pub fn token(mut self, token: &str) -> Self {
        self.policy.add_token(token);
        self
    }

    /// Shows details and stats to everybody who can reach the listener.
    #[must_use]
    pub fn open(mut self) -> Self {
        self.policy.open();
        self
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
    pub fn ask<'a>(
        &self,
        peer: Peer,
        method: impl Into<Method>,
        target: &str,
        field: impl Fn(&str) -> Option<&'a [u8]>,
    ) -> Ask {
        let method = method.into();
        // What is no target to us is nothing that we have.
        let nothing = Target::Path {
            path: b"",
            query: None,
        };
        let target = Target::parse(method, target.as_bytes()).unwrap_or(nothing);
        let access = self.policy.decide(peer, field("authorization"));
        self.ask_of(method, target, field("accept"), access)
    }

    /// Reads a request of our own.
    pub(super) fn ask_request(&self, peer: Peer, request: &Request<'_>) -> Ask {
        let access = self.policy.decide(peer, request.authorization);
        let mut ask = self.ask_of(request.method, request.target, request.accept, access);
        if let Some(id) = request.last_event_id {
            // A client that reconnects repeats its address: what it has seen since then counts.
            ask.after = Cursor::of_event_id(id);
        }
        ask
    }

    fn ask_of(
        &self,
        method: Method,
        target: Target<'_>,
        accept: Option<&[u8]>,
        access: Access,
    ) -> Ask {
        let (route, query) = match target {
            Target::Server => (Route::Server, None),
            Target::Path { path, query } => {
                let path = path.strip_prefix(self.prefix.as_bytes());
                (path.map_or(Route::NotFound, Route::of), query)
            }
        };
        let query = query.map(Query::parse).unwrap_or_default();
        let offered = route.formats();
        let format = match (query.format, accept) {
            (Some(name), _) => Format::from_name(name, offered),
            (None, Some(accept)) => Some(Format::from_accept(accept, offered)),
            (None, None) => offered.first().copied(),
        };
        Ask {
            method,
            route,
            format,
            verbose: query.verbose,
            access,
            excluded: query.excluded,
            after: query.after,
        }
    }

    /// Answers `ask`: returns the head and appends the body, none for `OPTIONS`.
    ///
    /// For `HEAD` the body is appended too, since its length belongs into the head: HTTP servers
    /// drop it themselves.
    pub fn answer(
        &self,
        moment: Moment,
        ask: &Ask,
        snapshot: &Snapshot,
        body: &mut Vec<u8>,
    ) -> Head {
        let verdict = Self::verdict(ask, snapshot);
        let head = self.head(ask, verdict);
        self.body(moment, ask, &head, verdict, snapshot, body);
        head
    }

    /// The status that is asked for, if one is and there is such a part.
    pub(super) fn verdict(ask: &Ask, snapshot: &Snapshot) -> Option<Status> {
        match ask.route {
            Route::Probe(kind) => Some(ask.excluded.status(kind, snapshot)),
            Route::Check(name) => snapshot.status_of(name.as_str()),
            _ => None,
        }
    }

    /// What the answer to `ask` is, but for its bytes. It is counted.
    pub(super) fn head(&self, ask: &Ask, verdict: Option<Status>) -> Head {
        let mut head = Head::new(self.code(ask, verdict));
        self.counters.count_request(ask.route, head.status);
        let carries_only_the_code = ask.method == Method::Options && ask.route != Route::NotFound;
        head.allow = carries_only_the_code || head.status == StatusCode::MethodNotAllowed;
        head.authenticate = head.status == StatusCode::Unauthorized;
        if matches!(
            head.status,
            StatusCode::ServiceUnavailable | StatusCode::TooManyRequests
        ) {
            head.retry_after = Some(self.retry_after);
        }
        if carries_only_the_code {
            head.content_type = None;
        } else if ask.route == Route::Events && head.status == StatusCode::Ok {
            head.content_type = Some(Head::EVENT_STREAM);
        } else if has_format(ask.route, head.status) {
            let format = ask.format.unwrap_or(ask.route.formats()[0]);
            head.content_type = Some(format.content_type());
        }
        head
    }

    pub(super) fn code(&self, ask: &Ask, verdict: Option<Status>) -> StatusCode {
        match ask.route {
            Route::NotFound => StatusCode::NotFound,
            Route::Server => StatusCode::NoContent,
            _ if ask.method == Method::Other => StatusCode::MethodNotAllowed,
            Route::Events if self.limits.streams == 0 => StatusCode::NotFound,
            Route::Stats | Route::Metrics | Route::History | Route::Events
                if ask.access == Access::Public =>
            {
                StatusCode::Unauthorized
            }
            Route::History | Route::Events if ask.after == Cursor::Malformed => {
                StatusCode::BadRequest
            }
            Route::Events => StatusCode::Ok,
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

    /// Appends the body that goes with `head`: none if that has no type.
    pub(super) fn body(
        &self,
        moment: Moment,
        ask: &Ask,
        head: &Head,
        verdict: Option<Status>,
        snapshot: &Snapshot,
        out: &mut Vec<u8>,
    ) {
        if head.content_type.is_none() {
            return;
        }
        let format = ask.format.unwrap_or_default();
        let status = verdict.unwrap_or(Status::Unknown);
        let is_detailed = ask.access == Access::Detailed;
        // The text names every check and why it fails in fixed words, which anybody may read.
        let verbose = ask.verbose && (is_detailed || format == Format::Text);
        match (head.status, ask.route) {
            (StatusCode::NotFound, _) => render::error("Not found", out),
            (StatusCode::MethodNotAllowed, _) => render::error("Method not allowed", out),
            (StatusCode::BadRequest, _) => {
                render::error("after is the number of a transition", out);
            }
            (StatusCode::Unauthorized, _) => render::error("Unauthorized", out),
            (StatusCode::NotAcceptable, _) => {
                render::error("format is one of: json, text, health+json", out);
            }
            (_, Route::Stats) => render::stats(verbose, snapshot, out),
            (_, Route::Metrics) => {
                Exposition::write(format == Format::OpenMetrics, out, |e| {
                    render::metrics(moment, snapshot, e);
                    self.counters.tell(e);
                });
            }
            (_, Route::History) => render::history(ask.after.id(), moment, snapshot, out),
            // Whoever mounts the endpoint elsewhere cannot follow: its client comes back by itself.
            (_, Route::Events) => {
                Stream::new(ask, false, moment.now).tell_all(self, moment, snapshot, out);
            }
            (_, Route::Version) => render::version(moment, snapshot, out),
            (code, Route::Probe(kind)) => {
                let probe = Probe {
                    kind,
                    status,
                    healthy: code == StatusCode::Ok,
                    verbose,
                    excluded: &ask.excluded,
                    moment,
                    snapshot,
                };
                render::probe(format, &probe, out);
            }
            (code, Route::Check(name)) => {
                let name = name.as_str();
                match format {
                    Format::Text => render::check_text(status, out),
                    Format::HealthJson => {
                        render::check_health_json(status, code == StatusCode::Ok, name, out);
                    }
                    _ => render::check(name, status, verbose, moment, snapshot, out),
                }
            }
            (_, Route::Server | Route::NotFound) => {}
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
