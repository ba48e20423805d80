//! Deregistered targets: they count in their group, are rechecked, and say when they answer again.

mod groups;
mod notices;

use std::sync::Arc;
use std::time::Duration;

use health_core::check::{self, CheckConfig, CheckStatus, Mode, OnUnhealthy, Saved};
use health_core::monitor::{
    Command, Monitor, MonitorEvent, TargetId, TargetSpec, TargetStatus, TargetView,
};
use health_core::{Moment, Outcome, ProbeKind, Streak, UnixTime};

use crate::{
    actions, at, every_10_s, exec, fail, name, nth, numbers, plain, poll, running, single, starts,
    status, succeed,
};

/// One failure deregisters it; it is rechecked every 100 s.
fn rechecked() -> CheckConfig {
    let mut config = every_10_s(ProbeKind::Health);
    config.retries = 1;
    config.on_unhealthy = OnUnhealthy::Deregister;
    config.recheck_interval = Some(Duration::from_secs(100));
    config
}

fn reactivated() -> CheckConfig {
    let mut config = rechecked();
    config.auto_reactivate = true;
    config
}

/// A running monitor whose only target was deregistered by its first check, at 0.
fn deregistered(spec: TargetSpec) -> (Monitor, TargetId) {
    let mut monitor = running(plain());
    let id = monitor.add(at(0), spec).expect("new");
    let begun = starts(&mut monitor, 0);
    fail(&mut monitor, 0, &begun[..1]);
    assert_eq!(actions(&mut monitor), [check::Event::Deregistered]);
    let _ = poll(&mut monitor, 0);
    (monitor, id)
}

fn shown(monitor: &Monitor, id: TargetId, now: u64) -> TargetStatus {
    monitor.target(id).expect("there").status_at(at(now))
}

#[test]
fn it_is_rechecked_and_answers_again_but_stays_deregistered() {
    let (mut monitor, id) = deregistered(single("a", rechecked()));
    assert_eq!(shown(&monitor, id, 0), TargetStatus::Deregistered);
    assert_eq!(monitor.poll_timeout(), Some(at(100_000)));

    // Still down: its status and its streak are those it was deregistered with.
    let begun = starts(&mut monitor, 100_000);
    assert_eq!(nth(&monitor, id, 0).mode(), Mode::Inactive);
    assert_eq!(monitor.in_flight(), 1);
    fail(&mut monitor, 100_005, &begun);
    let check = nth(&monitor, id, 0);
    assert_eq!(
        (check.status(), check.streak(), check.mode()),
        (
            CheckStatus::Unhealthy,
            Streak::of_failures(1),
            Mode::Inactive
        )
    );
    let last = check.history().last().expect("a result");
    assert!(!last.is_counted());
    assert_eq!(actions(&mut monitor), []);

    // A result of the prober's own trouble says nothing.
    let begun = starts(&mut monitor, 200_005);
    monitor.handle_outcome(
        at(200_010),
        begun[0],
        Outcome::indeterminate("no descriptor"),
    );
    assert_eq!(shown(&monitor, id, 200_010), TargetStatus::Deregistered);

    // It answers, and goes on to: said once.
    for now in [300_010, 400_010] {
        let begun = starts(&mut monitor, now);
        succeed(&mut monitor, now, &begun);
        assert_eq!(shown(&monitor, id, now), TargetStatus::AnswersAgain);
        let said = (now == 300_010).then_some(check::Event::AnswersAgain);
        assert_eq!(actions(&mut monitor), Vec::from_iter(said));
    }
    let target = monitor.target(id).expect("there");
    assert!(!target.is_ready());
    let moment = Moment {
        now: at(400_010),
        unix: UnixTime::from_millis(1_000_400_010),
    };
    let view = TargetView::new(moment, target);
    let times = (view.checks[0].deregistered_at, view.checks[0].answers_since);
    let unix = |millis: u64| Some(UnixTime::from_millis(1_000_000_000 + millis));
    assert_eq!(
        (view.is_deregistered, times),
        (true, (unix(0), unix(300_010)))
    );

    // Down once more, and back: said once more.
    for (now, outcome) in [
        (500_010, Outcome::failure_with_message("503")),
        (600_010, Outcome::warning("slow")),
    ] {
        let begun = starts(&mut monitor, now);
        monitor.handle_outcome(at(now), begun[0], outcome);
    }
    assert_eq!(actions(&mut monitor), [check::Event::AnswersAgain]);

    // An operator brings it back.
    monitor.reactivate(at(600_020), id);
    assert_eq!(shown(&monitor, id, 600_020), TargetStatus::Unknown);
    let begun = starts(&mut monitor, 600_020);
    succeed(&mut monitor, 600_020, &begun);
    assert_eq!(shown(&monitor, id, 600_020), TargetStatus::Healthy);
}

#[test]
fn without_an_interval_nothing_is_rechecked() {
    let mut config = rechecked();
    config.recheck_interval = None;
    let (mut monitor, id) = deregistered(single("a", config));
    assert_eq!(monitor.poll_timeout(), None);
    assert_eq!(shown(&monitor, id, 1_000_000), TargetStatus::Deregistered);
    monitor.trigger(at(1_000_000), id);
    assert_eq!(poll(&mut monitor, 1_000_000), []);
}

/// Also one that did not fail before: what answers in part does not answer.
#[test]
fn each_check_has_to_succeed() {
    let mut other = every_10_s(ProbeKind::Readiness);
    other.recheck_interval = Some(Duration::from_secs(50));
    let spec = single("a", rechecked()).check(name("other"), Arc::new(other));
    let (mut monitor, id) = deregistered(spec);
    let begun = starts(&mut monitor, 50_000);
    succeed(&mut monitor, 50_000, &begun);
    let begun = starts(&mut monitor, 100_000);
    assert_eq!(begun.len(), 2);
    fail(&mut monitor, 100_000, &begun[1..]);
    succeed(&mut monitor, 100_000, &begun[..1]);
    // The one has answered, the other does no longer.
    assert_eq!(shown(&monitor, id, 100_000), TargetStatus::Deregistered);
    assert_eq!(actions(&mut monitor), []);
    let begun = starts(&mut monitor, 150_000);
    succeed(&mut monitor, 150_000, &begun);
    assert_eq!(shown(&monitor, id, 150_000), TargetStatus::AnswersAgain);
    assert_eq!(actions(&mut monitor), [check::Event::AnswersAgain]);
}

#[test]
fn it_is_reactivated_by_itself_where_that_is_set() {
    let (mut monitor, id) = deregistered(single("a", reactivated()));
    let begun = starts(&mut monitor, 100_000);
    fail(&mut monitor, 100_000, &begun);
    assert_eq!(shown(&monitor, id, 100_000), TargetStatus::Deregistered);
    let begun = starts(&mut monitor, 200_000);
    succeed(&mut monitor, 200_000, &begun);
    assert_eq!(shown(&monitor, id, 200_000), TargetStatus::Unknown);
    assert_eq!(status(&monitor, id), CheckStatus::Starting);
    let begun = starts(&mut monitor, 200_000);
    succeed(&mut monitor, 200_000, &begun);
    assert_eq!(shown(&monitor, id, 200_000), TargetStatus::Healthy);
    assert_eq!(monitor.poll_timeout(), Some(at(210_000)));
}

/// After a restart of the prober, too: after an interval, and as it was.
#[test]
fn a_restored_one_is_rechecked() {
    for (answers, wanted) in [
        (None, TargetStatus::Deregistered),
        (Some(2_000), TargetStatus::AnswersAgain),
    ] {
        let mut saved = Saved::default();
        saved.status = CheckStatus::Unhealthy;
        saved.streak = Streak::of_failures(3);
        saved.deregistered = true;
        saved.deregistered_at = Some(UnixTime::from_millis(1_000));
        saved.answers_since = answers.map(UnixTime::from_millis);
        let config = Arc::new(rechecked());
        let spec = TargetSpec::new(name("a")).restored_check(name("check"), config, saved);
        let mut monitor = running(plain());
        let id = monitor.add(at(0), spec).expect("new");
        assert_eq!(shown(&monitor, id, 0), wanted);
        assert_eq!(nth(&monitor, id, 0).saved(Moment::default()), saved);
        assert_eq!(starts(&mut monitor, 0), []);
        let begun = starts(&mut monitor, 10_000);
        succeed(&mut monitor, 10_000, &begun);
        assert_eq!(shown(&monitor, id, 10_000), TargetStatus::AnswersAgain);
        // Said already, if it was so before.
        assert_eq!(actions(&mut monitor).len(), usize::from(answers.is_none()));
        assert_eq!(monitor.poll_timeout(), Some(at(110_000)));
    }
}

/// One that answered before its settings changed to that.
#[test]
fn a_restored_one_that_answers_is_reactivated_at_its_next_recheck() {
    let mut saved = Saved::default();
    saved.status = CheckStatus::Unhealthy;
    saved.deregistered = true;
    saved.answers_since = Some(UnixTime::from_millis(2_000));
    let config = Arc::new(reactivated());
    let spec = TargetSpec::new(name("a")).restored_check(name("check"), config, saved);
    let mut monitor = running(plain());
    let id = monitor.add(at(0), spec).expect("new");
    let begun = starts(&mut monitor, 10_000);
    succeed(&mut monitor, 10_000, &begun);
    assert_eq!(shown(&monitor, id, 10_000), TargetStatus::Unknown);
}

/// A process that hangs, a removal, a pause, the end.
#[test]
fn a_recheck_is_an_attempt_like_any_other() {
    let mut config = exec();
    config.retries = 1;
    config.on_unhealthy = OnUnhealthy::Deregister;
    config.recheck_interval = Some(Duration::from_secs(100));
    for end in 0..4 {
        let (mut monitor, id) = deregistered(single("a", config.clone()));
        let begun = starts(&mut monitor, 100_000);
        let now = match end {
            0 => 101_000,
            _ => 100_500,
        };
        match end {
            0 => {}
            1 => assert!(monitor.remove(at(now), id)),
            2 => monitor.pause(at(now), id),
            _ => monitor.stop(at(now)),
        }
        let commands = poll(&mut monitor, now);
        let is_cancelled =
            |it: &Command| matches!(it, Command::Cancel { attempt, .. } if *attempt == begun[0]);
        assert!(commands.iter().any(is_cancelled), "{end}: {commands:?}");
        monitor.handle_reaped(at(now), begun[0]);
        let next = monitor.poll_timeout();
        assert_eq!(next, (end == 0).then(|| at(201_000)), "{end}");
        if end == 2 {
            monitor.resume(at(now + 1), id);
            assert_eq!(starts(&mut monitor, now + 1).len(), 1);
            assert_eq!(shown(&monitor, id, now + 1), TargetStatus::Deregistered);
        }
    }
}

/// As far as events go: nothing but what a recheck is.
#[test]
fn what_a_recheck_brings_is_recorded() {
    let mut config = plain();
    config.trace = true;
    let mut monitor = running(config);
    monitor.add(at(0), single("a", rechecked())).expect("new");
    let begun = starts(&mut monitor, 0);
    fail(&mut monitor, 0, &begun);
    let _ = crate::events(&mut monitor);
    let begun = starts(&mut monitor, 100_000);
    fail(&mut monitor, 100_000, &begun);
    let events = crate::events(&mut monitor);
    assert!(
        matches!(
            &events[..],
            [
                MonitorEvent::Started { .. },
                MonitorEvent::Check {
                    event: check::Event::Recorded(_),
                    ..
                }
            ]
        ),
        "{events:?}"
    );
    assert_eq!(numbers(&mut monitor, at(100_000)).stats.failures, 2);
}
