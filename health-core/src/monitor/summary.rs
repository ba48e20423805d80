//! How many targets have which status, and what a group of targets shows as one component.

use alloc::format;

use super::status::TargetStatus;
use crate::base::Outcome;
use crate::base::Status;

/// How many targets have which status: what a group shows as one component.
///
/// ```
/// use health_core::monitor::{Summary, TargetStatus};
///
/// let targets = [TargetStatus::Healthy, TargetStatus::Degraded, TargetStatus::Inactive];
/// let group: Summary = targets.into_iter().collect();
/// assert_eq!((group.total, group.healthy(), group.degraded), (3, 2, 1));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// All targets.
    pub total: usize,
    /// Those that are [healthy](TargetStatus::Healthy), without a warning.
    pub(crate) sound: usize,
    /// Those that are [degraded](TargetStatus::Degraded).
    pub degraded: usize,
    /// Those that are [unhealthy](TargetStatus::Unhealthy).
    pub unhealthy: usize,
    /// Those of which it is [not known](TargetStatus::Unknown).
    pub unknown: usize,
    /// Those that are [not judged](TargetStatus::Inactive): paused.
    pub unjudged: usize,
    /// Those that were deregistered, whether or not they answer again: they count until they are removed
    /// or reactivated.
    pub deregistered: usize,
    /// Those of them that [answer again](TargetStatus::AnswersAgain).
    pub answers_again: usize,
}

impl Summary {
    /// Targets that are healthy, with or without a warning.
    #[must_use]
    pub const fn healthy(&self) -> usize {
        self.sound + self.degraded
    }

    /// Targets that are not judged: paused, or deregistered.
    #[must_use]
    pub const fn inactive(&self) -> usize {
        self.unjudged + self.deregistered
    }

    #[cfg(feature = "supervise")]
    pub(super) const fn merge(&mut self, other: &Self) {
        self.total += other.total;
        self.sound += other.sound;
        self.degraded += other.degraded;
        self.unhealthy += other.unhealthy;
        self.unknown += other.unknown;
        self.unjudged += other.unjudged;
        self.deregistered += other.deregistered;
        self.answers_again += other.answers_again;
    }

    /// The worst status of those that are judged: unhealthy, unknown, degraded, healthy; `None` if none
    /// is judged. With deregistered ones it is at most degraded, and unhealthy if no target is left.
    const fn verdict(&self) -> Option<Status> {
        let is_left = self.healthy() + self.unknown > 0;
        if self.unhealthy > 0 || self.deregistered > 0 && !is_left {
            Some(Status::Unhealthy)
        } else if self.unknown > 0 {
            Some(Status::Unknown)
        } else if self.degraded > 0 || self.deregistered > 0 {
            Some(Status::Degraded)
        } else if self.sound > 0 {
            Some(Status::Healthy)
        } else {
            None
        }
    }

    /// The result to record for the one component that stands for all, with the message "97/100
    /// healthy, 2/100 deregistered". A group without targets is healthy, one of which no target is judged is
    /// degraded. `None` while the status is unknown: nothing is to
    /// be recorded then, and the component becomes unknown at the end of its validity.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        let message = || {
            let total = self.total;
            let mut message = format!("{}/{total} healthy", self.healthy());
            for (count, what) in [
                (self.deregistered, "deregistered"),
                (self.answers_again, "answers again"),
                (self.unjudged, "not judged"),
            ] {
                if count > 0 {
                    message.push_str(&format!(", {count}/{total} {what}"));
                }
            }
            message
        };
        match self.verdict() {
            // Of those that are all paused nobody knows whether they are well.
            None if self.total > 0 => Some(Outcome::warning(message())),
            None | Some(Status::Healthy) => Some(Outcome::success()),
            Some(Status::Degraded) => Some(Outcome::warning(message())),
            Some(Status::Unhealthy) => Some(Outcome::failure_with_message(message())),
            Some(Status::Unknown) => None,
        }
    }

    /// How many have this status.
    pub(crate) const fn count(&self, status: TargetStatus) -> usize {
        match status {
            TargetStatus::Healthy => self.sound,
            TargetStatus::Degraded => self.degraded,
            TargetStatus::Unhealthy => self.unhealthy,
            TargetStatus::Unknown => self.unknown,
            TargetStatus::Inactive => self.unjudged,
            TargetStatus::Deregistered => self.deregistered - self.answers_again,
            TargetStatus::AnswersAgain => self.answers_again,
        }
    }

    /// Counts one more target.
    pub(super) fn add(&mut self, status: TargetStatus) {
        self.total += 1;
        *self.count_mut(status) += 1;
        self.answers_again += usize::from(status == TargetStatus::AnswersAgain);
    }

    /// Counts a target no longer that was counted before.
    pub(super) fn remove(&mut self, status: TargetStatus) {
        self.total -= 1;
        *self.count_mut(status) -= 1;
        self.answers_again -= usize::from(status == TargetStatus::AnswersAgain);
    }

    const fn count_mut(&mut self, status: TargetStatus) -> &mut usize {
        match status {
            TargetStatus::Healthy => &mut self.sound,
            TargetStatus::Degraded => &mut self.degraded,
            TargetStatus::Unhealthy => &mut self.unhealthy,
            TargetStatus::Unknown => &mut self.unknown,
            TargetStatus::Inactive => &mut self.unjudged,
            TargetStatus::Deregistered | TargetStatus::AnswersAgain => &mut self.deregistered,
        }
    }
}

impl FromIterator<TargetStatus> for Summary {
    fn from_iter<I: IntoIterator<Item = TargetStatus>>(targets: I) -> Self {
        let mut summary = Self::default();
        summary.extend(targets);
        summary
    }
}

impl Extend<TargetStatus> for Summary {
    fn extend<I: IntoIterator<Item = TargetStatus>>(&mut self, targets: I) {
        for status in targets {
            self.add(status);
        }
    }
}
