//! Settings of a [`Service`] about who may see what, how often, and who hears of it.

use core::time::Duration;

use super::cors::Origin;
use super::log::{Log, Record, RequestLog};
use super::rate::Bucket;
use super::{Access, AccessRequest, Service};
use crate::base::Cidr;
use crate::base::ConfigError;
use crate::base::grammar;

/// Who may see more than a verdict: without any of these, whoever is on this machine. Which of
/// several counts is told by the table of [`Access`].
impl Service {
    /// Shows details and stats to who presents `token`, as `Authorization: Bearer` or as
    /// [`X-API-Key`](Self::api_key_header). May be called for several tokens. An empty one opens
    /// nothing to anybody.
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

    /// Shows details and stats to who comes from one of these blocks of addresses. May be called
    /// several times. Behind a proxy everybody comes from the proxy.
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

    /// Asks `decide` whenever more than a verdict is asked for: to verify a JWT, or to know a
    /// client's certificate. `None` leaves it to the other rules.
    ///
    /// It is called on the endpoint's thread, so it must not wait; one that panics has said
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

    /// Shows details and stats to everybody who can reach the listener.
    #[must_use]
    pub fn open(mut self) -> Self {
        self.policy.open();
        self
    }

    /// Shows details and stats to nobody: for the listener of the pod's address, beside another one
    /// for the operators.
    #[must_use]
    pub fn verdicts_only(mut self) -> Self {
        self.policy.close();
        self
    }
}

/// How often, from which pages, and who hears of it: all off by default.
impl Service {
    /// Shows details, stats, metrics and history at most `burst` times at once, and as often again
    /// over each `period`, at most 17 minutes; the next one is answered 429 with `Retry-After`. All
    /// readers of this listener share it. No verdict is ever limited: a prober that is refused gets
    /// the daemon killed.
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

    /// Tells `sink` of each exchange that is over, on a connection of our own servers. Each request
    /// has a name then, its own `X-Request-Id` or a new one, which the answer tells.
    ///
    /// It is called on the endpoint's thread after the answer was written, so it must not wait; one
    /// that panics has lost that record. With the feature `tracing` the drivers have one to pass on:
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
        sink: impl Fn(&Record<'_>) + Send + Sync + 'static,
    ) -> Self {
        self.log = Some(Log::new(which, sink));
        self
    }
}
