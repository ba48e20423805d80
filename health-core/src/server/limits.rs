//! Whether a drain fits into the time before the daemon is killed, and the code of a degraded daemon.

use core::fmt;
use core::time::Duration;

pub use crate::http::limits::Limits;

/// The code of a degraded daemon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DegradedCode {
    /// 200: it works, and the document has the details.
    #[default]
    Ok,
    /// 429: Consul takes it for a warning.
    TooManyRequests,
    /// 503: degraded is bad enough.
    ServiceUnavailable,
}

impl Limits {
    /// How long a drain may take: [`drain_delay`](Self::drain_delay),
    /// [`drain_timeout`](Self::drain_timeout) and [`stop_timeout`](Self::stop_timeout) together.
    #[must_use]
    fn longest_drain(&self) -> Duration {
        self.drain_delay
            .saturating_add(self.drain_timeout)
            .saturating_add(self.stop_timeout)
    }

    /// Makes sure that a drain fits into the `grace` after which the daemon is killed: 30 s in
    /// Kubernetes, 10 s with `docker stop`, 90 s under systemd, unless set otherwise.
    ///
    /// ```
    /// use std::time::Duration;
    /// use health_core::server::Limits;
    ///
    /// let limits = Limits::default().within(Duration::from_secs(30))?;
    /// let error = limits.within(Duration::from_secs(10)).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "drain_delay 0ns, drain_timeout 20s and stop_timeout 5s are more than the grace of 10s",
    /// );
    /// # Ok::<(), health_core::server::GraceError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`GraceError`] if it does not fit.
    pub fn within(self, grace: Duration) -> Result<Self, GraceError> {
        if self.longest_drain() <= grace {
            return Ok(self);
        }
        Err(GraceError {
            drain_delay: self.drain_delay,
            drain_timeout: self.drain_timeout,
            stop_timeout: self.stop_timeout,
            grace,
        })
    }
}

/// A drain that would be killed before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GraceError {
    drain_delay: Duration,
    drain_timeout: Duration,
    stop_timeout: Duration,
    grace: Duration,
}

impl fmt::Display for GraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            drain_delay,
            drain_timeout,
            stop_timeout,
            grace,
        } = self;
        write!(
            f,
            "drain_delay {drain_delay:?}, drain_timeout {drain_timeout:?} and stop_timeout \
             {stop_timeout:?} are more than the grace of {grace:?}"
        )
    }
}

impl core::error::Error for GraceError {}
