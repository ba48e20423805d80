//! What a notice is.

use alloc::vec::Vec;

use super::batch::TransitionRow;
#[cfg(doc)]
use super::{Flapping, Notices};
use crate::base::UnixTime;

/// What a [`Notice`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum NoticeKind {
    /// So many targets fail that actions are withheld. These are unhealthy; what follows comes in updates.
    MassFailure,
    /// The mass failure goes on, and these targets became unhealthy, or healthy again, since the notice
    /// before. At most one in five minutes.
    MassFailureUpdate,
    /// The mass failure is over; these targets, and no others of it, are still unhealthy.
    MassFailureOver,
    /// These targets became unhealthy.
    Unhealthy,
    /// These targets were deregistered.
    Deregistered,
    /// These targets were deregistered, and answer again: they can be reactivated. Sent once until they
    /// are.
    AnswersAgain,
    /// These targets are healthy again.
    Recovered,
    /// These replicas of a group were restarted. No [`Notices`] make it: a supervisor's driver does.
    Restarted,
    /// These replicas of a group were given up. No [`Notices`] make it: a supervisor's driver does.
    GivenUp,
    /// These targets turn again and again ([`Flapping`]): until they are steady, no notice says how they
    /// are.
    Flapping,
    /// These targets are steady again, and this is how they are.
    StoppedFlapping,
    /// These targets are still not healthy, and nothing was sent for a while.
    Reminder,
}

/// A message to send.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notice {
    /// What it is about.
    pub kind: NoticeKind,
    /// For each target the change that has brought it to where it is, oldest first.
    pub transitions: Vec<TransitionRow>,
    /// How many targets notices have said not to be healthy, with this one. At zero, all is over.
    pub open: usize,
    /// When the first of them failed, since all were healthy: the same in all notices from the first one
    /// to that with which all is over.
    pub incident: UnixTime,
    pub(super) outages: Vec<TransitionRow>,
}

impl Notice {
    /// For those who read notices of [`NoticeKind::Unhealthy`] only: those targets of this notice that
    /// became unhealthy and were deregistered in one step, of which no such notice was made.
    #[must_use]
    pub fn as_unhealthy(&self) -> Option<Self> {
        (!self.outages.is_empty()).then(|| Self {
            kind: NoticeKind::Unhealthy,
            transitions: self.outages.clone(),
            outages: Vec::new(),
            ..*self
        })
    }
}

impl NoticeKind {
    /// Every kind.
    const ALL: [Self; 12] = [
        Self::MassFailure,
        Self::MassFailureUpdate,
        Self::MassFailureOver,
        Self::Unhealthy,
        Self::Deregistered,
        Self::AnswersAgain,
        Self::Recovered,
        Self::Restarted,
        Self::GivenUp,
        Self::Flapping,
        Self::StoppedFlapping,
        Self::Reminder,
    ];

    /// The kind whose [word](Self::as_str) this is.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The word: `mass_failure`, `mass_failure_update`, `mass_failure_over`, `unhealthy`,
    /// `deregistered`, `answers_again`, `recovered`, `restarted`, `given_up`, `flapping`,
    /// `stopped_flapping`, `reminder`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MassFailure => "mass_failure",
            Self::MassFailureUpdate => "mass_failure_update",
            Self::MassFailureOver => "mass_failure_over",
            Self::Unhealthy => "unhealthy",
            Self::Deregistered => "deregistered",
            Self::AnswersAgain => "answers_again",
            Self::Recovered => "recovered",
            Self::Restarted => "restarted",
            Self::GivenUp => "given_up",
            Self::Flapping => "flapping",
            Self::StoppedFlapping => "stopped_flapping",
            Self::Reminder => "reminder",
        }
    }

    /// Whether somebody has to act at once: what is unhealthy, deregistered, failing together or given
    /// up. The others can wait until somebody has time.
    #[must_use]
    pub const fn is_critical(self) -> bool {
        matches!(
            self,
            Self::MassFailure
                | Self::MassFailureUpdate
                | Self::Unhealthy
                | Self::Deregistered
                | Self::GivenUp
                | Self::Reminder
        )
    }

    /// Whether it says that something is over, and so is of interest only to those who were told of its
    /// beginning.
    #[must_use]
    pub const fn is_recovery(self) -> bool {
        matches!(
            self,
            Self::MassFailureOver | Self::Recovered | Self::StoppedFlapping
        )
    }
}
