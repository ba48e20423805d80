//! A heap of wake-ups whose owners may change their minds.

use alloc::collections::BinaryHeap;
use core::cmp::Reverse;

use super::id::CheckId;
use crate::time::Instant;

/// Wake-ups, earliest first, ties by registration.
///
/// An entry is never taken out when its check changes its plans; it is found dead later, by asking
/// the check. Dead ones are swept out when they could be the half of all.
#[derive(Debug, Default)]
pub(super) struct Timers {
    heap: BinaryHeap<Reverse<(Instant, CheckId)>>,
    sweep_at: usize,
}

impl Timers {
    const SMALL: usize = 64;

    pub(super) fn push(
        &mut self,
        at: Instant,
        check: CheckId,
        is_live: impl Fn(Instant, CheckId) -> bool,
    ) {
        if self.heap.len() >= self.sweep_at.max(Self::SMALL) {
            self.heap.retain(|&Reverse((at, check))| is_live(at, check));
            self.sweep_at = 2 * self.heap.len();
        }
        self.heap.push(Reverse((at, check)));
    }

    /// The earliest entry that is not dead; the dead before it are dropped.
    pub(super) fn peek_live(
        &mut self,
        is_live: impl Fn(Instant, CheckId) -> bool,
    ) -> Option<(Instant, CheckId)> {
        while let Some(&Reverse((at, check))) = self.heap.peek() {
            if is_live(at, check) {
                return Some((at, check));
            }
            self.heap.pop();
        }
        None
    }

    pub(super) fn pop(&mut self) {
        self.heap.pop();
    }

    /// When the earliest entry is due, dead or not.
    pub(super) fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::id::TargetId;

    #[test]
    fn the_dead_never_outnumber_the_living_for_long() {
        let mut timers = Timers::default();
        let check = |place: u32| {
            let serial = u64::from(place);
            TargetId { serial, place }.check(0)
        };
        // A thousand owners that move their wake-up again and again: only the last one holds.
        for round in 0..100 {
            let at = Instant::from_micros(round);
            for place in 0..1_000 {
                timers.push(at, check(place), |entry, _| entry.as_micros() + 1 >= round);
            }
        }
        assert!(timers.heap.len() <= 4_000, "{}", timers.heap.len());
        let last = Instant::from_micros(99);
        let first = timers.peek_live(|entry, _| entry == last);
        assert_eq!(first, Some((last, check(0))));
    }
}
