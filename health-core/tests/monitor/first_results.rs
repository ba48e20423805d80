//! How many targets have their first result.

use std::sync::Arc;

use health_core::check::{CheckConfig, OnUnhealthy, Saved};
use health_core::monitor::{Monitor, TargetSpec};

use crate::{at, fail, name, plain, running, single, starts, succeed};

#[test]
fn first_results_are_complete_when_one_of_each_target_has_come() {
    let mut monitor = running(plain());
    let counts = |monitor: &Monitor| {
        let it = monitor.first_results();
        (it.total, it.received, it.failing)
    };
    assert!(
        monitor.first_results().is_complete(),
        "there is none to wait for"
    );
    let mut deregistered = Saved::default();
    deregistered.deregistered = true;
    let mut config = CheckConfig::kubelet();
    config.on_unhealthy = OnUnhealthy::Deregister;
    config.retries = 1;
    let gone = TargetSpec::new(name("gone"));
    let gone = gone.restored_check(name("check"), Arc::new(config.clone()), deregistered);
    monitor.add(at(0), gone).expect("new");
    let paused = monitor.add(at(0), single("paused", config.clone()));
    monitor.pause(at(0), paused.expect("new"));
    for target in ["a", "b"] {
        let added = monitor.add(at(0), single(target, config.clone()));
        added.expect("new");
    }
    assert_eq!(counts(&monitor), (2, 0, 0));
    let attempts = starts(&mut monitor, 0);
    succeed(&mut monitor, 0, &attempts[..1]);
    assert_eq!(counts(&monitor), (2, 1, 0));
    // It is taken off the list by it, and has been looked at.
    fail(&mut monitor, 0, &attempts[1..]);
    assert_eq!(counts(&monitor), (2, 2, 1));
    assert!(monitor.first_results().is_complete());
}
