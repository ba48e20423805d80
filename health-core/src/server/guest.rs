//! Closures of the daemon's author, called by the endpoint.

/// Calls `closure`; `None` if it panics.
///
/// What such a closure reads comes from the network: a panic over it must not end the thread that
/// answers every prober. Without std nobody can catch one.
pub(super) fn call<R>(closure: impl FnOnce() -> R) -> Option<R> {
    #[cfg(feature = "std")]
    {
        // What the closure left half-done is its own; nothing of ours is lent to it mutably.
        std::panic::catch_unwind(core::panic::AssertUnwindSafe(closure)).ok()
    }
    #[cfg(not(feature = "std"))]
    {
        Some(closure())
    }
}
