//! Replicas whose checks fail all the time, and never often enough in a row.

use std::time::Duration;

use health_core::ProbeKind;
use health_core::supervise::GroupEvent;
use health_driver::supervise::ReplicaView;

use crate::join::{World, check};

/// An hour of failures, never as many in a row as are a verdict; then as many.
#[test]
fn flapping_below_the_threshold_restarts_nothing() {
    const EVERY: u32 = 10;
    const RETRIES: u32 = 3;
    let mut check = check(ProbeKind::Health);
    check.interval = Duration::from_secs(EVERY.into());
    check.retries = RETRIES;
    let world = World::with_check(2, check, |_| ());
    let attempts = 3_600 / EVERY;
    for attempt in 0..attempts {
        // The second one begins with failures.
        for (app, shift) in world.apps.iter().zip([0, 1]) {
            app.set_well((attempt + shift) % RETRIES == 0);
        }
        world.run_until(f64::from(1 + attempt * EVERY));
        let made = [world.attempts(0), world.attempts(1)];
        assert_eq!(made, [u64::from(attempt + 1); 2]);
        let is_well = |it: &ReplicaView| (it.instance, it.next_in) == (1, None);
        assert!(world.group.views().iter().all(is_well), "{attempt}");
    }
    let is_plan = |it: &GroupEvent| matches!(it, GroupEvent::Planned { .. });
    assert!(!world.events().iter().any(is_plan));
    assert_eq!(world.host.deeds(), ["start 0.1", "start 1.1"]);
    for app in &world.apps {
        app.set_well(false);
    }
    world.run_until(f64::from(1 + (attempts + RETRIES) * EVERY));
    assert!(world.group.views().iter().any(|it| it.restarts == 1));
    world.end();
}
