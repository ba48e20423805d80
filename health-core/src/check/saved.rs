//! What a store keeps of a check, and how a check goes on from it.

use alloc::boxed::Box;

use super::config::OnUnhealthy;
use super::event::CheckStatus;
use super::state::{Check, Inactive, Run, Timestamp};
use crate::base::{Moment, Streak, UnixTime};

impl Check {
    /// Continues from what a store has kept: the status holds, marked stale, until the next counted
    /// result.
    #[must_use]
    pub fn restored(mut self, saved: Saved) -> Self {
        self.thresholds.status = saved.status;
        self.thresholds.streak = saved.streak;
        self.changed_at = saved.since.map(Timestamp::stored);
        self.thresholds.started = saved.status == CheckStatus::Healthy;
        self.thresholds.stale = saved.status != CheckStatus::Unknown;
        // T11: an action withheld before the restart is still pending.
        self.thresholds.action_pending = saved.status == CheckStatus::Unhealthy
            && !saved.deregistered
            && self.config.on_unhealthy != OnUnhealthy::Report;
        if saved.deregistered {
            self.inactive = Some(Box::new(Inactive {
                since: saved.deregistered_at.map(Timestamp::stored),
                answers_since: saved.answers_since.map(Timestamp::stored),
            }));
            self.run = Run::Inactive;
        }
        self
    }

    /// What a store should keep. `moment` is now.
    #[must_use]
    pub fn saved(&self, moment: Moment) -> Saved {
        self.saved_state().saved(moment)
    }

    pub(crate) fn saved_state(&self) -> SavedState {
        SavedState {
            status: self.status(),
            streak: self.streak(),
            changed_at: self.changed_at,
            inactive: self.inactive.as_deref().copied(),
        }
    }
}

/// What a store keeps of a check, so that a new prober continues where the old one ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Saved {
    /// The status.
    pub status: CheckStatus,
    /// The streak.
    pub streak: Streak,
    /// When the status last changed; `None` if that is not known.
    pub since: Option<UnixTime>,
    /// Deregistered: no result counts until it is reactivated.
    pub deregistered: bool,
    /// Since when; `None` if that is not known.
    pub deregistered_at: Option<UnixTime>,
    /// Since when its rechecks have succeeded; `None` if the last one did not.
    pub answers_since: Option<UnixTime>,
}

/// What a store is to keep, before times are converted to the wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SavedState {
    pub(crate) status: CheckStatus,
    pub(crate) streak: Streak,
    pub(crate) changed_at: Option<Timestamp>,
    /// Of a check whose target is deregistered.
    pub(crate) inactive: Option<Inactive>,
}

impl SavedState {
    /// `moment` is now.
    pub(crate) fn saved(self, moment: Moment) -> Saved {
        let date = |at: Timestamp| at.unix(moment);
        Saved {
            status: self.status,
            streak: self.streak,
            since: self.changed_at.map(date),
            deregistered: self.inactive.is_some(),
            deregistered_at: self.inactive.and_then(|it| it.since).map(date),
            answers_since: self.inactive.and_then(|it| it.answers_since).map(date),
        }
    }
}
