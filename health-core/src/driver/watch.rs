//! Following a daemon's life.

use core::task::Waker;

use crate::health::{Phase, Revision};
use crate::shared::Health;

/// Tells when the phase of a [`Health`] has moved. Dropped, its wait is forgotten.
///
/// ```
/// use std::task::Waker;
/// use health_core::driver::PhaseWatch;
/// use health_core::health::Phase;
/// use health_core::shared::Health;
///
/// let health = Health::new("steering", "1.4.0");
/// let mut watch = PhaseWatch::new(&health);
/// assert_eq!(watch.poll(Waker::noop()), Some(Phase::Starting));
/// assert_eq!(watch.poll(Waker::noop()), None);
/// health.begin_drain();
/// assert_eq!(watch.poll(Waker::noop()), Some(Phase::Draining));
/// ```
#[derive(Debug)]
pub struct PhaseWatch {
    health: Health,
    seen: Revision,
    phase: Option<Phase>,
    waker: Option<Waker>,
}

impl PhaseWatch {
    /// Follows this health; its present phase is the first news.
    #[must_use]
    pub fn new(health: &Health) -> Self {
        Self {
            health: health.clone(),
            seen: Revision::default(),
            phase: None,
            waker: None,
        }
    }

    /// The phase, if it is not the one told last; else `waker` is woken when something changes.
    /// Poll after every wake-up: other changes of the health wake too.
    pub fn poll(&mut self, waker: &Waker) -> Option<Phase> {
        if !(self.waker.as_ref()).is_some_and(|kept| kept.will_wake(waker)) {
            self.forget();
            self.waker = Some(waker.clone());
        }
        while let Some(revision) = self.health.poll_changed(self.seen, waker) {
            self.seen = revision;
        }
        let phase = Some(self.health.phase());
        if phase == self.phase {
            return None;
        }
        self.phase = phase;
        phase
    }

    fn forget(&mut self) {
        if let Some(waker) = self.waker.take() {
            self.health.forget_waker(&waker);
        }
    }
}

impl Drop for PhaseWatch {
    fn drop(&mut self) {
        self.forget();
    }
}
