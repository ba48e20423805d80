//! What waits to be kept, some of which was told before it could be.

use alloc::collections::VecDeque;

/// Of results and of transitions while nothing can be kept; beyond it the oldest are lost. The state
/// of a check never is.
const MOST_WAITING: usize = 65_536;

/// Oldest first; what was told stands before what was not.
#[derive(Debug)]
pub(super) struct Queue<T> {
    rows: VecDeque<T>,
    told: usize,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self {
            rows: VecDeque::new(),
            told: 0,
        }
    }
}

impl<T> Queue<T> {
    /// How many were lost for it.
    pub(super) fn push(&mut self, row: T) -> u64 {
        let is_full = self.rows.len() >= MOST_WAITING;
        if is_full {
            self.rows.pop_front();
            self.told = self.told.saturating_sub(1);
        }
        self.rows.push_back(row);
        u64::from(is_full)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn has_told(&self) -> bool {
        self.told > 0
    }

    pub(super) fn has_untold(&self) -> bool {
        self.told < self.rows.len()
    }

    /// What was not told yet.
    pub(super) fn tell(&mut self) -> impl Iterator<Item = &T> {
        let told = core::mem::replace(&mut self.told, self.rows.len());
        self.rows.range(told..)
    }

    /// Takes the oldest, at most so many: of those that were told, or of all.
    pub(super) fn take(&mut self, told: bool, most: usize) -> impl Iterator<Item = T> + '_ {
        let there = if told { self.told } else { self.rows.len() };
        let count = there.min(most);
        self.told -= self.told.min(count);
        self.rows.drain(..count)
    }

    pub(super) fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        let told = self.rows.iter().take(self.told);
        self.told = told.filter(|row| keep(row)).count();
        self.rows.retain(keep);
    }
}
