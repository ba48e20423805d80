//! Calls of closures that the daemon's author supplies: they may panic.
//!
//! What such a closure reads comes from the network. A panic over it must not end the thread that
//! answers every probe, and without std nobody can catch one: so drivers supply what catches it.

use alloc::sync::Arc;

use super::Service;

/// Runs what it is given, and returns although that panics.
pub type PanicGuard = fn(&mut dyn FnMut());

/// Lets panics through.
pub(super) const UNGUARDED: PanicGuard = |run| run();

/// Calls `closure`; `None` if it panicked.
pub(super) fn call<R>(guard: PanicGuard, closure: impl FnOnce() -> R) -> Option<R> {
    let mut closure = Some(closure);
    let mut result = None;
    guard(&mut || result = closure.take().map(|closure| closure()));
    result
}

impl Service {
    /// This service with a guard around the closures of [`authorize`](Self::authorize) and
    /// [`log_requests`](Self::log_requests). For drivers: each calls it once for every listener.
    ///
    /// A service that has no closures, or a guard already, is returned as it is.
    #[must_use]
    pub fn guarded(self: &Arc<Self>, guard: PanicGuard) -> Arc<Self> {
        let has_closures = self.policy.has_closure() || self.log.is_some();
        if !has_closures || self.guard.is_some() {
            return Arc::clone(self);
        }
        let mut guarded = Self::clone(self);
        guarded.guard = Some(guard);
        if let Some(log) = &mut guarded.log {
            log.guard = guard;
        }
        Arc::new(guarded)
    }

    pub(super) fn guard(&self) -> PanicGuard {
        self.guard.unwrap_or(UNGUARDED)
    }
}
