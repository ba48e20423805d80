//! A store in memory.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use health_core::Name;
use health_core::check::Saved;
use health_core::monitor::registry::{
    Batch, Definition, StoredCheck, StoredTarget, TargetStore, TransitionRow,
};

/// A store that outlives monitors, but not the process.
#[derive(Debug, Default)]
pub(crate) struct MemoryStore {
    targets: BTreeMap<Name, StoredTarget>,
    transitions: Vec<TransitionRow>,
}

impl MemoryStore {
    /// Every transition that was written, oldest first.
    pub(crate) fn transitions(&self) -> &[TransitionRow] {
        &self.transitions
    }
}

impl TargetStore for MemoryStore {
    type Error = Infallible;

    fn load(&mut self) -> Result<Vec<StoredTarget>, Infallible> {
        Ok(self.targets.values().cloned().collect())
    }

    fn put(&mut self, targets: &[Definition]) -> Result<(), Infallible> {
        for Definition { name, checks, text } in targets {
            let known = self.targets.remove(name);
            let checks = checks.iter().map(|check| StoredCheck {
                last_error: None,
                name: check.clone(),
                saved: known.as_ref().map(|it| it.saved(check)).unwrap_or_default(),
            });
            let target = StoredTarget {
                name: name.clone(),
                text: Arc::clone(text),
                checks: checks.collect(),
            };
            self.targets.insert(name.clone(), target);
        }
        Ok(())
    }

    fn reset(&mut self, names: &[Name]) -> Result<(), Infallible> {
        for name in names {
            let target = self.targets.get_mut(name);
            for check in target.into_iter().flat_map(|it| &mut it.checks) {
                check.saved = Saved::default();
            }
        }
        Ok(())
    }

    fn remove(&mut self, names: &[Name]) -> Result<(), Infallible> {
        for name in names {
            self.targets.remove(name);
        }
        Ok(())
    }

    fn write(&mut self, batch: &Batch) -> Result<(), Infallible> {
        for row in &batch.checks {
            let target = self.targets.get_mut(&row.target);
            let mut checks = target.into_iter().flat_map(|it| &mut it.checks);
            if let Some(check) = checks.find(|it| it.name == row.check) {
                check.saved = row.saved;
            }
        }
        for transition in &batch.transitions {
            let recent = self.transitions.iter().rev();
            let mut recent = recent.take_while(|it| it.at >= transition.at);
            if !recent.any(|it| it == transition) {
                self.transitions.push(transition.clone());
            }
        }
        Ok(())
    }
}
