//! T2 to T11: attempts, what they count as, what follows.

use health_core::ProbeKind;
use health_core::Status;
use health_core::check::{CancelReason, CheckStatus, Event, Mode, OnUnhealthy, Permit};
use health_core::{Class, Kind, Outcome};

use crate::restarting;
use crate::rig::{self, Rig, every_10_s, secs, with};

#[test]
fn t2_an_attempt_begins_when_polled_and_its_deadline_runs_from_there() {
    let mut rig = Rig::start(every_10_s());
    let start = rig.poll(700).expect("due since 0");
    assert_eq!(
        (start.attempt, rig::ms(start.due), rig::ms(start.deadline)),
        (1, 0, 1_700)
    );
    assert_eq!((rig.check.mode(), rig.due()), (Mode::Running, None));
    assert_eq!(rig.poll(800), None);
    assert_eq!(rig.check.attempts(), 1);
}

#[test]
fn t3_the_deadline_of_a_waiting_attempt_does_not_run() {
    let mut rig = Rig::start(every_10_s());
    let start = rig.poll(25_000).expect("waiting since 0");
    assert_eq!(rig::ms(start.deadline), 26_000);
    rig.answer(25_005, 1, Outcome::success());
    assert_eq!((rig.due(), rig.check.skipped_slots()), (Some(30_000), 2));
}

#[test]
fn t4_an_answer_before_the_deadline_is_recorded() {
    let mut rig = Rig::start(every_10_s());
    let _ = rig.poll(0);
    rig.answer(
        999,
        1,
        Outcome::failure_with_message("refused").of_kind(Kind::Refused),
    );
    let last = rig.last();
    assert_eq!(
        (last.attempt(), last.class(), last.kind()),
        (Some(1), Class::Failure, Some(Kind::Refused))
    );
    assert_eq!(
        (last.message(), last.duration().as_millis()),
        ("refused", 999)
    );
    assert_eq!(rig.check.judged_at(), Some(rig::at(999)));
}

#[test]
fn t5_late_and_foreign_answers_are_ignored() {
    let mut rig = Rig::start(every_10_s());
    rig.answer(0, 0, Outcome::success());
    rig.answer(0, 1, Outcome::success());
    let _ = rig.poll(0);
    rig.answer(1, 2, Outcome::success());
    // At the deadline it is a timeout, whoever comes first.
    rig.answer(1_000, 1, Outcome::success());
    assert_eq!(
        (rig.check.mode(), rig.check.history().len()),
        (Mode::Running, 0)
    );
    assert_eq!(rig.poll(1_000), None);
    rig.answer(1_001, 1, Outcome::success());
    assert_eq!((rig.check.history().len(), rig.streak()), (1, (1, 0)));
}

#[test]
fn t6_a_deadline_is_a_failure_and_a_late_one_the_probers_own() {
    let cancelled = Event::Cancelled {
        attempt: 1,
        reason: CancelReason::Timeout,
    };
    for (handled_at, class, kind) in [
        (1_000, Class::Failure, Kind::Timeout),
        (1_500, Class::Failure, Kind::Timeout),
        (1_501, Class::Indeterminate, Kind::LocalOverload),
    ] {
        let mut rig = Rig::start(with(every_10_s(), |it| {
            it.lag_tolerance = Some(secs(1) / 2);
        }));
        let _ = rig.poll(0);
        assert_eq!(rig.check.poll_timeout(), Some(rig::at(1_000)));
        let _ = rig.poll(handled_at);
        assert_eq!((rig.last().class(), rig.last().kind()), (class, Some(kind)));
        assert_eq!(rig.count(&cancelled), 1);
        assert_eq!(rig.due(), Some(10_000));
    }
}

#[test]
fn t7_the_threshold_of_successes_counts_from_cold_as_well() {
    let mut rig = Rig::start(with(every_10_s(), |it| it.success_threshold = 2));
    rig.attempts("s");
    assert_eq!(
        (rig.status(), rig.check.has_started()),
        (CheckStatus::Starting, true)
    );
    rig.attempts("fs");
    assert_eq!(rig.status(), CheckStatus::Starting);
    rig.attempts("s");
    assert_eq!((rig.status(), rig.streak()), (CheckStatus::Healthy, (0, 2)));
}

#[test]
fn t7_a_warning_is_a_success_that_shows() {
    let mut rig = Rig::start(every_10_s());
    rig.attempts("w");
    assert_eq!(
        (rig.status(), rig.check.verdict()),
        (CheckStatus::Healthy, Some(Status::Degraded))
    );
    rig.attempts("s");
    assert_eq!(rig.check.verdict(), Some(Status::Healthy));
}

#[test]
fn t7_a_startup_check_is_done_once_healthy() {
    let mut rig = Rig::start(with(every_10_s(), |it| it.kind = ProbeKind::Startup));
    rig.attempts("fs");
    assert_eq!(
        (rig.check.mode(), rig.check.poll_timeout()),
        (Mode::Done, None)
    );
}

#[test]
fn t8_failures_that_began_within_the_start_period_do_not_count() {
    let mut config = every_10_s();
    config.retries = 1;
    config.start_period = secs(10);
    config.start_interval = Some(secs(5));
    // At 0, 5 and 10 s; the period ends at 10 s, and there it is over.
    let mut rig = Rig::start(config.clone());
    assert_eq!(rig.attempts("ff"), [0, 5_000]);
    assert_eq!(
        (rig.status(), rig.streak()),
        (CheckStatus::Starting, (0, 0))
    );
    assert!(!rig.last().is_counted());
    assert_eq!(rig.attempts("f"), [10_000]);
    assert_eq!(rig.status(), CheckStatus::Unhealthy);

    // The first success ends it.
    let mut rig = Rig::start(config);
    rig.attempts("s");
    rig.now = 6_000;
    rig.attempts("f");
    assert_eq!(rig.status(), CheckStatus::Unhealthy);
}

#[test]
fn t8_the_first_success_ends_the_protection_below_its_threshold_as_well() {
    let mut rig = Rig::start(with(every_10_s(), |it| {
        it.retries = 1;
        it.success_threshold = 2;
        it.start_period = secs(60);
    }));
    rig.attempts("sf");
    assert_eq!(rig.status(), CheckStatus::Unhealthy);
}

#[test]
fn t7_t9_the_back_off_grows_with_each_further_failure_and_ends_with_a_success() {
    let mut rig = Rig::start(with(every_10_s(), |it| {
        it.retries = 1;
        it.success_threshold = 2;
        it.unhealthy_backoff_factor = 2.0;
    }));
    assert_eq!(rig.attempts("ffff"), [0, 10_000, 30_000, 70_000]);
    // Not healthy by one success, but the next failure is the first step again.
    assert_eq!(rig.attempts("sff"), [150_000, 160_000, 180_000]);
    assert_eq!(rig.due(), Some(220_000));
}

#[test]
fn t9_unhealthy_at_retries_and_only_once() {
    let mut rig = Rig::start(every_10_s());
    rig.attempts("sffsff");
    assert_eq!((rig.status(), rig.streak()), (CheckStatus::Healthy, (2, 0)));
    rig.attempts("fff");
    assert_eq!(
        (rig.status(), rig.streak()),
        (CheckStatus::Unhealthy, (5, 0))
    );
    let change = Event::Status {
        from: CheckStatus::Healthy,
        to: CheckStatus::Unhealthy,
    };
    assert_eq!(rig.count(&change), 1);
}

#[test]
fn t10_indeterminate_results_neither_count_nor_reset() {
    let mut rig = Rig::start(with(every_10_s(), |it| it.indeterminate_limit = 3));
    rig.attempts("sffii");
    assert_eq!((rig.status(), rig.streak()), (CheckStatus::Healthy, (2, 0)));
    assert!(!rig.check.is_stale());
    rig.attempts("iiiii");
    assert!(rig.check.is_stale());
    assert_eq!(rig.count(&Event::ProberImpaired), 1);
    rig.attempts("f");
    assert!(!rig.check.is_stale());
    assert_eq!(rig.status(), CheckStatus::Unhealthy);
    rig.attempts("iii");
    assert_eq!(rig.count(&Event::ProberImpaired), 2);
}

#[test]
fn t10_a_limit_of_zero_never_says_so() {
    let mut rig = Rig::start(with(every_10_s(), |it| it.indeterminate_limit = 0));
    rig.attempts(&"i".repeat(50));
    assert_eq!(
        (rig.count(&Event::ProberImpaired), rig.check.is_stale()),
        (0, false)
    );
}

#[test]
fn t11_an_action_is_withheld_once_per_episode_and_retried_at_each_failure() {
    let mut rig = Rig::start(with(every_10_s(), |it| {
        it.on_unhealthy = OnUnhealthy::Deregister;
    }));
    rig.permit = Permit::Withhold;
    rig.attempts("ffffff");
    assert_eq!(rig.count(&Event::ActionSuppressed), 1);
    rig.attempts("sfff");
    assert_eq!(rig.count(&Event::ActionSuppressed), 2);
    rig.permit = Permit::Act;
    rig.attempts("i");
    assert_eq!(rig.count(&Event::Deregistered), 0);
    rig.attempts("f");
    assert_eq!(
        (rig.count(&Event::Deregistered), rig.check.mode()),
        (1, Mode::Inactive)
    );
    assert_eq!(
        (rig.check.poll_timeout(), rig.check.verdict()),
        (None, None)
    );
}

#[test]
fn t11_a_restart_holds_the_check() {
    let mut rig = Rig::start(restarting());
    rig.attempts("sfff");
    assert_eq!(
        (rig.count(&Event::RestartRequested), rig.check.mode()),
        (1, Mode::OnHold)
    );
    assert_eq!((rig.check.poll_timeout(), rig.streak()), (None, (3, 0)));
}
