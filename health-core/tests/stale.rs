//! Nothing is believed for longer than it may be: heartbeats, results, and the grace between.

use std::time::Duration;

use health_core::health::{ComponentConfig, HeartbeatId, ProbeKind, Registry, Snapshot, Status};
use health_core::time::Instant;

const DEADLINE: Duration = Duration::from_secs(5);

fn at(millis: u64) -> Instant {
    Instant::from_micros(millis * 1_000)
}

/// A running daemon with one heartbeat, whose endpoint has looked at `at(0)`.
fn beating() -> (Registry, HeartbeatId) {
    let mut registry = Registry::new("svc", "1", at(0));
    let beat = registry
        .heartbeat(at(0), "loop", DEADLINE)
        .expect("a free name");
    registry.set_running(at(0));
    registry.handle_timeout(at(0));
    (registry, beat)
}

/// Lets the endpoint keep its pulse up to `end`.
fn keep_pulse(registry: &mut Registry, end: Instant) {
    while let Some(next) = registry.next_deadline().filter(|next| *next <= end) {
        registry.handle_timeout(next);
    }
}

fn is_alive(snapshot: &Snapshot) -> bool {
    snapshot.status(ProbeKind::Liveness) == Status::Healthy
}

#[test]
fn stale_results_fail_readiness_for_ever_and_nothing_grows() {
    let mut registry = Registry::new("svc", "1", at(0));
    let config = ComponentConfig {
        validity: Some(Duration::from_secs(90)),
        ..Default::default()
    };
    let db = registry.component(at(0), "db", config).expect("free");
    registry.set_running(at(0));
    registry.success(at(0), db);
    assert_eq!(registry.next_deadline(), Some(at(90_000)));
    for period in 3..1_003 {
        let snapshot = registry.snapshot(at(period * 30_000));
        assert_eq!(snapshot.status(ProbeKind::Readiness), Status::Unhealthy);
        assert_eq!(snapshot.status(ProbeKind::Health), Status::Unknown);
        assert_eq!(snapshot.components()[0].since(), at(90_000));
        // Unknown to healthy, and back; and the phase.
        assert_eq!(snapshot.history().last_id(), 3);
    }
    assert_eq!(registry.next_deadline(), None);
}

#[test]
fn a_stuck_loop_is_found_out_on_time_by_an_endpoint_that_keeps_its_pulse() {
    let (mut registry, beat) = beating();
    registry.beat(at(1_000), beat);
    keep_pulse(&mut registry, at(5_999));
    assert!(is_alive(&registry.snapshot(at(5_999))));
    assert_eq!(registry.next_deadline(), Some(at(6_000)));
    assert!(!is_alive(&registry.snapshot(at(6_000))));
}

#[test]
fn pulses_are_a_quarter_of_the_shortest_deadline_and_stop_with_the_need() {
    let (mut registry, beat) = beating();
    assert_eq!(registry.next_deadline(), Some(at(1_250)));
    registry
        .heartbeat(at(0), "fast", Duration::from_millis(100))
        .expect("a free name");
    assert_eq!(registry.next_deadline(), Some(at(50)));
    // What is missed already needs no pulse.
    registry.handle_timeout(at(100));
    assert_eq!(registry.next_deadline(), Some(at(1_350)));
    registry.beat(at(1_000), beat);
    registry.begin_drain(at(1_000));
    assert_eq!(registry.next_deadline(), Some(at(6_000)));
}

/// SIGSTOP at 10 s, SIGCONT at 100 s: the endpoint is the first to wake.
#[test]
fn a_stopped_process_gets_one_deadline_of_grace_and_says_so() {
    let (mut registry, beat) = beating();
    registry.beat(at(9_500), beat);
    keep_pulse(&mut registry, at(10_000));
    let snapshot = registry.snapshot(at(100_000));
    assert!(is_alive(&snapshot));
    assert_eq!(
        snapshot
            .excused()
            .map(|name| name.as_str())
            .collect::<Vec<_>>(),
        ["loop"]
    );
    assert_eq!(snapshot.host_stalls(), 1);
    // The loop goes on as if nothing had been.
    registry.beat(at(101_000), beat);
    let snapshot = registry.snapshot(at(101_000));
    assert!(is_alive(&snapshot));
    assert_eq!(snapshot.excused().count(), 0);
}

#[test]
fn grace_ends_after_one_deadline_however_often_the_host_stalls() {
    let (mut registry, beat) = beating();
    registry.beat(at(9_500), beat);
    keep_pulse(&mut registry, at(10_000));
    assert!(is_alive(&registry.snapshot(at(100_000))));
    // Stopped again, for 3 s at a time: only a beat would earn another grace.
    assert!(is_alive(&registry.snapshot(at(103_000))));
    let snapshot = registry.snapshot(at(106_000));
    assert!(!is_alive(&snapshot));
    assert_eq!(snapshot.heartbeats()[0].since(), at(105_000));
    assert_eq!(snapshot.host_stalls(), 1);
    assert!(!is_alive(&registry.snapshot(at(200_000))));
}

#[test]
fn what_was_missed_before_the_gap_stays_missed() {
    let (mut registry, _) = beating();
    keep_pulse(&mut registry, at(5_000));
    assert!(!is_alive(&registry.snapshot(at(100_000))));
    assert_eq!(registry.snapshot(at(100_000)).host_stalls(), 0);
}

#[test]
fn without_a_pulse_nothing_is_excused() {
    let mut registry = Registry::new("svc", "1", at(0));
    registry.heartbeat(at(0), "loop", DEADLINE).expect("free");
    registry.set_running(at(0));
    assert!(is_alive(&registry.snapshot(at(4_000))));
    // Nobody promised to look in between, so this says nothing about the host.
    assert!(!is_alive(&registry.snapshot(at(60_000))));
}

#[test]
fn a_short_gap_excuses_nobody() {
    let (mut registry, beat) = beating();
    registry.beat(at(1_000), beat);
    keep_pulse(&mut registry, at(3_750));
    // 2.25 s: less than half of the deadline. A loop that is well had time enough to beat.
    assert!(!is_alive(&registry.snapshot(at(6_000))));
}

/// Whatever the host and the loop do: a loop that has not beaten is found out at the latest one
/// deadline after the first look that came too late for its own.
#[test]
fn grace_never_hides_a_stuck_loop_for_longer_than_one_more_deadline() {
    let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = move |below: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % below
    };
    for _ in 0..2_000 {
        let (mut registry, beat) = beating();
        let (mut now, mut last, mut pulse) = (0, 0, 0);
        // The first look after a notable gap in this silence.
        let mut excused_from = None;
        for _ in 0..60 {
            now += match random(4) {
                0 => 2_501 + random(20_000),
                _ => random(1_250),
            };
            if random(3) == 0 {
                last = now;
                excused_from = None;
                registry.beat(at(now), beat);
            } else if excused_from.is_none() && now - pulse > 2_500 {
                excused_from = Some(now);
            }
            registry.handle_timeout(at(now));
            pulse = now;
            let latest = last.max(excused_from.unwrap_or(0)) + 5_000;
            let snapshot = registry.snapshot(at(now));
            if now >= latest {
                assert!(!is_alive(&snapshot), "silent since {last}, now {now}");
            }
            if now < last + 5_000 {
                assert!(is_alive(&snapshot), "it beat at {last}, now {now}");
            }
        }
    }
}
