//! Mass failures: when so many checks fail that restarts and deregistrations are withheld, and the
//! counts over all checks that decide it.

use super::config::MonitorConfig;
use crate::check::{Check, Mode, Permit};

/// How many checks have to fail at once for restarts and deregistrations to be withheld.
///
/// The network or the prober is the likelier cause then: one broken uplink has made checkers deregister
/// every service and send 28,000 text messages.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct MassFailure {
    /// With fewer active checks than this, nothing is withheld. Checks are counted, not targets: one
    /// target may have several. Default: 5.
    pub min_targets: usize,
    /// Actions are withheld while at least this share of the active checks, 0 to 1, has a failure as
    /// its last counted result. Default: 0.5.
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
    /// Whether the check that contributes `share` may act if it fails now.
    pub(super) fn permit(self, tally: Tally, share: Share) -> Permit {
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

/// What one check contributes to a [`Tally`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Share {
    active: bool,
    failing: bool,
    running: bool,
    exec: bool,
}

impl Share {
    pub(super) fn of(check: &Check) -> Self {
        let mode = check.mode();
        // A paused check is evidence neither for nor against.
        let active = !matches!(
            mode,
            Mode::New | Mode::Paused | Mode::Inactive | Mode::Stopping | Mode::Stopped
        );
        Self {
            active,
            failing: active && check.streak().failures() > 0,
            running: mode == Mode::Running,
            exec: check.holds_exec(),
        }
    }
}

/// Counts over all checks, kept as they change so that nothing walks the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    active: usize,
    failing: usize,
    /// Attempts that run.
    pub(super) running: usize,
    /// Attempts with something to reap, whether they run or are given up.
    pub(super) execs: usize,
}

impl Tally {
    /// Whether one more attempt may run: lane 0 without, lane 1 with something to reap.
    pub(super) fn has_capacity(&self, config: &MonitorConfig, lane: usize) -> bool {
        self.running < config.max_in_flight && (lane == 0 || self.execs < config.max_exec)
    }

    pub(super) fn exchange(&mut self, before: Share, after: Share) {
        for (sum, before, after) in [
            (&mut self.active, before.active, after.active),
            (&mut self.failing, before.failing, after.failing),
            (&mut self.running, before.running, after.running),
            (&mut self.execs, before.exec, after.exec),
        ] {
            *sum = *sum + usize::from(after) - usize::from(before);
        }
    }
}
