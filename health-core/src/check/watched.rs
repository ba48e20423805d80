//! What a monitor does to the checks of its targets: it opens, holds, replaces and brings them forward.
//!
//! A check alone needs none of this: it stands here so that `machine.rs` has the rules of one check only.

use super::event::{CancelReason, CheckStatus, Events};
use super::schedule;
use super::state::{Check, Run};
use crate::base::{Instant, Streak};

impl Check {
    /// A mass failure is over: failures during it say nothing about the target, whose streak begins anew.
    pub(crate) fn forget_failures(&mut self) -> Events {
        if self.inactive.is_none() && self.thresholds.streak.failures() > 0 {
            self.thresholds.streak = Streak::default();
            self.counts_from = Instant::default();
        }
        Events::NONE
    }

    /// The check goes on with the settings of `new`: status, streak and slot stay. An attempt that runs is
    /// cancelled and made again at once.
    pub(crate) fn replace(&mut self, now: Instant, new: Self) -> Events {
        let now = self.tick(now);
        let events = self.interrupt(now);
        if matches!(self.run, Run::Stopping { .. } | Run::Stopped) {
            return events;
        }
        let age = now.duration_since(self.since);
        let before = schedule::interval_in_use(&self.config, &self.thresholds, age);
        let after = schedule::interval_in_use(&new.config, &self.thresholds, age);
        // An interval of the new length after the same result.
        let counted = (self.counts_from + after).duration_since(Instant::default() + before);
        self.counts_from = Instant::default() + counted;
        self.config = new.config;
        let was_gated = core::mem::replace(&mut self.gated, new.gated);
        if self.thresholds.status == CheckStatus::Unhealthy {
            self.thresholds.expect_action(&self.config);
        }
        if self.inactive.is_some() {
            self.replace_recheck();
            return events;
        }
        let is_done = self.thresholds.is_done(&self.config);
        match self.run {
            Run::Idle { .. } | Run::Gated if is_done => self.run = Run::Done,
            Run::Idle { .. } if self.gated && !was_gated => self.run = Run::Gated,
            Run::Gated if !self.gated => self.schedule_first(),
            Run::Done if !is_done => self.schedule_first(),
            Run::Idle { due } => {
                let spread = self.spread();
                let latest = schedule::latest(&self.config, self.since, now, after, spread);
                if due > latest {
                    self.set_due(latest);
                }
            }
            _ => {}
        }
        events
    }

    /// Cancels an attempt that runs, which is then due at once, in the slot that it has.
    pub(crate) fn interrupt(&mut self, now: Instant) -> Events {
        let now = self.tick(now);
        let mut events = Events::NONE;
        if self.cancel(CancelReason::Replaced, &mut events) {
            self.run = Run::Idle { due: now };
        }
        events
    }

    /// As [`replace`](Self::replace), for a check of another target: nobody reports to this one what is
    /// left of an attempt.
    pub(crate) fn follow(&mut self, now: Instant, new: Self) {
        self.reaping = None;
        let _ = self.replace(now, new);
    }

    /// The startup checks of the target have succeeded.
    pub(crate) fn open(&mut self, now: Instant) -> Events {
        let now = self.tick(now);
        if self.run == Run::Gated {
            let at = now.max(self.since + self.config.initial_delay);
            self.set_due(at + schedule::offset(&self.config, self.spread()));
        }
        Events::NONE
    }

    /// Another check of the target requested a restart, or its deregistration.
    pub(crate) fn hold(&mut self, now: Instant, reason: CancelReason) -> Events {
        self.tick(now);
        let mut events = Events::NONE;
        // A deregistered check that is held again is so because its target was removed.
        let is_held_already = self.inactive.is_some() && reason != CancelReason::Removed;
        if !is_held_already
            && !matches!(
                self.run,
                Run::New | Run::Inactive | Run::Stopping { .. } | Run::Stopped
            )
        {
            self.cancel(reason, &mut events);
            match reason {
                CancelReason::Deregistered => self.deregister(),
                _ => self.run = Run::OnHold,
            }
        }
        events
    }

    /// Before this, the first attempt of the instance is never due.
    pub(crate) fn earliest_first(&self) -> Instant {
        let delayed = self.since + self.config.initial_delay;
        if self.gated {
            return delayed;
        }
        delayed + schedule::first_wait(&self.config)
    }

    /// Brings the first attempt of the instance forward to `at`, the grid staying where it is; false
    /// if it comes before that anyway, or none is scheduled.
    pub(crate) fn bring_forward(&mut self, at: Instant) -> bool {
        match self.run {
            Run::Idle { due } if at < due && !self.paused && self.inactive.is_none() => {
                self.run = Run::Idle { due: at };
                true
            }
            _ => false,
        }
    }
}
