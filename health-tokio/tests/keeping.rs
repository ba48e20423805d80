//! What a store is given, by the monitor of this driver.
#![cfg(feature = "monitor")]

#[path = "../../health-core/driver/tests/keeping/mod.rs"]
mod keeping;

use health_tokio::monitor::Monitor;

#[test]
fn what_one_life_has_seen_counts_in_the_next() {
    keeping::three_lives(|| {
        let handle = Monitor::default().spawn().expect("a thread");
        (*handle).clone()
    });
}
