//! Panics of code that a daemon's author supplies.
//!
//! A panic in a closure, in a future, or in the drop of either must end neither the endpoint nor the
//! monitor. Callers lend such code nothing of ours mutably, so what it leaves half-done is its own:
//! that is why everything in here asserts unwind safety.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `run`; a panic in it ends there.
pub fn catch_panic(run: &mut dyn FnMut()) {
    let _ = catch(run);
}

/// What `run` returns, or what it said when it panicked.
pub(crate) fn catch<R>(run: impl FnOnce() -> R) -> Result<R, Panicked> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|payload| {
        let text = payload.downcast_ref::<&str>().map(|text| (*text).into());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        // The payload may be anything, and panic when it is dropped. Then its own payload is leaked:
        // it might do the same.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            std::mem::forget(payload);
        }
        Panicked(text)
    })
}

/// What a panic said, if that was text.
#[derive(Debug)]
pub(crate) struct Panicked(
    #[cfg_attr(
        not(feature = "monitor"),
        allow(dead_code, reason = "only self-checks report it")
    )]
    pub(crate) Option<String>,
);

#[cfg(test)]
mod tests {
    use super::*;

    struct Bad;

    impl Drop for Bad {
        fn drop(&mut self) {
            std::panic::panic_any(Self);
        }
    }

    #[test]
    fn a_payload_that_panics_when_dropped_ends_there_too() {
        assert!(catch(|| std::panic::panic_any(Bad)).is_err());
        let text = catch(|| panic!("{}", 7)).expect_err("it panics").0;
        assert_eq!(text.as_deref(), Some("7"));
    }
}
