//! What checks of one target mean for each other.

use std::sync::Arc;
use std::time::Duration;

use health_core::Moment;
use health_core::Outcome;
use health_core::ProbeKind;
use health_core::Streak;
use health_core::check::{self, CheckConfig, CheckStatus, Mode, OnUnhealthy, Saved};
use health_core::monitor::{
    Command, Monitor, MonitorEvent, Signal, Summary, TargetId, TargetSpec, TargetStatus, TargetView,
};

use crate::{
    actions, at, events, every_10_s, fail, name, nth, numbers, plain, plain_with, poll, running,
    single, starts, succeed,
};

/// Startup, liveness with restart, readiness.
fn pod(target: &str) -> TargetSpec {
    let restart = |kind| {
        let mut config = every_10_s(kind);
        config.on_unhealthy = OnUnhealthy::Restart;
        config.retries = 1;
        config
    };
    TargetSpec::new(name(target))
        .check(name("startup"), Arc::new(restart(ProbeKind::Startup)))
        .check(name("live"), Arc::new(restart(ProbeKind::Liveness)))
        .check(name("ready"), Arc::new(every_10_s(ProbeKind::Readiness)))
}

fn standing(monitor: &Monitor, id: TargetId) -> (bool, bool, (usize, usize)) {
    let target = monitor.target(id).expect("there");
    let view = TargetView::new(Moment::default(), target);
    (target.is_started(), target.is_ready(), view.healthy)
}

#[test]
fn startup_holds_the_others_back_and_then_lets_them_go_at_once() {
    let mut monitor = running(plain());
    let id = monitor.add(at(0), pod("a")).expect("new");
    let begun = starts(&mut monitor, 0);
    assert_eq!(
        (begun.len(), standing(&monitor, id)),
        (1, (false, false, (0, 3)))
    );
    succeed(&mut monitor, 5, &begun);
    assert_eq!(standing(&monitor, id), (true, false, (1, 3)));
    let begun = starts(&mut monitor, 5);
    succeed(&mut monitor, 10, &begun);
    assert_eq!(standing(&monitor, id), (true, true, (3, 3)));
    let told: Vec<_> = events(&mut monitor)
        .into_iter()
        .filter_map(|event| match event {
            MonitorEvent::Target { started, ready, .. } => Some((started, ready)),
            _ => None,
        })
        .collect();
    assert_eq!(told, [(false, false), (true, false), (true, true)]);
}

/// Without it a health check waits for nobody: it may be the only one that tells how the start goes.
#[cfg(feature = "supervise")]
#[test]
fn a_health_check_waits_for_the_startup_where_that_is_asked_for() {
    let check = |kind| Arc::new(every_10_s(kind));
    for gates in [false, true] {
        let mut monitor = running(plain());
        let spec = TargetSpec::new(name("a"))
            .check(name("startup"), check(ProbeKind::Startup))
            .check(name("health"), check(ProbeKind::Health));
        let spec = if gates { spec.gate_health() } else { spec };
        let id = monitor.add(at(0), spec).expect("new");
        // For each instance anew.
        for begin in [0, 20_000] {
            monitor.instance_changed(at(begin), id);
            let begun = starts(&mut monitor, begin);
            assert_eq!(begun.len(), if gates { 1 } else { 2 });
            fail(&mut monitor, begin + 5, &begun);
            let later = starts(&mut monitor, begin + 10_000);
            assert_eq!(later.len(), if gates { 1 } else { 2 }, "it has failed");
            succeed(&mut monitor, begin + 10_005, &later);
            let freed = starts(&mut monitor, begin + 10_005);
            assert_eq!(freed.len(), usize::from(gates), "at once");
            succeed(&mut monitor, begin + 10_010, &freed);
            assert!(monitor.target(id).expect("there").is_ready());
        }
    }
}

/// A startup check is never made again, so that its verdict holds however old it is.
#[test]
fn a_startup_that_has_succeeded_does_not_age() {
    let mut monitor = running(plain());
    let id = monitor.add(at(0), pod("a")).expect("new");
    let mut now = 0;
    while now <= 600_000 {
        let begun = starts(&mut monitor, now);
        succeed(&mut monitor, now, &begun);
        now = monitor.poll_timeout().expect("a slot").as_micros() / 1_000;
    }
    let target = monitor.target(id).expect("there");
    assert_eq!(target.status_at(at(now)), TargetStatus::Healthy);
    // Nothing will refresh it behind a pause, either.
    monitor.pause(at(now), id);
    monitor.resume(at(now), id);
    let startup = nth(&monitor, id, 0);
    assert_eq!((startup.mode(), startup.is_stale()), (Mode::Done, false));
}

#[test]
fn the_initial_delay_of_a_gated_check_still_holds() {
    let mut monitor = running(plain());
    let mut delayed = every_10_s(ProbeKind::Readiness);
    delayed.initial_delay = Duration::from_secs(7);
    let spec = TargetSpec::new(name("a"))
        .check(name("startup"), Arc::new(every_10_s(ProbeKind::Startup)))
        .check(name("ready"), Arc::new(delayed));
    monitor.add(at(0), spec).expect("new");
    let begun = starts(&mut monitor, 0);
    succeed(&mut monitor, 5, &begun);
    assert_eq!(monitor.poll_timeout(), Some(at(7_000)));
}

#[test]
fn t11_a_restart_holds_every_check_until_the_new_instance() {
    let mut monitor = running(plain());
    let id = monitor.add(at(0), pod("a")).expect("new");
    for now in [0, 5] {
        let begun = starts(&mut monitor, now);
        succeed(&mut monitor, now + 5, &begun);
    }
    let _ = monitor.poll(at(10_005));
    let begun = starts(&mut monitor, 10_005);
    let number = nth(&monitor, id, 1).attempts();
    let live = monitor.checks(id).nth(1).expect("live");
    let live = health_core::monitor::AttemptId::new(live, number);
    fail(&mut monitor, 10_010, &[live]);
    let cancel = Command::Cancel {
        attempt: begun[0],
        signal: Signal::Terminate,
    };
    assert_eq!(poll(&mut monitor, 10_010), [cancel]);
    assert_eq!(actions(&mut monitor), [check::Event::RestartRequested]);
    assert_eq!(standing(&monitor, id), (false, false, (2, 3)));
    assert!(
        monitor
            .targets(None)
            .all(|(_, it)| it.checks().all(|(_, check)| check.mode() == Mode::OnHold))
    );
    assert_eq!(monitor.poll_timeout(), None);

    monitor.instance_changed(at(12_000), id);
    assert_eq!(standing(&monitor, id), (false, false, (0, 3)));
    assert_eq!(starts(&mut monitor, 12_000).len(), 1);
}

#[test]
fn t11_a_deregistered_target_rests_as_a_whole() {
    let mut monitor = running(plain());
    let mut deregister = every_10_s(ProbeKind::Health);
    deregister.on_unhealthy = OnUnhealthy::Deregister;
    deregister.retries = 1;
    let spec =
        single("a", deregister).check(name("other"), Arc::new(every_10_s(ProbeKind::Health)));
    let id = monitor.add(at(0), spec).expect("new");
    let begun = starts(&mut monitor, 0);
    fail(&mut monitor, 5, &begun[..1]);
    let _ = poll(&mut monitor, 5);
    assert_eq!(monitor.poll_timeout(), None);
    let target = monitor.target(id).expect("kept");
    assert_eq!(
        (
            TargetView::new(Moment::default(), target).is_deregistered,
            target.status_at(at(5))
        ),
        (true, TargetStatus::Deregistered)
    );
    let all = numbers(&mut monitor, at(5)).summary;
    assert_eq!((all.total, all.deregistered, all.unhealthy), (1, 1, 0));

    monitor.trigger(at(10), id);
    assert_eq!(poll(&mut monitor, 10), []);
    monitor.reactivate(at(20), id);
    monitor.reactivate(at(20), id);
    assert_eq!(starts(&mut monitor, 20).len(), 2);
}

#[test]
fn attempts_are_timed_and_those_that_time_out_are_overruns() {
    let mut monitor = running(plain());
    let config = every_10_s(ProbeKind::Health);
    let timeout = config.timeout;
    monitor.add(at(0), single("t", config)).expect("new");
    let first = starts(&mut monitor, 0);
    succeed(&mut monitor, 20, &first);
    assert_eq!(starts(&mut monitor, 10_000).len(), 1);
    let _ = poll(&mut monitor, 11_000);
    let timing = numbers(&mut monitor, at(0)).stats.timing;
    assert_eq!((timing.count, timing.overruns), (2, 1));
    assert_eq!(timing.last(), Some(timeout));
    assert_eq!(timing.total, timeout + Duration::from_millis(20));
}

#[test]
fn pause_resume_and_trigger_reach_every_check() {
    let mut monitor = running(plain());
    let id = monitor.add(at(0), pod("a")).expect("new");
    let _ = starts(&mut monitor, 0);
    monitor.pause(at(5), id);
    assert_eq!(poll(&mut monitor, 5).len(), 1);
    assert_eq!(monitor.poll_timeout(), None);
    assert_eq!(
        monitor.target(id).map(|it| it.status_at(at(5))),
        Some(TargetStatus::Inactive)
    );
    monitor.resume(at(50), id);
    let begun = starts(&mut monitor, 50);
    assert_eq!(begun.len(), 1, "the others are still gated");
    succeed(&mut monitor, 55, &begun);
    let begun = starts(&mut monitor, 55);
    succeed(&mut monitor, 60, &begun);
    monitor.trigger(at(3_000), id);
    assert_eq!(starts(&mut monitor, 3_000).len(), 2);
}

#[test]
fn answers_and_deadlines_of_one_time_go_by_registration() {
    let mut monitor = running(plain());
    let mut ids = Vec::new();
    for target in ["a", "b", "c"] {
        ids.push(
            monitor
                .add(at(0), single(target, every_10_s(ProbeKind::Health)))
                .expect("new"),
        );
    }
    let mut slow = every_10_s(ProbeKind::Health);
    slow.timeout = Duration::from_secs(2);
    let slow = monitor.add(at(0), single("slow", slow)).expect("new");
    let begun = starts(&mut monitor, 0);
    let _ = events(&mut monitor);
    // At 1 s the deadlines of a, b, c come, and the answer of the last one.
    monitor.handle_outcome(at(1_000), begun[3], Outcome::success());
    let healthy = events(&mut monitor)
        .into_iter()
        .find_map(|event| match event {
            MonitorEvent::Check {
                check,
                event: check::Event::Status { .. },
                ..
            } => Some(check.target()),
            _ => None,
        });
    assert_eq!(healthy, Some(slow));
    let failed = |id: &TargetId| Some(nth(&monitor, *id, 0).streak().failures());
    assert!(ids.iter().map(failed).all(|failures| failures == Some(1)));
}

#[test]
fn an_answer_comes_before_a_later_registered_deadline_of_its_time() {
    let mut monitor = running(plain_with(|it| it.trace = true));
    let mut slow = every_10_s(ProbeKind::Health);
    slow.timeout = Duration::from_secs(2);
    let slow = monitor.add(at(0), single("slow", slow)).expect("new");
    let other = every_10_s(ProbeKind::Health);
    let other = monitor.add(at(0), single("b", other)).expect("new");
    let begun = starts(&mut monitor, 0);
    succeed(&mut monitor, 1_000, &begun[..1]);
    let _ = poll(&mut monitor, 1_000);
    let events = events(&mut monitor).into_iter();
    let recorded = events.filter_map(|event| match event {
        MonitorEvent::Check {
            check,
            event: check::Event::Recorded(_),
            ..
        } => Some(check.target()),
        _ => None,
    });
    assert!(recorded.eq([slow, other]));
}

#[test]
fn a_restored_target_is_ready_before_it_is_asked_again() {
    let mut saved = Saved::default();
    saved.status = CheckStatus::Healthy;
    saved.streak = Streak::default();
    let mut monitor = running(plain());
    let spec = TargetSpec::new(name("a"))
        .restored_check(
            name("startup"),
            Arc::new(every_10_s(ProbeKind::Startup)),
            saved,
        )
        .restored_check(
            name("ready"),
            Arc::new(every_10_s(ProbeKind::Readiness)),
            saved,
        );
    let id = monitor.add(at(0), spec).expect("new");
    let ready = MonitorEvent::Target {
        at: at(0),
        target: id,
        started: true,
        ready: true,
    };
    assert_eq!(events(&mut monitor), [ready]);
    assert_eq!(
        monitor.target(id).map(|it| it.status_at(at(0))),
        Some(TargetStatus::Healthy)
    );
    let begun = starts(&mut monitor, 0);
    assert_eq!(Some(begun[0].check()), monitor.checks(id).nth(1));
}

#[test]
fn what_cannot_be_watched_is_refused_and_nothing_changes() {
    let mut monitor = running(plain());
    monitor.add(at(0), pod("a")).expect("new");
    let refused = |monitor: &mut Monitor, spec, text: &str| {
        let error = monitor.add(at(0), spec).expect_err(text);
        assert_eq!(error.to_string(), text);
        error
    };
    refused(&mut monitor, pod("a"), "name \"a\": already registered");
    let twice = pod("b").check(name("live"), Arc::new(every_10_s(ProbeKind::Health)));
    refused(&mut monitor, twice, "name \"live\": already registered");
    refused(
        &mut monitor,
        TargetSpec::new(name("b")),
        "0 checks: a target has 1 to 16",
    );
    let mut zero = CheckConfig::default();
    zero.retries = 0;
    let error = refused(
        &mut monitor,
        single("b", zero),
        "check check: retries 0: allowed is at least 1",
    );
    assert!(core::error::Error::source(&error).is_some());
    assert_eq!(
        (
            monitor.targets(None).count(),
            monitor.find("b"),
            monitor.find("not a name")
        ),
        (1, None, None)
    );
    assert!(monitor.find("a").is_some());
    monitor.stop(at(1));
    refused(&mut monitor, pod("c"), "the monitor has been stopped");
}

#[test]
fn a_group_is_as_well_as_its_worst_and_says_nothing_while_that_is_unknown() {
    use health_core::Class;
    let outcome = |targets: &[TargetStatus]| {
        let group: Summary = targets.iter().copied().collect();
        let outcome = group.outcome()?;
        Some((outcome.class, outcome.message.as_str().to_owned()))
    };
    let told = |class, message: &str| Some((class, message.to_owned()));
    let (well, degraded, bad, unknown, none) = (
        TargetStatus::Healthy,
        TargetStatus::Degraded,
        TargetStatus::Unhealthy,
        TargetStatus::Unknown,
        TargetStatus::Inactive,
    );
    assert_eq!(outcome(&[]), told(Class::Success, ""));
    assert_eq!(
        outcome(&[none]),
        told(Class::Warning, "0/1 healthy, 1/1 not judged")
    );
    assert_eq!(outcome(&[well, none]), told(Class::Success, ""));
    assert_eq!(
        outcome(&[well, degraded, none]),
        told(Class::Warning, "2/3 healthy, 1/3 not judged")
    );
    assert_eq!(outcome(&[degraded, unknown]), None);
    assert_eq!(
        outcome(&[well, bad, unknown]),
        told(Class::Failure, "1/3 healthy")
    );
}
