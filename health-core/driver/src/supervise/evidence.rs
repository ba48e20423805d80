//! What the checks of an instance say that fail.

use health_core::check::{Check, CheckStatus, Record};
use health_core::monitor::Target;
use health_core::{Class, Name, ProbeKind};

/// A check that fails, or that failed when its instance was ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FailedCheck {
    /// Its name.
    pub name: Name,
    /// Its kind: one of readiness restarts nothing.
    pub kind: ProbeKind,
    /// Its status: unhealthy, unless its failures are too few for that yet.
    pub status: CheckStatus,
    /// Failures in a row.
    pub failures: u32,
    /// The last of them: what it says, and for authorised readers what the command wrote or the response
    /// brought. Its times are those of the monitor's clock, as in
    /// [`MonitorStatus::moment`](health_core::monitor::MonitorStatus::moment).
    pub last: Record,
}

impl FailedCheck {
    /// Whether it calls for a restart.
    pub(super) fn is_verdict(&self) -> bool {
        self.status == CheckStatus::Unhealthy && self.kind != ProbeKind::Readiness
    }
}

/// Those of these checks that fail.
pub(super) fn failing(target: &Target) -> Vec<FailedCheck> {
    let checks = target.checks();
    checks.filter_map(|(name, it)| of(name, it)).collect()
}

fn of(name: &Name, check: &Check) -> Option<FailedCheck> {
    let (status, failures) = (check.status(), check.streak().failures());
    if status != CheckStatus::Unhealthy && failures == 0 {
        return None;
    }
    // An attempt for which the prober lacked something may have come since, and says nothing.
    let is_failure = |it: &&Record| it.class() == Class::Failure;
    let last = check.history().rev().find(is_failure);
    let last = last.or_else(|| check.history().next_back())?.clone();
    Some(FailedCheck {
        name: name.clone(),
        kind: check.config().kind,
        status,
        failures,
        last,
    })
}
