//! A change of the registry other than a batch.

use std::sync::Arc;

use health_core::Name;
use health_core::monitor::registry::{Definition, Quiet, TargetStore};

use crate::store::{Limits, SqliteStore, StoreError};

/// See the [module](self).
#[derive(Debug)]
pub(super) enum StoreCommand {
    Put(Vec<Definition>),
    /// Forget what is known of them.
    Reset(Vec<Name>),
    Remove(Vec<Name>),
    /// Which targets are paused and silenced.
    Quiet(Arc<Quiet>),
    /// Keep so much of each check from now on.
    Limits(Limits),
}

impl StoreCommand {
    pub(super) fn carry_out(&self, store: &mut SqliteStore) -> Result<(), StoreError> {
        match self {
            Self::Put(targets) => store.put(targets),
            Self::Reset(names) => store.reset(names),
            Self::Remove(names) => store.remove(names),
            Self::Quiet(quiet) => store.write_quiet(quiet),
            Self::Limits(limits) => {
                store.set_limits(*limits);
                Ok(())
            }
        }
    }

    /// Whether there is nothing to do.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Put(targets) => targets.is_empty(),
            Self::Reset(names) | Self::Remove(names) => names.is_empty(),
            Self::Quiet(_) | Self::Limits(_) => false,
        }
    }
}
