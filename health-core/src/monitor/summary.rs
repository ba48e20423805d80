//! Many targets as a handful of numbers.

use alloc::format;

use crate::base::Outcome;
use crate::base::Status;

/// How many targets are how well: what a group shows as one component.
///
/// ```
/// use health_core::Status;
/// use health_core::monitor::Summary;
///
/// let group: Summary = [Some(Status::Healthy), Some(Status::Degraded), None].into_iter().collect();
/// assert_eq!((group.total, group.healthy(), group.verdict()), (3, 2, Some(Status::Degraded)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// All of them.
    pub total: usize,
    /// Well, without reservation.
    pub sound: usize,
    /// Well, with something to mind.
    pub degraded: usize,
    /// Not well.
    pub unhealthy: usize,
    /// Not decided yet.
    pub unknown: usize,
    /// Shown and not judged: paused, deregistered.
    pub unjudged: usize,
}

impl Summary {
    /// Those that are well, with or without reservation.
    #[must_use]
    pub const fn healthy(&self) -> usize {
        self.sound + self.degraded
    }

    /// The worst among those judged: unhealthy, unknown, degraded, healthy; `None` if none is.
    #[must_use]
    pub const fn verdict(&self) -> Option<Status> {
        if self.unhealthy > 0 {
            Some(Status::Unhealthy)
        } else if self.unknown > 0 {
            Some(Status::Unknown)
        } else if self.degraded > 0 {
            Some(Status::Degraded)
        } else if self.sound > 0 {
            Some(Status::Healthy)
        } else {
            None
        }
    }

    /// What it is for the one component that stands for all: "97/100 healthy". `None` while it is
    /// not known: then nothing is to be recorded, and what was known runs out by itself. A group
    /// of none is well.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        let message = || format!("{}/{} healthy", self.healthy(), self.total);
        match self.verdict() {
            None | Some(Status::Healthy) => Some(Outcome::success()),
            Some(Status::Degraded) => Some(Outcome::warning(message())),
            Some(Status::Unhealthy) => Some(Outcome::failure(message())),
            Some(Status::Unknown) => None,
        }
    }

    /// Counts one more target, by its verdict.
    pub fn add(&mut self, verdict: Option<Status>) {
        self.total += 1;
        *match verdict {
            Some(Status::Healthy) => &mut self.sound,
            Some(Status::Degraded) => &mut self.degraded,
            Some(Status::Unhealthy) => &mut self.unhealthy,
            Some(Status::Unknown) => &mut self.unknown,
            None => &mut self.unjudged,
        } += 1;
    }
}

impl FromIterator<Option<Status>> for Summary {
    fn from_iter<I: IntoIterator<Item = Option<Status>>>(verdicts: I) -> Self {
        let mut summary = Self::default();
        for verdict in verdicts {
            summary.add(verdict);
        }
        summary
    }
}
