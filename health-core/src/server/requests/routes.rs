//! Which paths a program answers itself, and what a path below `/targets/` asks for.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use super::parameters::{Flaw, Parameters};
use super::waiting::Waiting;
use super::{TargetAnswer, TargetRequest, TargetRequests};
use crate::base::Name;
use crate::http::Method;
use crate::server::guard::{self, PanicGuard};
use crate::server::query::InlineName;
use crate::server::{Peer, Route};

/// The paths below `/targets/NAME/` that a program answers itself, and how long a client waits for that.
///
/// ```
/// use std::time::Duration;
/// use health_core::server::TargetRoutes;
///
/// let routes = TargetRoutes::new().read("history").action("pause").action("resume");
/// let routes = routes.timeout(Duration::from_secs(5));
/// ```
#[derive(Clone, Debug)]
pub struct TargetRoutes {
    /// The word of a path, and whether it is an action. Few: they are searched one by one.
    paths: Vec<(&'static str, bool)>,
    timeout: Duration,
}

impl Default for TargetRoutes {
    fn default() -> Self {
        Self {
            paths: Vec::new(),
            timeout: Duration::from_secs(10),
        }
    }
}

impl TargetRoutes {
    /// No paths yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a document: `GET /targets/NAME/PATH`, for clients that may see details. `path` is one word, such
    /// as `history`.
    #[must_use]
    pub fn read(mut self, path: &'static str) -> Self {
        self.paths.push((path, false));
        self
    }

    /// Adds an action: `POST /targets/NAME/PATH`, for clients that present a
    /// [token](crate::server::Service::token) in `Authorization`. No other rule of access allows it, and
    /// without a token it is answered 403. Parameters stand in the query; a request with a body is
    /// answered 400.
    #[must_use]
    pub fn action(mut self, path: &'static str) -> Self {
        self.paths.push((path, true));
        self
    }

    /// Sets how long a client waits for an answer; then it gets 503. Default 10 s.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}

/// What a request asks the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server) struct Asked {
    target: InlineName,
    /// The place of its path among those that were declared.
    path: u8,
    pub(in crate::server) is_action: bool,
    /// Its method is `POST`.
    is_post: bool,
    /// Why it cannot be handed over.
    flaw: Option<Flaw>,
}

impl Asked {
    /// Whether the path has this method.
    pub(in crate::server) const fn allows(&self, method: Method) -> bool {
        match method {
            Method::Options => true,
            Method::Get | Method::Head => !self.is_action,
            Method::Other => self.is_action && self.is_post,
        }
    }

    /// What is allowed, if the query is not; it is answered 400.
    pub(in crate::server) const fn error(&self) -> Option<&'static str> {
        match self.flaw {
            Some(flaw) => Some(flaw.text()),
            None => None,
        }
    }

    /// Reads the rest of the request: its method, its query and whether it has a body.
    pub(in crate::server) fn read(
        &mut self,
        is_post: bool,
        query: Option<&[u8]>,
        has_body: bool,
    ) -> Asking {
        self.is_post = is_post;
        let parameters = match Parameters::parse(query.unwrap_or_default()) {
            Ok(_) if self.is_action && has_body => Err(Flaw::Body),
            parsed => parsed,
        };
        self.flaw = parameters.as_ref().err().copied();
        Asking {
            parameters: parameters.unwrap_or_default(),
            waiting: None,
            has_lost_input: false,
        }
    }
}

/// A request to the program: from its head to its answer.
#[derive(Debug)]
pub(in crate::server) struct Asking {
    pub(super) parameters: Parameters,
    /// It has been handed over.
    pub(super) waiting: Option<Waiting>,
    /// More came behind it than is kept, so it is the last one.
    pub(in crate::server) has_lost_input: bool,
}

/// The paths of a service, and where their requests go.
#[derive(Clone)]
pub(in crate::server) struct Desk {
    routes: Arc<TargetRoutes>,
    requests: Arc<dyn TargetRequests>,
    /// Around each call: after a panic it is as if there were no place.
    pub(in crate::server) guard: PanicGuard,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.routes.fmt(f)
    }
}

impl Desk {
    pub(in crate::server) fn new(routes: TargetRoutes, requests: Arc<dyn TargetRequests>) -> Self {
        Self {
            routes: Arc::new(routes),
            requests,
            guard: guard::UNGUARDED,
        }
    }

    /// What the path behind the name of a target asks for.
    pub(in crate::server) fn route(&self, target: InlineName, path: &[u8]) -> Option<Asked> {
        let mut paths = self.routes.paths.iter();
        let place = paths.position(|(known, _)| known.as_bytes() == path)?;
        Some(Asked {
            target,
            path: u8::try_from(place).ok()?,
            is_action: self.routes.paths[place].1,
            is_post: false,
            flaw: None,
        })
    }

    pub(super) fn timeout(&self) -> Duration {
        self.routes.timeout
    }

    /// The request as the program gets it.
    pub(super) fn request(
        &self,
        route: &Route,
        parameters: Box<[(String, String)]>,
        peer: Peer,
    ) -> Option<TargetRequest> {
        let Route::Asked(asked) = route else {
            return None;
        };
        Some(TargetRequest {
            target: Name::new(asked.target.as_str()).ok()?,
            path: self.routes.paths.get(usize::from(asked.path))?.0,
            parameters,
            peer,
        })
    }

    pub(super) fn add(&self, request: TargetRequest) -> Option<u64> {
        guard::call(self.guard, || self.requests.add(request))?
    }

    pub(super) fn answer(&self, key: u64) -> Option<TargetAnswer> {
        guard::call(self.guard, || self.requests.answer(key))?
    }

    pub(super) fn forget(&self, key: u64) {
        let _ = guard::call(self.guard, || self.requests.forget(key));
    }
}
