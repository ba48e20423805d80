//! How long looking takes: the counts behind an average, and the looks that took too long.

use core::time::Duration;

/// How long the looks at something took.
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
    /// Looks that were timed.
    pub count: u64,
    /// All they took.
    pub total: Duration,
    /// Looks that ran out of their time: given up at a deadline, or over one when they came back.
    pub overruns: u64,
    last: Duration,
}

impl Timing {
    /// What the latest look took; `None` before the first.
    #[must_use]
    pub fn last(&self) -> Option<Duration> {
        (self.count > 0).then_some(self.last)
    }

    /// Counts a look.
    pub fn observe(&mut self, took: Duration) {
        self.count += 1;
        self.total = self.total.saturating_add(took);
        self.last = took;
    }

    /// Counts a look that ran out of its time; that it was there is [observed](Self::observe) apart.
    pub fn overrun(&mut self) {
        self.overruns += 1;
    }
}
