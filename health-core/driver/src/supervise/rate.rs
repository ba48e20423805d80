//! How many lines of a replica are passed on: what writes without end must not fill somebody's disk.

use std::time::Duration;

use health_core::Instant;

/// How many lines of each replica are passed on within a period; what exceeds it is dropped, counted,
/// and said at the end of the period. Default: 10,000 lines in 30 s.
///
/// A period begins with the first line after the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogRate {
    /// The most lines in a period; 0 is no limit.
    pub lines: u32,
    /// The length of a period.
    pub period: Duration,
}

impl LogRate {
    /// No limit.
    pub const NONE: Self = Self {
        lines: 0,
        period: Duration::ZERO,
    };
}

impl Default for LogRate {
    fn default() -> Self {
        Self {
            lines: 10_000,
            period: Duration::from_secs(30),
        }
    }
}

/// The lines of one replica in the present period.
#[derive(Debug, Default)]
pub(super) struct Rate {
    end: Option<Instant>,
    passed: u32,
    dropped: u64,
}

impl Rate {
    /// Whether one more line is passed on.
    pub(super) fn take(&mut self, now: Instant, limit: LogRate) -> bool {
        if limit.lines == 0 {
            return true;
        }
        if self.end.is_none_or(|end| end <= now) {
            self.end = Some(now + limit.period);
            self.passed = 0;
        }
        let is_passed = self.passed < limit.lines;
        if is_passed {
            self.passed += 1;
        } else {
            self.dropped += 1;
        }
        is_passed
    }

    /// When there is something to say about what was dropped.
    pub(super) fn due(&self) -> Option<Instant> {
        self.end.filter(|_| self.dropped > 0)
    }

    /// How many lines were dropped, if that is to be said now, and forgets them.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<u64> {
        self.due().filter(|due| *due <= now)?;
        self.take_dropped()
    }

    /// How many lines were dropped, if any, and forgets them.
    pub(super) fn take_dropped(&mut self) -> Option<u64> {
        let dropped = std::mem::take(&mut self.dropped);
        (dropped > 0).then_some(dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_begins_with_the_first_line_after_the_last_one() {
        let limit = LogRate {
            lines: 3,
            period: Duration::from_secs(30),
        };
        let mut rate = Rate::default();
        let at = |secs| Instant::default() + Duration::from_secs(secs);
        let passed = |rate: &mut Rate, secs| (0..5).filter(|_| rate.take(at(secs), limit)).count();
        assert_eq!(passed(&mut rate, 100), 3);
        assert_eq!(passed(&mut rate, 129), 0);
        assert_eq!(rate.due(), Some(at(130)));
        assert_eq!(rate.take_due(at(129)), None);
        assert_eq!(rate.take_due(at(130)), Some(7));
        assert_eq!((rate.take_due(at(131)), rate.due()), (None, None));
        assert_eq!(passed(&mut rate, 150), 3);
        assert_eq!(rate.due(), Some(at(180)));
        assert_eq!(rate.take_dropped(), Some(2));
        assert_eq!(passed(&mut rate, 179), 0, "the period goes on");
    }

    #[test]
    fn without_a_limit_nothing_is_dropped() {
        let mut rate = Rate::default();
        assert!((0..100_000).all(|_| rate.take(Instant::default(), LogRate::NONE)));
        assert_eq!(rate.due(), None);
    }
}
