//! Events that wait for a reader.

use std::collections::VecDeque;

/// The most that wait; beyond it the oldest are dropped.
const MOST: usize = 1_024;

#[derive(Debug)]
pub(crate) struct EventQueue<E> {
    events: VecDeque<E>,
    /// How many were dropped.
    pub(crate) lost: u64,
}

impl<E> EventQueue<E> {
    pub(crate) const fn new() -> Self {
        let events = VecDeque::new();
        Self { events, lost: 0 }
    }

    pub(crate) fn push(&mut self, event: E) {
        if self.events.len() == MOST {
            self.events.pop_front();
            self.lost += 1;
        }
        self.events.push_back(event);
    }

    pub(crate) fn pop(&mut self) -> Option<E> {
        self.events.pop_front()
    }
}
