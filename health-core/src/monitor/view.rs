//! Targets as those see them who look: plain values, which borrow nothing of the monitor.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use super::journal::JournalStats;
use super::machine::Monitor;
use super::stats::Stats;
use super::summary::Summary;
use super::target::Target;
use crate::base::Class;
use crate::base::Name;
use crate::base::Status;
use crate::base::Streak;
use crate::base::{Instant, Moment, UnixTime};
use crate::check::probe::{Endpoint, Report};
use crate::check::{Check, CheckStatus, Mode, Record};

/// How a target is, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TargetStatus {
    /// All of its checks are well.
    Healthy,
    /// Well, with something to mind.
    Degraded,
    /// A check is not well.
    Unhealthy,
    /// Not decided yet, or not for too long.
    Unknown,
    /// Shown and not judged: paused, deregistered.
    Inactive,
}

impl TargetStatus {
    /// Every status.
    pub const ALL: [Self; 5] = [
        Self::Healthy,
        Self::Degraded,
        Self::Unhealthy,
        Self::Unknown,
        Self::Inactive,
    ];

    /// The word shown: `healthy`, `degraded`, `unhealthy`, `unknown`, `inactive`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => Status::Healthy.as_str(),
            Self::Degraded => Status::Degraded.as_str(),
            Self::Unhealthy => Status::Unhealthy.as_str(),
            Self::Unknown => Status::Unknown.as_str(),
            Self::Inactive => "inactive",
        }
    }

    /// The status of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }
}

impl From<Option<Status>> for TargetStatus {
    /// That of a [verdict](Target::verdict_at).
    fn from(verdict: Option<Status>) -> Self {
        match verdict {
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

/// A monitor in numbers, at one moment.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Overview {
    /// Now, by the monitor's own clocks: what the instants of its [views](TargetView) are reckoned
    /// from.
    pub moment: Moment,
    /// How many targets are how well.
    pub summary: Summary,
    /// So many fail that nothing is done about any.
    pub is_mass_failure: bool,
    /// Attempts that run.
    pub in_flight: usize,
    /// What has been counted since the start.
    pub stats: Stats,
    /// How keeping goes; `None` if nothing is kept.
    pub journal: Option<JournalStats>,
}

impl Overview {
    /// A monitor at `moment`, whose targets were counted already.
    #[must_use]
    pub fn new(moment: Moment, summary: Summary, monitor: &Monitor) -> Self {
        Self {
            moment,
            summary,
            is_mass_failure: monitor.is_mass_failure(),
            in_flight: monitor.in_flight(),
            stats: *monitor.stats(),
            journal: monitor.journal_stats(moment.now),
        }
    }
}

/// A target, as it stood when asked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TargetView {
    /// Its name.
    pub name: Name,
    /// What it belongs to, if it was told.
    pub group: Option<Name>,
    /// How it is, verdicts that are too old taken for unknown.
    pub status: TargetStatus,
    /// Its startup checks have succeeded, and nothing is on hold.
    pub is_started: bool,
    /// It may be sent work, as far as that is known at present.
    pub is_ready: bool,
    /// It was taken off the list.
    pub is_deregistered: bool,
    /// Of how many checks how many are healthy: `(2, 3)`.
    pub healthy: (usize, usize),
    /// Its checks, in the order they were given.
    pub checks: Vec<CheckView>,
}

/// A check in a [`TargetView`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CheckView {
    /// Its name.
    pub name: Name,
    /// What it looks at, without secrets.
    pub target: String,
    /// It looks by HTTP.
    pub is_http: bool,
    /// What it holds its target for.
    pub status: CheckStatus,
    /// When that last changed; `None` if it is not known.
    pub since: Option<UnixTime>,
    /// Whether the status is older than it should be.
    pub is_stale: bool,
    /// What it is doing.
    pub mode: Mode,
    /// Results in a row.
    pub streak: Streak,
    /// When it was deregistered; `None` if it was not, or that is not known.
    pub deregistered_at: Option<UnixTime>,
    /// Whether the last success came with a warning.
    pub is_degraded: bool,
    /// When it is due next, by the monitor's clock; `None` while it runs, and if it is not planned.
    pub next_due: Option<Instant>,
    /// Attempts begun.
    pub attempts: u64,
    /// Slots that passed without one, because an attempt, the queue or a stall covered them.
    pub skipped_slots: u64,
    /// The last results as they were judged, oldest first.
    pub history: Vec<Record>,
    /// The evidence of the last attempt that came to its end: its parts' times, address, output.
    pub last_report: Option<Arc<Report>>,
}

/// What a monitor's driver knows of a check.
#[derive(Clone, Debug, Default)]
pub struct Sight {
    /// What the check looks at, without secrets.
    pub target: String,
    /// It looks by HTTP.
    pub is_http: bool,
    /// What came of the last attempt.
    pub last_report: Option<Arc<Report>>,
}

/// A target that may be sent work, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadyTarget {
    /// Its name.
    pub name: Name,
    /// What it belongs to, if it was told.
    pub group: Option<Name>,
    /// Where it is: what the first of its checks that has an address connects to.
    pub endpoint: Endpoint,
}

impl TargetView {
    /// How `target` stands at this moment; `sight` tells what is known of the check at an index.
    #[must_use]
    pub fn new(moment: Moment, target: &Target, sight: impl Fn(usize) -> Sight) -> Self {
        let checks = target.checks().enumerate();
        let checks =
            checks.map(|(index, (name, check))| CheckView::new(moment, name, check, sight(index)));
        Self {
            name: target.name().clone(),
            group: target.group().cloned(),
            status: target.verdict_at(moment.now).into(),
            is_started: target.is_started(),
            is_ready: target.is_ready_at(moment.now),
            is_deregistered: target.is_deregistered(),
            healthy: target.healthy(),
            checks: checks.collect(),
        }
    }
}

impl CheckView {
    fn new(moment: Moment, name: &Name, check: &Check, sight: Sight) -> Self {
        let saved = check.saved(moment);
        Self {
            name: name.clone(),
            target: sight.target,
            is_http: sight.is_http,
            status: saved.status,
            since: saved.since,
            is_stale: check.is_stale(),
            mode: check.mode(),
            streak: saved.streak,
            deregistered_at: saved.deregistered_at,
            is_degraded: check.is_degraded(),
            next_due: check.next_due(),
            attempts: check.attempts(),
            skipped_slots: check.skipped_slots(),
            history: check.history().cloned().collect(),
            last_report: sight.last_report,
        }
    }

    /// The latest of the results that are kept which was no success.
    #[must_use]
    pub fn last_error(&self) -> Option<&Record> {
        let is_error = |it: &&Record| matches!(it.class(), Class::Failure | Class::Indeterminate);
        self.history.iter().rev().find(is_error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back() {
        for status in TargetStatus::ALL {
            assert_eq!(TargetStatus::from_word(status.as_str()), Some(status));
        }
        assert_eq!(TargetStatus::from_word("starting"), None);
    }
}
