//! Targets are registered, and get other settings.

use std::sync::Arc;

use health_core::monitor::{TargetId, TargetSpec};
use health_core::{Instant, Name};

use super::super::Registration;
use super::{Harness, MOST_TARGETS};

impl Harness {
    pub(super) fn add(&mut self, registration: &Registration) {
        if self.targets.len() == MOST_TARGETS {
            return;
        }
        let Registration {
            name,
            group,
            checks,
        } = registration;
        let target = self
            .machine
            .add(Instant::from_micros(self.now), spec(registration));
        let index = self.model.add(self.now, *name, *group, checks.0.clone());
        assert_eq!(target.is_ok(), index.is_some(), "{target:?}");
        if let Ok(id) = target {
            self.registered(id, registration, None);
        }
    }

    pub(super) fn replace(&mut self, registration: &Registration) {
        if self.targets.len() == MOST_TARGETS {
            return;
        }
        let (now, at) = (self.now, Instant::from_micros(self.now));
        // What has happened until now is judged by the settings of until now.
        if !self.model.is_new() {
            self.model.start(now);
            self.machine.start(at);
            self.compare();
        }
        let Registration {
            name,
            group,
            checks,
        } = registration;
        let before = self.model.find(*name);
        let target = self.machine.replace(at, spec(registration));
        let index = self.model.replace(now, *name, *group, checks.0.clone());
        assert_eq!(target.is_ok(), index.is_some(), "{target:?}");
        let (Ok(id), Some(index)) = (target, index) else {
            return;
        };
        if index == self.targets.len() {
            self.registered(id, registration, before);
            self.compare();
            before.into_iter().for_each(|it| self.watch.removed(it));
        } else {
            assert_eq!(self.targets[index], id, "the handle stays");
        }
    }

    /// The target is new; checks that `before` has go on.
    fn registered(&mut self, id: TargetId, registration: &Registration, before: Option<usize>) {
        let index = self.targets.len();
        self.checks.push(self.machine.checks(id).collect());
        self.targets.push(id);
        let old = before.map_or(0, |before| self.checks[before].len());
        for (place, (_, saved)) in registration.checks.0.iter().enumerate() {
            match before {
                Some(before) if place < old => self.watch.follows((index, place), (before, place)),
                _ => {
                    let saved = saved.unwrap_or_default();
                    let failures = saved.streak.failures();
                    self.watch.restored((index, place), saved.status, failures);
                }
            }
        }
    }
}

fn spec(registration: &Registration) -> TargetSpec {
    let named = |text: String| Name::new(&text).expect("a valid name");
    let mut spec = TargetSpec::new(named(format!("target-{}", registration.name)));
    if let Some(group) = registration.group {
        spec = spec.group(named(format!("group-{group}")));
    }
    for (index, (config, saved)) in registration.checks.0.iter().enumerate() {
        let (check, config) = (named(format!("check-{index}")), Arc::new(config.clone()));
        spec = match *saved {
            Some(saved) => spec.restored_check(check, config, saved),
            None => spec.check(check, config),
        };
    }
    spec
}
