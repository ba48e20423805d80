//! Calls of closures that the daemon's author supplies: they may panic.
//!
//! Such a closure reads what comes from the network. A panic over it must not end the thread that
//! answers every probe, and without std nothing can catch one: so drivers supply what catches it.

/// Runs what it is given, and returns although that panics.
pub(crate) type PanicGuard = fn(&mut dyn FnMut());

/// Lets panics through.
pub(super) const UNGUARDED: PanicGuard = |run| run();

/// Calls `closure`; `None` if it panicked.
pub(super) fn call<R>(guard: PanicGuard, closure: impl FnOnce() -> R) -> Option<R> {
    let mut closure = Some(closure);
    let mut result = None;
    guard(&mut || result = closure.take().map(|closure| closure()));
    result
}
