//! Other settings for a target that is watched.

use health_core::check::{CheckConfig, Saved};

use super::{Model, Target};

impl Model {
    /// The number of the target, a new one if its checks are others; `None` if it is refused.
    pub(in super::super) fn replace(
        &mut self,
        now: u64,
        name: u8,
        group: Option<u8>,
        checks: Vec<(CheckConfig, Option<Saved>)>,
    ) -> Option<usize> {
        self.control(now);
        if !self.takes_targets() {
            return None;
        }
        let now = self.clock;
        let mut new = Target::new(name, group, checks);
        let Some(index) = self.find(name) else {
            return Some(self.insert(new));
        };
        if self.has_same_checks(index, &new) {
            for (place, new) in new.checks.into_iter().enumerate() {
                let mut out = Vec::new();
                if let Some(check) = self.check((index, place)) {
                    check.replace(now, new, &mut out);
                }
                self.report((index, place), out);
            }
            if let Some(target) = &mut self.targets[index] {
                target.group = group;
            }
            self.settle(index);
            return Some(index);
        }
        self.each(index, |check, out| check.interrupt(now, out));
        if let Some(old) = self.targets[index].take() {
            new.announced = old.announced;
            for (new, mut check) in new.checks.iter_mut().zip(old.checks) {
                std::mem::swap(new, &mut check);
                // What is left of an attempt is that of a target that is gone.
                new.left = None;
                new.replace(now, check, &mut Vec::new());
            }
        }
        Some(self.insert(new))
    }

    /// Names are those of places.
    fn has_same_checks(&self, index: usize, new: &Target) -> bool {
        let key = |it: &Target| -> Vec<_> {
            let checks = it.checks.iter();
            checks.map(|check| check.config.needs_reap).collect()
        };
        self.targets[index].as_ref().map(key) == Some(key(new))
    }
}
