//! Rows that wait to be stored, some of which were reported before they could be.

use alloc::collections::VecDeque;

/// The most results, and the most transitions, that wait while the store fails; beyond it the oldest
/// are lost. The state of a check never is.
const MOST_WAITING: usize = 65_536;

/// Oldest first; those that were reported stand before the others.
#[derive(Debug)]
pub(super) struct Pending<T> {
    rows: VecDeque<T>,
    reported: usize,
}

impl<T> Default for Pending<T> {
    fn default() -> Self {
        Self {
            rows: VecDeque::new(),
            reported: 0,
        }
    }
}

impl<T> Pending<T> {
    /// Adds a row; returns the one that is lost, if there are too many.
    pub(super) fn push(&mut self, row: T) -> Option<T> {
        let is_full = self.rows.len() >= MOST_WAITING;
        let lost = is_full.then(|| self.rows.pop_front()).flatten();
        if lost.is_some() {
            self.reported = self.reported.saturating_sub(1);
        }
        self.rows.push_back(row);
        lost
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn has_reported(&self) -> bool {
        self.reported > 0
    }

    pub(super) fn has_unreported(&self) -> bool {
        self.reported < self.rows.len()
    }

    /// Those that were not reported yet; they are from now on.
    pub(super) fn report(&mut self) -> impl Iterator<Item = &T> {
        let reported = core::mem::replace(&mut self.reported, self.rows.len());
        self.rows.range(reported..)
    }

    /// Takes the oldest, at most so many: of those that were reported, or of all.
    pub(super) fn take(&mut self, reported: bool, most: usize) -> impl Iterator<Item = T> + '_ {
        let there = if reported {
            self.reported
        } else {
            self.rows.len()
        };
        let count = there.min(most);
        self.reported -= self.reported.min(count);
        self.rows.drain(..count)
    }
}
