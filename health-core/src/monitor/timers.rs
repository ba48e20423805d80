//! A heap of wake-ups whose owners may change their minds.

use alloc::collections::BinaryHeap;
use core::cmp::Reverse;

use super::id::CheckId;
use crate::time::Instant;

/// Wake-ups, earliest first, ties by registration.
///
/// An entry is not looked for when its check changes its plans; it stays, dead, until it is the
/// earliest or the dead could be the half of all. The earliest entry is never a dead one: only a
/// change of its own check can kill it, and [`settle`](Self::settle) follows every change.
#[derive(Debug, Default)]
pub(super) struct Timers {
    heap: BinaryHeap<Reverse<(Instant, CheckId)>>,
    sweep_at: usize,
}

impl Timers {
    const SMALL: usize = 64;

    /// The earliest entry.
    pub(super) fn first(&self) -> Option<(Instant, CheckId)> {
        self.heap.peek().map(|&Reverse(entry)| entry)
    }

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

    /// The plans of `changed` may have changed, or it may be gone.
    pub(super) fn settle(&mut self, changed: CheckId, is_live: impl Fn(Instant, CheckId) -> bool) {
        if self.first().is_none_or(|(_, check)| check != changed) {
            return;
        }
        while let Some((at, check)) = self.first() {
            if is_live(at, check) {
                return;
            }
            self.heap.pop();
        }
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
        if let Some((_, first)) = timers.first() {
            timers.settle(first, |entry, _| entry == last);
        }
        assert_eq!(timers.first(), Some((last, check(0))));
    }
}
