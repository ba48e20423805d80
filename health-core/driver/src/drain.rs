//! Draining: the orderly end of a daemon, before its servers close.

use std::task::Waker;

use health_core::Instant;
use health_core::health::Phase;
use health_core::server::Limits;

use crate::Health;
use crate::health::Changes;

/// The orderly end of a daemon. Readiness is refused; after
/// [`drain_delay`](Limits::drain_delay), in which load balancers notice, it waits for
/// [work in flight](Health::in_flight), for at most [`drain_timeout`](Limits::drain_timeout); then the
/// health is stopped, with which its servers close. Dropped before, it leaves the daemon draining.
///
/// ```
/// use std::task::Waker;
/// use std::time::Duration;
/// use health_driver::{Drain, Health, Limits, Phase};
///
/// let health = Health::new("steering", "1.4.0");
/// health.set_running();
/// let mut limits = Limits::default();
/// limits.drain_delay = Duration::from_secs(5);
/// let now = health.now();
/// let mut drain = Drain::begin(now, &health, &limits);
/// assert_eq!(health.phase(), Phase::Draining);
/// let delay_end = now + limits.drain_delay;
/// assert_eq!(drain.poll(now, Waker::noop()), Some(delay_end));
/// // No work is in flight.
/// assert_eq!(drain.poll(delay_end, Waker::noop()), None);
/// assert_eq!(health.phase(), Phase::Stopped);
/// ```
#[derive(Debug)]
pub struct Drain {
    health: Health,
    changes: Changes,
    /// Nothing ends before: load balancers may not have noticed yet.
    delay_end: Instant,
    /// Work that is not done by then is not waited for any more.
    deadline: Instant,
}

impl Drain {
    /// Begins to drain: readiness is refused from now on, liveness is not. If the daemon drains already
    /// ([`Health::begin_drain`]), the delay counts from then.
    #[must_use]
    pub fn begin(now: Instant, health: &Health, limits: &Limits) -> Self {
        let delay_end = health.drain_since(now) + limits.drain_delay;
        Self {
            health: health.clone(),
            changes: Changes::new(health),
            delay_end,
            deadline: delay_end + limits.drain_timeout,
        }
    }

    /// When to poll again, unless `waker` is woken before. `None` when the drain is over: the health is
    /// stopped then, by this call unless that was done elsewhere.
    #[must_use]
    pub fn poll(&mut self, now: Instant, waker: &Waker) -> Option<Instant> {
        while self.changes.poll(waker, false).is_ready() {}
        if self.health.phase() == Phase::Stopped {
            return None;
        }
        let until = if now < self.delay_end || self.health.is_drained() {
            self.delay_end
        } else {
            self.deadline
        };
        if until > now {
            return Some(until);
        }
        self.health.stop();
        None
    }
}
