//! Panics of closures that the daemon's author supplies.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `run`; a panic in it ends there. What it left half-done is its own: nothing of ours is lent
/// to it mutably.
pub fn catch_panic(run: &mut dyn FnMut()) {
    let _ = catch_unwind(AssertUnwindSafe(run));
}
