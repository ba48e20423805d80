//! What a store is given to keep.

use alloc::vec::Vec;

use crate::base::Name;
use crate::base::Streak;
use crate::base::UnixTime;
use crate::check::{self, CheckStatus, Record, Saved};

/// What has changed since the last batch. A store applies all of it or nothing.
///
/// It goes by names, not by handles, so that it means the same to another process. What it says of a
/// target or check the store does not have is to be ignored: the target was removed meanwhile.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Numbers batches from 1 on. One that failed comes again under its number.
    pub number: u64,
    /// Its results and transitions were handed out before, by
    /// [`poll_unkept`](super::Monitor::poll_unkept).
    pub is_told: bool,
    /// Checks whose state has changed, as it is now, each once.
    pub checks: Vec<CheckRow>,
    /// Results, oldest first.
    pub results: Vec<ResultRow>,
    /// Transitions, oldest first. If there are any, the batch has to be on the disk, and not just
    /// on its way, before it counts as kept: somebody will act on them.
    pub transitions: Vec<Transition>,
}

/// The state of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckRow {
    /// Whose.
    pub target: Name,
    /// Which.
    pub check: Name,
    /// How it stands.
    pub saved: Saved,
}

/// A result of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultRow {
    /// Whose.
    pub target: Name,
    /// Which.
    pub check: Name,
    /// When the attempt began.
    pub begin: UnixTime,
    /// What came of it.
    pub record: Record,
}

/// A check has turned, or something is done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Whose.
    pub target: Name,
    /// Which.
    pub check: Name,
    /// When.
    pub at: UnixTime,
    /// What happened.
    pub change: Change,
    /// The streak that brought it about.
    pub streak: Streak,
    /// The result that did; `None` if it was a call.
    pub record: Option<Record>,
}

/// What a [`Transition`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// The status changed.
    Status {
        /// What it was.
        from: CheckStatus,
        /// What it is.
        to: CheckStatus,
    },
    /// The target was taken off the list.
    Deregistered,
    /// The target should be restarted.
    RestartRequested,
    /// One of the two was due and was withheld, since too many targets fail at once.
    ActionSuppressed,
    /// The prober itself is in trouble.
    ProberImpaired,
}

impl Change {
    /// What of an event is worth keeping for ever; `None` for what a store need not know.
    ///
    /// That a check begins is none: it was added, and the store knows.
    #[must_use]
    pub fn of(event: &check::Event) -> Option<Self> {
        match *event {
            check::Event::Status { from, to } if from != CheckStatus::Unknown => {
                Some(Self::Status { from, to })
            }
            check::Event::Deregistered => Some(Self::Deregistered),
            check::Event::RestartRequested => Some(Self::RestartRequested),
            check::Event::ActionSuppressed => Some(Self::ActionSuppressed),
            check::Event::ProberImpaired => Some(Self::ProberImpaired),
            _ => None,
        }
    }

    /// The rule that was applied, in words: what `explain` prints.
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
            Self::RestartRequested => "T11: an unhealthy check with on_unhealthy = restart",
            Self::ActionSuppressed => {
                "T11: the mass-failure guard withholds actions while too many targets fail"
            }
            Self::ProberImpaired => "T10: indeterminate_limit results in a row said nothing",
        }
    }

    /// The words to store: what kind, and the statuses where it is about one.
    #[must_use]
    pub const fn words(self) -> (&'static str, Option<(&'static str, &'static str)>) {
        match self {
            Self::Status { from, to } => ("status", Some((from.as_str(), to.as_str()))),
            Self::Deregistered => ("deregistered", None),
            Self::RestartRequested => ("restart_requested", None),
            Self::ActionSuppressed => ("action_suppressed", None),
            Self::ProberImpaired => ("prober_impaired", None),
        }
    }

    /// What the [words](Self::words) say.
    #[must_use]
    pub fn from_words(kind: &str, statuses: Option<(&str, &str)>) -> Option<Self> {
        if let Some((from, to)) = statuses {
            let (from, to) = (CheckStatus::from_word(from)?, CheckStatus::from_word(to)?);
            return (kind == "status").then_some(Self::Status { from, to });
        }
        [
            Self::Deregistered,
            Self::RestartRequested,
            Self::ActionSuppressed,
            Self::ProberImpaired,
        ]
        .into_iter()
        .find(|change| change.words().0 == kind)
    }
}
