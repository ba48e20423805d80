//! How a daemon ends: what is refused first, and what holds the end up.

use std::time::Duration;

use health_core::Instant;
use health_core::health::{Phase, Registry};
use health_core::server::Limits;
use health_core::{ProbeKind, Status};

const START: Instant = Instant::from_micros(0);

#[test]
fn drain_refuses_readiness_first_and_keeps_liveness() {
    let mut registry = Registry::new("svc", "1", START);
    registry.set_running(START);
    registry.begin_work();
    registry.begin_work();
    assert!(!registry.is_drained(), "it does not even drain yet");
    registry.begin_drain(START);
    let snapshot = registry.snapshot(START);
    assert_eq!(snapshot.in_flight(), 2);
    assert_eq!(snapshot.status(ProbeKind::Readiness), Status::Unhealthy);
    assert_eq!(snapshot.status(ProbeKind::Liveness), Status::Healthy);

    registry.end_work();
    // Work in flight may need more work to come to its end.
    registry.begin_work();
    registry.end_work();
    assert!(!registry.is_drained());
    let revision = registry.revision();
    registry.end_work();
    assert!(registry.is_drained());
    assert!(registry.revision() > revision, "whoever waits is told");
    registry.stop(START);
    assert_eq!(registry.snapshot(START).phase(), Phase::Stopped);
    // One end too many is a mistake of the caller's, and no more than that.
    registry.end_work();
    assert_eq!(registry.snapshot(START).in_flight(), 0);
}

#[test]
fn drain_that_does_not_fit_into_the_grace_is_refused() {
    let mut limits = Limits::default();
    limits.drain_delay = Duration::from_secs(5);
    assert!(limits.within(Duration::from_secs(30)).is_ok());
    let error = limits.within(Duration::from_secs(29)).expect_err("30 s");
    assert_eq!(
        error.to_string(),
        "drain_delay 5s, drain_timeout 20s and stop_timeout 5s are more than the grace of 29s"
    );
}
