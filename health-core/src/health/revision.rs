//! How often a registry has changed, and who waits for that.

use alloc::vec::Vec;
use core::task::Waker;

/// Counts the changes of a registry: statuses, phase, gates, flags and what is declared; and, apart
/// from these, the values published. Beats and results that change no status are not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision {
    pub(super) changes: u64,
    pub(super) published: u64,
}

impl Revision {
    /// The number of changes so far, published values aside.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.changes
    }

    /// The number of values published so far.
    #[must_use]
    pub const fn published(self) -> u64 {
        self.published
    }
}

/// Those who wait for a change, and those whose wait is over.
#[derive(Default)]
pub(super) struct Waiters {
    waiting: Vec<Waiter>,
    to_wake: Vec<Waker>,
}

struct Waiter {
    waker: Waker,
    /// Published values concern it too.
    heeds_stats: bool,
}

impl Waiters {
    pub(super) fn add(&mut self, waker: &Waker, heeds_stats: bool) {
        let mut waiting = self.waiting.iter_mut();
        match waiting.find(|waiting| waiting.waker.will_wake(waker)) {
            Some(waiting) => waiting.heeds_stats |= heeds_stats,
            None => self.waiting.push(Waiter {
                waker: waker.clone(),
                heeds_stats,
            }),
        }
    }

    pub(super) fn forget(&mut self, waker: &Waker) {
        (self.waiting).retain(|waiting| !waiting.waker.will_wake(waker));
    }

    /// There was a change, or only a value was published.
    pub(super) fn wake(&mut self, only_published: bool) {
        let mut rest = 0;
        for at in 0..self.waiting.len() {
            if only_published && !self.waiting[at].heeds_stats {
                self.waiting.swap(rest, at);
                rest += 1;
            }
        }
        let concerned = self.waiting.drain(rest..);
        self.to_wake.extend(concerned.map(|waiting| waiting.waker));
    }

    pub(super) fn take(&mut self) -> Vec<Waker> {
        core::mem::take(&mut self.to_wake)
    }
}
