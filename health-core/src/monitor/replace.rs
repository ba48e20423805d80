//! Changes the settings of a target while it is watched.

use alloc::vec::Vec;
use core::mem;

use super::add_error::AddError;
use super::id::{CheckId, TargetId};
use super::machine::Monitor;
use super::mass_failure::{Lane, MassShare};
use super::shortage::shortage_of;
use super::target::{Target, TargetSpec};
use crate::base::Instant;

impl Monitor {
    /// Gives the target of that name other settings; registers it if there is none.
    ///
    /// Checks that it had before go on with their status, their streak and their slot on the grid,
    /// whatever of their settings has changed: no number of changes makes failures count faster, or
    /// attempts come more often. An attempt that runs is cancelled and made again at once. What a
    /// [restored check](TargetSpec::restored_check) brings along is not used for these.
    ///
    /// The handle stays unless the names of the checks differ, or what has to be reaped.
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add). Nothing has changed then.
    pub fn replace(&mut self, now: Instant, spec: TargetSpec) -> Result<TargetId, AddError> {
        let now = self.control(now);
        let new = self.build(None, spec)?;
        let Some(id) = self.find(new.name().as_str()) else {
            return self.insert(now, new);
        };
        let Some(old) = self.targets.get(id) else {
            return self.insert(now, new);
        };
        if has_same_checks(old, &new) {
            self.replace_in_place(now, id, new);
            return Ok(id);
        }
        for check in self.check_ids(id) {
            self.change(now, check, |check| check.interrupt(now));
        }
        match self.take(id) {
            Some(old) => self.insert_in_place_of(now, old, new),
            None => self.insert(now, new),
        }
    }

    fn replace_in_place(&mut self, now: Instant, id: TargetId, new: Target) {
        let old_demand = self.targets.get(id).map_or(0, Target::demand);
        self.sums.exchange_demand(old_demand, new.demand());
        for (check, (_, new)) in self.check_ids(id).zip(new.checks) {
            self.change(now, check, |check| check.replace(now, new));
        }
        if let Some(target) = self.targets.get_mut(id) {
            let (none, share) = (MassShare::default(), MassShare::of(target));
            self.mass.exchange(now, id, target.group(), share, none);
            target.group = new.group;
            self.mass.exchange(now, id, target.group(), none, share);
        }
        self.update_target(now, id);
    }

    /// Registers `new`, whose checks go on where those of `old` ended, of which nothing runs.
    fn insert_in_place_of(
        &mut self,
        now: Instant,
        old: Target,
        mut new: Target,
    ) -> Result<TargetId, AddError> {
        new.counted.announced = old.counted.announced;
        for (name, mut check) in old.checks {
            let same = new.checks.iter_mut().find(|(new, _)| *new == name);
            if let Some((_, new)) = same {
                mem::swap(&mut check, new);
                new.follow(now, check);
            }
        }
        for check in new.each() {
            self.sums.shortages.exchange(None, shortage_of(check));
        }
        let id = self.insert(now, new)?;
        for check in self.check_ids(id) {
            self.reschedule(check);
        }
        Ok(id)
    }

    /// Puts a check on the timers that was not started here.
    fn reschedule(&mut self, id: CheckId) {
        let Some(target) = self.targets.get(id.target()) else {
            return;
        };
        let Some((_name, check)) = target.checks.get(id.index()) else {
            return;
        };
        #[cfg(feature = "registry")]
        if let Some(journal) = &mut self.journal {
            journal.note(
                self.clock,
                id,
                (target.name().clone(), _name.clone()),
                check,
            );
        }
        let (lane, wake) = (Lane::of(check), check.wake());
        self.schedule(id, lane, wake);
    }
}

/// Whether checks of one stand for the checks of the other, one by one.
fn has_same_checks(old: &Target, new: &Target) -> bool {
    let key = |target: &Target| -> Vec<_> {
        let checks = target.checks();
        let keys = checks.map(|(name, check)| (name.clone(), check.config().needs_reap));
        keys.collect()
    };
    key(old) == key(new)
}
