//! A target: its checks, and what follows from all of them together.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::add_error::{AddError, AddFault};
use super::status::TargetStatus;
use super::sums::Counted;
use crate::base::ProbeKind;
use crate::base::Status;
use crate::base::{Instant, Moment};
use crate::base::{Name, NameError, NameFault};
#[cfg(feature = "registry")]
use crate::check::Saved;
use crate::check::{Check, CheckConfig, CheckStatus, Mode, hash_bytes};

/// A target to be watched: a name and at least one check.
///
/// ```
/// use std::sync::Arc;
/// use health_core::check::CheckConfig;
/// use health_core::monitor::TargetSpec;
/// use health_core::Name;
///
/// let every_30_s = Arc::new(CheckConfig::default());
/// let target = TargetSpec::new(Name::new("web-1")?).check(Name::new("http")?, every_30_s);
/// # Ok::<(), health_core::NameError>(())
/// ```
#[derive(Clone, Debug)]
pub struct TargetSpec {
    name: Name,
    group: Option<Name>,
    checks: Vec<(Name, Arc<CheckConfig>, Origin)>,
    gates_health: bool,
}

/// What a check begins with.
#[derive(Clone, Copy, Debug)]
enum Origin {
    New,
    /// It goes on from this.
    #[cfg(feature = "registry")]
    Restored(Saved),
}

impl TargetSpec {
    /// A target without checks yet.
    #[must_use]
    pub const fn new(name: Name) -> Self {
        Self {
            name,
            group: None,
            checks: Vec::new(),
            gates_health: false,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &Name {
        &self.name
    }

    /// Makes it part of a group. Targets of one group are shown together, and can be a
    /// [mass failure](super::MassFailure) of their own.
    #[must_use]
    pub fn group(mut self, group: Name) -> Self {
        self.group = Some(group);
        self
    }

    /// Has health checks wait for the startup checks to succeed, as those of liveness and readiness
    /// always do.
    #[cfg(feature = "supervise")]
    #[must_use]
    pub const fn gate_health(mut self) -> Self {
        self.gates_health = true;
        self
    }

    /// Adds a check. Checks with the same settings can share one `config`.
    #[must_use]
    pub fn check(mut self, name: Name, config: Arc<CheckConfig>) -> Self {
        self.checks.push((name, config, Origin::New));
        self
    }

    /// Adds a check that goes on from its stored state; see [`Check::restored`]. Register the target by
    /// [`Monitor::add_at`](super::Monitor::add_at), which knows how old that is.
    #[cfg(feature = "registry")]
    #[must_use]
    pub fn restored_check(mut self, name: Name, config: Arc<CheckConfig>, saved: Saved) -> Self {
        self.checks.push((name, config, Origin::Restored(saved)));
        self
    }

    fn validate(&self) -> Result<(), AddError> {
        if self.checks.is_empty() || self.checks.len() > Target::MAX_CHECKS {
            return Err(AddError(AddFault::CheckCount(self.checks.len())));
        }
        for (index, (name, config, _)) in self.checks.iter().enumerate() {
            if self.checks[..index].iter().any(|(other, ..)| other == name) {
                return Err(AddError(AddFault::Name(NameError(NameFault::Duplicate(
                    name.clone(),
                )))));
            }
            config.validate().map_err(|error| {
                let check = name.clone();
                AddError(AddFault::Config { check, error })
            })?;
        }
        Ok(())
    }
}

/// A target that is being watched.
#[derive(Debug)]
pub struct Target {
    pub(super) serial: u64,
    name: Name,
    /// In a box: most have none, and there are a hundred thousand.
    pub(super) group: Option<Box<Name>>,
    pub(super) checks: Box<[(Name, Check)]>,
    pub(super) counted: Counted,
}

impl Target {
    /// The most checks a target may have.
    pub const MAX_CHECKS: usize = 16;

    /// `spread`: shifts each check by its name's hash.
    #[cfg_attr(not(feature = "registry"), allow(unused_variables))]
    pub(super) fn build(
        serial: u64,
        moment: Option<Moment>,
        spec: TargetSpec,
        spread: bool,
    ) -> Result<Self, AddError> {
        spec.validate()?;
        let TargetSpec {
            name,
            group,
            checks,
            gates_health,
        } = spec;
        let has_startup = checks
            .iter()
            .any(|(_, config, _)| config.kind == ProbeKind::Startup);
        let checks = checks.into_iter().map(|(check_name, config, origin)| {
            let seed = hash(&name, &check_name);
            let is_behind = match config.kind {
                ProbeKind::Startup => false,
                ProbeKind::Liveness | ProbeKind::Readiness => true,
                ProbeKind::Health => gates_health,
            };
            let is_gated = has_startup && is_behind;
            let mut check = Check::new(config).with_seed(seed);
            if spread {
                check = check.with_spread();
            }
            if is_gated {
                check = check.with_gate();
            }
            let check = match origin {
                Origin::New => check,
                #[cfg(feature = "registry")]
                Origin::Restored(saved) => match moment {
                    Some(moment) => check.restored_at(saved, moment),
                    None => check.restored(saved),
                },
            };
            (check_name, check)
        });
        Ok(Self {
            serial,
            checks: checks.collect(),
            name,
            group: group.map(Box::new),
            counted: Counted::default(),
        })
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &Name {
        &self.name
    }

    /// The group it belongs to, if it has one.
    #[must_use]
    pub fn group(&self) -> Option<&Name> {
        self.group.as_deref()
    }

    /// Its checks by name, in the order they were given.
    pub fn checks(&self) -> impl ExactSizeIterator<Item = (&Name, &Check)> {
        self.checks.iter().map(|(name, check)| (name, check))
    }

    /// Whether it may be sent work: it is started, and every readiness and health check is healthy.
    ///
    /// It is not while a check is not judged, as when it is paused or deregistered, nor while such a
    /// verdict is too old: see [`status_at`](Self::status_at).
    #[must_use]
    pub fn is_ready_at(&self, now: Instant) -> bool {
        let (_, ready, _) = self.progress();
        ready
            && self.each().all(|check| match check.verdict_at(now) {
                None => false,
                Some(Status::Unknown) => !counts_for_ready(check),
                Some(_) => true,
            })
    }

    /// Whether a check had it deregistered.
    pub(super) fn is_deregistered(&self) -> bool {
        self.each().any(Check::is_deregistered)
    }

    /// Whether it was deregistered, and each of its checks has succeeded at its last recheck.
    pub(super) fn answers_again(&self) -> bool {
        self.each().all(Check::answers)
    }

    /// How many of its checks are healthy, of how many: the `2/3` of "2/3 healthy". A startup check
    /// that is done counts as healthy.
    pub(super) fn healthy(&self) -> (usize, usize) {
        let healthy = self
            .each()
            .filter(|check| check.status() == CheckStatus::Healthy)
            .count();
        (healthy, self.checks.len())
    }

    /// The worst of its checks' verdicts. One that is older than three intervals (or timeouts, if
    /// those are longer) counts as unknown: a prober that has stopped must not stay green. One that
    /// was restored counts from the start; that of a startup check that has succeeded does not age,
    /// for it is never made again.
    #[must_use]
    pub fn status_at(&self, now: Instant) -> TargetStatus {
        self.judge(now).0
    }

    /// Its status, and until when it stays so by the clock: a time that may be too early, but never too
    /// late.
    pub(super) fn judge(&self, now: Instant) -> (TargetStatus, Option<Instant>) {
        let (mut worst, mut expires_at) = (None, None::<Instant>);
        for check in self.each() {
            match (check.verdict(), check.expires_at()) {
                (None, _) if check.is_deregistered() => {
                    let status = match self.answers_again() {
                        true => TargetStatus::AnswersAgain,
                        false => TargetStatus::Deregistered,
                    };
                    return (status, None);
                }
                (None, _) => {}
                (Some(_), Some(at)) if at < now => worst = worst.max(Some(Status::Unknown)),
                (verdict, at) => {
                    worst = worst.max(verdict);
                    expires_at = expires_at.into_iter().chain(at).min();
                }
            }
        }
        // Unknown does not expire.
        let expires_at = expires_at.filter(|_| worst != Some(Status::Unknown));
        (TargetStatus::of(worst), expires_at)
    }

    /// Whether it is started, whether it is ready, and whether a check waits for its start.
    pub(super) fn progress(&self) -> (bool, bool, bool) {
        let (mut started, mut ready, mut is_gated) = (true, true, false);
        for check in self.each() {
            let (mode, is_healthy) = (check.mode(), check.status() == CheckStatus::Healthy);
            started &= mode != Mode::OnHold && (is_healthy || !is_startup(check));
            ready &= !check.is_deregistered() && (is_healthy || !counts_for_ready(check));
            is_gated |= check.is_gated();
        }
        (started, started && ready, is_gated)
    }

    pub(super) fn each(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().map(|(_, check)| check)
    }

    /// One attempt that always runs, in the unit of [`demand`](Self::demand).
    pub(super) const ONE: u64 = 1 << 32;

    /// The attempts that run on average if the target never answers: an integer, so that a sum is exact
    /// again when a target is removed.
    pub(super) fn demand(&self) -> u64 {
        let shares = self.each().map(|check| {
            let config = check.config();
            let timeout = config.timeout.as_nanos();
            // Never two at once.
            match timeout < config.interval.as_nanos() {
                true => {
                    (timeout.saturating_mul(Self::ONE.into()) / config.interval.as_nanos()) as u64
                }
                false => Self::ONE,
            }
        });
        shares.sum()
    }
}

/// Without regard to the age of verdicts: what a supervisor goes by, and tests of every run look into.
#[cfg(any(feature = "test-util", feature = "supervise"))]
impl Target {
    /// Whether every startup check is healthy, and nothing is on hold.
    #[must_use]
    pub fn is_started(&self) -> bool {
        let (started, ..) = self.progress();
        started
    }

    /// Whether it is started, not deregistered, and every readiness and health check is healthy.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let (_, ready, _) = self.progress();
        ready
    }
}

fn is_startup(check: &Check) -> bool {
    check.config().kind == ProbeKind::Startup
}

fn counts_for_ready(check: &Check) -> bool {
    matches!(
        check.config().kind,
        ProbeKind::Readiness | ProbeKind::Health
    )
}

/// The same on every machine and in every version, so that targets keep their slots on the grid over
/// restarts.
fn hash(target: &Name, check: &Name) -> u64 {
    let target = target.as_str().bytes();
    hash_bytes(target.chain(*b"/").chain(check.as_str().bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Another value would move every target of every installation at the next update.
    #[test]
    fn a_name_keeps_its_place_for_ever() {
        let name = |text| Name::new(text).expect("a name");
        let hash = hash(&name("web-1"), &name("http"));
        assert_eq!(hash, 14_268_830_986_068_824_396);
    }
}
