//! Batches: what a store is given to write.

use alloc::vec::Vec;

use crate::base::Name;
use crate::base::Streak;
use crate::base::UnixTime;
use crate::check::{self, CheckStatus, Record, Saved};

/// What has changed since the last batch. A store applies all of it or nothing.
///
/// Targets and checks go by their names, so that it means the same to another process. Rows of a target
/// or check that the store does not have are to be ignored: the target was removed meanwhile.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Numbers batches from 1 on. One that failed comes again under its number.
    pub number: u64,
    /// Whether its results and transitions came before, from
    /// [`poll_unstored`](crate::monitor::Monitor::poll_unstored).
    pub is_reported: bool,
    /// Checks whose state has changed, as it is now, each once.
    pub checks: Vec<CheckRow>,
    /// Results, oldest first.
    pub results: Vec<ResultRow>,
    /// Transitions, oldest first. If there are any, the batch counts as stored only when it is on the
    /// disk, since notices are sent for them.
    pub transitions: Vec<TransitionRow>,
}

/// The state of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckRow {
    /// The target.
    pub target: Name,
    /// The check.
    pub check: Name,
    /// Its state.
    pub saved: Saved,
}

/// A result of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultRow {
    /// The target.
    pub target: Name,
    /// The check.
    pub check: Name,
    /// When the attempt began.
    pub begin: UnixTime,
    /// The result.
    pub record: Record,
    /// Whether the target was silenced when the attempt began: the result says nothing about its uptime.
    pub silenced: bool,
}

/// A change of a check's status, or an action that it asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransitionRow {
    /// The target.
    pub target: Name,
    /// The check.
    pub check: Name,
    /// When it happened.
    pub at: UnixTime,
    /// What happened.
    pub change: CheckChange,
    /// The results in a row after it.
    pub streak: Streak,
    /// The result that brought it about; `None` if it was a call.
    pub record: Option<Record>,
}

/// What a [`TransitionRow`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CheckChange {
    /// The status changed.
    Status {
        /// What it was.
        from: CheckStatus,
        /// What it is.
        to: CheckStatus,
    },
    /// The target was deregistered.
    Deregistered,
    /// Each check of the deregistered target has succeeded at its last recheck.
    AnswersAgain,
    /// A restart of the target was requested.
    RestartRequested,
    /// One of the two was due and was withheld, since too many targets fail at once.
    ActionSuppressed,
    /// Result after result says nothing about the target: the prober itself is in trouble.
    ProberImpaired,
}

impl CheckChange {
    /// The change that an event is about; `None` for events that are not stored.
    ///
    /// The first status of a new check is none: the store knows that it was added.
    #[must_use]
    pub fn of(event: &check::Event) -> Option<Self> {
        match *event {
            check::Event::Status { from, to } if from != CheckStatus::Unknown => {
                Some(Self::Status { from, to })
            }
            check::Event::Deregistered => Some(Self::Deregistered),
            check::Event::AnswersAgain => Some(Self::AnswersAgain),
            check::Event::RestartRequested => Some(Self::RestartRequested),
            check::Event::ActionSuppressed => Some(Self::ActionSuppressed),
            check::Event::ProberImpaired => Some(Self::ProberImpaired),
            _ => None,
        }
    }

    /// The rule that was applied, in words.
    #[must_use]
    pub const fn rule(self) -> &'static str {
        match self {
            Self::Status {
                to: CheckStatus::Healthy,
                ..
            } => "T7: success_threshold successes in a row make a check healthy",
            Self::Status {
                to: CheckStatus::Unhealthy,
                ..
            } => "T9: as many failures in a row as retries make a check unhealthy",
            Self::Status { .. } => "T12: a new instance, or a reactivated target, starts afresh",
            Self::Deregistered => "T11: an unhealthy check with on_unhealthy = deregister",
            Self::AnswersAgain => {
                "T11: each check of a deregistered target has succeeded at its last recheck"
            }
            Self::RestartRequested => "T11: an unhealthy check with on_unhealthy = restart",
            Self::ActionSuppressed => {
                "T11: the mass-failure guard withholds actions while too many targets fail"
            }
            Self::ProberImpaired => "T10: indeterminate_limit results in a row said nothing",
        }
    }

    /// The words to store: the kind, and the statuses before and after of a change of status.
    #[must_use]
    pub const fn words(self) -> (&'static str, Option<(&'static str, &'static str)>) {
        match self {
            Self::Status { from, to } => ("status", Some((from.as_str(), to.as_str()))),
            Self::Deregistered => ("deregistered", None),
            Self::AnswersAgain => ("answers_again", None),
            Self::RestartRequested => ("restart_requested", None),
            Self::ActionSuppressed => ("action_suppressed", None),
            Self::ProberImpaired => ("prober_impaired", None),
        }
    }

    /// The change of these [words](Self::words).
    #[must_use]
    pub fn from_words(kind: &str, statuses: Option<(&str, &str)>) -> Option<Self> {
        if let Some((from, to)) = statuses {
            let (from, to) = (CheckStatus::from_word(from)?, CheckStatus::from_word(to)?);
            return (kind == "status").then_some(Self::Status { from, to });
        }
        [
            Self::Deregistered,
            Self::AnswersAgain,
            Self::RestartRequested,
            Self::ActionSuppressed,
            Self::ProberImpaired,
        ]
        .into_iter()
        .find(|change| change.words().0 == kind)
    }
}
