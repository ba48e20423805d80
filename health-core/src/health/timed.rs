//! How long the looks at a component took: for those who tune, and for no verdict.

use core::time::Duration;

use super::{ComponentId, Registry};
use crate::base::Timing;

impl Registry {
    /// Takes how long a look at a component took. It is no result: see [`record`](Self::record).
    pub fn observe(&mut self, id: ComponentId, took: Duration) {
        self.time(id, |timing| timing.observe(took));
    }

    /// Counts a look at a component that ran out of its time.
    pub fn overrun(&mut self, id: ComponentId) {
        self.time(id, Timing::overrun);
    }

    /// Takes all that was counted of a component from a daemon that counts by itself.
    pub fn set_timing(&mut self, id: ComponentId, counted: Timing) {
        self.time(id, |timing| *timing = counted);
    }

    fn time(&mut self, id: ComponentId, count: impl FnOnce(&mut Timing)) {
        self.edit(|state, _| {
            if let Some(component) = state.components.find_mut(id.0) {
                count(&mut component.timing);
            }
            false
        });
    }
}
