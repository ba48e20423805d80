//! What happens to a daemon, told to its own code.

use core::future::poll_fn;
use core::task::{Poll, Waker};

use super::Health;
use crate::health::{Revision, Transition};

/// A daemon's transitions, one after the other, each with its number in the history.
///
/// It runs where it is polled, so what a daemon does about a transition (an entry in its log, a
/// message to somebody) never holds up a verdict, nor whoever caused it. What the clock alone decides is told
/// on time while a server runs for the same health, and else with the next change.
///
/// ```
/// use std::task::{Poll, Waker};
/// use health_core::health::{Change, Phase};
/// use health_core::shared::Health;
///
/// let health = Health::new("steering", "1.4.0");
/// let mut transitions = health.transitions();
/// assert!(transitions.poll_next(Waker::noop()).is_pending());
/// health.set_running();
/// let Poll::Ready((id, transition)) = transitions.poll_next(Waker::noop()) else { panic!() };
/// assert_eq!(id, 1);
/// let (from, to) = (Phase::Starting, Phase::Running);
/// assert_eq!(transition.change(), Change::Phase { from, to });
/// ```
#[derive(Debug)]
pub struct Transitions {
    health: Health,
    /// The number of the last one that was told.
    told: u64,
    revision: Revision,
    waker: Option<Waker>,
}

impl Health {
    /// Follows what happens from now on.
    #[must_use]
    pub fn transitions(&self) -> Transitions {
        Transitions {
            health: self.clone(),
            told: self.snapshot().history().last_id(),
            revision: Revision::default(),
            waker: None,
        }
    }
}

impl Transitions {
    /// The next transition, when there is one. Any runtime may poll it.
    ///
    /// Numbers have no gaps but where more has happened than the history remembers.
    pub async fn next(&mut self) -> (u64, Transition) {
        poll_fn(|context| self.poll_next(context.waker())).await
    }

    /// The next transition; while there is none, `waker` is kept until there may be one.
    pub fn poll_next(&mut self, waker: &Waker) -> Poll<(u64, Transition)> {
        loop {
            let snapshot = self.health.snapshot();
            if let Some((id, transition)) = snapshot.history().after(self.told).next() {
                self.told = id;
                return Poll::Ready((id, transition.clone()));
            }
            if !(self.waker.as_ref()).is_some_and(|kept| kept.will_wake(waker)) {
                self.forget();
                self.waker = Some(waker.clone());
            }
            match self.health.poll_changed(self.revision, waker) {
                Some(revision) => self.revision = revision,
                None => return Poll::Pending,
            }
        }
    }

    fn forget(&mut self) {
        if let Some(waker) = self.waker.take() {
            self.health.forget_waker(&waker);
        }
    }
}

impl Drop for Transitions {
    fn drop(&mut self) {
        self.forget();
    }
}
