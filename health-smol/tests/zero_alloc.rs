//! A request in steady state allocates nothing of ours.

#[path = "../../health-core/tests/support/counting.rs"]
mod counting;
#[path = "../../health-core/tests/support/probes.rs"]
mod probes;
#[path = "../../health-core/driver/tests/support/steady.rs"]
mod steady;

use health_smol as driver;

/// The reactor makes a list of wakers and splits its map of timers at every wake-up: two allocations
/// per request, and now and then a wake-up for nothing. A third one would be ours.
#[test]
fn a_request_allocates_no_more_than_the_reactor_does() {
    let allocations = steady::allocations(100_000);
    assert!(allocations < 250_000, "{allocations}");
}
