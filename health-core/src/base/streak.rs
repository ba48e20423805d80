//! Results in a row: the counter behind every threshold.

/// How often in a row something failed, or succeeded; never both above zero.
///
/// Components and checks turn with it: unhealthy at `retries` failures in a row, healthy at
/// `success_threshold` successes. The counts stop at `u32::MAX` rather than starting over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Streak {
    failures: u32,
    successes: u32,
}

impl Streak {
    /// A streak of `failures` failures, as an application that keeps count itself reports it.
    #[must_use]
    pub const fn of_failures(failures: u32) -> Self {
        Self {
            failures,
            successes: 0,
        }
    }

    /// A streak of `successes` successes, as read from a store.
    #[must_use]
    #[cfg(any(feature = "registry", test))]
    pub const fn of_successes(successes: u32) -> Self {
        Self {
            failures: 0,
            successes,
        }
    }

    /// Failures since the last success.
    #[must_use]
    pub const fn failures(self) -> u32 {
        self.failures
    }

    /// Successes since the last failure.
    #[must_use]
    pub const fn successes(self) -> u32 {
        self.successes
    }

    /// Counts a success and ends the failures.
    pub fn success(&mut self) {
        *self = Self {
            failures: 0,
            successes: self.successes.saturating_add(1),
        };
    }

    /// Counts a failure and ends the successes.
    pub fn failure(&mut self) {
        *self = Self {
            failures: self.failures.saturating_add(1),
            successes: 0,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_ends_the_other_and_neither_wraps() {
        let mut streak = Streak::default();
        streak.failure();
        streak.failure();
        assert_eq!((streak.failures(), streak.successes()), (2, 0));
        streak.success();
        assert_eq!((streak.failures(), streak.successes()), (0, 1));
        streak = Streak::of_failures(u32::MAX);
        streak.failure();
        assert_eq!(streak.failures(), u32::MAX);
    }
}
