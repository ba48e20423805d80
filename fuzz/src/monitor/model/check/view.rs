//! A check as it reads from outside.

use health_core::check::{CheckStatus, Mode};

use super::{Check, Doing};

impl Check {
    /// Whether it says anything about its target.
    pub(in super::super) fn is_active(&self) -> bool {
        !matches!(
            self.mode(),
            Mode::New | Mode::Paused | Mode::Inactive | Mode::Done | Mode::Stopping | Mode::Stopped
        )
    }

    pub(in super::super) fn is_failing(&self) -> bool {
        self.failures > 0 || (self.status == CheckStatus::Unhealthy && self.successes == 0)
    }

    pub(in super::super) fn long_unhealthy_at(&self) -> Option<u64> {
        let since = self.changed_at.unwrap_or(self.since);
        let hour = 3_600_000_000;
        (self.status == CheckStatus::Unhealthy).then(|| since.saturating_add(hour))
    }

    pub(crate) fn is_running(&self) -> bool {
        matches!(self.doing, Doing::Running { .. })
    }

    /// As it reads from outside.
    pub(crate) fn mode(&self) -> Mode {
        match self.doing {
            Doing::Nothing => Mode::New,
            Doing::Stopping { .. } => Mode::Stopping,
            Doing::Stopped => Mode::Stopped,
            _ if self.is_deregistered => Mode::Inactive,
            Doing::Inactive => Mode::Inactive,
            Doing::Running { .. } => Mode::Running,
            Doing::Held => Mode::OnHold,
            Doing::Done => Mode::Done,
            Doing::Waiting { .. } | Doing::Gated if self.paused => Mode::Paused,
            Doing::Gated => Mode::Gated,
            Doing::Waiting { .. } if self.left.is_some() => Mode::Reaping,
            Doing::Waiting { .. } => Mode::Idle,
        }
    }

    /// As it reads from outside: the next slot, be it one that finds a process.
    pub(crate) fn next_due(&self) -> Option<u64> {
        match self.doing {
            Doing::Waiting { due } if !self.paused => Some(due),
            _ => None,
        }
    }
}
