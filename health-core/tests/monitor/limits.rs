//! Queue, processes, ticks, first attempts, the end.

use core::num::NonZeroU32;
use std::time::Duration;

use health_core::Outcome;
use health_core::ProbeKind;
use health_core::check::probe::{AddressPolicy, Attempt, AttemptStep, Probe};
use health_core::check::{CheckStatus, FirstCheck, Mode};
use health_core::monitor::{Command, Monitor, MonitorConfig, MonitorEvent, Signal, Spread};

use crate::{
    at, events, every_10_s, exec, nth, numbers, plain, plain_with, poll, running, single, starts,
    status, succeed,
};

/// A server that leaves the close to its client: the wait for it is no response time, and holds no place.
#[test]
fn an_attempt_is_over_with_its_response() {
    let mut monitor = running(plain());
    let config = every_10_s(ProbeKind::Health);
    let id = monitor.add(at(0), single("web", config)).expect("new");
    let begun = starts(&mut monitor, 0);
    let probe: Probe = "http://127.0.0.1/".parse().expect("a URL");
    let policy = AddressPolicy::new();
    let mut exchange = Attempt::new(&probe, &policy, at(0), at(1_000)).expect("not a command");
    let AttemptStep::Connect { to, .. } = exchange.step() else {
        panic!("{:?}", exchange.step());
    };
    exchange.handle_connected(at(1), to, None);
    exchange.handle_sent(at(1));
    exchange.handle_input(at(2), b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    assert_eq!(exchange.step(), AttemptStep::Linger { until: at(52) });
    let report = exchange.report().cloned().expect("it is known");
    monitor.handle_outcome(at(2), begun[0], report.outcome);
    assert_eq!(monitor.in_flight(), 0);
    exchange.handle_timeout(at(52));
    let took = Duration::from_millis(2);
    assert_eq!(exchange.into_report().took, took);
    let record = nth(&monitor, id, 0).history().last();
    assert_eq!(record.map(|it| it.duration()), Some(took));
}

#[test]
fn t3_what_waits_begins_in_the_order_of_its_slots() {
    let mut monitor = running(plain_with(|it| it.max_in_flight = 1));
    let mut late = every_10_s(ProbeKind::Health);
    late.spread_offset = Duration::from_millis(100);
    let late = monitor.add(at(0), single("a", late)).expect("new");
    let first = monitor
        .add(at(0), single("b", every_10_s(ProbeKind::Health)))
        .expect("new");
    let second = monitor
        .add(at(0), single("c", every_10_s(ProbeKind::Health)))
        .expect("new");
    let mut order = Vec::new();
    for now in [0, 500, 900] {
        let begun = starts(&mut monitor, now);
        order.extend(begun.iter().map(|it| it.check().target()));
        assert_eq!(monitor.in_flight(), 1);
        // While nothing may begin, nothing that is due wakes anybody.
        assert!(monitor.poll_timeout() > Some(at(now)));
        succeed(&mut monitor, now + 10, &begun);
    }
    assert_eq!(order, [first, second, late]);
}

#[test]
fn a_limit_can_be_raised_while_running() {
    let mut monitor = running(plain_with(|it| it.max_in_flight = 0));
    for target in ["a", "b", "c"] {
        monitor
            .add(at(0), single(target, every_10_s(ProbeKind::Health)))
            .expect("new");
    }
    assert!(starts(&mut monitor, 0).is_empty());
    assert_eq!(monitor.poll_timeout(), None);
    monitor.set_max_in_flight(2);
    assert_eq!(starts(&mut monitor, 5).len(), 2);
}

#[test]
fn demand_is_what_silence_would_keep_in_flight() {
    let mut monitor = Monitor::new(plain());
    assert_eq!(numbers(&mut monitor, at(0)).demand, 0);
    for (target, timeout) in [("a", 4), ("b", 4), ("c", 5), ("d", 600)] {
        let mut config = every_10_s(ProbeKind::Health);
        config.timeout = Duration::from_secs(timeout);
        monitor.add(at(0), single(target, config)).expect("new");
    }
    // 0.4 + 0.4 + 0.5, and no more than 1 for a check that never has two.
    assert_eq!(numbers(&mut monitor, at(0)).demand, 3);
}

#[test]
fn a_process_is_terminated_then_killed_once() {
    let mut monitor = running(plain());
    monitor.add(at(0), single("a", exec())).expect("new");
    let begun = starts(&mut monitor, 0);
    let cancel = |signal| {
        vec![Command::Cancel {
            attempt: begun[0],
            signal,
        }]
    };
    assert_eq!(poll(&mut monitor, 1_000), cancel(Signal::Terminate));
    assert_eq!(monitor.poll_timeout(), Some(at(2_000)));
    assert_eq!(poll(&mut monitor, 1_999), []);
    assert_eq!(poll(&mut monitor, 2_000), cancel(Signal::Kill));
    assert_eq!(poll(&mut monitor, 9_999), []);
    // T16: its next slot is a failure, not a second process.
    assert_eq!(poll(&mut monitor, 10_000), []);
    monitor.handle_reaped(at(10_500), begun[0]);
    assert_eq!(starts(&mut monitor, 20_000).len(), 1);
}

#[test]
fn a_process_that_ends_in_time_is_not_killed() {
    let mut monitor = running(plain());
    monitor.add(at(0), single("a", exec())).expect("new");
    let begun = starts(&mut monitor, 0);
    let _ = poll(&mut monitor, 1_000);
    monitor.handle_reaped(at(1_200), begun[0]);
    assert_eq!(monitor.poll_timeout(), Some(at(10_000)));
}

#[test]
fn a_place_among_processes_is_held_until_reaped_and_holds_nobody_else_up() {
    let mut monitor = running(plain_with(|it| it.max_exec = 1));
    let stuck = monitor.add(at(0), single("stuck", exec())).expect("new");
    monitor.add(at(0), single("waits", exec())).expect("new");
    monitor
        .add(at(0), single("http", every_10_s(ProbeKind::Health)))
        .expect("new");
    let begun = starts(&mut monitor, 0);
    assert_eq!(begun.len(), 2);
    succeed(&mut monitor, 5, &begun[1..]);
    let _ = poll(&mut monitor, 1_000);
    let _ = poll(&mut monitor, 2_000);
    // The slots of the stuck one pass as failures although the one before it in the queue waits.
    for slot in [10_000, 20_000] {
        let begun = starts(&mut monitor, slot);
        assert_eq!(begun.len(), 1);
        succeed(&mut monitor, slot + 5, &begun);
    }
    assert_eq!(status(&monitor, stuck), CheckStatus::Unhealthy);
    monitor.handle_reaped(at(21_000), begun[0]);
    assert_eq!(starts(&mut monitor, 21_000).len(), 1);
}

/// Whoever hangs, however many and however long, a command that has been quick has its slot.
#[test]
fn commands_that_hang_leave_places_for_quick_ones() {
    for hanging in [20, 60, 200] {
        let mut monitor = running(plain_with(|it| it.max_exec = 16));
        let quick = monitor.add(at(0), single("quick", exec())).expect("new");
        let begun = starts(&mut monitor, 0);
        succeed(&mut monitor, 5, &begun);
        monitor.handle_reaped(at(5), begun[0]);
        for index in 0..hanging {
            let name = format!("hangs-{index}");
            monitor.add(at(5), single(&name, exec())).expect("new");
        }
        // The others take 1 s until they time out, and 5 s more to be reaped.
        let mut hung = Vec::new();
        let mut slots = 0;
        for now in (10..100_000).step_by(10) {
            hung.retain(|&(attempt, over)| {
                if now >= over {
                    monitor.handle_reaped(at(now), attempt);
                }
                now < over
            });
            for command in poll(&mut monitor, now) {
                let Command::Start { attempt, .. } = command else {
                    continue;
                };
                if attempt.check().target() == quick {
                    assert_eq!(now % 10_000, 0, "{hanging} hang: {now}");
                    slots += 1;
                    succeed(&mut monitor, now, &[attempt]);
                    monitor.handle_reaped(at(now), attempt);
                } else {
                    hung.push((attempt, now + 6_000));
                }
            }
            assert!(hung.len() <= 12, "{}", hung.len());
        }
        assert_eq!(slots, 9, "{hanging} hang");
    }
}

#[test]
fn a_removed_target_keeps_its_place_until_its_process_is_gone() {
    let mut monitor = running(plain_with(|it| it.max_exec = 1));
    let removed = monitor.add(at(0), single("a", exec())).expect("new");
    let begun = starts(&mut monitor, 0);
    assert!(monitor.remove(at(100), removed));
    assert!(!monitor.remove(at(100), removed));
    // The place in the list is free, the name as well; the place among processes is not.
    let again = monitor
        .add(at(100), single("a", exec()))
        .expect("free again");
    let terminate = Command::Cancel {
        attempt: begun[0],
        signal: Signal::Terminate,
    };
    assert_eq!(poll(&mut monitor, 100), [terminate]);
    // An old handle is nobody's.
    monitor.handle_outcome(at(150), begun[0], Outcome::success());
    assert_eq!(
        (status(&monitor, again), monitor.target(removed).is_none()),
        (CheckStatus::Starting, true)
    );
    monitor.handle_reaped(at(200), begun[0]);
    let begun = starts(&mut monitor, 200);
    assert_eq!(begun[0].check().target(), again);
    assert_eq!(monitor.in_flight(), 1);
}

#[test]
fn stop_gives_up_what_runs_and_is_bounded() {
    for reaped in [true, false] {
        let mut monitor = running(plain());
        monitor
            .add(at(0), single("http", every_10_s(ProbeKind::Health)))
            .expect("new");
        monitor.add(at(0), single("exec", exec())).expect("new");
        let begun = starts(&mut monitor, 0);
        monitor.stop(at(100));
        monitor.stop(at(100));
        assert!(!numbers(&mut monitor, at(100)).is_running && !monitor.is_stopped());
        assert!(monitor.add(at(100), single("late", exec())).is_err());
        assert_eq!(poll(&mut monitor, 100).len(), 2);
        assert_eq!(monitor.poll_timeout(), Some(at(1_100)));
        assert_eq!(poll(&mut monitor, 1_100).len(), 1);
        let (end, left) = if reaped {
            monitor.handle_reaped(at(1_150), begun[1]);
            (1_150, 0)
        } else {
            assert_eq!(monitor.poll_timeout(), Some(at(5_100)));
            assert_eq!(poll(&mut monitor, 5_100), []);
            (5_100, 1)
        };
        assert!(monitor.is_stopped());
        assert_eq!(monitor.poll_timeout(), None);
        assert_eq!(
            events(&mut monitor).last(),
            Some(&MonitorEvent::Stopped { at: at(end), left })
        );
    }
}

#[test]
fn an_empty_monitor_never_wakes_and_stops_at_once() {
    let mut monitor = running(MonitorConfig::default());
    assert!(monitor.targets(None).next().is_none());
    assert_eq!(
        (poll(&mut monitor, 0), monitor.poll_timeout()),
        (vec![], None)
    );
    monitor.stop(at(5));
    assert!(monitor.is_stopped());
    monitor.start(at(6));
    assert!(!numbers(&mut monitor, at(6)).is_running);
}

#[test]
fn starts_are_gathered_and_slots_stay_exact() {
    let mut monitor = running(plain_with(|it| it.tick = Duration::from_millis(10)));
    for (target, offset) in [("a", 1), ("b", 4), ("c", 10), ("d", 11)] {
        let mut config = every_10_s(ProbeKind::Health);
        config.spread_offset = Duration::from_millis(offset);
        monitor.add(at(0), single(target, config)).expect("new");
    }
    assert_eq!(monitor.poll_timeout(), Some(at(10)));
    assert_eq!(starts(&mut monitor, 9), []);
    let begun = starts(&mut monitor, 10);
    assert_eq!(begun.len(), 3);
    succeed(&mut monitor, 12, &begun);
    let due = begun
        .iter()
        .map(|it| monitor.check(it.check()).and_then(|check| check.next_due()));
    assert!(due.eq([10_001, 10_004, 10_010].map(|due| Some(at(due)))));
}

#[test]
fn first_attempts_come_at_once_and_the_grid_stays() {
    let mut monitor = running(plain_with(|it| {
        it.spread = Spread::EvenFirstAtOnce {
            per_second: NonZeroU32::new(10).expect("not zero"),
        }
    }));
    let first = monitor
        .add(at(0), single("a", every_10_s(ProbeKind::Health)))
        .expect("new");
    let second = monitor
        .add(at(0), single("b", every_10_s(ProbeKind::Health)))
        .expect("new");
    let mut after_interval = every_10_s(ProbeKind::Health);
    after_interval.first_check = FirstCheck::AfterInterval;
    let docker = monitor
        .add(at(0), single("c", after_interval))
        .expect("new");
    let due =
        |monitor: &Monitor, id: health_core::monitor::TargetId| nth(monitor, id, 0).next_due();
    assert_eq!(due(&monitor, first), Some(at(0)));
    assert_eq!(due(&monitor, second), Some(at(100)));
    assert_eq!(due(&monitor, docker), Some(at(10_000)));
    let begun = starts(&mut monitor, 0);
    succeed(&mut monitor, 5, &begun);
    let next = due(&monitor, first).expect("on the grid");

    // The same grid as without the early attempt.
    let mut even = running(plain_with(|it| it.spread = Spread::Even));
    let same = even
        .add(at(0), single("a", every_10_s(ProbeKind::Health)))
        .expect("new");
    assert_eq!(due(&even, same), Some(next));
}

#[test]
fn a_monitor_that_is_not_started_does_nothing() {
    let mut monitor = Monitor::new(plain());
    let target = monitor.add(at(0), single("a", exec())).expect("new");
    assert_eq!(
        (poll(&mut monitor, 9_000), monitor.poll_timeout()),
        (vec![], None)
    );
    monitor.start(at(9_000));
    monitor.start(at(9_001));
    assert_eq!(starts(&mut monitor, 9_001).len(), 1);
    assert_eq!(nth(&monitor, target, 0).mode(), Mode::Running);
    assert_eq!(monitor.checks(target).count(), 1);
}
