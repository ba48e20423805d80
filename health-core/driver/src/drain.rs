//! How a daemon comes to its end.

use std::task::Waker;

use health_core::Instant;
use health_core::health::Phase;
use health_core::server::Limits;

use crate::Health;
use crate::health::Changes;

/// A daemon's end: readiness is refused, others get time to notice, work comes to its end, and the
/// health is stopped, with which its servers close.
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
/// let noticed = now + limits.drain_delay;
/// assert_eq!(drain.poll(now, Waker::noop()), Some(noticed));
/// // No work is in flight.
/// assert_eq!(drain.poll(noticed, Waker::noop()), None);
/// assert_eq!(health.phase(), Phase::Stopped);
/// ```
#[derive(Debug)]
pub struct Drain {
    health: Health,
    changes: Changes,
    /// Nothing ends before: load balancers may not have noticed yet.
    noticed: Instant,
    /// Work that is not done by then is given up.
    given_up: Instant,
}

impl Drain {
    /// Begins to drain: readiness is refused from now on, liveness is not.
    #[must_use]
    pub fn begin(now: Instant, health: &Health, limits: &Limits) -> Self {
        health.begin_drain();
        let noticed = now + limits.drain_delay;
        Self {
            health: health.clone(),
            changes: Changes::new(health),
            noticed,
            given_up: noticed + limits.drain_timeout,
        }
    }

    /// When to poll again, unless `waker` is woken before. `None` if it is over: the health is
    /// stopped then, by this call if nobody else has done it.
    #[must_use]
    pub fn poll(&mut self, now: Instant, waker: &Waker) -> Option<Instant> {
        while self.changes.poll(waker, false).is_ready() {}
        if self.health.phase() == Phase::Stopped {
            return None;
        }
        let deadline = if now < self.noticed || self.health.is_drained() {
            self.noticed
        } else {
            self.given_up
        };
        if deadline > now {
            return Some(deadline);
        }
        self.health.stop();
        None
    }
}
