//! Where targets and what is known of them outlive the process.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::convert::Infallible;

use super::batch::{Batch, Transition};
use crate::base::Name;
use crate::check::Saved;

/// A durable list of targets, and what their checks have come to.
///
/// The seam behind which a file, a database of this host or one that several hosts share may stand.
/// It knows nothing of probes: a target's definition is a text for whoever wrote it. Calls may block;
/// make them where nothing else waits.
///
/// A call may be repeated after an error, whether or not it was carried out: each has the same
/// effect twice as once.
///
/// ```
/// use health_core::monitor::{Definition, MemoryStore, TargetStore};
/// use health_core::Name;
///
/// let mut store = MemoryStore::default();
/// let (web, http) = (Name::new("web-1")?, Name::new("http")?);
/// store.put(&[Definition { name: web, checks: vec![http], text: "http://10.0.0.7/".into() }])?;
/// let target = &store.load()?[0];
/// assert_eq!((target.name.as_str(), &*target.text), ("web-1", "http://10.0.0.7/"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait TargetStore {
    /// Why something could not be kept or read.
    type Error: core::error::Error;

    /// All targets, by name.
    ///
    /// # Errors
    ///
    /// They cannot be read.
    fn load(&mut self) -> Result<Vec<StoredTarget>, Self::Error>;

    /// Keeps these targets, each in place of an earlier one of its name. What is known of its checks
    /// stays, for those it still has.
    ///
    /// # Errors
    ///
    /// They cannot be kept; nothing has changed.
    fn put(&mut self, targets: &[Definition]) -> Result<(), Self::Error>;

    /// Forgets what is known of these targets' checks, not the targets, nor their transitions. A name
    /// of none is ignored.
    ///
    /// # Errors
    ///
    /// It cannot be written; nothing has changed.
    fn reset(&mut self, names: &[Name]) -> Result<(), Self::Error>;

    /// Forgets these targets and their checks. Their transitions stay. A name of none is ignored.
    ///
    /// # Errors
    ///
    /// It cannot be written; nothing has changed.
    fn remove(&mut self, names: &[Name]) -> Result<(), Self::Error>;

    /// Keeps a batch; see there for what that means.
    ///
    /// # Errors
    ///
    /// It cannot be kept; nothing has changed.
    fn write(&mut self, batch: &Batch) -> Result<(), Self::Error>;
}

/// A target as a [`TargetStore`] is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Its name.
    pub name: Name,
    /// The names of its checks.
    pub checks: Vec<Name>,
    /// What it is, for whoever writes it.
    pub text: Arc<str>,
}

/// A target as a [`TargetStore`] has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTarget {
    /// Its name.
    pub name: Name,
    /// What it is, for whoever wrote it.
    pub text: Arc<str>,
    /// Its checks.
    pub checks: Vec<StoredCheck>,
}

/// A check as a [`TargetStore`] has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCheck {
    /// Its name.
    pub name: Name,
    /// How it stood.
    pub saved: Saved,
}

impl StoredTarget {
    /// How the check of that name stood; a check that was never judged, if there is none.
    #[must_use]
    pub fn saved(&self, check: &Name) -> Saved {
        let found = self.checks.iter().find(|it| it.name == *check);
        found.map(|it| it.saved).unwrap_or_default()
    }
}

/// A store that outlives monitors, but not the process: for tests, and for daemons whose targets come
/// from elsewhere at each start.
#[derive(Debug, Default)]
pub struct MemoryStore {
    targets: BTreeMap<Name, StoredTarget>,
    transitions: Vec<Transition>,
}

impl MemoryStore {
    /// Every transition that was kept, oldest first.
    #[must_use]
    pub fn transitions(&self) -> &[Transition] {
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
