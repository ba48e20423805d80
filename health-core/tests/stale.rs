//! Nothing is believed for longer than it may be: heartbeats, results, and the grace between.

use std::time::Duration;

use health_core::Instant;
use health_core::health::{ComponentConfig, HeartbeatId, Registry, Snapshot};
use health_core::{ProbeKind, Status};

const DEADLINE: Duration = Duration::from_secs(5);

fn at(millis: u64) -> Instant {
    Instant::from_micros(millis * 1_000)
}

/// A running daemon with one heartbeat, and an endpoint that keeps its pulse.
struct Daemon {
    registry: Registry,
    beat: HeartbeatId,
    /// When the endpoint looks next, as a driver is told.
    look: Option<Instant>,
    looks: u32,
}

impl Daemon {
    fn new() -> Self {
        let mut registry = Registry::new("svc", "1", at(0));
        let beat = registry
            .heartbeat(at(0), "loop", DEADLINE)
            .expect("a free name");
        registry.set_running(at(0));
        let mut daemon = Self {
            registry,
            beat,
            look: None,
            looks: 0,
        };
        daemon.look(at(0));
        daemon
    }

    fn look(&mut self, now: Instant) {
        self.registry.handle_timeout(now);
        self.look = self.registry.poll_timeout();
        self.looks += 1;
    }

    /// The endpoint runs until `end`.
    fn run(&mut self, end: Instant) {
        while let Some(look) = self.look.filter(|look| *look <= end) {
            self.look(look);
        }
    }

    /// Everything runs until `now`, and then the loop beats.
    fn beat(&mut self, now: Instant) {
        self.run(now);
        self.registry.beat(now, self.beat);
    }

    /// Somebody asks; if the endpoint was to look before, it does so now.
    fn is_alive(&mut self, now: Instant) -> bool {
        if self.look.is_some_and(|look| look <= now) {
            self.look(now);
        }
        is_alive(&self.registry.snapshot(now))
    }
}

fn is_alive(snapshot: &Snapshot) -> bool {
    snapshot.status(ProbeKind::Liveness) == Status::Healthy
}

#[test]
fn stale_results_fail_readiness_for_ever_and_nothing_grows() {
    let mut registry = Registry::new("svc", "1", at(0));
    let config = ComponentConfig::new().validity(Duration::from_secs(90));
    let db = registry.component(at(0), "db", config).expect("free");
    registry.set_running(at(0));
    registry.success(at(0), db);
    assert_eq!(registry.poll_timeout(), Some(at(90_000)));
    for period in 3..1_003 {
        let snapshot = registry.snapshot(at(period * 30_000));
        assert_eq!(snapshot.status(ProbeKind::Readiness), Status::Unhealthy);
        assert_eq!(snapshot.status(ProbeKind::Health), Status::Unknown);
        assert_eq!(snapshot.components()[0].since(), at(90_000));
        // Unknown to healthy, and back; and the phase.
        assert_eq!(snapshot.history().last_id(), 3);
    }
    assert_eq!(registry.poll_timeout(), None);
}

#[test]
fn a_stuck_loop_is_found_out_on_time_by_an_endpoint_that_keeps_its_pulse() {
    let mut daemon = Daemon::new();
    daemon.beat(at(1_000));
    daemon.run(at(5_999));
    assert!(daemon.is_alive(at(5_999)));
    assert_eq!(daemon.look, Some(at(6_000)));
    daemon.run(at(6_000));
    // Nobody has asked.
    let history = daemon.registry.snapshot(at(6_000)).history().last_id();
    assert_eq!(history, 2, "the phase and the heartbeat");
    assert!(!daemon.is_alive(at(6_000)));
}

#[test]
fn a_pulse_costs_at_most_two_wake_ups_in_each_deadline_and_stops_with_the_need() {
    let mut daemon = Daemon::new();
    assert_eq!(daemon.look, Some(at(3_750)));
    for period in [100, 500, 1_250] {
        daemon.looks = 0;
        let begin = daemon.registry.snapshot(at(0)).heartbeats()[0].last();
        let mut now = begin;
        while now.duration_since(begin) < 100 * DEADLINE {
            now = now + Duration::from_millis(period);
            daemon.beat(now);
        }
        assert!(daemon.looks <= 200, "{} every {period} ms", daemon.looks);
    }
    let last = daemon.registry.snapshot(at(0)).heartbeats()[0].last();
    daemon.run(last + DEADLINE);
    // What is missed already needs no pulse.
    assert_eq!(daemon.look, None);
    daemon.beat(last + 2 * DEADLINE);
    daemon.look(last + 2 * DEADLINE);
    assert!(daemon.look.is_some());
    daemon.registry.begin_drain(last + 2 * DEADLINE);
    daemon.look(last + 2 * DEADLINE);
    assert_eq!(daemon.look, Some(last + 3 * DEADLINE), "its deadline alone");
}

/// A caller that asks for the next call after every change, as the registry's documentation says: it
/// is never late, so a loop that hangs gets no grace.
#[test]
fn a_caller_that_is_never_late_detects_a_hung_loop_on_time() {
    let mut registry = Registry::new("svc", "1", at(0));
    let deadline = Duration::from_secs(8);
    let beat = registry.heartbeat(at(0), "loop", deadline).expect("free");
    registry.set_running(at(0));
    registry.handle_timeout(at(0));
    for now in (0..28_000).step_by(250).map(at) {
        if registry.poll_timeout().is_some_and(|next| next <= now) {
            registry.handle_timeout(now);
        }
        if now.as_micros() % 1_000_000 == 0 && now <= at(20_000) {
            registry.beat(now, beat);
        }
    }
    assert!(is_alive(&registry.snapshot(at(27_999))));
    registry.handle_timeout(at(28_000));
    let snapshot = registry.snapshot(at(28_000));
    assert!(!is_alive(&snapshot), "silent for 8 s");
    assert_eq!(snapshot.host_stalls(), 0);
}

/// As a bare loop that sleeps until it is called for, and asks again after each beat.
#[test]
fn calls_at_the_times_that_are_asked_for_are_never_late() {
    let seconds = |now: u64| at(now * 1_000);
    for (deadline, beats) in [(8, 20), (8, 1), (8, 0), (5, 33), (60, 300)] {
        let mut registry = Registry::new("svc", "1", seconds(0));
        let length = Duration::from_secs(deadline);
        let beat = registry
            .heartbeat(seconds(0), "loop", length)
            .expect("free");
        registry.set_running(seconds(0));
        registry.handle_timeout(seconds(0));
        (1..=beats).for_each(|now| registry.beat(seconds(now), beat));
        let mut now = seconds(0);
        while is_alive(&registry.snapshot(now)) {
            now = registry.poll_timeout().expect("it is silent");
            registry.handle_timeout(now);
        }
        let snapshot = registry.snapshot(now);
        let seen = (now, snapshot.host_stalls(), snapshot.excused().count());
        assert_eq!(seen, (seconds(beats + deadline), 0, 0), "{deadline} s");
    }
}

/// SIGSTOP at 10 s, SIGCONT at 100 s: the endpoint is the first to wake.
#[test]
fn a_stopped_process_gets_one_deadline_of_grace_and_says_so() {
    let mut daemon = Daemon::new();
    (1..20).for_each(|half| daemon.beat(at(half * 500)));
    assert!(daemon.is_alive(at(100_000)));
    let snapshot = daemon.registry.snapshot(at(100_000));
    assert_eq!(
        snapshot
            .excused()
            .map(|name| name.as_str())
            .collect::<Vec<_>>(),
        ["loop"]
    );
    assert_eq!(snapshot.host_stalls(), 1);
    // The loop goes on as if nothing had been.
    daemon.beat(at(101_000));
    assert!(daemon.is_alive(at(101_000)));
    let snapshot = daemon.registry.snapshot(at(101_000));
    assert_eq!(snapshot.excused().count(), 0);
}

/// However long the stop, also if it ends in the very moment in which the deadline has passed.
#[test]
fn a_stop_of_any_length_is_no_fault_of_a_loop_that_beats_in_time() {
    for last in [9_100, 9_500, 9_900, 10_000] {
        for end in (10_001..25_000).step_by(7) {
            let mut daemon = Daemon::new();
            let beats = (1..).map(|half| half * 500).take_while(|beat| *beat < last);
            beats.for_each(|beat| daemon.beat(at(beat)));
            daemon.beat(at(last));
            daemon.run(at(10_000));
            assert!(daemon.is_alive(at(end)), "beaten at {last}, back at {end}");
        }
    }
}

#[test]
fn grace_ends_after_one_deadline_however_often_the_host_stalls() {
    let mut daemon = Daemon::new();
    (1..20).for_each(|half| daemon.beat(at(half * 500)));
    assert!(daemon.is_alive(at(100_000)));
    // Stopped again, for 3 s at a time: only a beat would earn another grace.
    assert!(daemon.is_alive(at(103_000)));
    assert!(!daemon.is_alive(at(106_000)));
    let snapshot = daemon.registry.snapshot(at(106_000));
    assert_eq!(snapshot.heartbeats()[0].since(), at(105_000));
    assert_eq!(snapshot.host_stalls(), 1);
    assert!(!daemon.is_alive(at(200_000)));
}

#[test]
fn what_was_missed_before_the_stall_stays_missed() {
    let mut daemon = Daemon::new();
    daemon.run(at(5_000));
    assert!(!daemon.is_alive(at(100_000)));
    assert_eq!(daemon.registry.snapshot(at(100_000)).host_stalls(), 0);
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
fn where_the_endpoint_has_ended_nothing_is_excused() {
    let mut daemon = Daemon::new();
    daemon.beat(at(1_000));
    daemon.registry.end_stall_detection();
    assert!(!is_alive(&daemon.registry.snapshot(at(60_000))));
}

#[test]
fn a_short_delay_excuses_nobody() {
    let mut daemon = Daemon::new();
    daemon.run(at(3_750));
    // Late by 0.6 s: less than an eighth of the deadline, as on a machine that is busy.
    assert!(!daemon.is_alive(at(5_600)));
    assert_eq!(daemon.registry.snapshot(at(5_600)).host_stalls(), 0);
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
        let mut daemon = Daemon::new();
        let (mut now, mut last) = (0, 0);
        // The first late look in this silence.
        let mut excused_from = None;
        for _ in 0..60 {
            let is_stopped = random(4) == 0;
            now += if is_stopped {
                random(20_000)
            } else {
                random(1_250)
            };
            if !is_stopped {
                daemon.run(at(now));
            }
            let late = daemon
                .look
                .map_or(0, |look| at(now).duration_since(look).as_millis());
            if late > 625 && now - last > 2_500 {
                excused_from = excused_from.or(Some(now));
            }
            if random(3) == 0 {
                daemon.is_alive(at(now));
                daemon.beat(at(now));
                (last, excused_from) = (now, None);
            }
            let latest = last.max(excused_from.unwrap_or(0)) + 5_000;
            let is_alive = daemon.is_alive(at(now));
            if now >= latest {
                assert!(!is_alive, "silent since {last}, now {now}");
            }
            if now < last + 5_000 {
                assert!(is_alive, "it beat at {last}, now {now}");
            }
        }
    }
}
