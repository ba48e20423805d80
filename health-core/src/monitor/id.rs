//! Handles: small, copied, never used again for something else.

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

/// An attempt of a check: what the driver reports under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttemptId {
    /// Whose.
    pub check: CheckId,
    /// Which, from 1 on.
    pub number: u64,
}

impl TargetId {
    /// The check at this position in the target, as in [`Target::checks`](super::Target::checks).
    ///
    /// A position the target does not have is a check that does not exist.
    #[must_use]
    pub const fn check(self, index: usize) -> CheckId {
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

    /// Its position in the target.
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
