//! Counts results against the thresholds: rules T7 to T10, without a clock.

#[cfg(feature = "monitor")]
use core::time::Duration;

use super::config::{CheckConfig, OnUnhealthy};
use super::event::CheckStatus;
use crate::base::ProbeKind;
use crate::base::Streak;
use crate::base::{Class, Kind};

/// The status of a check and the counts behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Thresholds {
    pub(super) status: CheckStatus,
    pub(super) streak: Streak,
    /// A success since the instance started.
    pub(super) started: bool,
    /// The target was healthy once, in this instance or in an earlier one.
    pub(super) was_healthy: bool,
    /// The last success was a warning.
    pub(super) degraded: bool,
    /// The status is older than it should be: restored, paused, or the prober is impaired.
    pub(super) stale: bool,
    /// The restart or deregistration of an unhealthy target.
    pub(super) action: Action,
    /// The last result was indeterminate, for this reason.
    pub(super) last_indeterminate: Option<Kind>,
    impaired: bool,
    indeterminate: u32,
    /// The last attempt took little time.
    pub(super) is_quick: bool,
    /// Failures beyond the one that made the check unhealthy: steps of back-off.
    backoff: u16,
}

/// A target that is unhealthy for longer is no part of a mass failure.
#[cfg(feature = "monitor")]
pub(super) const LONG_UNHEALTHY: Duration = Duration::from_secs(3_600);

/// How far the action that follows from an unhealthy status has come (T11).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Action {
    /// There is none.
    #[default]
    None,
    /// It is still to be requested.
    Pending,
    /// It is still to be requested; a mass failure has withheld it, and the event for that was given.
    Suppressed,
    /// It was requested, and is not requested again for this instance.
    Requested,
}

impl Action {
    /// Whether it is still to be requested.
    pub(super) const fn is_pending(self) -> bool {
        matches!(self, Self::Pending | Self::Suppressed)
    }
}

/// What a result changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Effect {
    pub(super) counted: bool,
    pub(super) change: Option<(CheckStatus, CheckStatus)>,
    pub(super) newly_impaired: bool,
}

impl Thresholds {
    /// Counts one result. `in_start_period`: its attempt began within the start period. `is_early`: less
    /// than an interval has passed since the last one that was counted.
    pub(super) fn count(
        &mut self,
        config: &CheckConfig,
        class: Class,
        in_start_period: bool,
        is_early: bool,
    ) -> Effect {
        let before = self.status;
        let counted = match class {
            // Results in a row take an interval each, whatever makes attempts come more often.
            _ if is_early && self.is_continued_by(class) => {
                self.indeterminate = 0;
                false
            }
            Class::Success | Class::Warning => {
                self.count_success(config, class == Class::Warning);
                true
            }
            // T8. The first success of the instance ends the start period, whether or not it already
            // made the check healthy.
            Class::Failure
                if in_start_period && before == CheckStatus::Starting && !self.started =>
            {
                self.indeterminate = 0;
                false
            }
            Class::Failure => {
                self.count_failure(config);
                true
            }
            Class::Indeterminate => false,
        };
        Effect {
            counted,
            change: (self.status != before).then_some((before, self.status)),
            newly_impaired: class == Class::Indeterminate && self.count_indeterminate(config),
        }
    }

    /// Starts over for a new instance (T12).
    pub(super) fn reset(&mut self) -> Option<(CheckStatus, CheckStatus)> {
        let before = self.status;
        *self = Self {
            status: CheckStatus::Starting,
            was_healthy: self.was_healthy,
            ..Self::default()
        };
        (before != self.status).then_some((before, self.status))
    }

    /// Rule 2 of the interval in use: a streak has begun against the status.
    pub(super) fn is_change_pending(&self) -> bool {
        let (failures, successes) = (self.streak.failures() > 0, self.streak.successes() > 0);
        match self.status {
            CheckStatus::Healthy => failures,
            CheckStatus::Unhealthy => successes,
            CheckStatus::Starting | CheckStatus::Unknown => failures || successes,
        }
    }

    /// Whether a result of that class would lengthen a streak towards a change of status, or towards an
    /// action. The first of a streak, and a success of a healthy check, are none of these.
    const fn is_continued_by(&self, class: Class) -> bool {
        match class {
            Class::Success | Class::Warning => {
                self.streak.successes() > 0 && !matches!(self.status, CheckStatus::Healthy)
            }
            Class::Failure => self.streak.failures() > 0,
            Class::Indeterminate => false,
        }
    }

    pub(super) fn backoff(&self) -> u32 {
        self.backoff.into()
    }

    /// A startup check that has succeeded is not made again (T7).
    pub(super) fn is_done(&self, config: &CheckConfig) -> bool {
        config.kind == ProbeKind::Startup && self.status == CheckStatus::Healthy
    }

    /// T7.
    fn count_success(&mut self, config: &CheckConfig, warning: bool) {
        self.clear_indeterminate();
        self.started = true;
        self.degraded = warning;
        self.backoff = 0;
        self.streak.success();
        if self.status != CheckStatus::Healthy
            && self.streak.successes() >= config.success_threshold
        {
            self.status = CheckStatus::Healthy;
        }
        if self.status == CheckStatus::Healthy {
            self.was_healthy = true;
            self.action = Action::None;
        }
    }

    /// T9.
    fn count_failure(&mut self, config: &CheckConfig) {
        self.clear_indeterminate();
        self.streak.failure();
        if self.status == CheckStatus::Unhealthy {
            self.backoff = self.backoff.saturating_add(1);
        } else if self.streak.failures() >= config.retries {
            self.status = CheckStatus::Unhealthy;
            self.expect_action(config);
        }
    }

    /// An unhealthy check requests its action, unless it has done so for this instance.
    pub(super) fn expect_action(&mut self, config: &CheckConfig) {
        self.action = match (config.on_unhealthy, self.action) {
            (_, Action::Requested) => Action::Requested,
            (OnUnhealthy::Report, _) => Action::None,
            (_, Action::None) => Action::Pending,
            (_, pending) => pending,
        };
    }

    /// T10; true at the limit, once until the next counted result.
    fn count_indeterminate(&mut self, config: &CheckConfig) -> bool {
        self.indeterminate = self.indeterminate.saturating_add(1);
        let at_limit =
            config.indeterminate_limit > 0 && self.indeterminate >= config.indeterminate_limit;
        let newly = at_limit && !self.impaired;
        if newly {
            self.impaired = true;
            self.stale = true;
        }
        newly
    }

    /// A counted result: the status is the prober's own again, and fresh (T10).
    fn clear_indeterminate(&mut self) {
        self.indeterminate = 0;
        self.impaired = false;
        self.stale = false;
    }
}
