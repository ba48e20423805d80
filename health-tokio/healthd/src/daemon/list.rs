//! The list of targets, with what is known of each besides what the monitor knows.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use health_core::Name;
use health_core::monitor::registry::Definition;
use health_core::monitor::{MonitorStatus, ReadyTarget, TargetStatus, TargetView};
use health_core::server::{Page, Targets};
use health_driver::monitor::MonitorControl;

use crate::config::Listed;

/// The list, shared by the registry, which changes it, and the store writer, which stores it.
#[derive(Clone, Debug)]
pub(crate) struct List {
    pub(super) controls: MonitorControl,
    targets: Arc<Mutex<BTreeMap<Name, Listed>>>,
}

impl List {
    pub(crate) fn new(controls: MonitorControl) -> Self {
        Self {
            controls,
            targets: Arc::default(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    pub(super) fn has(&self, name: &Name) -> bool {
        self.lock().contains_key(name)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, BTreeMap<Name, Listed>> {
        self.targets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first so many behind this name, for a store that has lost them; `None` when the monitor has
    /// ended: it no longer knows what it looked at, and what a store has is better than that.
    pub(super) fn definitions(&self, after: Option<&Name>, most: usize) -> Option<Vec<Definition>> {
        let targets = self.lock();
        let from = after.map_or(Unbounded, Excluded);
        let some = targets.range::<Name, _>((from, Unbounded)).take(most);
        let definitions = some.filter_map(|(name, target)| {
            let settings = self.controls.settings(name.as_str())?;
            Some(target.definition(name, &settings))
        });
        let definitions = definitions.collect();
        // It may have ended while they were gathered.
        self.controls.is_running().then_some(definitions)
    }
}

/// For the endpoint: what the monitor shows, and the labels of lists.
impl Targets for List {
    fn status(&self) -> MonitorStatus {
        self.controls.status()
    }

    fn page(&self, after: Option<&Name>, only: Option<TargetStatus>) -> Page<TargetView> {
        let mut page = self.controls.page(after, only);
        self.add_labels(&mut page.entries);
        page
    }

    fn target(&self, name: &Name) -> Option<TargetView> {
        let mut target = self.controls.target(name.as_str())?;
        self.add_labels(std::slice::from_mut(&mut target));
        Some(target)
    }

    fn ready(&self, after: Option<&Name>) -> Page<ReadyTarget> {
        self.controls.ready(after)
    }
}

impl List {
    fn add_labels(&self, views: &mut [TargetView]) {
        let targets = self.lock();
        for view in views {
            let listing = targets.get(&view.name).and_then(|it| it.listing.as_ref());
            view.labels = listing.map(|it| Arc::clone(&it.labels));
        }
    }
}

#[cfg(test)]
mod tests {
    use health_core::monitor::MonitorConfig;
    use health_driver::monitor::{MonitorClock, MonitorDriver};

    use super::List;
    use crate::config::{Defaults, Source, TargetDef};

    #[test]
    fn after_the_end_no_definitions_are_stored() {
        let (config, clock) = (MonitorConfig::default(), MonitorClock::system());
        let (driver, control) = MonitorDriver::new(config, None, clock);
        let list = List::new(control);
        let (url, defaults) = ("http://10.0.0.7/health", Defaults::default());
        let target = TargetDef::of_url("web-1", url, &defaults, Source::Config, "test");
        let target = target.expect("a target");
        list.controls.add(target.target(None)).expect("a new name");
        list.lock().insert(target.name.clone(), target.listed());
        let definitions = list.definitions(None, 10).expect("it runs");
        assert_eq!(definitions, [target.definition()]);
        drop(driver);
        assert!(list.definitions(None, 10).is_none());
    }
}
