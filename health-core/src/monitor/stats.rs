//! Counters of a monitor: attempts, results, durations, and the lag of their starts.

use core::time::Duration;

use crate::base::Timing;
use crate::base::{Class, Kind};
use crate::check;

/// Counts since the start of a monitor. They only grow: the difference of two is what happened between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MonitorStats {
    /// Attempts begun.
    pub attempts: u64,
    /// Results that were successes.
    pub successes: u64,
    /// Results that were warnings.
    pub warnings: u64,
    /// Results that were failures, also within a start period.
    pub failures: u64,
    /// Results that say nothing about the target: the prober's own trouble.
    pub indeterminate: u64,
    /// Slots passed over because an attempt, the queue or a stall covered them.
    pub skipped_slots: u64,
    /// Restarts requested.
    pub restarts: u64,
    /// Deregistrations.
    pub deregistered: u64,
    /// How often a restart or deregistration was withheld, once for each streak of failures; see
    /// [`MassFailure`](super::MassFailure).
    pub suppressed: u64,
    /// How long attempts with a result took; overruns are those that timed out.
    pub timing: Timing,
    /// The longest that an attempt began after it was due.
    pub max_lag: Duration,
    /// How long after they were due attempts began.
    lags: LagHistogram,
}

/// A histogram of durations from 1 µs to half a minute, of which quantiles are at most a quarter too
/// long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct LagHistogram([u64; Self::BUCKETS]);

impl Default for LagHistogram {
    fn default() -> Self {
        Self([0; Self::BUCKETS])
    }
}

impl LagHistogram {
    const BUCKETS: usize = 96;

    fn count(&mut self, lag: Duration) {
        let micros = u32::try_from(lag.as_micros()).unwrap_or(u32::MAX);
        let bucket = match micros.checked_ilog2() {
            Some(octave @ 2..) => 4 * (octave - 1) + (micros >> (octave - 2)) % 4,
            _ => micros,
        };
        self.0[(bucket as usize).min(Self::BUCKETS - 1)] += 1;
    }

    fn quantile(&self, quantile: f64) -> Duration {
        let total: u64 = self.0.iter().sum();
        let wanted = quantile.clamp(0.0, 1.0) * total as f64;
        let mut seen = 0;
        let bucket = self.0.iter().position(|count| {
            seen += count;
            *count > 0 && seen as f64 >= wanted
        });
        let end = |bucket: u64| match bucket {
            0..4 => bucket,
            _ => ((bucket % 4 + 5) << (bucket / 4 - 1)) - 1,
        };
        bucket.map_or(Duration::ZERO, |bucket| {
            Duration::from_micros(end(bucket as u64))
        })
    }
}

impl MonitorStats {
    /// The lag that the share `quantile` (0 to 1) of all attempts did not exceed: how long after they
    /// were due they began. At most a quarter too long, and at most 33 s; zero without attempts.
    ///
    /// ```
    /// use health_core::monitor::MonitorStats;
    ///
    /// let median = |stats: &MonitorStats| stats.lag_quantile(0.5);
    /// assert!(median(&MonitorStats::default()).is_zero());
    /// ```
    #[must_use]
    pub fn lag_quantile(&self, quantile: f64) -> Duration {
        self.lags.quantile(quantile)
    }

    #[cfg(feature = "supervise")]
    pub(super) fn merge(&mut self, other: &Self) {
        self.attempts += other.attempts;
        self.successes += other.successes;
        self.warnings += other.warnings;
        self.failures += other.failures;
        self.indeterminate += other.indeterminate;
        self.skipped_slots += other.skipped_slots;
        self.restarts += other.restarts;
        self.deregistered += other.deregistered;
        self.suppressed += other.suppressed;
        self.timing.merge(&other.timing);
        self.max_lag = self.max_lag.max(other.max_lag);
        for (count, more) in self.lags.0.iter_mut().zip(other.lags.0) {
            *count += more;
        }
    }

    pub(super) fn start(&mut self, lag: Duration) {
        self.attempts += 1;
        self.max_lag = self.max_lag.max(lag);
        self.lags.count(lag);
    }

    pub(super) fn count(&mut self, event: &check::Event) {
        if let check::Event::Recorded(record) = event {
            // A slot that passed while the last attempt was not reaped has no attempt of its own.
            if record.attempt().is_some() {
                self.timing.observe(record.duration());
            }
            if record.kind() == Some(Kind::Timeout) {
                self.timing.overrun();
            }
        }
        let count = match event {
            check::Event::Recorded(record) => match record.class() {
                Class::Success => &mut self.successes,
                Class::Warning => &mut self.warnings,
                Class::Failure => &mut self.failures,
                Class::Indeterminate => &mut self.indeterminate,
            },
            check::Event::RestartRequested => &mut self.restarts,
            check::Event::Deregistered => &mut self.deregistered,
            check::Event::ActionSuppressed => &mut self.suppressed,
            _ => return,
        };
        *count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_a_hundred_lags() {
        let mut lags = LagHistogram::default();
        for millis in 1..=100 {
            lags.count(Duration::from_millis(millis));
        }
        let median = lags.quantile(0.5).as_secs_f64();
        assert!((0.050..0.0625).contains(&median), "{median}");
    }

    #[test]
    fn a_bucket_ends_at_most_a_fourth_above_what_is_in_it() {
        for micros in (0..2_000).chain([4_095, 4_096, 1_000_000, 33_554_431]) {
            let mut lags = LagHistogram::default();
            lags.count(Duration::from_micros(micros));
            let end = u64::try_from(lags.quantile(1.0).as_micros()).expect("small");
            assert!(
                micros <= end && end <= micros + micros / 4,
                "{micros} {end}"
            );
        }
        let mut lags = LagHistogram::default();
        assert_eq!(lags.quantile(0.5), Duration::ZERO);
        lags.count(Duration::MAX);
        assert!(lags.quantile(0.5) >= Duration::from_secs(33));
    }
}
