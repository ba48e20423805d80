//! How far the first look at all targets has come.

use std::sync::Arc;

use health_core::check::{CheckConfig, OnUnhealthy, Saved};
use health_core::monitor::{FirstRound, TargetSpec};

use crate::{at, fail, name, plain, running, single, starts, succeed};

#[test]
fn the_first_round_is_over_when_a_result_of_each_has_come() {
    let mut monitor = running(plain());
    let round = |total, done, failing| FirstRound {
        total,
        done,
        failing,
    };
    assert!(monitor.first_round().is_over(), "nobody is waited for");
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
    assert_eq!(monitor.first_round(), round(2, 0, 0));
    let attempts = starts(&mut monitor, 0);
    succeed(&mut monitor, 0, &attempts[..1]);
    assert_eq!(monitor.first_round(), round(2, 1, 0));
    // It is taken off the list by it, and has been looked at.
    fail(&mut monitor, 0, &attempts[1..]);
    assert_eq!(monitor.first_round(), round(2, 2, 1));
    assert!(monitor.first_round().is_over());
}
