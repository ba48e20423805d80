//! What a store keeps of a check, and how a check goes on from it.

use alloc::boxed::Box;
use core::time::Duration;

use super::event::CheckStatus;
use super::schedule;
use super::state::{Check, Inactive, Run, Timestamp};
use super::thresholds::Action;
use crate::base::{Moment, Streak, UnixTime};

impl Check {
    /// As [`restored`](Self::restored), and `moment` is now: a streak goes on when an interval has passed
    /// since the last result that was counted, so that no number of restarts shortens the time to the
    /// next status.
    #[must_use]
    pub fn restored_at(self, saved: Saved, moment: Moment) -> Self {
        let mut check = self.restored(saved);
        if let Some(at) = saved.counted_at {
            let age = age(at, moment);
            let interval =
                schedule::interval_in_use(&check.config, &check.thresholds, Duration::MAX);
            check.counts_from = moment.now + interval.saturating_sub(age);
        }
        check
    }

    /// Continues from what a store has kept: the status holds, marked stale, until the next counted
    /// result. Without a wall clock, that was long ago.
    #[must_use]
    pub fn restored(mut self, saved: Saved) -> Self {
        self.thresholds.status = saved.status;
        self.thresholds.streak = saved.streak;
        self.changed_at = saved.since.map(Timestamp::stored);
        self.judged_at = saved.counted_at.map(Timestamp::stored);
        self.thresholds.started = saved.status == CheckStatus::Healthy;
        self.thresholds.stale = saved.status != CheckStatus::Unknown;
        if saved.restart_requested {
            self.thresholds.action = Action::Requested;
        } else if saved.status == CheckStatus::Unhealthy && !saved.deregistered {
            // T11: an action withheld before the restart is still pending.
            self.thresholds.expect_action(&self.config);
        }
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

    fn is_restart_requested(&self) -> bool {
        let is_requested = self.run == Run::OnHold || self.thresholds.action == Action::Requested;
        is_requested && self.inactive.is_none()
    }

    pub(crate) fn saved_state(&self) -> SavedState {
        SavedState {
            status: self.status(),
            streak: self.streak(),
            changed_at: self.changed_at,
            counted_at: self.judged_at,
            restart_requested: self.is_restart_requested(),
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
    /// When a result was last counted; `None` if none was, or that is not known.
    pub counted_at: Option<UnixTime>,
    /// A restart was requested for this instance, and is not requested again.
    pub restart_requested: bool,
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
    pub(crate) counted_at: Option<Timestamp>,
    pub(crate) restart_requested: bool,
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
            counted_at: self.counted_at.map(date),
            restart_requested: self.restart_requested,
            deregistered: self.inactive.is_some(),
            deregistered_at: self.inactive.and_then(|it| it.since).map(date),
            answers_since: self.inactive.and_then(|it| it.answers_since).map(date),
        }
    }
}

/// How long ago that was; zero if the wall clock has been set back since.
fn age(at: UnixTime, moment: Moment) -> Duration {
    let millis = moment.unix.as_millis().saturating_sub(at.as_millis());
    Duration::from_millis(millis)
}
