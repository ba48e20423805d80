//! A monitor at work: what it starts, ends, keeps apart and shows.

mod closures;
#[cfg(target_os = "linux")]
mod commands;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::Poll;
use std::time::{Duration, Instant};
use std::{fs, thread};

use health_core::check::probe::{ExecProbe, Probe};
use health_core::check::{self, CheckConfig, CheckStatus, Mode, OnUnhealthy};
use health_core::health::ComponentConfig;
use health_core::monitor::{MonitorConfig, MonitorEvent};
use health_core::{Class, Kind, Outcome};
use health_core::{ProbeKind, Status};
use health_driver::monitor::{ManualClock, Target};
use health_driver::{Changes, Health};

use crate::clock::{idle, wait};
use crate::driver::{Monitor, Running, defaults};
use crate::{peer, procs};

const LIMIT: Duration = Duration::from_secs(20);

/// With a deadline that does not pass.
fn every(millis: u64) -> CheckConfig {
    let mut config = CheckConfig::default();
    config.interval = Duration::from_millis(millis);
    config.timeout = LIMIT;
    config
}

/// With a deadline that passes at the end of the interval.
fn timing_out(millis: u64) -> CheckConfig {
    let mut config = every(millis);
    config.timeout = config.interval;
    config
}

fn traced() -> MonitorConfig {
    let mut config = defaults();
    config.trace = true;
    config
}

fn spawn() -> Running {
    Running::spawn(Monitor::new(traced()))
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
fn wait_for(monitor: &Running, what: impl Fn(&MonitorEvent) -> bool) -> MonitorEvent {
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

fn turns(to: CheckStatus) -> impl Fn(&MonitorEvent) -> bool {
    move |event| matches!(event, MonitorEvent::Check { event: check::Event::Status { to: it, .. }, .. } if *it == to)
}

fn recorded(event: &MonitorEvent) -> Option<&check::Record> {
    match event {
        MonitorEvent::Check {
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
    let web = monitor.target("web").expect("there");
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

/// The response time ends with the response: what the server needs to close is not in it.
#[test]
fn waiting_for_the_server_to_close_is_no_response_time() {
    let open = Mutex::new(Vec::new());
    let address = peer::server(move |mut stream| {
        use std::io::{Read, Write};
        let _ = stream.read(&mut [0; 1024]);
        let _ = write!(stream, "HTTP/1.1 204 No Content\r\n\r\n");
        open.lock().expect("no panic").push(stream);
    });
    let monitor = spawn();
    monitor
        .add(probing("open", every(100), &format!("http://{address}")))
        .expect("added");
    // One that was fast is enough: on a busy machine, others may have waited for their turn.
    let event = wait_for(&monitor, |event| {
        recorded(event).is_some_and(|it| it.duration() < Duration::from_millis(50))
    });
    assert_eq!(recorded(&event).expect("a record").class(), Class::Success);
    assert!(monitor.stop(LIMIT));
}

/// The verdict at the deadline says what was waited for.
#[test]
fn a_timeout_names_its_part() {
    let address = peer::server(std::mem::forget);
    let monitor = spawn();
    monitor
        .add(probing(
            "mute",
            timing_out(1_500),
            &format!("http://{address}"),
        ))
        .expect("added");
    // The first one that ends by itself: on a busy machine, others may have slept over their deadline.
    wait_for(&monitor, |event| {
        let Some(record) = recorded(event) else {
            return false;
        };
        assert_eq!(record.kind(), Some(Kind::Timeout));
        record.message() == "timeout while waiting for the response head"
    });
}

#[test]
fn a_command_is_ended_at_its_deadline_and_at_the_stop() {
    let mark = procs::mark();
    let monitor = spawn();
    let slow = command("slow", timing_out(300), "sleep 600 & sleep 600", &mark);
    monitor.add(slow).expect("added");
    let event = wait_for(&monitor, |event| recorded(event).is_some());
    assert_eq!(
        recorded(&event).expect("a record").kind(),
        Some(Kind::Timeout)
    );
    wait_for(&monitor, |event| {
        matches!(
            event,
            MonitorEvent::Check {
                event: check::Event::Reaped { .. },
                ..
            }
        )
    });
    wait_for(&monitor, |event| {
        matches!(event, MonitorEvent::Started { .. })
    });
    assert!(monitor.stop(LIMIT));
    procs::none_left(&mark);
}

#[test]
fn a_command_that_ignores_the_stop_is_killed() {
    let mark = procs::mark();
    let fifo = std::env::temp_dir().join(&mark);
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.expect("mkfifo").success());
    let monitor = spawn();
    let fifo_name = fifo.display();
    let line = format!("trap '' TERM; echo set > {fifo_name}; while true; do sleep 0.1; done");
    monitor
        .add(command("stubborn", every(60_000), &line, &mark))
        .expect("added");
    let said = fs::read_to_string(&fifo).expect("what it says");
    assert_eq!(said, "set\n");
    fs::remove_file(&fifo).expect("ours");
    assert!(monitor.stop(LIMIT));
    procs::none_left(&mark);
}

/// In virtual time: an hour in which nothing happens takes none.
#[test]
fn control_by_name() {
    let clock = ManualClock::new();
    let calls = Arc::new(AtomicUsize::new(0));
    let is_well = Arc::new(AtomicBool::new(false));
    let of_check = (Arc::clone(&calls), Arc::clone(&is_well));
    let mut config = every(50);
    config.on_unhealthy = OnUnhealthy::Deregister;
    config.retries = 2;
    let look = move || {
        of_check.0.fetch_add(1, Ordering::SeqCst);
        match of_check.1.load(Ordering::SeqCst) {
            true => Outcome::success(),
            false => Outcome::failure_with_message("not yet"),
        }
    };
    let monitor = Running::run(Monitor::new(traced()).clock(&clock), |monitor| {
        monitor.add(looking("one", config, look)).expect("added");
    });
    let judged = || wait_for(&monitor, |event| recorded(event).is_some());
    let one = || monitor.target("one").expect("there");
    judged();
    // The second attempt may come at its slot, less than an interval after the first one.
    while !one().is_deregistered {
        clock.advance_to(idle(&clock).expect("the next slot"));
        judged();
    }
    assert_eq!(idle(&clock), None, "nothing is to be done ever again");
    is_well.store(true, Ordering::SeqCst);
    assert!(monitor.reactivate("one"));
    judged();
    assert_eq!(one().checks[0].status, CheckStatus::Healthy);

    assert!(monitor.pause("one"));
    let before = calls.load(Ordering::SeqCst);
    clock.advance_to(clock.now() + Duration::from_secs(3_600));
    assert_eq!(idle(&clock), None);
    assert_eq!(calls.load(Ordering::SeqCst), before);
    assert_eq!(one().checks[0].mode, Mode::Paused);
    assert!(monitor.resume("one"));
    judged();
    assert_eq!(calls.load(Ordering::SeqCst), before + 1);

    assert!(monitor.trigger("one"));
    judged();
    assert!(monitor.instance_changed("one"));
    wait_for(&monitor, turns(CheckStatus::Healthy));
    assert!(monitor.remove("one") && !monitor.remove("one") && !monitor.pause("one"));
    assert!(monitor.targets().is_empty());
    assert!(monitor.stop(LIMIT));
}

/// Waits until the daemon's health is this.
fn reaches(health: &Health, wanted: Status) {
    let mut transitions = health.transitions();
    wait(|waker| {
        while let Poll::Ready(Some(_)) = transitions.poll_next(waker) {}
        let is_reached = health.snapshot().status(ProbeKind::Health) == wanted;
        is_reached.then_some(())
    });
}

#[test]
fn a_group_is_one_component() {
    let health = Health::new("daemon", "1.0.0");
    health.set_running();
    let monitor = Monitor::default().component_with(&health, "upstreams", ComponentConfig::new());
    let monitor = Running::spawn(monitor.expect("a name"));
    let is_well = Arc::new(AtomicBool::new(true));
    for name in ["a", "b", "c"] {
        let is_well = Arc::clone(&is_well);
        let look = move || {
            if is_well.load(Ordering::SeqCst) {
                Outcome::success()
            } else {
                Outcome::failure_with_message("down")
            }
        };
        monitor.add(looking(name, every(50), look)).expect("added");
    }
    reaches(&health, Status::Healthy);
    is_well.store(false, Ordering::SeqCst);
    reaches(&health, Status::Unhealthy);
    is_well.store(true, Ordering::SeqCst);
    reaches(&health, Status::Healthy);
    let timing = *health.snapshot().components()[0].timing();
    assert!(timing.count >= 3 && timing.overruns == 0, "{timing:?}");
    assert!(monitor.stop(LIMIT));
}

/// What others do is no reason to end the daemon that watches them; and it says who does it, and why.
#[test]
fn a_group_is_not_critical_and_says_who_is_down() {
    let health = Health::new("daemon", "1.0.0");
    health.set_running();
    let monitor = Monitor::default().component(&health, "upstreams");
    let monitor = Running::spawn(monitor.expect("a name"));
    let mut config = every(50);
    config.retries = 1;
    let down = || Outcome::failure_with_message("no answer");
    let mut off = config.clone();
    off.on_unhealthy = OnUnhealthy::Deregister;
    monitor
        .add(looking("a", config.clone(), down))
        .expect("added");
    monitor.add(looking("b", off, down)).expect("added");
    monitor
        .add(looking("c", config, Outcome::success))
        .expect("added");
    let wanted = (
        "1/3 healthy, 1/3 deregistered",
        "b (deregistered): no answer; also down: a",
    );
    let mut changes = Changes::new(&health);
    wait(|waker| {
        while changes.poll(waker, true).is_ready() {}
        let snapshot = health.snapshot();
        let component = &snapshot.components()[0];
        let (_, last) = component.last()?;
        let cause = last.cause.as_ref()?.reveal();
        ((last.message.as_str(), cause) == wanted).then_some(())
    });
    let snapshot = health.snapshot();
    assert_eq!(snapshot.components()[0].status(), Status::Unhealthy);
    assert_eq!(snapshot.status(ProbeKind::Health), Status::Degraded);
    assert!(monitor.stop(LIMIT));
}
