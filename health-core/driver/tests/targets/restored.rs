//! What is known again of a target after a restart of its prober.
#![cfg(feature = "registry")]

use health_core::check::{CheckStatus, Saved};
use health_core::{Kind, Streak};
use health_driver::Health;
use health_driver::monitor::GroupComponent;

use super::*;

/// A target of this name that was unhealthy, or deregistered, when the prober ended.
fn restored(name: &str, is_deregistered: bool) -> Target {
    let mut config = CheckConfig::default();
    // It is not attempted before the tests have ended.
    config.initial_delay = Duration::from_secs(3_600);
    let mut saved = Saved::default();
    saved.status = CheckStatus::Unhealthy;
    saved.streak = Streak::of_failures(3);
    saved.deregistered = is_deregistered;
    let probe = "tcp://10.0.0.7:80".parse().expect("a probe");
    let error = Outcome::failure_with_message("connection refused").of_kind(Kind::Refused);
    let target = Target::new(name).expect("a name");
    let target = target.group(Name::new("web").expect("a name"));
    let check = Name::new("tcp").expect("a name");
    let target = target.restored_probe(check, Arc::new(config), probe, saved);
    target.restored_error(error)
}

/// Of a group whose caller gathers it, and of the component that a monitor keeps up to date.
#[test]
fn a_component_says_why_its_first_target_is_down() {
    for (is_deregistered, wanted) in [
        (true, "b (deregistered): connection refused; also down: c"),
        (false, "b: connection refused; also down: c"),
    ] {
        let health = Health::new("daemon", "1.0.0");
        let group = GroupComponent::new(&health, "upstreams").expect("a name");
        let config = MonitorConfig::default();
        let clock = MonitorClock::from(&ManualClock::new());
        let (mut driver, monitor) = MonitorDriver::new(config, Some(group), clock);
        for name in ["c", "b"] {
            monitor
                .add(restored(name, is_deregistered))
                .expect("a free name");
        }
        while !matches!(driver.poll(Waker::noop()), MonitorAction::Wait { .. }) {}
        let groups = monitor.groups();
        let (_, down) = &groups[&Some(Name::new("web").expect("a name"))];
        assert_eq!(down.to_string(), wanted);
        let snapshot = health.snapshot();
        let (_, last) = snapshot.components()[0].last().expect("a result");
        let cause = last.cause.as_ref().expect("a cause");
        assert_eq!(cause.reveal(), wanted);
    }
}
