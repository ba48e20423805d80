//! How many notices there are, and of what.

use health_core::Streak;
use health_core::UnixTime;
use health_core::check::CheckStatus;
use health_core::monitor::registry::{CheckChange, Notice, NoticeKind, Notices, TransitionRow};

use super::{at, name};

const DOWN: CheckChange = CheckChange::Status {
    from: CheckStatus::Healthy,
    to: CheckStatus::Unhealthy,
};
const UP: CheckChange = CheckChange::Status {
    from: CheckStatus::Unhealthy,
    to: CheckStatus::Healthy,
};

fn turn(target: &str, change: CheckChange) -> TransitionRow {
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
