//! A list of tasks that wait for the same event.
//!
//! Each wait has an entry of its own, found by key and removed when the wait is given up: a list that
//! only grows would be a leak in a daemon that seldom changes. Wakers are never compared to find
//! an entry: two waits in one task have equal wakers, and the end of one must not end the other.

use std::task::Waker;

/// The waits for one kind of event. `N` is what else there is to know about a wait.
///
/// What its methods return has to be dropped or woken after the lock around the list is released: a
/// waker's code is not ours, and may need that lock.
#[derive(Debug)]
pub(crate) struct Waiters<N = ()> {
    entries: Vec<Entry<N>>,
    free: Vec<usize>,
    /// How many entries have a waker.
    waiting: usize,
}

/// A wait; without a waker while its owner is not waiting.
#[derive(Debug)]
struct Entry<N> {
    waker: Option<Waker>,
    note: N,
}

impl<N: Default> Waiters<N> {
    pub(crate) const fn new() -> Self {
        Self {
            entries: Vec::new(),
            free: Vec::new(),
            waiting: 0,
        }
    }

    /// Adds an entry without a waker, and returns its key.
    pub(crate) fn insert(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| {
            let note = N::default();
            self.entries.push(Entry { waker: None, note });
            self.entries.len() - 1
        })
    }

    /// Keeps `waker` until the next event, and returns the one it replaces.
    #[must_use]
    pub(crate) fn wait(&mut self, key: usize, waker: &Waker, note: N) -> Option<Waker> {
        let entry = self.entries.get_mut(key)?;
        entry.note = note;
        let kept = entry.waker.as_ref();
        if kept.is_some_and(|kept| kept.will_wake(waker)) {
            return None;
        }
        let replaced = entry.waker.replace(waker.clone());
        self.waiting += usize::from(replaced.is_none());
        replaced
    }

    /// Removes an entry, and returns its waker.
    #[must_use]
    pub(crate) fn remove(&mut self, key: usize) -> Option<Waker> {
        let entry = self.entries.get_mut(key)?;
        let waker = entry.waker.take();
        self.waiting -= usize::from(waker.is_some());
        self.free.push(key);
        // After many waits the memory is given back.
        if self.is_empty() {
            *self = Self::new();
        }
        waker
    }

    /// Takes the wakers of the waits that an event has ended.
    #[must_use]
    pub(crate) fn take(&mut self, has_ended: impl Fn(&N) -> bool) -> Vec<Waker> {
        if self.waiting == 0 {
            return Vec::new();
        }
        let entries = self.entries.iter_mut();
        let ended = entries.filter(|entry| has_ended(&entry.note));
        let wakers: Vec<Waker> = ended.filter_map(|entry| entry.waker.take()).collect();
        self.waiting -= wakers.len();
        wakers
    }

    /// Whether there is no entry.
    pub(crate) fn is_empty(&self) -> bool {
        self.free.len() == self.entries.len()
    }
}

impl<N: Default> Default for Waiters<N> {
    fn default() -> Self {
        Self::new()
    }
}
