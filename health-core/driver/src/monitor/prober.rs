//! What keeps a monitor itself from probing, as components of the daemon.

use std::collections::BTreeMap;

use crate::{Component, Health};
use health_core::Class;
use health_core::health::ComponentConfig;
use health_core::monitor::Shortages;

/// Shows each shortage of the prober's own as a component of a [`Health`]: `resolver`, `certificates`,
/// `descriptors`, `memory`, `processes`, `ports`, `commands`.
///
/// A component is declared when its shortage is met first, and stays. None of them is critical: what the
/// prober lacks makes its daemon degraded. Where the daemon has a component of that name already, it is
/// `prober.resolver` and so on.
#[derive(Debug)]
pub(super) struct ProberComponents {
    health: Health,
    shown: Shortages,
    components: BTreeMap<&'static str, Component>,
}

impl ProberComponents {
    pub(super) fn new(health: &Health) -> Self {
        Self {
            health: health.clone(),
            shown: Shortages::default(),
            components: BTreeMap::new(),
        }
    }

    pub(super) fn is_shown(&self, shortages: Shortages) -> bool {
        self.shown == shortages
    }

    /// Wakes readers of the health: not to be called under a lock of ours.
    pub(super) fn show(&mut self, shortages: Shortages) {
        let before = std::mem::replace(&mut self.shown, shortages).outcomes();
        for ((name, outcome), (_, before)) in shortages.outcomes().zip(before) {
            if outcome == before {
                continue;
            }
            if outcome.class == Class::Failure && !self.components.contains_key(name) {
                self.components
                    .extend(self.declare(name).map(|it| (name, it)));
            }
            if let Some(component) = self.components.get(name) {
                component.record(outcome);
            }
        }
    }

    fn declare(&self, name: &str) -> Option<Component> {
        // The checks' own limits have nothing to do with it: once is enough.
        let config = ComponentConfig::new().retries(1).critical(false);
        let own = self.health.component_with(name, config);
        let other = || {
            self.health
                .component_with(&format!("prober.{name}"), config)
        };
        own.or_else(|_| other()).ok()
    }
}

impl Drop for ProberComponents {
    /// The monitor is over, and what it lacked.
    fn drop(&mut self) {
        let components = std::mem::take(&mut self.components);
        components.into_values().for_each(Component::remove);
    }
}
