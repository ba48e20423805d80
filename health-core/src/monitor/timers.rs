//! Wake-ups of checks, earliest first, in buckets of time.

use alloc::collections::{BTreeMap, BinaryHeap};
use core::cmp::Reverse;

use super::id::CheckId;
use crate::base::Instant;

type Bucket = BinaryHeap<Reverse<(Instant, CheckId)>>;

/// Wake-ups, earliest first, ties by registration.
///
/// A heap for every eighth of a second: one of a hundred thousand entries would miss the cache at each
/// of its levels, which took half the time of a monitor.
///
/// When a check is rescheduled, its old entry is not searched for: it stays, stale, until it is the
/// earliest or half of all may be stale. The earliest entry is never stale: only a change of its own
/// check can make it so, and [`drop_stale`](Self::drop_stale) follows every change.
#[derive(Debug, Default)]
pub(super) struct Timers {
    /// By [`bucket`]; none is empty.
    buckets: BTreeMap<u64, Bucket>,
    len: usize,
    sweep_at: usize,
}

impl Timers {
    const SMALL: usize = 64;

    /// The earliest entry.
    pub(super) fn first(&self) -> Option<(Instant, CheckId)> {
        let (_, bucket) = self.buckets.first_key_value()?;
        bucket.peek().map(|&Reverse(entry)| entry)
    }

    pub(super) fn push(
        &mut self,
        at: Instant,
        check: CheckId,
        is_live: impl Fn(Instant, CheckId) -> bool,
    ) {
        if self.len >= self.sweep_at.max(Self::SMALL) {
            self.buckets.retain(|_, bucket| {
                bucket.retain(|&Reverse((at, check))| is_live(at, check));
                !bucket.is_empty()
            });
            self.len = self.buckets.values().map(Bucket::len).sum();
            self.sweep_at = 2 * self.len;
        }
        let bucket = self.buckets.entry(bucket(at)).or_default();
        bucket.push(Reverse((at, check)));
        self.len += 1;
    }

    /// Removes stale entries from the front, after `changed` was rescheduled or removed.
    pub(super) fn drop_stale(
        &mut self,
        changed: CheckId,
        is_live: impl Fn(Instant, CheckId) -> bool,
    ) {
        if self.first().is_none_or(|(_, check)| check != changed) {
            return;
        }
        while let Some((at, check)) = self.first() {
            if is_live(at, check) {
                return;
            }
            self.pop();
        }
    }

    fn pop(&mut self) {
        if let Some(mut first) = self.buckets.first_entry() {
            first.get_mut().pop();
            self.len -= 1;
            if first.get().is_empty() {
                first.remove();
            }
        }
    }
}

/// 2^17 microseconds: some hundred entries where targets are many.
const fn bucket(at: Instant) -> u64 {
    at.as_micros() >> 17
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::id::TargetId;

    #[test]
    fn stale_entries_never_outnumber_the_live_ones_for_long() {
        let mut timers = Timers::default();
        let check = |place: u32| {
            let serial = u64::from(place);
            TargetId { serial, place }.check(0)
        };
        // A thousand checks that are rescheduled again and again: only the last entry is live.
        for round in 0..100 {
            let at = Instant::from_micros(round);
            for place in 0..1_000 {
                timers.push(at, check(place), |entry, _| entry.as_micros() + 1 >= round);
            }
        }
        assert!(timers.len <= 4_000, "{}", timers.len);
        let last = Instant::from_micros(99);
        if let Some((_, first)) = timers.first() {
            timers.drop_stale(first, |entry, _| entry == last);
        }
        assert_eq!(timers.first(), Some((last, check(0))));
    }
}
