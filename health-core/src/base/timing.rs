//! Duration statistics of a check: count, sum, overruns.

use core::time::Duration;

/// How long the checks of something took.
///
/// ```
/// use std::time::Duration;
/// use health_core::Timing;
///
/// let mut timing = Timing::default();
/// timing.observe(Duration::from_millis(20));
/// timing.observe(Duration::from_millis(40));
/// assert_eq!(timing.last(), Some(Duration::from_millis(40)));
/// assert_eq!((timing.count, timing.total), (2, Duration::from_millis(60)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timing {
    /// Checks that were timed.
    pub count: u64,
    /// The sum of their durations.
    pub total: Duration,
    /// Checks that exceeded their time limit: given up at it, or finished after it.
    pub overruns: u64,
    last: Duration,
}

impl Timing {
    /// The duration of the latest check; `None` before the first.
    #[must_use]
    pub fn last(&self) -> Option<Duration> {
        (self.count > 0).then_some(self.last)
    }

    #[cfg(all(feature = "monitor", feature = "supervise"))]
    pub(crate) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.total = self.total.saturating_add(other.total);
        self.overruns += other.overruns;
        self.last = other.last;
    }

    /// Records a check's duration.
    pub fn observe(&mut self, took: Duration) {
        self.count += 1;
        self.total = self.total.saturating_add(took);
        self.last = took;
    }

    /// Counts a check that exceeded its time limit, in addition to [`observe`](Self::observe).
    pub fn overrun(&mut self) {
        self.overruns += 1;
    }
}
