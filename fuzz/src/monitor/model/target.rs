//! What the checks of a target come to.

use health_core::ProbeKind;
use health_core::check::{CheckConfig, CheckStatus, Mode, Saved};

use super::Check;

/// A target as the rules describe it.
pub(crate) struct Target {
    pub(super) name: u8,
    pub(super) group: Option<u8>,
    pub(crate) checks: Vec<Check>,
    /// What was last told of it.
    pub(super) announced: Option<(bool, bool)>,
}

impl Target {
    pub(super) fn new(
        name: u8,
        group: Option<u8>,
        checks: Vec<(CheckConfig, Option<Saved>)>,
    ) -> Self {
        let mut kinds = checks.iter().map(|(config, _)| config.kind);
        let has_startup = kinds.any(|kind| kind == ProbeKind::Startup);
        let checks = checks.into_iter().map(|(config, saved)| {
            let waits = matches!(config.kind, ProbeKind::Liveness | ProbeKind::Readiness);
            Check::new(config, waits && has_startup, saved)
        });
        Self {
            name,
            group,
            checks: checks.collect(),
            announced: None,
        }
    }

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

    /// It is deregistered, and every check has succeeded at its last recheck.
    pub(crate) fn answers_again(&self) -> bool {
        self.checks.iter().all(|it| it.answers)
    }

    pub(super) fn is_reactivated_by_itself(&self) -> bool {
        self.checks.iter().any(|it| it.config.auto_reactivate)
    }
}
