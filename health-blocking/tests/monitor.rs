//! The monitor on threads: what it starts, ends, keeps apart and shows.
#![cfg(unix)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use health_blocking::Health;
use health_blocking::core::health::{ProbeKind, Status};
use health_blocking::monitor::check::{self, Mode};
use health_blocking::monitor::{
    CheckConfig, CheckStatus, Event, Kind, Monitor, MonitorConfig, MonitorHandle, OnUnhealthy,
    Outcome, Target, defaults,
};
use health_blocking::probe::{ExecProbe, Probe};

#[path = "support/peer.rs"]
mod peer;
#[path = "support/procs.rs"]
mod procs;

const LIMIT: Duration = Duration::from_secs(5);

fn every(millis: u64) -> CheckConfig {
    CheckConfig {
        interval: Duration::from_millis(millis),
        timeout: Duration::from_millis(millis),
        ..CheckConfig::default()
    }
}

fn spawn() -> MonitorHandle {
    let config = MonitorConfig {
        trace: true,
        ..defaults()
    };
    Monitor::new(config).spawn().expect("a thread")
}

fn probing(name: &str, config: CheckConfig, probe: &str) -> Target {
    let probe: Probe = probe.parse().expect("a probe");
    let target = Target::new(name).expect("a name");
    target.probe("probe", config, probe).expect("a name")
}

fn command(name: &str, config: CheckConfig, line: &str, mark: &str) -> Target {
    let probe = ExecProbe::shell(line).env("MARK", mark).build();
    let target = Target::new(name).expect("a name");
    target
        .probe("exec", config, probe.expect("valid").into())
        .expect("a name")
}

fn looking(
    name: &str,
    config: CheckConfig,
    look: impl Fn() -> Outcome + Send + Sync + 'static,
) -> Target {
    let target = Target::new(name).expect("a name");
    target.self_check("look", config, look).expect("a name")
}

#[track_caller]
fn wait_for(monitor: &MonitorHandle, what: impl Fn(&Event) -> bool) -> Event {
    let until = Instant::now() + LIMIT;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        match monitor.next_event(left) {
            Some(event) if what(&event) => return event,
            Some(_) => {}
            None => panic!("waited in vain: {:?}", monitor.status()),
        }
    }
}

fn turns(to: CheckStatus) -> impl Fn(&Event) -> bool {
    move |event| matches!(event, Event::Check { event: check::Event::Status { to: it, .. }, .. } if *it == to)
}

fn recorded(event: &Event) -> Option<&check::Record> {
    match event {
        Event::Check {
            event: check::Event::Recorded(record),
            ..
        } => Some(record),
        _ => None,
    }
}

#[test]
fn a_target_fails_and_recovers() {
    let is_well = Arc::new(AtomicUsize::new(0));
    let of_server = Arc::clone(&is_well);
    let address = peer::server(move |mut stream| {
        use std::io::{Read, Write};
        let _ = stream.read(&mut [0; 1024]);
        let status = if of_server.load(Ordering::Relaxed) == 0 {
            500
        } else {
            200
        };
        let _ = write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n");
    });
    let monitor = spawn();
    monitor
        .add(probing("web", every(50), &format!("http://{address}")))
        .expect("added");
    wait_for(&monitor, turns(CheckStatus::Unhealthy));
    let status = monitor.status();
    let web = status.target("web").expect("there");
    assert_eq!((web.healthy, web.is_ready), ((0, 1), false));
    assert!(web.checks[0].streak.failures() >= 3);
    assert_eq!(web.checks[0].target, format!("http://{address}/"));
    let report = web.checks[0].last_report.as_ref().expect("evidence");
    assert_eq!((report.status, report.address), (Some(500), Some(address)));

    is_well.store(1, Ordering::Relaxed);
    wait_for(&monitor, turns(CheckStatus::Healthy));
    assert!(monitor.stop(LIMIT) && !monitor.is_running());
    assert!(monitor.stop(LIMIT), "twice is harmless");
    assert!(
        monitor
            .add(probing("late", every(50), "tcp://127.0.0.1:1"))
            .is_err()
    );
}

/// The verdict at the deadline says what was waited for.
#[test]
fn a_timeout_names_its_part() {
    let address = peer::server(std::mem::forget);
    let monitor = spawn();
    monitor
        .add(probing("mute", every(1_000), &format!("http://{address}")))
        .expect("added");
    let event = wait_for(&monitor, |event| recorded(event).is_some());
    let record = recorded(&event).expect("a record");
    assert_eq!(record.kind(), Some(Kind::Timeout));
    assert_eq!(
        record.message(),
        "timeout while waiting for the response head"
    );
}

#[test]
fn a_command_is_ended_at_its_deadline_and_at_the_stop() {
    let mark = procs::mark();
    let monitor = spawn();
    let slow = command("slow", every(300), "sleep 600 & sleep 600", &mark);
    monitor.add(slow).expect("added");
    let event = wait_for(&monitor, |event| recorded(event).is_some());
    assert_eq!(
        recorded(&event).expect("a record").kind(),
        Some(Kind::Timeout)
    );
    wait_for(&monitor, |event| {
        matches!(
            event,
            Event::Check {
                event: check::Event::Reaped { .. },
                ..
            }
        )
    });
    wait_for(&monitor, |event| matches!(event, Event::Started { .. }));
    assert!(monitor.stop(LIMIT));
    procs::none_left(&mark);
}

#[test]
fn a_command_that_ignores_the_stop_is_killed() {
    let mark = procs::mark();
    let monitor = spawn();
    let line = "trap '' TERM; while true; do sleep 0.1; done";
    monitor
        .add(command("stubborn", every(60_000), line, &mark))
        .expect("added");
    wait_for(&monitor, |event| matches!(event, Event::Started { .. }));
    // Until the trap is set.
    thread::sleep(Duration::from_millis(200));
    assert!(monitor.stop(LIMIT));
    procs::none_left(&mark);
}

#[test]
fn a_closure_that_panics_has_failed() {
    let monitor = spawn();
    // Printing the panic with a backtrace takes a while.
    let config = CheckConfig {
        retries: 1,
        ..every(2_000)
    };
    let target = looking("bad", config, || panic!("secret {}", 7));
    monitor.add(target).expect("added");
    let event = wait_for(&monitor, |event| recorded(event).is_some());
    let record = recorded(&event).expect("a record");
    assert_eq!(record.kind(), Some(Kind::Panicked));
    assert_eq!(record.message(), "the check panicked");
    assert_eq!(record.cause().expect("what it said").reveal(), "secret 7");
    wait_for(&monitor, turns(CheckStatus::Unhealthy));
}

/// Never two runs of one, failed by the clock, not started again while stuck.
#[test]
fn a_closure_that_hangs_fails_by_the_clock_and_runs_once() {
    let calls = Arc::new(AtomicUsize::new(0));
    let of_check = Arc::clone(&calls);
    let monitor = spawn();
    let look = move || {
        if of_check.fetch_add(1, Ordering::SeqCst) == 0 {
            thread::sleep(Duration::from_millis(800));
        }
        Outcome::success()
    };
    monitor
        .add(looking("stuck", every(100), look))
        .expect("added");
    wait_for(&monitor, turns(CheckStatus::Unhealthy));
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    let status = monitor.status();
    let view = &status.target("stuck").expect("there").checks[0];
    assert_eq!(view.mode, Mode::Reaping);
    let kinds: Vec<_> = view
        .history
        .iter()
        .filter_map(check::Record::kind)
        .collect();
    assert_eq!(kinds[..2], [Kind::Timeout, Kind::PreviousAttemptStuck]);
    // It returns at last; the next call is answered.
    wait_for(&monitor, turns(CheckStatus::Healthy));
}

#[test]
fn a_stuck_closure_does_not_hold_the_stop_up() {
    let monitor = Monitor::new(MonitorConfig {
        stop_timeout: Duration::from_millis(300),
        trace: true,
        ..defaults()
    });
    let monitor = monitor.spawn().expect("a thread");
    let look = || loop {
        thread::sleep(Duration::from_secs(1));
    };
    monitor
        .add(looking("stuck", every(60_000), look))
        .expect("added");
    wait_for(&monitor, |event| matches!(event, Event::Started { .. }));
    assert!(monitor.stop(LIMIT));
    let stopped = wait_for(&monitor, |event| matches!(event, Event::Stopped { .. }));
    assert!(matches!(stopped, Event::Stopped { left: 1, .. }));
}

#[test]
fn control_by_name() {
    let calls = Arc::new(AtomicUsize::new(0));
    let of_check = Arc::clone(&calls);
    let monitor = spawn();
    let config = CheckConfig {
        on_unhealthy: OnUnhealthy::Deregister,
        retries: 2,
        ..every(50)
    };
    let look = move || match of_check.fetch_add(1, Ordering::SeqCst) {
        0..2 => Outcome::failure("not yet"),
        _ => Outcome::success(),
    };
    monitor.add(looking("one", config, look)).expect("added");
    wait_for(&monitor, |event| {
        matches!(
            event,
            Event::Check {
                event: check::Event::Deregistered,
                ..
            }
        )
    });
    assert!(
        monitor
            .status()
            .target("one")
            .expect("there")
            .is_deregistered
    );
    assert!(monitor.reactivate("one"));
    wait_for(&monitor, turns(CheckStatus::Healthy));
    assert!(monitor.pause("one"));
    let before = calls.load(Ordering::SeqCst);
    thread::sleep(Duration::from_millis(200));
    assert!(calls.load(Ordering::SeqCst) <= before + 1);
    assert_eq!(
        monitor.status().target("one").expect("there").checks[0].mode,
        Mode::Paused
    );
    assert!(monitor.resume("one"));
    assert!(monitor.trigger("one") && monitor.instance_changed("one"));
    wait_for(&monitor, turns(CheckStatus::Healthy));
    assert!(monitor.remove("one") && !monitor.remove("one") && !monitor.pause("one"));
    assert!(monitor.status().targets.is_empty());
}

#[test]
fn a_group_is_one_component() {
    let health = Health::new("daemon", "1.0.0");
    health.set_running();
    let monitor = Monitor::default();
    let monitor = monitor.component(&health, "upstreams").expect("a name");
    let monitor = monitor.spawn().expect("a thread");
    let is_well = Arc::new(AtomicUsize::new(1));
    for name in ["a", "b", "c"] {
        let is_well = Arc::clone(&is_well);
        let look = move || match is_well.load(Ordering::SeqCst) {
            0 => Outcome::failure("down"),
            _ => Outcome::success(),
        };
        monitor.add(looking(name, every(50), look)).expect("added");
    }
    let reaches = |wanted: Status| {
        let until = Instant::now() + LIMIT;
        while health.snapshot().status(ProbeKind::Health) != wanted {
            assert!(Instant::now() < until, "{:?}", health.snapshot());
            thread::sleep(Duration::from_millis(10));
        }
    };
    reaches(Status::Healthy);
    is_well.store(0, Ordering::SeqCst);
    reaches(Status::Unhealthy);
    is_well.store(1, Ordering::SeqCst);
    reaches(Status::Healthy);
    let timing = *health.snapshot().components()[0].timing();
    assert!(timing.count >= 3 && timing.overruns == 0, "{timing:?}");
    assert!(monitor.stop(LIMIT));
}
