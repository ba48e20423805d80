//! Which targets there are: what is remembered of each besides what the monitor knows of it.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use health_core::driver::monitor::Controls;
use health_core::monitor::Definition;
use health_core::name::Name;

use crate::healthd::config::Listed;

/// The list, shared by who changes it and who writes it down.
#[derive(Clone, Debug)]
pub(in crate::healthd) struct List {
    pub(super) controls: Controls,
    targets: Arc<Mutex<BTreeMap<Name, Listed>>>,
}

impl List {
    pub(in crate::healthd) fn new(controls: Controls) -> Self {
        Self {
            controls,
            targets: Arc::default(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, BTreeMap<Name, Listed>> {
        self.targets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first so many behind this name, for a store that has lost them.
    pub(super) fn definitions(&self, after: Option<&Name>, most: usize) -> Vec<Definition> {
        let targets = self.lock();
        let from = after.map_or(Unbounded, Excluded);
        let some = targets.range::<Name, _>((from, Unbounded)).take(most);
        let definitions = some.filter_map(|(name, target)| {
            let settings = self.controls.settings(name.as_str())?;
            Some(target.definition(name, &settings))
        });
        definitions.collect()
    }
}
