//! How a group says that some of its targets are deregistered.

use health_core::monitor::{Down, Monitor, Summary, TargetStatus};
use health_core::{Class, ProbeKind};

use super::rechecked;
use crate::{at, every_10_s, fail, numbers, plain, running, single, starts, succeed};

#[test]
fn it_counts_in_its_group_until_it_is_removed_or_reactivated() {
    let mut monitor = running(plain());
    let ids: Vec<_> = ["a", "b", "c"]
        .map(|target| {
            monitor
                .add(at(0), single(target, rechecked()))
                .expect("new")
        })
        .into();
    let begun = starts(&mut monitor, 0);
    fail(&mut monitor, 0, &begun[1..2]);
    let rest = [begun[0], begun[2]];
    succeed(&mut monitor, 0, &rest);
    let outcome = |monitor: &mut Monitor, now| {
        let outcome = numbers(monitor, at(now)).summary.outcome();
        let outcome = outcome.expect("known");
        (
            outcome.class,
            outcome.message.as_str().to_owned(),
            monitor.down().to_string(),
        )
    };
    let told = |class, message: &str, down: &str| (class, message.to_owned(), down.to_owned());
    assert_eq!(
        outcome(&mut monitor, 0),
        told(
            Class::Warning,
            "2/3 healthy, 1/3 deregistered",
            "b (deregistered): 503"
        )
    );
    // None is left.
    let begun = starts(&mut monitor, 10_000);
    fail(&mut monitor, 10_000, &begun);
    assert_eq!(
        outcome(&mut monitor, 10_000),
        told(
            Class::Failure,
            "0/3 healthy, 3/3 deregistered",
            "a (deregistered): 503; also down: b, c"
        )
    );
    // It answers again, which changes nothing but the words.
    let begun = starts(&mut monitor, 100_000);
    succeed(&mut monitor, 100_000, &begun);
    assert_eq!(
        outcome(&mut monitor, 100_000),
        told(
            Class::Failure,
            "0/3 healthy, 3/3 deregistered, 1/3 answers again",
            "a (deregistered): 503; also down: c, b"
        )
    );
    assert!(monitor.remove(at(100_000), ids[0]));
    assert!(monitor.remove(at(100_000), ids[2]));
    assert_eq!(
        outcome(&mut monitor, 100_000),
        told(
            Class::Failure,
            "0/1 healthy, 1/1 deregistered, 1/1 answers again",
            "b (deregistered, answers again): 503"
        )
    );
    monitor.reactivate(at(100_001), ids[1]);
    let begun = starts(&mut monitor, 100_001);
    succeed(&mut monitor, 100_001, &begun);
    assert_eq!(outcome(&mut monitor, 100_001), told(Class::Success, "", ""));
}

#[test]
fn a_group_is_at_most_degraded_while_one_is_deregistered() {
    use TargetStatus::{
        AnswersAgain, Degraded, Deregistered, Healthy, Inactive, Unhealthy, Unknown,
    };
    let class = |targets: &[TargetStatus]| {
        let group: Summary = targets.iter().copied().collect();
        group.outcome().map(|it| it.class)
    };
    for (targets, wanted) in [
        (&[Healthy, Deregistered][..], Some(Class::Warning)),
        (&[Degraded, AnswersAgain], Some(Class::Warning)),
        (&[Healthy, Inactive, AnswersAgain], Some(Class::Warning)),
        (&[Healthy, Unhealthy, Deregistered], Some(Class::Failure)),
        (&[Deregistered], Some(Class::Failure)),
        (&[AnswersAgain], Some(Class::Failure)),
        // Whoever is paused is not there.
        (&[Inactive, Deregistered], Some(Class::Failure)),
        (&[Unknown, Deregistered], None),
        (&[Unknown, Healthy, Deregistered], None),
    ] {
        assert_eq!(class(targets), wanted, "{targets:?}");
    }
}

/// A group that a reader gathers for itself says the same as the monitor.
#[test]
fn a_group_names_ten_of_those_that_are_down() {
    let mut monitor = running(plain());
    let mut report = every_10_s(ProbeKind::Health);
    report.retries = 1;
    for number in 0..25 {
        let config = if number % 2 == 0 {
            report.clone()
        } else {
            rechecked()
        };
        let target = format!("t{number:02}");
        monitor.add(at(0), single(&target, config)).expect("new");
    }
    let begun = starts(&mut monitor, 0);
    fail(&mut monitor, 0, &begun);
    let mut down = Down::default();
    for (_, target) in monitor.targets(None) {
        down.add(at(0), target);
    }
    let text = "t01 (deregistered): 503; also down: t03, t05, t07, t09, t11, t13, t15, t17, t19 and 15 more";
    assert_eq!(
        (down.to_string(), monitor.down().to_string()),
        (text.to_owned(), text.to_owned())
    );
    assert_eq!(Down::default().to_string(), "");
}
