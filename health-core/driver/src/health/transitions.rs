//! A daemon's transitions, for its own code.

use std::future::poll_fn;
use std::task::{Poll, Waker};

use health_core::health::Transition;

use super::Health;
use super::changes::Changes;

/// A daemon's transitions, one after the other, each with its number in the history.
///
/// It runs where it is polled, so what a daemon does about a transition (an entry in its log, a
/// message to somebody) never delays a verdict, nor whoever caused it. Transitions that only the
/// passing of time causes are reported on time while a server runs for the same health, and else with
/// the next change.
///
/// ```
/// use std::task::{Poll, Waker};
/// use health_driver::{Change, Health, Phase};
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
    /// The number of the last one that was returned.
    last_id: u64,
    changes: Changes,
}

impl Health {
    /// Follows the transitions from now on.
    #[must_use]
    pub fn transitions(&self) -> Transitions {
        Transitions {
            health: self.clone(),
            last_id: self.snapshot().history().last_id(),
            changes: Changes::new(self),
        }
    }
}

impl Transitions {
    /// The next transition, when there is one. Any runtime may poll it.
    ///
    /// Numbers have no gaps but where more has happened than the history remembers.
    pub async fn next(&mut self) -> (u64, Transition) {
        poll_fn(|cx| self.poll_next(cx.waker())).await
    }

    /// The next transition; while there is none, `waker` is kept until there may be one.
    pub fn poll_next(&mut self, waker: &Waker) -> Poll<(u64, Transition)> {
        loop {
            let snapshot = self.health.snapshot();
            if let Some((id, transition)) = snapshot.history().after(self.last_id).next() {
                self.last_id = id;
                return Poll::Ready((id, transition.clone()));
            }
            if self.changes.poll(waker, false).is_pending() {
                return Poll::Pending;
            }
        }
    }
}
