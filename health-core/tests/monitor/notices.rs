//! How many notices there are, and of what.

use health_core::Streak;
use health_core::UnixTime;
use health_core::check::CheckStatus;
use health_core::monitor::registry::{CheckChange, Notice, NoticeKind, Notices, TransitionRow};

use super::{at, name};

pub(super) const DOWN: CheckChange = CheckChange::Status {
    from: CheckStatus::Healthy,
    to: CheckStatus::Unhealthy,
};
pub(super) const UP: CheckChange = CheckChange::Status {
    from: CheckStatus::Unhealthy,
    to: CheckStatus::Healthy,
};

pub(super) fn turn(target: &str, change: CheckChange) -> TransitionRow {
    TransitionRow {
        target: name(target),
        check: name("http"),
        at: UnixTime::default(),
        change,
        streak: Streak::of_failures(3),
        record: None,
    }
}

fn due(notices: &mut Notices, now: u64) -> Vec<(NoticeKind, Vec<String>)> {
    let due = core::iter::from_fn(|| notices.poll(at(now)));
    let read = |it: Notice| {
        let names = it.transitions.iter().map(|it| it.target.to_string());
        (it.kind, names.collect())
    };
    due.map(read).collect()
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

#[test]
fn what_comes_together_is_told_together_and_once() {
    let mut notices = Notices::default();
    notices.observe(at(0), &[turn("a", DOWN)], false);
    notices.observe(at(500), &[turn("b", DOWN), turn("c", UP)], false);
    assert_eq!(due(&mut notices, 999), []);
    assert_eq!(notices.poll_timeout(), Some(at(1_000)));
    assert_eq!(
        due(&mut notices, 1_000),
        [
            (NoticeKind::Unhealthy, names(&["a", "b"])),
            (NoticeKind::Recovered, names(&["c"])),
        ]
    );
    assert_eq!(
        (notices.poll_timeout(), due(&mut notices, 60_000)),
        (None, vec![])
    );
}

#[test]
fn a_deregistration_says_that_it_was_unhealthy() {
    let mut notices = Notices::default();
    notices.observe(
        at(0),
        &[turn("a", DOWN), turn("a", CheckChange::Deregistered)],
        false,
    );
    assert_eq!(
        due(&mut notices, 1_000),
        [(NoticeKind::Deregistered, names(&["a"]))]
    );
    // A beginning is no recovery, and what is withheld is not said of each.
    let (from, to) = (CheckStatus::Starting, CheckStatus::Healthy);
    let others = [
        CheckChange::Status { from, to },
        CheckChange::ActionSuppressed,
        CheckChange::ProberImpaired,
    ];
    notices.observe(at(2_000), &others.map(|it| turn("b", it)), false);
    assert_eq!(notices.poll_timeout(), None);
}

#[test]
fn a_mass_failure_is_one_notice_and_its_end_another() {
    let mut notices = Notices::default();
    notices.observe(at(0), &[turn("a", DOWN)], false);
    notices.observe(at(100), &[], true);
    notices.observe(at(200), &[turn("b", DOWN), turn("c", DOWN)], true);
    assert_eq!(
        due(&mut notices, 1_000),
        [(NoticeKind::MassFailure, names(&["a", "b", "c"]))]
    );
    notices.observe(at(30_000), &[turn("d", DOWN)], true);
    notices.observe(at(60_000), &[turn("a", UP), turn("b", UP)], true);
    assert_eq!(due(&mut notices, 90_000), []);
    notices.observe(at(90_000), &[], false);
    assert_eq!(
        due(&mut notices, 91_000),
        [(NoticeKind::MassFailureOver, names(&["c", "d"]))]
    );
    // From here on each counts again.
    notices.observe(at(100_000), &[turn("c", UP)], false);
    assert_eq!(
        due(&mut notices, 101_000),
        [(NoticeKind::Recovered, names(&["c"]))]
    );
}

/// Who was told that it is down has to be told that it is up, whatever befalls others meanwhile.
#[test]
fn a_recovery_of_what_was_told_before_a_mass_failure_is_told_in_it() {
    let mut notices = Notices::default();
    notices.observe(at(0), &[turn("a", DOWN)], false);
    assert_eq!(
        due(&mut notices, 1_000),
        [(NoticeKind::Unhealthy, names(&["a"]))]
    );
    let others = ["b", "c"].map(|it| turn(it, DOWN));
    notices.observe(at(10_000), &others, true);
    assert_eq!(
        due(&mut notices, 11_000),
        [(NoticeKind::MassFailure, names(&["b", "c"]))]
    );
    notices.observe(at(20_000), &[turn("a", UP), turn("b", UP)], true);
    assert_eq!(
        due(&mut notices, 21_000),
        [(NoticeKind::Recovered, names(&["a"]))]
    );
    notices.observe(at(30_000), &[], false);
    assert_eq!(
        due(&mut notices, 31_000),
        [(NoticeKind::MassFailureOver, names(&["c"]))]
    );
}

/// Half of all fail once, and are well again: nobody has turned, and nobody is woken.
#[test]
fn a_hiccup_is_told_to_nobody() {
    let mut notices = Notices::default();
    notices.observe(at(0), &[], true);
    notices.observe(at(1_000), &[], false);
    assert_eq!(notices.poll_timeout(), None);
}

/// People act on the last message: each says how it is now, compared with what they were sent before.
#[test]
fn the_last_notice_of_a_target_says_how_it_is() {
    // Of a target, and of another one beside it that fails once.
    for (changes, last) in [
        (&[DOWN][..], Some(NoticeKind::Unhealthy)),
        (&[DOWN, UP], None),
        (&[DOWN, UP, DOWN], Some(NoticeKind::Unhealthy)),
        (&[DOWN, UP, DOWN, UP], None),
        (&[DOWN, UP, DOWN, UP, DOWN], Some(NoticeKind::Unhealthy)),
        (
            &[DOWN, UP, DOWN, CheckChange::Deregistered],
            Some(NoticeKind::Deregistered),
        ),
    ] {
        let mut notices = Notices::default();
        for (index, change) in changes.iter().enumerate() {
            notices.observe(at(index as u64 * 100), &[turn("a", *change)], false);
        }
        let sent = due(&mut notices, 1_000);
        let expected: Vec<_> = last.map(|kind| (kind, names(&["a"]))).into_iter().collect();
        assert_eq!(sent, expected, "{changes:?}");
    }
    // Once more with what was sent before: up and down again is no change.
    let mut notices = Notices::default();
    notices.observe(at(0), &[turn("a", DOWN)], false);
    assert_eq!(due(&mut notices, 1_000).len(), 1);
    notices.observe(at(5_000), &[turn("a", UP)], false);
    notices.observe(at(5_100), &[turn("a", DOWN)], false);
    assert_eq!(due(&mut notices, 60_000), []);
    notices.observe(
        at(70_000),
        &[turn("a", UP), turn("a", DOWN), turn("a", UP)],
        false,
    );
    assert_eq!(
        due(&mut notices, 71_000),
        [(NoticeKind::Recovered, names(&["a"]))]
    );
}

#[test]
fn notices_that_are_due_together_come_in_the_order_in_which_things_happened() {
    let mut notices = Notices::default();
    notices.observe(at(0), &[turn("up", DOWN), turn("off", DOWN)], false);
    assert_eq!(due(&mut notices, 1_000).len(), 1);
    notices.observe(at(2_000), &[turn("up", UP)], false);
    notices.observe(at(2_100), &[turn("off", CheckChange::Deregistered)], false);
    notices.observe(at(2_200), &[turn("down", DOWN)], false);
    assert_eq!(
        due(&mut notices, 3_000),
        [
            (NoticeKind::Recovered, names(&["up"])),
            (NoticeKind::Deregistered, names(&["off"])),
            (NoticeKind::Unhealthy, names(&["down"])),
        ]
    );
}

/// Two of its checks are unhealthy: that is one target, and it has recovered when both are healthy.
#[test]
fn a_target_with_an_unhealthy_check_has_not_recovered() {
    let of = |check: &str, change| TransitionRow {
        check: name(check),
        ..turn("a", change)
    };
    let mut notices = Notices::default();
    notices.observe(at(0), &[of("http", DOWN), of("tcp", DOWN)], false);
    assert_eq!(
        due(&mut notices, 1_000),
        [(NoticeKind::Unhealthy, names(&["a"]))]
    );
    notices.observe(at(2_000), &[of("http", UP)], false);
    assert_eq!(due(&mut notices, 3_000), []);
    notices.observe(at(4_000), &[of("tcp", UP)], false);
    assert_eq!(
        due(&mut notices, 5_000),
        [(NoticeKind::Recovered, names(&["a"]))]
    );
    // A further check of a target that is unhealthy already is news.
    notices.observe(at(6_000), &[of("http", DOWN)], false);
    assert_eq!(due(&mut notices, 7_000).len(), 1);
    notices.observe(at(8_000), &[of("tcp", DOWN)], false);
    assert_eq!(
        due(&mut notices, 9_000),
        [(NoticeKind::Unhealthy, names(&["a"]))]
    );
}

#[test]
fn a_reactivated_target_that_is_healthy_has_recovered() {
    let fresh = CheckChange::Status {
        from: CheckStatus::Unhealthy,
        to: CheckStatus::Starting,
    };
    let (from, to) = (CheckStatus::Starting, CheckStatus::Healthy);
    let healthy = CheckChange::Status { from, to };
    let mut notices = Notices::default();
    notices.observe(
        at(0),
        &[turn("a", DOWN), turn("a", CheckChange::Deregistered)],
        false,
    );
    assert_eq!(due(&mut notices, 1_000).len(), 1);
    notices.observe(at(5_000), &[turn("a", fresh)], false);
    assert_eq!(due(&mut notices, 6_000), []);
    notices.observe(at(7_000), &[turn("a", healthy), turn("b", healthy)], false);
    assert_eq!(
        due(&mut notices, 8_000),
        [(NoticeKind::Recovered, names(&["a"]))]
    );
}

/// Near its threshold a mass failure begins and ends with every probe.
#[test]
fn no_target_is_forgotten_when_a_mass_failure_comes_and_goes() {
    let mut notices = Notices::default();
    notices.observe(at(0), &[turn("a", DOWN)], true);
    notices.observe(at(100), &[], false);
    notices.observe(at(200), &[turn("b", DOWN)], true);
    notices.observe(at(300), &[], false);
    assert_eq!(
        due(&mut notices, 1_000),
        [(NoticeKind::Unhealthy, names(&["a", "b"]))]
    );

    let mut notices = Notices::default();
    notices.observe(at(0), &[turn("a", DOWN), turn("b", DOWN)], true);
    assert_eq!(due(&mut notices, 1_000).len(), 1);
    for begin in [2_000, 2_400] {
        notices.observe(at(begin), &[], false);
        notices.observe(at(begin + 200), &[turn("b", UP), turn("b", DOWN)], true);
    }
    notices.observe(at(2_700), &[], false);
    assert_eq!(
        due(&mut notices, 3_000),
        [(NoticeKind::MassFailureOver, names(&["a", "b"]))]
    );
}

#[test]
fn the_end_is_not_the_last_notice_while_a_mass_failure_is_on() {
    let mut notices = Notices::default();
    notices.observe(at(0), &[turn("a", DOWN), turn("b", DOWN)], true);
    assert_eq!(due(&mut notices, 1_000).len(), 1);
    // It is on again before its end was sent.
    notices.observe(at(10_000), &[], false);
    notices.observe(at(10_500), &[], true);
    assert_eq!(due(&mut notices, 11_000), []);
    // And after its end was sent.
    notices.observe(at(20_000), &[], false);
    assert_eq!(
        due(&mut notices, 21_000),
        [(NoticeKind::MassFailureOver, names(&["a", "b"]))]
    );
    notices.observe(at(22_000), &[], true);
    assert_eq!(
        due(&mut notices, 23_000),
        [(NoticeKind::MassFailure, names(&["a", "b"]))]
    );
    notices.observe(at(30_000), &[turn("a", UP), turn("b", UP)], false);
    assert_eq!(
        due(&mut notices, 31_000),
        [(NoticeKind::MassFailureOver, vec![])]
    );
}

/// The recovery that ends a mass failure is stored after the end was seen.
#[test]
fn the_end_of_a_mass_failure_names_nobody_who_has_recovered() {
    let mut notices = Notices::default();
    notices.observe(at(0), &[turn("a", DOWN), turn("b", DOWN)], true);
    assert_eq!(due(&mut notices, 1_000).len(), 1);
    notices.observe(at(10_000), &[], false);
    notices.observe(at(10_020), &[turn("b", UP)], false);
    assert_eq!(
        due(&mut notices, 11_000),
        [(NoticeKind::MassFailureOver, names(&["a"]))]
    );
    notices.observe(at(12_000), &[turn("a", UP)], false);
    assert_eq!(
        due(&mut notices, 13_000),
        [(NoticeKind::Recovered, names(&["a"]))]
    );
}

#[test]
fn what_happens_in_a_mass_failure_comes_in_one_update_every_five_minutes() {
    let mut notices = Notices::default();
    notices.observe(at(0), &["a", "b", "c"].map(|it| turn(it, DOWN)), true);
    assert_eq!(due(&mut notices, 1_000).len(), 1);
    notices.observe(at(10_000), &[turn("d", DOWN), turn("a", UP)], true);
    notices.observe(at(20_000), &[turn("e", DOWN), turn("b", UP)], true);
    notices.observe(at(30_000), &[turn("e", UP), turn("b", DOWN)], true);
    assert_eq!(due(&mut notices, 31_000), []);
    assert_eq!(notices.poll_timeout(), Some(at(301_000)));
    assert_eq!(
        due(&mut notices, 301_000),
        [(NoticeKind::MassFailureUpdate, names(&["d", "a"]))]
    );
    assert_eq!(notices.poll_timeout(), None);
    // The first for a long time is not held back.
    notices.observe(at(900_000), &[turn("a", DOWN)], true);
    assert_eq!(
        due(&mut notices, 901_000),
        [(NoticeKind::MassFailureUpdate, names(&["a"]))]
    );
    notices.observe(at(902_000), &[turn("c", UP)], true);
    assert_eq!(due(&mut notices, 950_000), []);
    notices.observe(at(960_000), &[], false);
    assert_eq!(
        due(&mut notices, 961_000),
        [(NoticeKind::MassFailureOver, names(&["d", "b", "a"]))]
    );
}

#[test]
fn a_new_process_goes_on_from_what_was_sent() {
    let mut notices = Notices::default();
    let off = [turn("off", DOWN), turn("off", CheckChange::Deregistered)];
    let sent = off.into_iter().chain([turn("a", DOWN)]);
    notices.restore(sent, false);
    assert_eq!(notices.poll_timeout(), None);
    notices.observe(at(0), &[turn("a", UP), turn("b", UP)], false);
    assert_eq!(
        due(&mut notices, 1_000),
        [(NoticeKind::Recovered, names(&["a", "b"]))]
    );

    let mut notices = Notices::default();
    notices.restore([turn("a", DOWN), turn("b", DOWN)], true);
    assert!(notices.is_mass_failure_sent());
    notices.observe(at(0), &[turn("b", UP)], false);
    assert_eq!(
        due(&mut notices, 1_000),
        [(NoticeKind::MassFailureOver, names(&["a"]))]
    );
    assert!(!notices.is_mass_failure_sent());
    // One that was removed is in none, and with the last one all is over.
    notices.retain(|it| it.as_str() != "a");
    assert_eq!(
        due(&mut notices, 1_500),
        [(NoticeKind::Recovered, Vec::new())]
    );
    notices.observe(at(2_000), &[turn("c", DOWN)], true);
    assert_eq!(
        due(&mut notices, 3_000),
        [(NoticeKind::MassFailure, names(&["c"]))]
    );
}
