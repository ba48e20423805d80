//! The status of a target, and the state of a monitor in numbers.

use core::fmt;

#[cfg(feature = "registry")]
use super::registry::JournalStats;
use super::stats::MonitorStats;
use super::summary::Summary;
use crate::base::Moment;
use crate::base::Status;

/// How a target is, by the worst of its checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TargetStatus {
    /// Every check is healthy.
    Healthy,
    /// Every check is healthy, at least one with a warning.
    Degraded,
    /// A check is unhealthy.
    Unhealthy,
    /// There is no verdict of a check yet, or it is too old.
    Unknown,
    /// It is shown and not judged: it is paused, or the monitor has stopped.
    Inactive,
    /// It was deregistered, and does not answer again.
    Deregistered,
    /// It was deregistered, and each of its checks has succeeded at the last recheck: it counts as
    /// deregistered until it is reactivated.
    AnswersAgain,
}

impl TargetStatus {
    /// Every status, the worst first: the order of lists. What nobody judges stands before what is well.
    pub(crate) const ALL: [Self; 7] = [
        Self::Deregistered,
        Self::AnswersAgain,
        Self::Unhealthy,
        Self::Unknown,
        Self::Inactive,
        Self::Degraded,
        Self::Healthy,
    ];

    /// The place in that order.
    pub(crate) fn place(self) -> usize {
        let place = Self::ALL.iter().position(|it| *it == self);
        place.expect("all are in it")
    }

    /// The word shown: `healthy`, `degraded`, `unhealthy`, `unknown`, `inactive`, `deregistered`,
    /// `answers-again`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => Status::Healthy.as_str(),
            Self::Degraded => Status::Degraded.as_str(),
            Self::Unhealthy => Status::Unhealthy.as_str(),
            Self::Unknown => Status::Unknown.as_str(),
            Self::Inactive => "inactive",
            Self::Deregistered => "deregistered",
            Self::AnswersAgain => "answers-again",
        }
    }

    /// The status of that word.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }

    /// Whether the target was deregistered, whether or not it answers again.
    pub(crate) const fn is_deregistered(self) -> bool {
        matches!(self, Self::Deregistered | Self::AnswersAgain)
    }

    /// Whether it is among those that `only` asks for; `inactive` asks for every target that is not
    /// judged.
    #[must_use]
    pub fn is_one_of(self, only: Self) -> bool {
        self == only || only == Self::Inactive && self.is_deregistered()
    }

    /// The status of a target whose worst check has this one; `None` if no check is judged.
    pub(super) const fn of(worst: Option<Status>) -> Self {
        match worst {
            Some(Status::Healthy) => Self::Healthy,
            Some(Status::Degraded) => Self::Degraded,
            Some(Status::Unhealthy) => Self::Unhealthy,
            Some(Status::Unknown) => Self::Unknown,
            None => Self::Inactive,
        }
    }
}

impl fmt::Display for TargetStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A monitor in numbers, at one moment; see [`Monitor::status`](super::Monitor::status).
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct MonitorStatus {
    /// When this was so, by the clock that the instants of a [`TargetView`](super::TargetView) go by.
    pub moment: Moment,
    /// Whether it was started and not stopped.
    pub is_running: bool,
    /// Whether so many targets fail that restarts and deregistrations are withheld.
    pub is_mass_failure: bool,
    /// Attempts that run.
    pub in_flight: usize,
    /// Attempts that would run at once if no target ever answered: worth a warning if it is more than
    /// [`max_in_flight`](Self::max_in_flight).
    pub demand: usize,
    /// The most attempts that may run at once.
    pub max_in_flight: usize,
    /// How many targets have which status.
    pub summary: Summary,
    /// The command that reactivates a target, if there is one: see
    /// `MonitorConfig::reactivate_command`.
    pub(crate) reactivate_command: Option<&'static str>,
    /// What was counted since the start.
    pub stats: MonitorStats,
    /// What was stored and what waits for it; `None` without a journal.
    #[cfg(feature = "registry")]
    pub journal: Option<JournalStats>,
}

#[cfg(feature = "supervise")]
impl MonitorStatus {
    /// Adds what another monitor has to what this one has: for a program that runs several and shows them
    /// as one. The moment stays that of this one.
    pub fn merge(&mut self, other: &Self) {
        self.is_running |= other.is_running;
        self.is_mass_failure |= other.is_mass_failure;
        self.in_flight += other.in_flight;
        self.demand += other.demand;
        self.max_in_flight += other.max_in_flight;
        self.summary.merge(&other.summary);
        self.stats.merge(&other.stats);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back() {
        for status in TargetStatus::ALL {
            assert_eq!(TargetStatus::from_word(status.as_str()), Some(status));
            assert_eq!(TargetStatus::ALL[status.place()], status);
        }
        assert_eq!(TargetStatus::from_word("starting"), None);
    }
}
