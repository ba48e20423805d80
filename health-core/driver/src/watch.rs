//! Following a [`Health`]: its phase, its revision, and the deadlines that change them.

use std::task::{Poll, Waker};

use health_core::Instant;
use health_core::health::{Phase, Revision};

use crate::Health;
use crate::health::Changes;

/// Reports the changes of a [`Health`] to one server or one connection. Dropped, it leaves no waker
/// behind.
///
/// A server's watch also detects that the host has stalled:
/// see [`Registry::handle_timeout`](health_core::health::Registry::handle_timeout).
///
/// ```
/// use std::task::Waker;
/// use health_driver::{Health, HealthWatch, Phase};
///
/// let health = Health::new("steering", "1.4.0");
/// let mut watch = HealthWatch::of_server(&health);
/// let mut poll = || watch.poll(health.now(), Waker::noop(), false);
/// assert_eq!(poll().map(|update| update.phase), Some(Phase::Starting));
/// assert_eq!(poll(), None);
/// health.begin_drain();
/// assert_eq!(poll().map(|update| update.phase), Some(Phase::Draining));
/// ```
#[derive(Debug)]
pub struct HealthWatch {
    health: Health,
    detects_stalls: bool,
    is_followed: bool,
    changes: Changes,
    seen: Revision,
    deadline: Option<Instant>,
}

/// The state of a [`Health`] after a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HealthUpdate {
    /// The phase of the daemon's lifecycle.
    pub phase: Phase,
    /// The revision of its state.
    pub revision: Revision,
}

impl HealthWatch {
    /// Follows `health` for a server, which polls as often as
    /// [`poll_timeout`](Self::poll_timeout) says. The present state is the first update.
    #[must_use]
    pub fn of_server(health: &Health) -> Self {
        Self::new(health, true)
    }

    /// Follows `health` for one connection: it does not detect stalls, for it is not polled regularly.
    #[must_use]
    pub fn of_connection(health: &Health) -> Self {
        Self::new(health, false)
    }

    fn new(health: &Health, detects_stalls: bool) -> Self {
        if detects_stalls {
            health.begin_stall_detection();
        }
        Self {
            health: health.clone(),
            detects_stalls,
            is_followed: false,
            changes: Changes::new(health),
            seen: Revision::default(),
            deadline: None,
        }
    }

    /// The new state, if it has changed since the last call; else `waker` is woken when it does. If a
    /// stream follows it (`is_followed`), published values and the deadlines of heartbeats count as
    /// changes.
    ///
    /// Poll it after every wake-up, and when it [is due](Self::is_due).
    pub fn poll(&mut self, now: Instant, waker: &Waker, is_followed: bool) -> Option<HealthUpdate> {
        if self.is_due(now, is_followed) {
            self.is_followed = is_followed;
            self.apply_time(now);
        }
        let mut has_changed = false;
        while let Poll::Ready(revision) = self.changes.poll(waker, is_followed) {
            self.seen = revision;
            has_changed = true;
            // A heartbeat that was declared has a deadline.
            self.apply_time(now);
        }
        has_changed.then(|| HealthUpdate {
            phase: self.health.phase(),
            revision: self.seen,
        })
    }

    /// Whether to poll without a wake-up: a deadline has passed, or a stream has begun or ceased to
    /// follow it.
    #[must_use]
    pub fn is_due(&self, now: Instant, is_followed: bool) -> bool {
        let is_late = self.deadline.is_some_and(|deadline| deadline <= now);
        is_late || is_followed != self.is_followed
    }

    /// When to poll again without a wake-up; `None` is not before one.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.deadline
    }

    fn apply_time(&mut self, now: Instant) {
        self.deadline = if self.detects_stalls {
            self.health.handle_timeout(now)
        } else if self.is_followed {
            self.health.apply_time(now)
        } else {
            None
        };
    }
}

impl Drop for HealthWatch {
    fn drop(&mut self) {
        if self.detects_stalls {
            self.health.end_stall_detection();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use health_core::{ProbeKind, Status};

    use super::*;

    /// The end of one of two listeners made the other one's late call the loop's fault.
    #[test]
    fn a_stall_is_excused_while_any_server_is_left() {
        for servers in [2, 3] {
            let health = Health::new("svc", "1");
            let _control = health
                .heartbeat("control", Duration::from_secs(8))
                .expect("a name");
            health.set_running();
            let start = health.now();
            let servers = (0..servers).map(|_| HealthWatch::of_server(&health));
            let mut servers: Vec<_> = servers.collect();
            for server in &mut servers {
                server.poll(start, Waker::noop(), false);
            }
            servers.truncate(1);
            // Nothing ran for 20 s.
            let now = start + Duration::from_secs(20);
            servers[0].poll(now, Waker::noop(), false);
            let liveness = || health.snapshot_at(now).status(ProbeKind::Liveness);
            assert_eq!(liveness(), Status::Healthy);
            // Without any, nobody calls in time, and a late call says nothing.
            drop(servers);
            let now = now + Duration::from_secs(40);
            health.handle_timeout(now);
            assert_eq!(
                health.snapshot_at(now).status(ProbeKind::Liveness),
                Status::Unhealthy
            );
        }
    }
}
