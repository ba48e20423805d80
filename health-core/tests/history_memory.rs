//! What history costs: nothing, once it is full.

#[path = "support/counting.rs"]
mod counting;

use health_core::Instant;
use health_core::Outcome;
use health_core::health::{ComponentConfig, Registry};

const START: Instant = Instant::from_micros(0);

#[test]
fn history_of_a_million_transitions_takes_constant_memory() {
    let mut registry = Registry::new("svc", "1", START);
    let config = ComponentConfig::new().retries(1);
    let db = registry.component(START, "db", config).expect("free");
    let mut turn = |number: u64| {
        let now = Instant::from_micros(number);
        let outcome = if number % 2 == 0 {
            Outcome::success()
        } else {
            Outcome::failure_with_message("")
        };
        registry.record(now, db, outcome);
        let history = registry.snapshot(now);
        let history = history.history();
        assert_eq!(history.last_id(), number + 1);
        assert!(history.bytes() <= 48 * 1024);
        (history.iter().count(), history.bytes())
    };
    for number in 0..1_000 {
        turn(number);
    }
    let before = counting::own_allocations();
    for number in 1_000..1_000_000 {
        let (entries, bytes) = turn(number);
        assert_eq!(entries, 256);
        assert!(bytes <= 16 * 1024);
    }
    assert_eq!(counting::own_allocations(), before, "not one allocation");
}
