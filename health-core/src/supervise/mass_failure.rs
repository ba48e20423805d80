//! Mass failure: more than half of the replicas fail, so one is restarted to see whether it helps (R16).

use super::config::GroupConfig;
use super::event::GroupEvent;
use super::machine::Supervisor;
use crate::base::Instant;

/// A mass failure that is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct MassFailure {
    /// Canaries in a row that have failed.
    failed: u32,
    held_until: Option<Instant>,
    /// Since when not more than half have been suspect.
    calm_since: Option<Instant>,
}

impl MassFailure {
    /// No place is given before this.
    pub(super) const fn held_until(&self) -> Option<Instant> {
        self.held_until
    }

    /// Holds all turns back until then, if that is longer.
    pub(super) fn hold(&mut self, until: Instant) {
        self.held_until = self.held_until.max(Some(until));
    }

    /// The replica that was restarted has failed as well.
    pub(super) fn canary_failed(&mut self, now: Instant, config: &GroupConfig) {
        self.hold(now + config.grown(self.failed));
        self.failed = self.failed.saturating_add(1);
    }

    pub(super) const fn canary_is_well(&mut self) {
        self.failed = 0;
    }
}

impl Supervisor {
    /// Whether a mass failure has begun or is over, after whatever happened.
    pub(super) fn update_mass_failure(&mut self, now: Instant) {
        if !self.config.canary {
            return;
        }
        let not_over = || self.replicas.iter().filter(|it| !it.is_over());
        let suspects = not_over().filter(|it| it.is_suspect).count();
        let is_most = 2 * suspects > not_over().count();
        match &mut self.mass {
            None if suspects >= 2 && is_most => {
                self.mass = Some(MassFailure::default());
                self.report(GroupEvent::MassFailure { at: now, on: true });
            }
            None => {}
            Some(_) if suspects == 0 => self.end_mass_failure(now),
            Some(mass) => {
                mass.held_until = mass.held_until.filter(|until| *until > now);
                mass.calm_since = if is_most {
                    None
                } else {
                    mass.calm_since.or(Some(now))
                };
            }
        }
    }

    /// When it is over if not more than half are suspect until then.
    pub(super) fn mass_failure_until(&self) -> Option<Instant> {
        let since = self.mass.as_ref()?.calm_since?;
        Some(since + self.config.settle)
    }

    pub(super) fn end_mass_failure(&mut self, now: Instant) {
        self.mass = None;
        self.report(GroupEvent::MassFailure { at: now, on: false });
    }
}
