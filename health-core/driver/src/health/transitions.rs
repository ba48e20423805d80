//! The transitions of a [`Health`], for the daemon's own code.

use std::future::poll_fn;
use std::task::{Poll, Waker};

use health_core::health::{Phase, Transition};

use super::Health;
use super::changes::Changes;

/// The transitions of a [`Health`], one after the other, each with its number in the history.
///
/// It runs where it is polled, so what a daemon does about a transition (a log entry, a message) delays
/// neither the verdict nor the code that caused it. A transition that only the passing of time causes
/// is reported on time while a server runs for the same health, and otherwise with the next change. The
/// last one is that the health was stopped.
///
/// ```
/// use std::task::{Poll, Waker};
/// use health_driver::{Change, Health, Phase};
///
/// let health = Health::new("steering", "1.4.0");
/// let mut transitions = health.transitions();
/// assert!(transitions.poll_next(Waker::noop()).is_pending());
/// health.set_running();
/// let Poll::Ready(Some((id, transition))) = transitions.poll_next(Waker::noop()) else { panic!() };
/// assert_eq!(id, health.snapshot().history().last_id());
/// let (from, to) = (Phase::Starting, Phase::Running);
/// assert_eq!(transition.change(), Change::Phase { from, to });
/// health.stop();
/// assert!(matches!(transitions.poll_next(Waker::noop()), Poll::Ready(Some(_))));
/// assert!(matches!(transitions.poll_next(Waker::noop()), Poll::Ready(None)));
/// ```
#[derive(Debug)]
pub struct Transitions {
    health: Health,
    /// The number of the last one that was returned.
    last_id: u64,
    changes: Changes,
}

impl Health {
    /// The transitions from now on.
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
    /// The next transition, when there is one; `None` when the health is stopped and all were returned. Any
    /// runtime may poll it.
    ///
    /// The numbers have a gap only where more transitions have happened than the history keeps.
    pub async fn next(&mut self) -> Option<(u64, Transition)> {
        poll_fn(|cx| self.poll_next(cx.waker())).await
    }

    /// As [`next`](Self::next); while there is none, `waker` is woken when there may be one.
    pub fn poll_next(&mut self, waker: &Waker) -> Poll<Option<(u64, Transition)>> {
        loop {
            let snapshot = self.health.snapshot();
            if let Some((id, transition)) = snapshot.history().after(self.last_id).next() {
                self.last_id = id;
                return Poll::Ready(Some((id, transition.clone())));
            }
            if snapshot.phase() == Phase::Stopped {
                return Poll::Ready(None);
            }
            if self.changes.poll(waker, false).is_pending() {
                return Poll::Pending;
            }
        }
    }
}
