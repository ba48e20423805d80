//! The interface of a store, in which targets and the state of their checks outlive the process.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::batch::Batch;
use crate::base::{Name, Outcome};
use crate::check::Saved;

/// A durable list of targets and of the state of their checks.
///
/// A file, a database of this host, or one that several hosts share can implement it. It knows nothing
/// of probes: the definition of a target is a text that only its author reads. Calls may block; make
/// them on a thread that may wait.
///
/// A call may be repeated after an error, whether or not it was carried out: each has the same effect
/// twice as once.
///
/// ```
/// use std::sync::Arc;
/// use health_core::check::CheckConfig;
/// use health_core::monitor::TargetSpec;
/// use health_core::monitor::registry::TargetStore;
///
/// /// The targets of the last run, each with the state that its checks had.
/// fn restore<S: TargetStore>(store: &mut S) -> Result<Vec<TargetSpec>, S::Error> {
///     let config = Arc::new(CheckConfig::default());
///     let targets = store.load()?.into_iter().map(|target| {
///         let checks = target.checks.into_iter();
///         checks.fold(TargetSpec::new(target.name), |spec, check| {
///             spec.restored_check(check.name, Arc::clone(&config), check.saved)
///         })
///     });
///     Ok(targets.collect())
/// }
/// ```
pub trait TargetStore {
    /// Why something could not be written or read.
    type Error: core::error::Error;

    /// All targets, by name.
    ///
    /// # Errors
    ///
    /// They cannot be read.
    fn load(&mut self) -> Result<Vec<StoredTarget>, Self::Error>;

    /// Writes these targets, each in place of an earlier one of its name. The state of its checks stays,
    /// of those that it still has.
    ///
    /// # Errors
    ///
    /// They cannot be written; nothing has changed.
    fn put(&mut self, targets: &[Definition]) -> Result<(), Self::Error>;

    /// Deletes the state of the checks of these targets, but neither the targets nor their transitions.
    /// A name without a target is ignored.
    ///
    /// # Errors
    ///
    /// It cannot be written; nothing has changed.
    fn reset(&mut self, names: &[Name]) -> Result<(), Self::Error>;

    /// Deletes these targets, their checks and their transitions. A name without a target is ignored.
    ///
    /// # Errors
    ///
    /// It cannot be written; nothing has changed.
    fn remove(&mut self, names: &[Name]) -> Result<(), Self::Error>;

    /// Writes a batch; see there for what that means.
    ///
    /// # Errors
    ///
    /// It cannot be written; nothing has changed.
    fn write(&mut self, batch: &Batch) -> Result<(), Self::Error>;
}

/// A target for a [`TargetStore`] to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Its name.
    pub name: Name,
    /// The names of its checks.
    pub checks: Vec<Name>,
    /// Its definition, in the words of the caller.
    pub text: Arc<str>,
}

/// A target as a [`TargetStore`] has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTarget {
    /// Its name.
    pub name: Name,
    /// Its definition, in the words of the caller.
    pub text: Arc<str>,
    /// Its checks.
    pub checks: Vec<StoredCheck>,
}

/// A check as a [`TargetStore`] has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCheck {
    /// Its name.
    pub name: Name,
    /// Its state.
    pub saved: Saved,
    /// Its last result that was no success, for people; `None` if there was none, or that is not known.
    pub last_error: Option<Outcome>,
}

impl StoredTarget {
    /// The state of the check of that name; that of a check that was never judged, if there is none.
    #[must_use]
    pub fn saved(&self, check: &Name) -> Saved {
        let found = self.checks.iter().find(|it| it.name == *check);
        found.map(|it| it.saved).unwrap_or_default()
    }

    /// The last result of the check of that name that was no success, if it is known.
    #[must_use]
    pub fn last_error(&self, check: &Name) -> Option<&Outcome> {
        let mut checks = self.checks.iter();
        checks.find(|it| it.name == *check)?.last_error.as_ref()
    }
}
