//! A check that goes on with other settings.

use health_core::ProbeKind;
use health_core::check::{CancelReason, CheckStatus, OnUnhealthy};

use super::super::{What, micros};
use super::{Check, Doing};

impl Check {
    /// What runs is made again at once.
    pub(crate) fn interrupt(&mut self, now: u64, out: &mut Vec<What>) {
        if self.cancel(CancelReason::Replaced, out) {
            self.doing = Doing::Waiting { due: now };
        }
    }

    /// Status, streak and slot stay; the settings are those of `new`.
    pub(crate) fn replace(&mut self, now: u64, new: Self, out: &mut Vec<What>) {
        self.interrupt(now, out);
        if self.is_ending() {
            return;
        }
        let before = self.interval_in_use(now);
        self.config = new.config;
        let after = self.interval_in_use(now);
        // N results in a row take N-1 intervals, which are now these.
        self.counts_from = self
            .counts_from
            .saturating_add(after)
            .saturating_sub(before);
        let was_gated = std::mem::replace(&mut self.gated, new.gated);
        if self.status == CheckStatus::Unhealthy {
            self.action_pending = self.config.on_unhealthy != OnUnhealthy::Report;
            self.action_suppressed &= self.action_pending;
        }
        if self.is_deregistered {
            return self.replace_recheck(now);
        }
        let is_startup = self.config.kind == ProbeKind::Startup;
        let is_done = is_startup && self.status == CheckStatus::Healthy;
        match self.doing {
            Doing::Waiting { .. } | Doing::Gated if is_done => self.doing = Doing::Done,
            Doing::Waiting { .. } if self.gated && !was_gated => self.doing = Doing::Gated,
            Doing::Gated if !self.gated => self.first(),
            Doing::Done if !is_done => self.first(),
            // Nobody waits for the rest of a long interval that is now a short one.
            Doing::Waiting { due } => {
                let latest = self.first_slot().max(now.saturating_add(after));
                if due > latest {
                    self.due_at(latest);
                }
            }
            _ => {}
        }
    }

    fn replace_recheck(&mut self, now: u64) {
        let interval = self.config.recheck_interval.map(micros);
        match (self.doing, interval) {
            (Doing::Waiting { due }, Some(interval)) if due <= now.saturating_add(interval) => {}
            (Doing::Waiting { .. } | Doing::Inactive, _) => self.next_recheck(now),
            _ => {}
        }
    }
}
