//! How often details may be read: a token bucket, without a lock.
//!
//! The bucket is kept as the generic cell rate algorithm does (ITU-T I.371): instead of how many
//! tokens there are, when it will be full again. A request may be answered if that is not further
//! away than the whole bucket is worth, and moves it on by one token's time.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;

use crate::base::Instant;

/// So many at once, and so many over each period from then on.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    /// What one token is worth, and what all of them are, in µs.
    token: u32,
    all: u32,
    state: Arc<State>,
}

/// Words of 32 bits, which every target of ours changes without a lock.
#[derive(Debug, Default)]
struct State {
    /// When it will be full, in µs. It wraps around every 71 minutes.
    full_at: AtomicU32,
    /// When a token was taken last, in s: whether `full_at` is of this round.
    taken_at: AtomicU32,
}

impl Bucket {
    /// Longer periods would not fit into half of what wraps around.
    const LONGEST: u32 = u32::MAX / 4;

    /// A full bucket of `tokens`, at least one, which fills up in `period`: 1 µs to 17 minutes for
    /// each token at most.
    pub(super) fn new(tokens: u32, period: Duration) -> Self {
        let tokens = tokens.clamp(1, Self::LONGEST);
        let all = u32::try_from(period.as_micros()).unwrap_or(u32::MAX);
        let token = (all.min(Self::LONGEST) / tokens).max(1);
        Self {
            token,
            all: token * tokens,
            state: Arc::default(),
        }
    }

    /// Takes one token.
    ///
    /// # Errors
    ///
    /// In how long there will be one.
    pub(super) fn take(&self, now: Instant) -> Result<(), Duration> {
        // Only differences count, so what does not fit may be cut off.
        let micros = now.as_micros();
        let (now, second) = (micros as u32, (micros / 1_000_000) as u32);
        let State { full_at, taken_at } = &*self.state;
        let order = Ordering::Relaxed;
        let mut wait = 0;
        let take = |full_at: u32| {
            let idle = second.wrapping_sub(taken_at.load(order));
            let missing = match full_at.wrapping_sub(now) {
                missing if missing <= self.all && idle <= self.all / 1_000_000 + 1 => missing,
                // It lies in the past: the bucket has been full ever since.
                _ => 0,
            };
            let missing = missing + self.token;
            wait = missing.saturating_sub(self.all);
            (wait == 0).then(|| now.wrapping_add(missing))
        };
        match full_at.fetch_update(order, order, take) {
            Ok(_) => {
                taken_at.store(second, order);
                Ok(())
            }
            Err(_) => Err(Duration::from_micros(u64::from(wait))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: u64) -> Instant {
        Instant::from_micros(micros)
    }

    #[test]
    fn so_many_at_once_and_then_one_by_one() {
        let bucket = Bucket::new(3, Duration::from_secs(3));
        for _ in 0..3 {
            assert_eq!(bucket.take(at(1_000_000)), Ok(()));
        }
        assert_eq!(bucket.take(at(1_000_000)), Err(Duration::from_secs(1)));
        assert_eq!(bucket.take(at(1_400_000)), Err(Duration::from_millis(600)));
        assert_eq!(bucket.take(at(2_000_000)), Ok(()));
        assert_eq!(bucket.take(at(2_000_000)), Err(Duration::from_secs(1)));
        // Idle for long, it is full, not fuller.
        let taken = (0..9).filter(|_| bucket.take(at(900_000_000)).is_ok());
        assert_eq!(taken.count(), 3);
    }

    #[test]
    fn over_any_time_it_gives_what_it_has_and_what_came_in() {
        let bucket = Bucket::new(10, Duration::from_secs(1));
        let granted = (0..10_000)
            .filter(|n| bucket.take(at(n * 1_000)).is_ok())
            .count();
        assert_eq!(granted, 10 + 99);
    }

    #[test]
    fn the_clock_may_wrap_around() {
        let bucket = Bucket::new(2, Duration::from_secs(2));
        let edge = u64::from(u32::MAX);
        assert_eq!(bucket.take(at(edge - 5_000_000)), Ok(()));
        assert_eq!(bucket.take(at(edge - 1)), Ok(()));
        assert_eq!(bucket.take(at(edge - 1)), Ok(()));
        assert!(bucket.take(at(edge)).is_err());
        assert_eq!(bucket.take(at(edge + 1_000_000)), Ok(()));
        assert!(bucket.take(at(edge + 1_000_001)).is_err());
    }

    /// A scrape after a long time was refused when it came just before the clock's word was again what it
    /// had been.
    #[test]
    fn a_bucket_that_was_idle_is_full_whenever_it_is_asked() {
        let round = 1 << 32;
        for rounds in [1, 2, 7] {
            for early in [0, 1, 500_000, 999_999, 1_000_000, 1_500_000, 2_000_000] {
                let bucket = Bucket::new(2, Duration::from_secs(2));
                let start = 10_000_000;
                assert_eq!(bucket.take(at(start)), Ok(()));
                assert_eq!(bucket.take(at(start)), Ok(()));
                assert!(bucket.take(at(start)).is_err());
                let later = at(start + 2_000_000 + rounds * round - early);
                let taken = (0..3).filter(|_| bucket.take(later).is_ok()).count();
                assert_eq!(taken, 2, "{rounds} rounds later, less {early} µs");
            }
        }
    }

    #[test]
    fn nothing_is_refused_for_ever() {
        for (tokens, period) in [
            (0, Duration::ZERO),
            (1, Duration::MAX),
            (u32::MAX, Duration::MAX),
        ] {
            let bucket = Bucket::new(tokens, period);
            assert_eq!(bucket.take(at(0)), Ok(()), "{tokens} {period:?}");
        }
        let bucket = Bucket::new(1, Duration::MAX);
        assert_eq!(bucket.take(at(0)), Ok(()));
        let wait = bucket.take(at(0)).expect_err("it is empty");
        assert!(wait <= Duration::from_secs(18 * 60), "{wait:?}");
    }
}
