//! When the next attempt is due, and what a new prober goes on from.

use health_core::Outcome;
use health_core::ProbeKind;
use health_core::Streak;
use health_core::check::{CheckStatus, Event, Mode, OnUnhealthy, Saved, Schedule};
use health_core::{Moment, UnixTime};

use crate::restarting;
use crate::rig::{self, Rig, every_10_s, secs, with};

#[test]
fn timing_the_interval_in_use_has_four_rules_in_order() {
    let mut rig = Rig::start(with(every_10_s(), |it| {
        it.retries = 2;
        it.success_threshold = 2;
        it.start_period = secs(7);
        it.start_interval = Some(secs(3));
        it.edge_interval = Some(secs(1));
        it.unhealthy_interval = Some(secs(20));
    }));
    // 0, 3, 6 protected; from 7 s on the interval until a streak begins.
    assert_eq!(rig.attempts("fff"), [0, 3_000, 6_000]);
    assert_eq!(rig.due(), Some(9_000));
    // The first counted failure, then the edge; unhealthy, then its interval.
    assert_eq!(rig.attempts("ff"), [9_000, 10_000]);
    assert_eq!(
        (rig.status(), rig.due()),
        (CheckStatus::Unhealthy, Some(30_000))
    );
    // One success is a pending change again.
    assert_eq!(rig.attempts("ss"), [30_000, 31_000]);
    assert_eq!(
        (rig.status(), rig.due()),
        (CheckStatus::Healthy, Some(41_000))
    );
}

#[test]
fn timing_fixed_delay_counts_from_the_end() {
    let mut rig = Rig::start(with(every_10_s(), |it| it.schedule = Schedule::FixedDelay));
    assert_eq!(rig.attempts("sfs"), [0, 10_005, 20_010]);
    assert_eq!(rig.check.skipped_slots(), 0);
}

#[test]
fn timing_a_timeout_longer_than_the_interval_skips_slots() {
    let mut rig = Rig::start(with(every_10_s(), |it| it.timeout = secs(25)));
    let _ = rig.poll(0);
    let _ = rig.poll(25_000);
    assert_eq!((rig.due(), rig.check.skipped_slots()), (Some(30_000), 2));
}

#[test]
fn timing_jitter_delays_the_attempt_and_not_the_grid() {
    let mut rig = Rig::new(with(every_10_s(), |it| it.jitter_percent = 20));
    rig.check = health_core::check::Check::new(rig.check.config().clone().into()).with_seed(7);
    rig.tell(0, |check, now| check.start(now));
    let begins = rig.attempts(&"s".repeat(50));
    let delays: Vec<_> = begins
        .iter()
        .zip(0..)
        .map(|(begin, slot)| begin - slot * 10_000)
        .collect();
    assert!(delays.iter().all(|&delay| delay <= 2_000), "{delays:?}");
    assert!(delays.iter().any(|&delay| delay > 1_000), "{delays:?}");
}

#[test]
fn time_that_runs_backwards_stands_still() {
    let mut rig = Rig::start(every_10_s());
    let _ = rig.poll(5_000);
    rig.answer(10, 1, Outcome::success());
    assert_eq!(
        (rig::ms(rig.last().end()), rig.due()),
        (5_000, Some(10_000))
    );
}

#[test]
fn a_restored_check_goes_on_where_it_ended() {
    let mut saved = Saved::default();
    saved.status = CheckStatus::Healthy;
    saved.streak = Streak::of_failures(2);
    let mut rig = Rig::restored(restarting(), saved);
    assert!(rig.check.is_stale() && rig.told.is_empty());
    assert_eq!(rig.check.saved(Moment::default()), saved);
    rig.attempts("f");
    assert_eq!(
        (rig.status(), rig.count(&Event::RestartRequested)),
        (CheckStatus::Unhealthy, 1)
    );

    // An action that was withheld is still owed; one that was carried out is not.
    let mut unhealthy = saved;
    unhealthy.status = CheckStatus::Unhealthy;
    unhealthy.streak = Streak::of_failures(9);
    let mut rig = Rig::restored(restarting(), unhealthy);
    rig.attempts("f");
    assert_eq!(rig.count(&Event::RestartRequested), 1);
    let mut gone = unhealthy;
    gone.deregistered = true;
    let mut rig = Rig::restored(restarting(), gone);
    assert_eq!((rig.check.mode(), rig.due()), (Mode::Inactive, None));
    rig.tell(9, |check, now| check.reactivate(now));
    assert_eq!(rig.due(), Some(9));
}

#[test]
fn a_restored_startup_check_is_not_asked_again() {
    let mut config = every_10_s();
    config.kind = ProbeKind::Startup;
    let mut rig = Rig::start(config.clone());
    rig.attempts("s");
    let rig = Rig::restored(config, rig.check.saved(Moment::default()));
    assert_eq!((rig.check.mode(), rig.due()), (Mode::Done, None));
}

#[test]
fn status_words_read_back() {
    for word in ["unknown", "starting", "healthy", "unhealthy"] {
        assert_eq!(
            CheckStatus::from_word(word).map(CheckStatus::as_str),
            Some(word)
        );
    }
    assert_eq!(CheckStatus::from_word("Healthy"), None);
}

#[test]
fn since_when_the_status_holds_outlives_the_prober() {
    // The prober's clock shows zero at noon.
    let noon = 1_769_169_600_000;
    let moment = |now| Moment {
        now: rig::at(now),
        unix: UnixTime::from_millis(noon + now),
    };
    let date = |millis| Some(UnixTime::from_millis(millis));
    let mut rig = Rig::new(every_10_s());
    assert_eq!(rig.check.since(moment(0)), None);
    rig.tell(3, |check, now| check.start(now));
    assert_eq!(rig.check.since(moment(7)), date(noon + 3));
    rig.attempts("fff");
    // At the third failure, which came 5 ms after its slot.
    assert_eq!(rig.status(), CheckStatus::Unhealthy);
    let since = date(noon + 20_008);
    assert_eq!(rig.check.since(moment(60_000)), since);
    let saved = rig.check.saved(moment(60_000));
    assert_eq!((saved.since, saved.deregistered_at), (since, None));

    // The next prober's clock began later, and shows zero again.
    let mut rig = Rig::restored(every_10_s(), saved);
    assert_eq!(rig.check.since(moment(0)), since);
    rig.attempts("f");
    assert_eq!(rig.check.since(moment(5)), since);
    rig.tell(100, |check, now| check.instance_changed(now));
    assert_eq!(rig.check.since(moment(100)), date(noon + 100));
}

#[test]
fn when_it_was_deregistered_outlives_the_prober() {
    let mut config = every_10_s();
    config.on_unhealthy = OnUnhealthy::Deregister;
    let moment = |now, unix| Moment {
        now: rig::at(now),
        unix: UnixTime::from_millis(unix),
    };
    let mut rig = Rig::start(config.clone());
    rig.attempts("fff");
    let saved = rig.check.saved(moment(20_005, 1_000_000));
    let at = Some(UnixTime::from_millis(1_000_000));
    assert!(saved.deregistered);
    assert_eq!((saved.since, saved.deregistered_at), (at, at));

    let mut rig = Rig::restored(config, saved);
    assert_eq!(rig.check.saved(moment(0, 2_000_000)), saved);
    rig.tell(9, |check, now| check.reactivate(now));
    let back = rig.check.saved(moment(9, 2_000_000));
    assert!(!back.deregistered && back.deregistered_at.is_none());
    assert_eq!(back.since, Some(UnixTime::from_millis(2_000_000)));
}
