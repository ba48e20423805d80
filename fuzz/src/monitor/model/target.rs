//! What the checks of a target come to.

use health_core::ProbeKind;
use health_core::check::{CheckStatus, Mode};

use super::Check;

/// A target as the rules describe it.
pub(crate) struct Target {
    pub(super) name: u8,
    pub(crate) checks: Vec<Check>,
    /// What was last told of it.
    pub(super) announced: Option<(bool, bool)>,
}

impl Target {
    pub(crate) fn is_started(&self) -> bool {
        let startup = |check: &&Check| check.config.kind == ProbeKind::Startup;
        let is_held = self.checks.iter().any(|it| it.mode() == Mode::OnHold);
        let mut startups = self.checks.iter().filter(startup);
        !is_held && startups.all(|it| it.status == CheckStatus::Healthy)
    }

    pub(crate) fn is_ready(&self) -> bool {
        let counts = |kind| matches!(kind, ProbeKind::Readiness | ProbeKind::Health);
        let is_inactive = self.checks.iter().any(|it| it.is_deregistered);
        let mut counting = self.checks.iter().filter(|it| counts(it.config.kind));
        self.is_started() && !is_inactive && counting.all(|it| it.status == CheckStatus::Healthy)
    }
}
