//! How often details may be read: a token bucket, without a lock and in one word.
//!
//! The bucket is kept as the generic cell rate algorithm does (ITU-T I.371): instead of how many
//! tokens there are, when it will be full again. A request may be answered if that is not further
//! away than the whole bucket is worth, and moves it on by one token's time.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;

use crate::base::Instant;

/// So many at once, and so many over each period from then on.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    /// What one token is worth, and what all of them are, in µs.
    token: usize,
    all: usize,
    /// When it will be full, in µs. It wraps around, on a 32-bit machine every 71 minutes.
    full_at: Arc<AtomicUsize>,
}

impl Bucket {
    /// Longer periods would not fit into half of what wraps around.
    const LONGEST: usize = (u32::MAX / 4) as usize;

    /// A full bucket of `tokens`, at least one, which fills up in `period`: 1 µs to 17 minutes for
    /// each token at most.
    pub(super) fn new(tokens: u32, period: Duration) -> Self {
        let tokens = tokens.max(1) as usize;
        let all = usize::try_from(period.as_micros()).unwrap_or(usize::MAX);
        let token = (all.min(Self::LONGEST) / tokens).max(1);
        Self {
            token,
            all: token.saturating_mul(tokens),
            full_at: Arc::default(),
        }
    }

    /// Takes one token.
    ///
    /// # Errors
    ///
    /// In how long there will be one.
    pub(super) fn take(&self, now: Instant) -> Result<(), Duration> {
        // Only differences count, so what does not fit may be cut off.
        let now = now.as_micros() as usize;
        let mut wait = 0;
        let take = |full_at: usize| {
            let missing = match full_at.wrapping_sub(now) {
                missing if missing <= self.all => missing,
                // It lies in the past: the bucket has been full ever since.
                _ => 0,
            };
            let missing = missing + self.token;
            wait = missing.saturating_sub(self.all);
            (wait == 0).then(|| now.wrapping_add(missing))
        };
        let order = Ordering::Relaxed;
        match self.full_at.fetch_update(order, order, take) {
            Ok(_) => Ok(()),
            Err(_) => Err(Duration::from_micros(wait as u64)),
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
        let edge = usize::MAX as u64;
        assert_eq!(bucket.take(at(edge - 5_000_000)), Ok(()));
        assert_eq!(bucket.take(at(edge - 1)), Ok(()));
        assert_eq!(bucket.take(at(edge - 1)), Ok(()));
        assert!(bucket.take(at(edge)).is_err());
        // A second behind the edge, as a machine of that width counts.
        assert_eq!(bucket.take(at(1_000_000)), Ok(()));
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
