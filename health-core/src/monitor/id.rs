//! Handles of targets, checks and attempts: small, `Copy`, and never given out twice.

use core::fmt;

/// A target of a monitor. Orders by registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TargetId {
    /// Counts registrations; first, because ties go by it.
    pub(super) serial: u64,
    /// Where the target is kept.
    pub(super) place: u32,
}

/// A check of a target. Orders by registration.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CheckId {
    // Not a `TargetId` and an index: these lie in the timers, where it would cost a third more.
    serial: u64,
    place: u32,
    index: u8,
}

/// An attempt of a check. [`Command::Start`](super::Command::Start) names it; the driver reports under
/// it what came of the attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptId {
    check: CheckId,
    number: u64,
}

impl AttemptId {
    /// The attempt of this number, whether or not it was ever begun.
    pub(super) const fn of(check: CheckId, number: u64) -> Self {
        Self { check, number }
    }

    /// The attempt of this number, whether or not it was ever begun: for tests of a driver's mistakes.
    #[cfg(feature = "test-util")]
    #[must_use]
    pub const fn new(check: CheckId, number: u64) -> Self {
        Self::of(check, number)
    }

    /// The check that is attempted.
    #[must_use]
    pub const fn check(self) -> CheckId {
        self.check
    }

    /// Its number among the attempts of its check, from 1 on.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.number
    }
}

impl TargetId {
    /// The check at this position, whether or not the target has so many.
    pub(super) const fn check(self, index: usize) -> CheckId {
        CheckId {
            serial: self.serial,
            place: self.place,
            // A target has at most 16 checks.
            index: if index < u8::MAX as usize {
                index as u8
            } else {
                u8::MAX
            },
        }
    }
}

impl CheckId {
    /// The check's target.
    #[must_use]
    pub const fn target(self) -> TargetId {
        TargetId {
            serial: self.serial,
            place: self.place,
        }
    }

    /// Its position in the target, as in [`Target::checks`](super::Target::checks).
    #[must_use]
    pub const fn index(self) -> usize {
        self.index as usize
    }
}

impl fmt::Debug for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CheckId({}.{})", self.serial, self.index)
    }
}
