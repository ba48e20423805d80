//! The settings of a [`Service`].

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::time::Duration;

use super::cors::Origin;
use super::log::{Log, RequestLog, RequestRecord};
use super::rate::Bucket;
#[cfg(feature = "registry")]
use super::requests::{Desk, TargetRequests, TargetRoutes};
#[cfg(feature = "monitor")]
use super::targets::{TargetList, Targets};
use super::{Access, AccessRequest, DegradedCode, Limits, Service};
use crate::base::Cidr;
use crate::base::ConfigError;
use crate::base::grammar;

/// What is answered, and how much of it.
impl Service {
    /// Sets how much a client may use.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the prefix of every path (`/actuator`, or `actuator`, makes `/actuator/health`). Default:
    /// none.
    #[must_use]
    pub fn prefix(mut self, prefix: &str) -> Self {
        let prefix = prefix.trim_matches('/');
        self.prefix = match prefix {
            "" => Box::default(),
            _ => ["/", prefix].concat().into(),
        };
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

    /// Answers HAProxy's `agent-check` instead of HTTP: each client that connects is sent one line, and
    /// the connection is closed. It needs a listener of its own.
    ///
    /// The line is `up`, `drain`, or `down #reason`, by the daemon's readiness. `ready` stands before
    /// it while the daemon starts and in its first minute, since HAProxy keeps a `drain` of the daemon
    /// before it until then.
    #[must_use]
    pub fn agent_check(mut self) -> Self {
        self.is_agent = true;
        self
    }
}

/// Which clients may see more than a verdict: without any of these, peers on this machine. [`Access`] has the
/// order in which they count.
impl Service {
    /// Shows details and stats to clients that present `token`, as `Authorization: Bearer` or as
    /// [`X-API-Key`](Self::api_key_header). May be called for several tokens. An empty one is
    /// never accepted.
    #[must_use]
    pub fn token(mut self, token: &str) -> Self {
        self.policy.add_token(token);
        self
    }

    /// Sets the field in which a [token](Self::token) may be presented besides `Authorization`.
    /// Default `X-API-Key`.
    ///
    /// # Errors
    ///
    /// If `name` is not the name of a field (RFC 9110 §5.1).
    pub fn api_key_header(mut self, name: &str) -> Result<Self, ConfigError> {
        if !grammar::is_token(name.as_bytes()) {
            let allowed = "allowed are letters, digits and !#$%&'*+-.^_`|~";
            return Err(ConfigError::new("API key header", name, allowed));
        }
        self.policy.set_key_header(name);
        Ok(self)
    }

    /// Shows details and stats to peers in one of these blocks of addresses. May be called several
    /// times. Behind a proxy every request comes from the proxy.
    ///
    /// ```
    /// use health_core::server::Service;
    ///
    /// let service = Service::new().allow_peers(["10.0.0.0/8".parse()?, "fd00::/8".parse()?]);
    /// # Ok::<(), health_core::ConfigError>(())
    /// ```
    #[must_use]
    pub fn allow_peers(mut self, blocks: impl IntoIterator<Item = Cidr>) -> Self {
        self.policy.add_peers(blocks);
        self
    }

    /// Shows details to peers on this machine also if `Host` is one of these names, in any case and
    /// with any port. Without it `Host` has to be absent, an address or `localhost`: by any other name
    /// a web page could read them in a browser on this machine (DNS rebinding). May be called several
    /// times. It concerns neither tokens, nor [`open`](Self::open), nor Unix sockets, nor peers on other
    /// machines.
    ///
    /// ```
    /// use health_core::server::Service;
    ///
    /// let service = Service::new().allow_hosts(["steering", "steering.example.com"])?;
    /// # Ok::<(), health_core::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If a name is not that of a host, or has a port.
    pub fn allow_hosts(
        mut self,
        names: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Self, ConfigError> {
        for name in names {
            self.policy.add_host(name.as_ref())?;
        }
        Ok(self)
    }

    /// Calls `decide` for each request for more than a verdict: to verify a JWT, or a client's
    /// certificate. `None` leaves it to the other rules.
    ///
    /// It is called on the endpoint's thread, so it must not wait; a panic counts as
    /// [`Access::Public`]. It is never called for a verdict.
    ///
    /// ```
    /// use health_core::server::{Access, Service};
    ///
    /// # fn is_valid(token: &[u8]) -> bool { token.len() > 1 }
    /// let service = Service::new().authorize(|request| match request.peer().identity() {
    ///     Some(b"CN=prometheus") => Some(Access::Detailed),
    ///     _ => is_valid(request.bearer()?).then_some(Access::Detailed),
    /// });
    /// ```
    #[must_use]
    pub fn authorize(
        mut self,
        decide: impl Fn(&AccessRequest<'_>) -> Option<Access> + Send + Sync + 'static,
    ) -> Self {
        self.policy.set_closure(decide);
        self
    }

    /// Shows details and stats to every client that can reach the listener.
    #[must_use]
    pub fn open(mut self) -> Self {
        self.policy.open();
        self
    }

    /// Shows details and stats to no client: for the listener on the pod's address, beside another one
    /// for operators.
    #[must_use]
    pub fn verdicts_only(mut self) -> Self {
        self.policy.close();
        self
    }
}

/// Rate limit, cross-origin access and request log: all off by default.
impl Service {
    /// Shows details, stats, metrics and history at most `burst` times at once, and as often again
    /// over each `period`, at most 17 minutes; the next one is answered 429 with `Retry-After`. All
    /// clients of this listener share it. No verdict is ever limited: a refused probe can get the
    /// daemon killed.
    #[must_use]
    pub fn limit_details(mut self, burst: u32, period: Duration) -> Self {
        self.bucket = Some(Bucket::new(burst, period));
        self
    }

    /// Lets pages of these origins read the answers (CORS). May be called several times.
    ///
    /// It is for the connections of our own servers. A web framework that mounts the endpoint has
    /// means of its own.
    ///
    /// ```
    /// use health_core::server::Service;
    ///
    /// let service = Service::new().allow_origins(["https://status.example.com".parse()?]);
    /// # Ok::<(), health_core::ConfigError>(())
    /// ```
    #[must_use]
    pub fn allow_origins(mut self, origins: impl IntoIterator<Item = Origin>) -> Self {
        self.cors.add(origins);
        self
    }

    /// Calls `sink` with a record of each exchange on a connection of our own servers, after its end.
    /// Each response then has an `X-Request-Id`: that of its request, or a new one.
    ///
    /// It is called on the endpoint's thread after the response was written, so it must not wait; a
    /// panic loses that record and nothing else. With the feature `tracing` the drivers have one to pass on:
    /// `trace_request`.
    ///
    /// ```
    /// use health_core::server::{RequestLog, Service};
    ///
    /// let service = Service::new().log_requests(RequestLog::Failures, |record| eprintln!("{record}"));
    /// ```
    #[must_use]
    pub fn log_requests(
        mut self,
        which: RequestLog,
        sink: impl Fn(&RequestRecord<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.log = Some(Log::new(which, sink));
        self
    }
}

/// Of a monitor, and for drivers.
impl Service {
    /// Shows the targets of a monitor: at `/targets`, in numbers at `/metrics`, and how many of them
    /// are healthy in the document of `/health`. Pass a reference to a driver's handle of a monitor,
    /// or an `Arc` of an implementation of one's own. Called again, it shows that one instead.
    ///
    /// With more than 1,024 targets the numbers are at most a second old.
    #[cfg(feature = "monitor")]
    #[must_use]
    pub fn targets(mut self, targets: impl Into<Arc<dyn Targets>>) -> Self {
        self.targets = Some(TargetList::new(targets.into()));
        self
    }

    /// Hands requests for these paths below `/targets/NAME/` over to the program, which answers them later:
    /// pass a reference to a driver's queue, or an `Arc` of an implementation of one's own. It needs
    /// [`targets`](Self::targets). Each has to be answered within the
    /// [timeout](TargetRoutes::timeout), and their number is bounded by the queue. A mounted endpoint has no
    /// such paths.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use health_core::server::{Service, TargetAnswer, TargetRequest, TargetRequests, TargetRoutes};
    ///
    /// struct Busy;
    ///
    /// impl TargetRequests for Busy {
    ///     fn add(&self, request: TargetRequest) -> Option<u64> {
    ///         None
    ///     }
    ///     fn answer(&self, key: u64) -> Option<TargetAnswer> {
    ///         None
    ///     }
    ///     fn forget(&self, key: u64) {}
    /// }
    ///
    /// let routes = TargetRoutes::new().read("history").action("pause");
    /// let busy: Arc<dyn TargetRequests> = Arc::new(Busy);
    /// let service = Service::new().token("s3cret").target_routes(routes, busy);
    /// ```
    #[cfg(feature = "registry")]
    #[must_use]
    pub fn target_routes(
        mut self,
        routes: TargetRoutes,
        requests: impl Into<Arc<dyn TargetRequests>>,
    ) -> Self {
        self.desk = Some(Desk::new(routes, requests.into()));
        self
    }

    /// This service with a guard around the closures of [`authorize`](Self::authorize) and
    /// [`log_requests`](Self::log_requests), and around calls of [`targets`](Self::targets). For
    /// drivers: each calls it once for every listener.
    ///
    /// A service that has none of these, or a guard already, is returned as it is.
    #[must_use]
    pub fn guarded(self: &Arc<Self>, guard: fn(&mut dyn FnMut())) -> Arc<Self> {
        let has_closures = self.policy.has_closure() || self.log.is_some();
        #[cfg(feature = "monitor")]
        let has_closures = has_closures || self.targets.is_some();
        #[cfg(feature = "registry")]
        let has_closures = has_closures || self.desk.is_some();
        if !has_closures || self.guard.is_some() {
            return Arc::clone(self);
        }
        let mut guarded = Self::clone(self);
        guarded.guard = Some(guard);
        if let Some(log) = &mut guarded.log {
            log.guard = guard;
        }
        #[cfg(feature = "monitor")]
        if let Some(targets) = &mut guarded.targets {
            targets.guard = guard;
        }
        #[cfg(feature = "registry")]
        if let Some(desk) = &mut guarded.desk {
            desk.guard = guard;
        }
        Arc::new(guarded)
    }
}
