//! What an operator does to the targets of a monitor: add, remove, pause, and so on.

#[cfg(feature = "registry")]
use alloc::sync::Arc;

use super::add_error::{AddError, AddFault};
use super::config::Spread;
use super::id::TargetId;
use super::machine::{Life, Monitor};
#[cfg(feature = "registry")]
use super::mass_failure::MassFailure;
use super::mass_failure::{Lane, MassShare, Share};
#[cfg(feature = "registry")]
use super::registry::Quiet;
use super::schedule::Selection;
use super::shortage::shortage_of;
use super::target::{Target, TargetSpec};
use crate::base::{Instant, Moment};
use crate::check::{CancelReason, Check, Events, Mode};

impl Monitor {
    /// Registers a target; in a running monitor, it starts now.
    ///
    /// # Errors
    ///
    /// Its name is taken, a check's settings make no sense, it has no check or too many, or
    /// the monitor has been stopped. Nothing has changed then.
    pub fn add(&mut self, now: Instant, spec: TargetSpec) -> Result<TargetId, AddError> {
        let now = self.control(now);
        self.register(now, None, spec)
    }

    /// As [`add`](Self::add), with the wall clock as well: a check goes on from its stored state as old
    /// as that is, see [`Check::restored_at`]. After an `add`, it was stored long ago.
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add).
    #[cfg(feature = "registry")]
    pub fn add_at(&mut self, moment: Moment, spec: TargetSpec) -> Result<TargetId, AddError> {
        let now = self.control(moment.now);
        let moment = Moment { now, ..moment };
        self.register(now, Some(moment), spec)
    }

    fn register(
        &mut self,
        now: Instant,
        moment: Option<Moment>,
        spec: TargetSpec,
    ) -> Result<TargetId, AddError> {
        let target = self.build(moment, spec)?;
        self.insert(now, target)
    }

    /// A target of these settings that is not registered yet.
    pub(super) fn build(
        &self,
        moment: Option<Moment>,
        spec: TargetSpec,
    ) -> Result<Target, AddError> {
        if matches!(self.life, Life::Stopping { .. } | Life::Stopped) {
            return Err(AddError(AddFault::Stopped));
        }
        let spread = self.config.spread != Spread::AsConfigured;
        Target::build(self.targets.next_serial(), moment, spec, spread)
    }

    pub(super) fn insert(&mut self, now: Instant, target: Target) -> Result<TargetId, AddError> {
        let id = self.targets.add(target)?;
        if let Some(target) = self.targets.get(id) {
            self.sums.add(target);
            let (group, share) = (target.group(), MassShare::of(target));
            self.mass
                .exchange(self.clock, id, group, MassShare::default(), share);
        }
        self.recount(id);
        if self.life == Life::Running {
            self.start_target(now, id);
        }
        #[cfg(feature = "registry")]
        if self.is_to_be_paused(id) {
            // Before anything of it is attempted.
            self.pause(now, id);
        }
        Ok(id)
    }

    /// Removes a target and cancels what runs of it; false if there is none.
    pub fn remove(&mut self, now: Instant, id: TargetId) -> bool {
        let now = self.control(now);
        self.change_each(now, id, |check| check.hold(now, CancelReason::Removed));
        let is_removed = self.take(id).is_some();
        self.settle_mass_failures();
        is_removed
    }

    /// Takes a target of which nothing runs off the list, and out of everything that counts it.
    pub(super) fn take(&mut self, id: TargetId) -> Option<Target> {
        let target = self.targets.remove(id)?;
        self.sums.remove(id.place, &target);
        #[cfg(feature = "registry")]
        if let Some(journal) = &mut self.journal {
            journal.forget(id);
        }
        // What is not reaped yet still counts as a process: only the reaper knows it now.
        let orphans = self.reaper.target_removed(id);
        let (group, share) = (target.group(), MassShare::of(&target));
        self.mass
            .exchange(self.clock, id, group, share, MassShare::default());
        for (index, check) in target.each().enumerate() {
            self.tally.exchange(Share::of(check), Share::default());
            self.sums.shortages.exchange(shortage_of(check), None);
            self.schedule(id.check(index), Lane::of(check), None);
        }
        self.tally.execs += orphans;
        Some(target)
    }

    /// Cancels what runs of the target and attempts nothing more; its status stays, marked stale.
    pub fn pause(&mut self, now: Instant, id: TargetId) {
        self.control_target(now, id, Check::pause);
    }

    /// Ends the pause: streaks start over, the next attempts are due now.
    pub fn resume(&mut self, now: Instant, id: TargetId) {
        self.control_target(now, id, Check::resume);
    }

    /// Goes by this from now on instead of what was set before: pauses each target that it names as paused,
    /// now or when it is added, and resumes those that it names no longer.
    #[cfg(feature = "registry")]
    pub fn set_quiet(&mut self, now: Instant, quiet: Arc<Quiet>) {
        let now = self.control(now);
        let before = core::mem::replace(&mut self.quiet, Arc::clone(&quiet));
        for (name, _) in before.pauses() {
            if let (None, Some(id)) = (quiet.paused(name), self.find(name.as_str())) {
                self.resume(now, id);
            }
        }
        for (name, _) in quiet.pauses() {
            if let (None, Some(id)) = (before.paused(name), self.find(name.as_str())) {
                self.pause(now, id);
            }
        }
    }

    /// What was [set](Self::set_quiet).
    #[cfg(feature = "registry")]
    #[must_use]
    pub const fn quiet(&self) -> &Arc<Quiet> {
        &self.quiet
    }

    #[cfg(feature = "registry")]
    fn is_to_be_paused(&self, id: TargetId) -> bool {
        let target = self.targets.get(id);
        target.is_some_and(|it| self.quiet.paused(it.name()).is_some())
    }

    /// Checks now, and every interval from now; a deregistered target is rechecked now, if it is at all.
    /// Does nothing to a check that runs, waits, or rests.
    pub fn trigger(&mut self, now: Instant, id: TargetId) {
        self.control_target(now, id, Check::trigger);
    }

    /// There is a new instance of the target: it starts afresh, with its history.
    pub fn instance_changed(&mut self, now: Instant, id: TargetId) {
        self.control_target(now, id, Check::instance_changed);
        self.start_early(id, Selection::ALL);
    }

    /// Cancels what runs of the target and attempts nothing more until
    /// [`instance_changed`](Self::instance_changed), which begins afresh: nothing is probed that is being
    /// ended, or does not run. Until then it is neither started nor ready. Does nothing before
    /// [`start`](Self::start).
    #[cfg(feature = "supervise")]
    pub fn hold(&mut self, now: Instant, id: TargetId) {
        self.control_target(now, id, |check, now| check.hold(now, CancelReason::Restart));
    }

    /// Ends the deregistration of a target, which starts afresh. Does nothing to any other.
    pub fn reactivate(&mut self, now: Instant, id: TargetId) {
        // A deadline that has passed may be what deregisters it.
        let now = self.control(now);
        if self.targets.get(id).is_some_and(Target::is_deregistered) {
            self.control_target(now, id, Check::reactivate);
            self.start_early(id, Selection::ALL);
        }
    }

    /// Ends the deregistration of a target that answers again, if its settings say so.
    pub(super) fn reactivate_if_wanted(&mut self, now: Instant, id: TargetId) {
        let is_wanted = |it: &Target| it.each().any(|check| check.config().auto_reactivate);
        if self.targets.get(id).is_some_and(is_wanted) {
            self.change_each(now, id, |check| check.reactivate(now));
            self.start_early(id, Selection::ALL);
        }
    }

    /// Changes [`max_in_flight`](super::MonitorConfig::max_in_flight) from now on, as when descriptors
    /// turn out to be few. Attempts that run go on.
    #[cfg(feature = "registry")]
    pub fn set_max_in_flight(&mut self, most: usize) {
        self.config.max_in_flight = most;
    }

    /// Changes [`mass_failure`](super::MonitorConfig::mass_failure) from now on. A mass failure that is none
    /// by the new rule is over.
    #[cfg(feature = "registry")]
    pub fn set_mass_failure(&mut self, now: Instant, mass_failure: Option<MassFailure>) {
        self.control(now);
        self.config.mass_failure = mass_failure;
        self.settle_mass_failures();
    }

    /// Deadlines before now come before a control operation, those at now after it.
    pub(super) fn control(&mut self, now: Instant) -> Instant {
        let now = self.tick(now);
        self.expire(|at, _| at < now);
        now
    }

    pub(super) fn start_target(&mut self, now: Instant, id: TargetId) {
        let is_new = |check: &Check| check.mode() == Mode::New;
        let new = Selection::of(self.targets.get(id), is_new);
        self.change_each(now, id, |check| check.start(now));
        self.start_early(id, new);
        self.update_target(now, id);
    }

    fn control_target(
        &mut self,
        now: Instant,
        id: TargetId,
        control: impl Fn(&mut Check, Instant) -> Events,
    ) {
        let now = self.control(now);
        self.change_each(now, id, |check| control(check, now));
        self.update_target(now, id);
    }
}
