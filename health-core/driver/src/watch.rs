//! Following a daemon: its phase, its changes, and what the clock decides.

use std::task::{Poll, Waker};

use health_core::Instant;
use health_core::health::{Phase, Revision};

use crate::Health;
use crate::health::Changes;

/// Tells when something has changed in a [`Health`]. Dropped, its wait is forgotten.
///
/// A server's watch also detects that the host stalled:
/// see [`Registry::handle_timeout`](health_core::health::Registry::handle_timeout).
///
/// ```
/// use std::task::Waker;
/// use health_driver::{Health, HealthWatch, Phase};
///
/// let health = Health::new("steering", "1.4.0");
/// let mut watch = HealthWatch::of_server(&health);
/// let mut poll = || watch.poll(health.now(), Waker::noop(), false);
/// assert_eq!(poll().map(|news| news.phase), Some(Phase::Starting));
/// assert_eq!(poll(), None);
/// health.begin_drain();
/// assert_eq!(poll().map(|news| news.phase), Some(Phase::Draining));
/// ```
#[derive(Debug)]
pub struct HealthWatch {
    health: Health,
    keeps_pulse: bool,
    is_followed: bool,
    changes: Changes,
    seen: Revision,
    deadline: Option<Instant>,
}

/// How a daemon is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct News {
    /// Where it is in its life.
    pub phase: Phase,
    /// How often it has changed.
    pub revision: Revision,
}

impl HealthWatch {
    /// Follows this health for as long as a server serves it; its present state is the first news.
    #[must_use]
    pub fn of_server(health: &Health) -> Self {
        Self::new(health, true)
    }

    /// Follows this health for one connection: it keeps no pulse, which many short ones could not.
    #[must_use]
    pub fn of_connection(health: &Health) -> Self {
        Self::new(health, false)
    }

    fn new(health: &Health, keeps_pulse: bool) -> Self {
        Self {
            health: health.clone(),
            keeps_pulse,
            is_followed: false,
            changes: Changes::new(health),
            seen: Revision::default(),
            deadline: None,
        }
    }

    /// What has changed since the last call; else `waker` is woken when something does. If it
    /// `is_followed` by a stream, published values and deadlines of heartbeats count as well.
    ///
    /// Poll after every wake-up, and when it [is due](Self::is_due).
    pub fn poll(&mut self, now: Instant, waker: &Waker, is_followed: bool) -> Option<News> {
        if self.is_due(now, is_followed) {
            self.is_followed = is_followed;
            self.look(now);
        }
        let mut has_news = false;
        while let Poll::Ready(revision) = self.changes.poll(waker, is_followed) {
            self.seen = revision;
            has_news = true;
            // What was declared may have a deadline.
            self.look(now);
        }
        has_news.then(|| News {
            phase: self.health.phase(),
            revision: self.seen,
        })
    }

    /// Whether to poll though nobody woke: a deadline has passed, or it is followed as it was not
    /// before.
    #[must_use]
    pub fn is_due(&self, now: Instant, is_followed: bool) -> bool {
        let is_late = self.deadline.is_some_and(|deadline| deadline <= now);
        is_late || is_followed != self.is_followed
    }

    /// When to poll again though nobody wakes.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.deadline
    }

    fn look(&mut self, now: Instant) {
        self.deadline = if self.keeps_pulse {
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
        if self.keeps_pulse {
            self.health.end_stall_detection();
        }
    }
}
