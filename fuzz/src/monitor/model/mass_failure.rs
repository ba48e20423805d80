//! Mass failures: of all targets, and of each group.

use super::{Check, Model, Target};

impl Model {
    pub(in super::super) fn is_mass_failure(&self) -> bool {
        !self.mass_failures.is_empty()
    }

    /// Whether so many targets fail now, of all or of its group, that nothing is done about this one.
    pub(super) fn withholds(&self, index: usize) -> bool {
        let target = self.targets[index].as_ref();
        let group = target.and_then(|it| it.group);
        self.is_on(None) || (group.is_some() && self.is_on(group))
    }

    /// What is over lets the streaks of those that still fail begin anew.
    pub(super) fn settle_mass_failure(&mut self) {
        let groups = self.targets.iter().flatten().filter_map(|it| it.group);
        let scopes = groups.map(Some).chain([None]);
        let now = scopes.filter(|scope| self.is_on(*scope)).collect();
        let before = std::mem::replace(&mut self.mass_failures, now);
        let mut over = before.difference(&self.mass_failures).copied().peekable();
        if over.peek().is_none() {
            return;
        }
        for scope in over {
            for target in self.targets.iter_mut().flatten() {
                let is_failing = |it: &Check| it.is_active() && it.is_failing();
                if is_within(target, scope) && target.checks.iter().any(is_failing) {
                    target.checks.iter_mut().for_each(Check::forget_failures);
                }
            }
        }
        self.settle_mass_failure();
    }

    fn is_on(&self, scope: Option<u8>) -> bool {
        let Some(guard) = self.config.mass_failure else {
            return false;
        };
        // For each target of which an active check was healthy once, and that has not been unhealthy for
        // too long: whether such a check fails.
        let targets = self.targets.iter().flatten();
        let judged = targets.filter(|it| is_within(it, scope));
        let judged = judged.filter_map(|target| {
            let judged = target.checks.iter();
            let judged = judged.filter(|it| it.is_active() && it.was_healthy);
            let judged: Vec<_> = judged.collect();
            let is_long = |it: &&Check| it.long_unhealthy_at().is_some_and(|at| at <= self.clock);
            if judged.iter().any(is_long) {
                return None;
            }
            judged.iter().map(|it| it.is_failing()).max()
        });
        let judged: Vec<_> = judged.collect();
        let failing = judged.iter().filter(|&&failing| failing).count();
        judged.len() >= guard.min_targets
            && failing as f64 / judged.len() as f64 >= guard.failed_fraction
    }
}

fn is_within(target: &Target, scope: Option<u8>) -> bool {
    scope.is_none() || target.group == scope
}
