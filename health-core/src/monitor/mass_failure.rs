//! Mass failures: when so many targets fail that restarts and deregistrations are withheld, and the
//! counts that decide it.

use super::config::MonitorConfig;
use super::target::Target;
use crate::check::{Check, Mode, Permit};

/// How many targets have to fail at once for restarts and deregistrations to be withheld.
///
/// The network or the prober is the likelier cause then: one broken uplink has made checkers deregister
/// every service and send 28,000 text messages.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct MassFailure {
    /// With fewer active targets than this, nothing is withheld. A target is active while one of its
    /// checks is: not paused, not deregistered, and not a startup check that is done. Default: 5.
    pub min_targets: usize,
    /// Actions are withheld while at least this share of the active targets, 0 to 1, has an active check
    /// whose last counted result is a failure. Default: 0.5.
    pub failed_fraction: f64,
}

impl Default for MassFailure {
    fn default() -> Self {
        Self {
            min_targets: 5,
            failed_fraction: 0.5,
        }
    }
}

impl MassFailure {
    /// Whether a check may act if it fails now, whose target contributes `share`.
    pub(super) fn permit(self, tally: Tally, share: TargetShare) -> Permit {
        // The failure itself counts as well, even if it is the first of its streak.
        let with_it = Tally {
            active: tally.active + usize::from(!share.active),
            failing: tally.failing + usize::from(!share.failing),
            ..tally
        };
        if self.is_on(with_it) {
            Permit::Withhold
        } else {
            Permit::Act
        }
    }

    /// Whether so many fail that actions are withheld.
    pub(super) fn is_on(self, tally: Tally) -> bool {
        let many = tally.active >= self.min_targets;
        many && tally.failing as f64 / tally.active as f64 >= self.failed_fraction
    }
}

/// What one target contributes to a [`Tally`], however many checks it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TargetShare {
    active: bool,
    failing: bool,
}

impl TargetShare {
    pub(super) fn of(target: &Target) -> Self {
        let active = target.each().filter(|check| is_active(check.mode()));
        active.fold(Self::default(), |share, check| Self {
            active: true,
            failing: share.failing || check.streak().failures() > 0,
        })
    }
}

/// A check that is paused or done is evidence neither for nor against.
pub(super) const fn is_active(mode: Mode) -> bool {
    !matches!(
        mode,
        Mode::New | Mode::Paused | Mode::Inactive | Mode::Done | Mode::Stopping | Mode::Stopped
    )
}

/// The queues of attempts that are due. With more than one, no limit holds up what it does not limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// Nothing is left of it that would have to be reaped.
    Plain,
    /// Known to take little time.
    Quick,
    /// Everything else that is to be reaped.
    Slow,
}

impl Lane {
    pub(super) const ALL: [Self; 3] = [Self::Plain, Self::Quick, Self::Slow];

    pub(super) fn of(check: &Check) -> Self {
        match (check.config().needs_reap, check.is_quick()) {
            (false, _) => Self::Plain,
            (true, true) => Self::Quick,
            (true, false) => Self::Slow,
        }
    }
}

/// What one check contributes to a [`Tally`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Share {
    running: bool,
    exec: bool,
    slow_exec: bool,
}

impl Share {
    pub(super) fn of(check: &Check) -> Self {
        Self {
            running: check.is_running(),
            exec: check.holds_exec(),
            slow_exec: check.holds_exec() && !check.is_quick(),
        }
    }
}

/// Counts over all targets and checks, kept as they change so that nothing walks the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Targets.
    active: usize,
    /// Targets, too.
    failing: usize,
    /// Attempts that run.
    pub(super) running: usize,
    /// Attempts with something to reap, whether they run or are given up.
    pub(super) execs: usize,
    /// Those of them that are not known to take little time.
    slow_execs: usize,
}

impl Tally {
    /// Whether one more attempt may run. A quarter of the places for what is to be reaped is kept for
    /// what takes little time: commands that hang would take all of them.
    pub(super) fn has_capacity(&self, config: &MonitorConfig, lane: Lane) -> bool {
        let most_slow = config.max_exec - config.max_exec / 4;
        self.running < config.max_in_flight
            && match lane {
                Lane::Plain => true,
                Lane::Quick => self.execs < config.max_exec,
                Lane::Slow => self.execs < config.max_exec && self.slow_execs < most_slow,
            }
    }

    pub(super) fn exchange_target(&mut self, before: TargetShare, after: TargetShare) {
        for (sum, before, after) in [
            (&mut self.active, before.active, after.active),
            (&mut self.failing, before.failing, after.failing),
        ] {
            *sum = *sum + usize::from(after) - usize::from(before);
        }
    }

    pub(super) fn exchange(&mut self, before: Share, after: Share) {
        for (sum, before, after) in [
            (&mut self.running, before.running, after.running),
            (&mut self.execs, before.exec, after.exec),
            (&mut self.slow_execs, before.slow_exec, after.slow_exec),
        ] {
            *sum = *sum + usize::from(after) - usize::from(before);
        }
    }
}
