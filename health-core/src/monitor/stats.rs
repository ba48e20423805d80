//! What a monitor has counted: the figures of a cycle's log line.

use core::time::Duration;

use crate::base::Timing;
use crate::base::{Class, Kind};
use crate::check;

/// Counts since the start; a driver that logs by the cycle subtracts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Attempts begun.
    pub attempts: u64,
    /// Results by class: successes.
    pub successes: u64,
    /// Results by class: warnings.
    pub warnings: u64,
    /// Results by class: failures, those within a start period among them.
    pub failures: u64,
    /// Results by class: the prober's own trouble.
    pub indeterminate: u64,
    /// Slots passed over because an attempt, the queue or a stall covered them.
    pub skipped_slots: u64,
    /// Restarts asked for.
    pub restarts: u64,
    /// Deregistrations.
    pub deregistered: u64,
    /// Episodes in which the guard withheld one of the two.
    pub suppressed: u64,
    /// How long attempts took that came to a result; overruns are those that timed out.
    pub timing: Timing,
    /// The most an attempt has ever begun after it was due.
    pub max_lag: Duration,
    /// How long after they were due attempts began.
    pub lags: Lags,
}

/// Durations, counted by classes a quarter of an octave wide, from a microsecond to half a minute.
///
/// ```
/// use core::time::Duration;
/// use health_core::monitor::Lags;
///
/// let mut lags = Lags::default();
/// for millis in 1..=100 {
///     lags.count(Duration::from_millis(millis));
/// }
/// let median = lags.quantile(0.5).as_secs_f64();
/// assert!((0.050..0.0625).contains(&median), "{median}");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lags([u64; Self::CLASSES]);

impl Default for Lags {
    fn default() -> Self {
        Self([0; Self::CLASSES])
    }
}

impl Lags {
    const CLASSES: usize = 96;

    /// Counts one.
    pub fn count(&mut self, lag: Duration) {
        let micros = u32::try_from(lag.as_micros()).unwrap_or(u32::MAX);
        let class = match micros.checked_ilog2() {
            Some(octave @ 2..) => 4 * (octave - 1) + (micros >> (octave - 2)) % 4,
            _ => micros,
        };
        self.0[(class as usize).min(Self::CLASSES - 1)] += 1;
    }

    /// What the share `quantile` (0 to 1) of them does not exceed, rounded up to the end of its class;
    /// zero if there is none.
    #[must_use]
    pub fn quantile(&self, quantile: f64) -> Duration {
        let total: u64 = self.0.iter().sum();
        let wanted = quantile.clamp(0.0, 1.0) * total as f64;
        let mut seen = 0;
        let class = self.0.iter().position(|count| {
            seen += count;
            *count > 0 && seen as f64 >= wanted
        });
        let end = |class: u64| match class {
            0..4 => class,
            _ => ((class % 4 + 5) << (class / 4 - 1)) - 1,
        };
        class.map_or(Duration::ZERO, |class| {
            Duration::from_micros(end(class as u64))
        })
    }
}

impl Stats {
    pub(super) fn start(&mut self, lag: Duration) {
        self.attempts += 1;
        self.max_lag = self.max_lag.max(lag);
        self.lags.count(lag);
    }

    pub(super) fn count(&mut self, event: &check::Event) {
        if let check::Event::Recorded(record) = event {
            // A slot that found the last attempt still there has no attempt of its own.
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
    fn a_class_ends_at_most_a_fourth_above_what_is_in_it() {
        for micros in (0..2_000).chain([4_095, 4_096, 1_000_000, 33_554_431]) {
            let mut lags = Lags::default();
            lags.count(Duration::from_micros(micros));
            let end = u64::try_from(lags.quantile(1.0).as_micros()).expect("small");
            assert!(
                micros <= end && end <= micros + micros / 4,
                "{micros} {end}"
            );
        }
        let mut lags = Lags::default();
        assert_eq!(lags.quantile(0.5), Duration::ZERO);
        lags.count(Duration::MAX);
        assert!(lags.quantile(0.5) >= Duration::from_secs(33));
    }
}
