//! T1 and T12 to T18: what is asked of a check, and what stands in its way.

use health_core::check::{
    CancelReason, CheckConfig, CheckStatus, Event, FirstCheck, Mode, OnUnhealthy,
};
use health_core::{Class, Kind, Outcome};

use crate::rig::{self, Rig, every_10_s, secs, with};
use crate::{exec, restarting};

#[test]
fn t1_start_is_once() {
    let mut rig = Rig::new(every_10_s());
    assert_eq!((rig.check.mode(), rig.due()), (Mode::New, None));
    for now in [3_000, 4_000] {
        rig.tell(now, |check, now| check.start(now));
        assert_eq!(
            (rig.status(), rig.due()),
            (CheckStatus::Starting, Some(3_000))
        );
    }
    assert_eq!(rig.told.len(), 1);
}

#[test]
fn t1_first_due_of_every_kind() {
    let due = |config: CheckConfig| Rig::start(config).due();
    let mut after_interval = every_10_s();
    after_interval.first_check = FirstCheck::AfterInterval;
    after_interval.initial_delay = secs(2);
    after_interval.spread_offset = secs(3);
    let mut immediate = after_interval.clone();
    immediate.first_check = FirstCheck::Immediate;
    let mut protected = after_interval.clone();
    protected.start_period = secs(60);
    assert_eq!(due(immediate), Some(5_000));
    assert_eq!(due(after_interval), Some(12_000));
    assert_eq!(due(protected), Some(7_000));
}

#[test]
fn t12_a_new_instance_starts_afresh_and_keeps_the_history() {
    let mut rig = Rig::start(restarting());
    rig.attempts("sfff");
    rig.tell(40_000, |check, now| check.instance_changed(now));
    assert_eq!(
        (rig.status(), rig.streak(), rig.due()),
        (CheckStatus::Starting, (0, 0), Some(40_000))
    );
    assert!(!rig.check.has_started());
    assert_eq!(rig.check.history().len(), 4);

    // What runs is given up, and its answer comes too late.
    let start = rig.poll(40_000).expect("due");
    rig.tell(40_100, |check, now| check.instance_changed(now));
    let cancelled = Event::Cancelled {
        attempt: start.attempt,
        reason: CancelReason::InstanceChanged,
    };
    assert_eq!(rig.count(&cancelled), 1);
    rig.answer(40_101, start.attempt, Outcome::success());
    assert_eq!(
        (rig.status(), rig.check.history().len()),
        (CheckStatus::Starting, 4)
    );
}

#[test]
fn t12_a_paused_check_stays_paused() {
    let mut rig = Rig::start(every_10_s());
    rig.attempts("s");
    rig.tell(12_000, |check, now| check.pause(now));
    rig.tell(13_000, |check, now| check.instance_changed(now));
    assert_eq!(
        (rig.check.mode(), rig.check.poll_timeout()),
        (Mode::Paused, None)
    );
    assert!(rig.check.is_stale());
    rig.tell(14_000, |check, now| check.resume(now));
    assert_eq!(
        (rig.status(), rig.due()),
        (CheckStatus::Starting, Some(14_000))
    );
}

#[test]
fn t13_t14_a_pause_keeps_the_status_and_resume_starts_the_streaks_over() {
    let mut rig = Rig::start(every_10_s());
    rig.attempts("sff");
    rig.tell(29_000, |check, now| check.pause(now));
    rig.tell(29_001, |check, now| check.pause(now));
    assert_eq!(
        (rig.status(), rig.check.is_stale()),
        (CheckStatus::Healthy, true)
    );
    assert_eq!((rig.poll(60_000), rig.check.verdict()), (None, None));
    rig.tell(61_000, |check, now| check.resume(now));
    assert_eq!((rig.streak(), rig.due()), ((0, 0), Some(61_000)));
    assert_eq!(rig.attempts("ff"), [61_000, 71_000]);
    assert_eq!(
        (rig.status(), rig.check.is_stale()),
        (CheckStatus::Healthy, false)
    );
}

#[test]
fn t14_what_rests_is_not_woken_by_resume() {
    for action in [OnUnhealthy::Restart, OnUnhealthy::Deregister] {
        let mut rig = Rig::start(with(every_10_s(), |it| it.on_unhealthy = action));
        rig.attempts("fff");
        let mode = rig.check.mode();
        rig.tell(30_000, |check, now| check.pause(now));
        rig.tell(31_000, |check, now| check.resume(now));
        assert_eq!(
            (rig.check.mode(), rig.due(), rig.streak()),
            (mode, None, (3, 0))
        );
    }
}

#[test]
fn t15_a_trigger_moves_the_grid_of_an_idle_check() {
    let mut rig = Rig::start(every_10_s());
    rig.attempts("s");
    rig.tell(3_000, |check, now| check.trigger(now));
    assert_eq!(rig.attempts("ss"), [3_000, 13_000]);
}

#[test]
fn t15_elsewhere_it_is_nothing() {
    let trigger = |rig: &mut Rig, now| rig.tell(now, |check, now| check.trigger(now));
    let mut rig = Rig::start(restarting());
    // Waiting for a place: the slot it waits for stays.
    trigger(&mut rig, 500);
    assert_eq!(rig.due(), Some(0));
    let _ = rig.poll(500);
    trigger(&mut rig, 600);
    assert_eq!(rig.check.mode(), Mode::Running);
    rig.answer(700, 1, Outcome::failure_with_message("refused"));
    assert_eq!(rig.due(), Some(10_000));
    rig.tell(800, |check, now| check.pause(now));
    trigger(&mut rig, 900);
    assert_eq!(rig.poll(900), None);
    rig.tell(1_000, |check, now| check.resume(now));
    rig.attempts("fff");
    trigger(&mut rig, 30_000);
    assert_eq!((rig.check.mode(), rig.due()), (Mode::OnHold, None));
}

#[test]
fn t16_slots_pass_as_failures_while_a_process_is_stuck() {
    let mut rig = Rig::start(exec());
    let _ = rig.poll(0);
    let _ = rig.poll(1_000);
    assert_eq!((rig.check.mode(), rig.streak()), (Mode::Reaping, (1, 0)));
    rig.tell(9_000, |check, now| check.trigger(now));
    assert_eq!(rig.poll(10_000), None);
    assert_eq!(
        (rig.last().attempt(), rig.last().kind()),
        (None, Some(Kind::PreviousAttemptStuck))
    );
    assert_eq!(
        (rig.due(), rig.streak(), rig.check.attempts()),
        (Some(20_000), (2, 0), 1)
    );
    rig.tell(15_000, |check, now| check.handle_reaped(now, 2));
    assert_eq!(rig.check.mode(), Mode::Reaping);
    rig.tell(15_000, |check, now| check.handle_reaped(now, 1));
    assert_eq!((rig.check.mode(), rig.due()), (Mode::Idle, Some(20_000)));
    assert_eq!(rig.attempts("s"), [20_000]);
    assert_eq!(rig.count(&Event::Reaped { attempt: 1 }), 1);
}

#[test]
fn t16_a_slot_that_our_own_killing_took_is_made_up_for() {
    let mut rig = Rig::start(exec());
    let _ = rig.poll(0);
    rig.tell(500, |check, now| check.instance_changed(now));
    assert_eq!(rig.poll(500), None);
    let last = rig.last();
    assert_eq!(
        (last.class(), last.kind()),
        (Class::Indeterminate, Some(Kind::PreviousAttemptStuck))
    );
    rig.tell(620, |check, now| check.handle_reaped(now, 1));
    assert_eq!((rig.due(), rig.streak()), (Some(620), (0, 0)));
    assert_eq!(rig.attempts("s"), [620]);
}

#[test]
fn t17_reactivation_starts_a_deregistered_check_afresh() {
    let mut rig = Rig::start(with(every_10_s(), |it| {
        it.on_unhealthy = OnUnhealthy::Deregister;
    }));
    rig.tell(1, |check, now| check.reactivate(now));
    rig.attempts("fff");
    rig.tell(50_000, |check, now| check.reactivate(now));
    assert_eq!(
        (rig.status(), rig.due(), rig.streak()),
        (CheckStatus::Starting, Some(50_000), (0, 0))
    );
    rig.attempts("fff");
    assert_eq!(rig.count(&Event::Deregistered), 2);
}

#[test]
fn t18_stop_is_terminal() {
    let stop = |rig: &mut Rig, now| rig.tell(now, |check, now| check.stop(now, secs(5)));
    let mut rig = Rig::start(every_10_s());
    let _ = rig.poll(0);
    stop(&mut rig, 100);
    assert_eq!((rig.check.mode(), rig.told.len()), (Mode::Stopped, 3));
    for now in [200, 300] {
        stop(&mut rig, now);
        rig.tell(now, |check, now| check.start(now));
        rig.tell(now, |check, now| check.instance_changed(now));
        rig.tell(now, |check, now| check.pause(now));
        rig.tell(now, |check, now| check.resume(now));
        rig.answer(now, 1, Outcome::success());
    }
    assert_eq!((rig.check.mode(), rig.told.len()), (Mode::Stopped, 3));
}

#[test]
fn t18_a_process_is_waited_for_but_not_for_ever() {
    for (reaped, expected) in [(Some(1_500), 1_500), (None, 5_100)] {
        let mut rig = Rig::start(exec());
        let _ = rig.poll(0);
        rig.tell(100, |check, now| check.stop(now, secs(5)));
        assert_eq!(
            (rig.check.mode(), rig.check.verdict()),
            (Mode::Stopping, None)
        );
        assert_eq!(rig.check.poll_timeout(), Some(rig::at(5_100)));
        match reaped {
            Some(now) => rig.tell(now, |check, now| check.handle_reaped(now, 1)),
            None => assert_eq!(rig.poll(5_100), None),
        }
        assert_eq!(rig.told.last(), Some(&(expected, Event::Stopped)));
    }
}
