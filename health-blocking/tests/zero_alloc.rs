//! A request in steady state allocates nothing, socket and all.

#[path = "../../health-core/tests/support/counting.rs"]
mod counting;
#[path = "../../health-core/tests/support/probes.rs"]
mod probes;
#[path = "../../health-core/driver/tests/support/steady.rs"]
mod steady;

use health_blocking as driver;

#[test]
fn a_hundred_thousand_requests_allocate_nothing() {
    assert_eq!(steady::allocations(100_000), 0);
}
