//! What a check shows: its status, verdict, schedule and history.

use super::config::CheckConfig;
use super::event::CheckStatus;
use super::history::Record;
#[cfg(feature = "monitor")]
use super::schedule;
#[cfg(any(feature = "monitor", feature = "test-util"))]
use super::state::Timestamp;
use super::state::{Check, Run};
#[cfg(feature = "monitor")]
use super::thresholds::LONG_UNHEALTHY;
#[cfg(feature = "monitor")]
use crate::base::Kind;
use crate::base::Status;
use crate::base::Streak;
use crate::base::{Instant, Moment, UnixTime};

impl Check {
    /// The status of its target.
    #[must_use]
    pub const fn status(&self) -> CheckStatus {
        self.thresholds.status
    }

    /// Counted results in a row.
    #[must_use]
    pub const fn streak(&self) -> Streak {
        self.thresholds.streak
    }

    /// Whether this instance has ever succeeded.
    #[cfg(feature = "test-util")]
    #[must_use]
    pub const fn has_started(&self) -> bool {
        self.thresholds.started
    }

    /// Whether the last success was a warning.
    #[must_use]
    pub const fn is_degraded(&self) -> bool {
        self.thresholds.degraded
    }

    /// Whether the status is older than it should be: restored, paused, or the prober is impaired.
    #[must_use]
    pub const fn is_stale(&self) -> bool {
        self.thresholds.stale
    }

    /// Why the last attempt said nothing about the target, if it did not.
    #[cfg(feature = "monitor")]
    pub(crate) const fn last_indeterminate(&self) -> Option<Kind> {
        self.thresholds.last_indeterminate
    }

    /// Its settings.
    #[must_use]
    pub fn config(&self) -> &CheckConfig {
        &self.config
    }

    /// The status as a component shows it; `None` for a check that is listed without a verdict:
    /// paused, deregistered, stopped or never started.
    ///
    /// A stale status holds; a target's [`status_at`](crate::monitor::Target::status_at) counts its age.
    #[must_use]
    pub fn verdict(&self) -> Option<Status> {
        match self.mode() {
            Mode::New | Mode::Paused | Mode::Inactive | Mode::Stopping | Mode::Stopped => None,
            _ => Some(match self.status() {
                CheckStatus::Unknown | CheckStatus::Starting => Status::Unknown,
                CheckStatus::Healthy if self.is_degraded() => Status::Degraded,
                CheckStatus::Healthy => Status::Healthy,
                CheckStatus::Unhealthy => Status::Unhealthy,
            }),
        }
    }

    /// As [`verdict`](Self::verdict), but one that is older than three times the longest interval of the
    /// settings (or the timeout, if that is longer) is [`Status::Unknown`]: a prober that has stopped
    /// must not stay green. One that was restored counts from the start and its initial delay. That of a startup check that has succeeded does not
    /// age, for it is never made again.
    #[cfg(feature = "monitor")]
    pub(crate) fn verdict_at(&self, now: Instant) -> Option<Status> {
        let verdict = self.verdict()?;
        let is_old = self.expires_at().is_some_and(|at| now > at);
        Some(if is_old { Status::Unknown } else { verdict })
    }

    /// Until when its verdict holds, if no result renews it; `None` is for ever.
    #[cfg(feature = "monitor")]
    pub(crate) fn expires_at(&self) -> Option<Instant> {
        const VALIDITY: u32 = 3;
        if self.mode() == Mode::Done {
            return None;
        }
        let validity = schedule::longest_pause(&self.config).saturating_mul(VALIDITY);
        let confirmed = self
            .judged_at
            .and_then(Timestamp::instant)
            .unwrap_or(self.since + self.config.initial_delay + self.config.spread_offset);
        Some(confirmed + validity)
    }

    /// When the status last changed, also if that was before a restart of the prober; `None` if it was
    /// never started, or no store has kept it. `moment` is now.
    #[must_use]
    pub fn since(&self, moment: Moment) -> Option<UnixTime> {
        self.changed_at.map(|at| at.unix(moment))
    }

    /// When it was deregistered; `None` if it was not, or nobody has kept it. `moment` is now.
    #[cfg(feature = "monitor")]
    pub(crate) fn deregistered_at(&self, moment: Moment) -> Option<UnixTime> {
        let since = self.inactive.as_ref()?.since?;
        Some(since.unix(moment))
    }

    /// Since when its rechecks have succeeded; `None` if it is not deregistered, or if the last one did
    /// not. `moment` is now.
    #[cfg(feature = "monitor")]
    pub(crate) fn answers_since(&self, moment: Moment) -> Option<UnixTime> {
        let since = self.inactive.as_ref()?.answers_since?;
        Some(since.unix(moment))
    }

    /// Whether its target is deregistered.
    #[cfg(feature = "monitor")]
    pub(crate) fn is_deregistered(&self) -> bool {
        self.inactive.is_some()
    }

    /// Whether its target is deregistered, and its last recheck has succeeded.
    #[cfg(feature = "monitor")]
    pub(crate) fn answers(&self) -> bool {
        self.inactive
            .as_ref()
            .is_some_and(|it| it.answers_since.is_some())
    }

    /// Whether an attempt runs, be it a recheck.
    #[cfg(feature = "monitor")]
    pub(crate) fn is_running(&self) -> bool {
        matches!(self.run, Run::Running { .. })
    }

    /// Whether its target was healthy once.
    #[cfg(feature = "monitor")]
    pub(crate) fn was_healthy(&self) -> bool {
        self.thresholds.was_healthy
    }

    /// Whether the last counted result was a failure.
    #[cfg(feature = "monitor")]
    pub(crate) fn is_failing(&self) -> bool {
        let streak = self.streak();
        let is_unhealthy = self.status() == CheckStatus::Unhealthy && streak.successes() == 0;
        streak.failures() > 0 || is_unhealthy
    }

    /// When it will have been unhealthy for so long that it is no part of a mass failure.
    #[cfg(feature = "monitor")]
    pub(crate) fn long_unhealthy_at(&self) -> Option<Instant> {
        let since = self.changed_at.and_then(Timestamp::instant);
        let is_unhealthy = self.status() == CheckStatus::Unhealthy;
        is_unhealthy.then(|| since.unwrap_or(self.since) + LONG_UNHEALTHY)
    }

    /// Whether it waits for the startup checks of its target.
    #[cfg(feature = "monitor")]
    pub(crate) fn is_gated(&self) -> bool {
        self.run == Run::Gated
    }

    /// What the check is doing.
    #[must_use]
    pub fn mode(&self) -> Mode {
        match self.run {
            Run::New => Mode::New,
            Run::Stopping { .. } => Mode::Stopping,
            Run::Stopped => Mode::Stopped,
            Run::Inactive => Mode::Inactive,
            _ if self.inactive.is_some() => Mode::Inactive,
            Run::OnHold => Mode::OnHold,
            Run::Done => Mode::Done,
            Run::Running { .. } => Mode::Running,
            Run::Idle { .. } | Run::Gated if self.paused => Mode::Paused,
            Run::Gated => Mode::Gated,
            Run::Idle { .. } if self.reaping.is_some() => Mode::Reaping,
            Run::Idle { .. } => Mode::Idle,
        }
    }

    /// When the next attempt is due; `None` while one runs, and while none is scheduled.
    #[must_use]
    pub fn next_due(&self) -> Option<Instant> {
        match self.run {
            Run::Idle { due } if !self.paused => Some(due),
            _ => None,
        }
    }

    /// Whether its last attempt took little time; false before the first.
    #[cfg(feature = "monitor")]
    pub(crate) const fn is_quick(&self) -> bool {
        self.thresholds.is_quick
    }

    /// Whether it holds a place among attempts that need to be reaped.
    #[cfg(feature = "monitor")]
    pub(crate) fn holds_exec(&self) -> bool {
        self.config.needs_reap && (self.is_running() || self.reaping.is_some())
    }

    /// Attempts begun.
    #[cfg(feature = "test-util")]
    #[must_use]
    pub const fn attempts(&self) -> u64 {
        self.attempts
    }

    /// Slots of the grid that passed while an attempt ran or waited in the queue, or while
    /// [`poll_start`](Self::poll_start) was not called.
    #[cfg(feature = "test-util")]
    #[must_use]
    pub fn skipped_slots(&self) -> u64 {
        self.skipped_slots.into()
    }

    /// When a result was last counted: what the status is as old as.
    #[cfg(feature = "test-util")]
    #[must_use]
    pub fn judged_at(&self) -> Option<Instant> {
        self.judged_at.and_then(Timestamp::instant)
    }

    /// The latest of the results that are kept which was no success.
    #[cfg(feature = "monitor")]
    pub(crate) fn last_error(&self) -> Option<&Record> {
        self.history().rev().find(|it| it.is_error())
    }

    /// The last results, oldest first.
    pub fn history(&self) -> impl DoubleEndedIterator<Item = &Record> + ExactSizeIterator {
        self.history.iter()
    }
}

/// What a check is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// Never started.
    New,
    /// Waiting for its next slot, or for a place under a limit.
    Idle,
    /// An attempt runs.
    Running,
    /// Waiting for its next slot while the process of the last attempt is not gone.
    Reaping,
    /// Waiting for the target's startup checks.
    Gated,
    /// Paused by request.
    Paused,
    /// A restart was requested; waiting for the new instance.
    OnHold,
    /// Deregistered, whether or not it is being rechecked.
    Inactive,
    /// A startup check that has succeeded.
    Done,
    /// Stopped, but for a process that is not gone.
    Stopping,
    /// Stopped for good.
    Stopped,
}
