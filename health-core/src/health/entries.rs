//! Gates, flags and published values, as a snapshot shows them.

use alloc::sync::Arc;
use core::mem;

use super::Change;
use crate::base::Instant;
use crate::base::Name;

/// Something that must have happened before the daemon is ready.
#[derive(Clone, Debug)]
pub(crate) struct GateState {
    pub(super) name: Name,
    pub(super) released: bool,
}

impl GateState {
    /// Its name.
    #[must_use]
    pub(crate) const fn name(&self) -> &Name {
        &self.name
    }

    /// Whether it has happened.
    #[must_use]
    pub(crate) const fn is_released(&self) -> bool {
        self.released
    }

    pub(super) fn release(&mut self) -> Option<Change> {
        (!mem::replace(&mut self.released, true)).then_some(Change::Gate)
    }
}

/// Something that must hold while the daemon is ready: a loop that runs, a leader that is elected.
#[derive(Clone, Debug)]
pub(crate) struct FlagState {
    pub(super) name: Name,
    pub(super) up: bool,
}

impl FlagState {
    /// Its name.
    #[must_use]
    pub(crate) const fn name(&self) -> &Name {
        &self.name
    }

    /// Whether it holds.
    #[must_use]
    pub(crate) const fn is_up(&self) -> bool {
        self.up
    }

    pub(super) fn set(&mut self, up: bool) -> Option<Change> {
        (mem::replace(&mut self.up, up) != up).then_some(Change::Flag { up })
    }
}

/// A value published under a name, serialised when it was set: no request ever runs user code.
#[derive(Clone, Debug)]
pub(crate) struct StatState {
    pub(super) name: Name,
    pub(super) json: Arc<str>,
    pub(super) published: Option<Instant>,
}

impl StatState {
    /// Its name.
    #[must_use]
    pub(crate) const fn name(&self) -> &Name {
        &self.name
    }

    /// Its value, as JSON.
    #[must_use]
    pub(crate) fn json(&self) -> &str {
        &self.json
    }

    /// When it was published last; `None` if only declared.
    #[must_use]
    pub(crate) const fn published(&self) -> Option<Instant> {
        self.published
    }
}
