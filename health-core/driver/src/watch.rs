//! Following a daemon: its phase, its changes, and what the clock decides.

use std::task::Waker;

use health_core::health::{Phase, Revision};
use health_core::shared::Health;
use health_core::time::Instant;

/// Tells when something has changed in a [`Health`]. Dropped, its wait is forgotten.
///
/// A server's watch also keeps the endpoint's pulse: see [`Health::handle_timeout`].
///
/// ```
/// use std::task::Waker;
/// use health_driver::HealthWatch;
/// use health_core::health::Phase;
/// use health_core::shared::Health;
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
    has_told: bool,
    is_followed: bool,
    seen: Revision,
    deadline: Option<Instant>,
    waker: Option<Waker>,
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
            has_told: false,
            is_followed: false,
            seen: Revision::default(),
            deadline: None,
            waker: None,
        }
    }

    /// What has changed since the last call; else `waker` is woken when something does. If it
    /// `is_followed` by a stream, published values and deadlines of heartbeats count as well.
    ///
    /// Poll after every wake-up, and when it [is due](Self::is_due).
    pub fn poll(&mut self, now: Instant, waker: &Waker, is_followed: bool) -> Option<News> {
        if !(self.waker.as_ref()).is_some_and(|kept| kept.will_wake(waker)) {
            self.forget();
            self.waker = Some(waker.clone());
        }
        let mut has_news = !std::mem::replace(&mut self.has_told, true);
        let is_due = self.is_due(now, is_followed);
        self.is_followed = is_followed;
        if has_news || is_due {
            self.look(now);
        }
        while let Some(revision) = self.poll_revision(waker) {
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

    fn poll_revision(&self, waker: &Waker) -> Option<Revision> {
        if self.is_followed {
            self.health.poll_published(self.seen, waker)
        } else {
            self.health.poll_changed(self.seen, waker)
        }
    }

    fn look(&mut self, now: Instant) {
        self.deadline = if self.keeps_pulse {
            self.health.handle_timeout(now)
        } else if self.is_followed {
            self.health.handle_look(now)
        } else {
            None
        };
    }

    fn forget(&mut self) {
        if let Some(waker) = self.waker.take() {
            self.health.forget_waker(&waker);
        }
    }
}

impl Drop for HealthWatch {
    fn drop(&mut self) {
        self.forget();
        if self.keeps_pulse {
            self.health.end_pulse();
        }
    }
}
