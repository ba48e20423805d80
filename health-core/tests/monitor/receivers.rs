//! What one receiver is told, by rules of its own, whatever ends in between.

use core::time::Duration;

use health_core::check::CheckStatus;
use health_core::check::Record;
use health_core::monitor::registry::{
    Batch, CheckChange, DeliveryFailure, Flapping, Notice, NoticeConfig, NoticeKind, Notices,
    Outbox, ResultRow, TransitionRow,
};
use health_core::{Instant, Name, Outcome, Streak, UnixTime};

const DOWN: CheckChange = CheckChange::Status {
    from: CheckStatus::Healthy,
    to: CheckStatus::Unhealthy,
};
const UP: CheckChange = CheckChange::Status {
    from: CheckStatus::Unhealthy,
    to: CheckStatus::Healthy,
};

/// So many seconds after the start.
fn at(seconds: u64) -> Instant {
    Instant::default() + Duration::from_secs(seconds)
}

fn name(text: &str) -> Name {
    Name::new(text).expect("a name")
}

fn turn(target: &str, change: CheckChange, seconds: u64) -> TransitionRow {
    TransitionRow {
        target: name(target),
        check: name("http"),
        at: UnixTime::from_millis(seconds * 1_000),
        change,
        streak: Streak::of_failures(3),
        record: None,
    }
}

fn due(notices: &mut Notices, now: Instant) -> Vec<Notice> {
    core::iter::from_fn(|| notices.poll(now)).collect()
}

/// The kinds, how many targets each names, and how many are open.
fn words(notices: &[Notice]) -> Vec<(NoticeKind, usize, usize)> {
    let words = notices.iter();
    words
        .map(|it| (it.kind, it.transitions.len(), it.open))
        .collect()
}

fn config(change: impl FnOnce(&mut NoticeConfig)) -> NoticeConfig {
    let mut config = NoticeConfig::default();
    change(&mut config);
    config
}

/// A process ends after each step, and the next one goes on from what it has kept.
fn next_process(notices: &mut Notices, config: NoticeConfig, now: Instant, targets: &[&str]) {
    let (mut sent, mut flapping) = (Vec::new(), Vec::new());
    for target in targets {
        let told = notices.told(&name(target));
        sent.extend(told.sent);
        flapping.extend(told.flapping);
    }
    let mut next = Notices::with_config(config);
    next.restore(sent, notices.is_mass_failure_sent());
    flapping
        .into_iter()
        .for_each(|it| next.restore_flapping(it));
    if let Some(incident) = notices.incident() {
        next.restore_incident(now, incident, Duration::ZERO);
    }
    *notices = next;
}

#[test]
fn an_outage_of_twenty_targets_is_one_notice_and_one_end_of_one_incident() {
    for ends_between in [false, true] {
        let config = config(|it| it.gather = Duration::from_secs(60));
        let names: Vec<_> = (0..20).map(|index| format!("t{index}")).collect();
        let all: Vec<_> = names.iter().map(String::as_str).collect();
        let mut notices = Notices::with_config(config);
        let mut sent = Vec::new();
        for (begin, change) in [(1_000, DOWN), (5_000, UP)] {
            for (index, target) in all.iter().enumerate() {
                let now = begin + index as u64 * 2;
                notices.observe(at(now), &[turn(target, change, now)], false);
                sent.extend(due(&mut notices, at(now)));
            }
            sent.extend(due(&mut notices, at(begin + 60)));
            if ends_between {
                next_process(&mut notices, config, at(begin + 60), &all);
                assert_eq!(due(&mut notices, at(begin + 1_000)), []);
            }
        }
        use NoticeKind::{Recovered, Unhealthy};
        assert_eq!(words(&sent), [(Unhealthy, 20, 20), (Recovered, 20, 0)]);
        assert_eq!(sent[0].incident, UnixTime::from_millis(1_000_000));
        assert_eq!(sent[1].incident, sent[0].incident);
        assert_eq!(notices.incident(), None);
    }
}

#[test]
fn with_a_delay_only_what_is_still_so_is_told() {
    let config = config(|it| it.delay = Duration::from_secs(300));
    let mut notices = Notices::with_config(config);
    notices.observe(
        at(0),
        &[turn("short", DOWN, 0), turn("long", DOWN, 0)],
        false,
    );
    assert!(notices.is_gathering());
    notices.observe(at(100), &[turn("short", UP, 100)], false);
    notices.observe(at(200), &[turn("late", DOWN, 200)], false);
    notices.flush(at(200));
    assert_eq!(due(&mut notices, at(300)), []);
    let told = due(&mut notices, at(301));
    assert_eq!(words(&told), [(NoticeKind::Unhealthy, 1, 1)]);
    assert_eq!(told[0].transitions[0].target, name("long"));
    assert!(notices.is_gathering(), "of the third nothing was said");
    // The next process finds the third in its registry, as old as it is.
    next_process(&mut notices, config, at(0), &["short", "long", "late"]);
    let wall = UnixTime::from_millis(400_000);
    notices.observe_late(at(0), wall, &[turn("late", DOWN, 200)], false);
    assert_eq!(due(&mut notices, at(100)), []);
    let told = due(&mut notices, at(101));
    assert_eq!(words(&told), [(NoticeKind::Unhealthy, 1, 2)]);
    // Its end is told at once.
    notices.observe(at(110), &[turn("late", UP, 510)], false);
    assert_eq!(
        words(&due(&mut notices, at(111))),
        [(NoticeKind::Recovered, 1, 1)]
    );
}

#[test]
fn what_is_still_down_is_named_again() {
    let config = config(|it| it.repeat = Some(Duration::from_secs(3_600)));
    let mut notices = Notices::with_config(config);
    notices.observe(at(0), &[turn("a", DOWN, 0), turn("b", DOWN, 0)], false);
    assert_eq!(due(&mut notices, at(1)).len(), 1);
    assert_eq!(notices.poll_timeout(), Some(at(3_601)));
    assert_eq!(
        words(&due(&mut notices, at(3_601))),
        [(NoticeKind::Reminder, 2, 2)]
    );
    // Another notice puts it off.
    notices.observe(at(5_000), &[turn("a", UP, 5_000)], false);
    assert_eq!(due(&mut notices, at(5_001)).len(), 1);
    next_process(&mut notices, config, at(5_001), &["a", "b"]);
    assert_eq!(due(&mut notices, at(8_600)), []);
    let again = due(&mut notices, at(8_601));
    assert_eq!(words(&again), [(NoticeKind::Reminder, 1, 1)]);
    assert_eq!(again[0].transitions[0].target, name("b"));
    notices.observe(at(9_000), &[turn("b", UP, 9_000)], false);
    assert_eq!(due(&mut notices, at(9_001)).len(), 1);
    assert_eq!(notices.poll_timeout(), None);
}

/// Results of a check, `turns` of which change its status.
fn batch(target: &str, results: usize, changes: &[CheckChange], seconds: u64) -> Batch {
    let record = Record::stored(Outcome::success());
    let result = ResultRow {
        target: name(target),
        check: name("http"),
        begin: UnixTime::from_millis(seconds * 1_000),
        record,
        silenced: false,
    };
    let transitions = changes.iter().map(|it| turn(target, *it, seconds));
    Batch {
        results: vec![result; results],
        transitions: transitions.collect(),
        ..Batch::default()
    }
}

#[test]
fn three_outages_in_twenty_results_are_flapping_and_two_are_not() {
    let mut flapping = Flapping::default();
    let mut turned = Vec::new();
    for second in 0..2 {
        turned.extend(flapping.observe(&batch("two", 3, &[DOWN], second)));
        turned.extend(flapping.observe(&batch("two", 6, &[UP], second)));
    }
    turned.extend(flapping.observe(&batch("two", 20, &[], 9)));
    // An hour apart: they are not within the last results.
    for second in 10..20 {
        turned.extend(flapping.observe(&batch("slow", 10, &[DOWN], second)));
        turned.extend(flapping.observe(&batch("slow", 10, &[UP], second)));
    }
    assert_eq!(turned, []);
    for second in 20..23 {
        turned.extend(flapping.observe(&batch("three", 3, &[DOWN], second)));
        turned.extend(flapping.observe(&batch("three", 1, &[UP], second)));
    }
    assert_eq!(turned.len(), 1);
    assert!(turned[0].is_flapping);
    // One by one, until two changes are left.
    let mut steady = 0;
    while turned.len() == 1 {
        turned.extend(flapping.observe(&batch("three", 1, &[], 30)));
        steady += 1;
    }
    assert!(!turned[1].is_flapping);
    assert_eq!(
        steady, 16,
        "of 20 results, with the changes in 1, 4, 5, 8, 9, 12"
    );
}

#[test]
fn many_notices_of_a_flapping_target_are_two() {
    let rules = NoticeConfig::default();
    for is_down_at_the_end in [false, true] {
        let (mut notices, mut flapping) = (Notices::default(), Flapping::default());
        let mut sent = Vec::new();
        let mut second = 0;
        let mut step = |notices: &mut Notices, results, changes: &[CheckChange]| {
            second += 10;
            let batch = batch("a", results, changes, second);
            for change in flapping.observe(&batch) {
                notices.observe_flapping(at(second), &change);
            }
            notices.observe(at(second), &batch.transitions, false);
            due(notices, at(second + 1))
        };
        for index in 0..40 {
            let change = if index % 2 == 0 { DOWN } else { UP };
            sent.extend(step(&mut notices, 1, &[change]));
            if index == 20 {
                next_process(&mut notices, rules, at(210), &["a"]);
            }
        }
        if is_down_at_the_end {
            sent.extend(step(&mut notices, 1, &[DOWN]));
        }
        for _ in 0..20 {
            sent.extend(step(&mut notices, 1, &[]));
        }
        use NoticeKind::{Flapping as Flaps, Recovered, StoppedFlapping, Unhealthy};
        let mut expected = vec![
            (Unhealthy, 1, 1),
            (Recovered, 1, 0),
            (Unhealthy, 1, 1),
            (Recovered, 1, 0),
            (Unhealthy, 1, 1),
            (Flaps, 1, 1),
        ];
        let open = usize::from(is_down_at_the_end);
        expected.push((StoppedFlapping, 1, open));
        assert_eq!(words(&sent), expected);
        let last = &sent.last().expect("one").transitions[0];
        assert_eq!(last.change, if is_down_at_the_end { DOWN } else { UP });
        let rest = step(
            &mut notices,
            1,
            if is_down_at_the_end { &[UP] } else { &[DOWN] },
        );
        let kind = if is_down_at_the_end {
            Recovered
        } else {
            Unhealthy
        };
        assert_eq!(rest[0].kind, kind);
    }
}

#[test]
fn a_target_that_is_removed_ends_its_incident() {
    let mut notices = Notices::default();
    notices.observe(at(0), &[turn("a", DOWN, 0)], false);
    let down = due(&mut notices, at(1));
    notices.retain(|_| false);
    let over = due(&mut notices, at(2));
    assert_eq!(words(&over), [(NoticeKind::Recovered, 0, 0)]);
    assert_eq!(over[0].incident, down[0].incident);
    assert_eq!(notices.take_changed().len(), 1);
    assert_eq!(notices.poll_timeout(), None);
}

/// The receiver is away for an hour, in which the outage ends and the process, too.
#[test]
fn an_hour_without_the_receiver_is_one_message_and_one_end() {
    let day = Duration::from_secs(24 * 3_600);
    let mut notices = Notices::default();
    let mut outbox = Outbox::new(day);
    let (mut attempts, mut taken) = (0, Vec::new());
    for second in 0..5_000 {
        let now = at(second);
        let change = match second {
            10 => Some(DOWN),
            1_000 => Some(UP),
            _ => None,
        };
        if let Some(change) = change {
            let all: Vec<_> = (0..20)
                .map(|it| turn(&format!("t{it}"), change, second))
                .collect();
            notices.observe(now, &all, false);
        }
        for notice in due(&mut notices, now) {
            outbox.push(now, (notice, second));
        }
        if second == 2_000 {
            // Another process, which begins with what is in the file.
            let mut next = Outbox::new(day);
            while outbox.poll(now).is_some() || outbox.poll_timeout().is_some() {
                let (item, begun) = outbox.handle_success().expect("it waits");
                let age = Duration::from_secs(second - begun);
                next.restore(now, (item, begun), age, 1);
            }
            outbox = next;
        }
        while let Some(((notice, _), _)) = outbox.poll(now) {
            attempts += 1;
            if second >= 3_610 {
                taken.push(notice.clone());
                outbox.handle_success();
            } else {
                let failed = outbox.handle_failure(now);
                assert!(matches!(failed, DeliveryFailure::Retry { .. }), "{second}");
            }
        }
    }
    use NoticeKind::{Recovered, Unhealthy};
    assert_eq!(words(&taken), [(Unhealthy, 20, 20), (Recovered, 20, 0)]);
    assert!(attempts < 90, "{attempts} attempts in an hour");
}

/// `Retry-After` of a receiver that is asked too often.
#[test]
fn a_receiver_that_names_a_time_is_not_tried_before() {
    let mut outbox = Outbox::new(Duration::from_secs(3_600));
    outbox.push(at(0), "a");
    assert!(outbox.poll(at(0)).is_some());
    outbox.wait_until(at(120));
    assert_eq!(
        outbox.handle_failure(at(0)),
        DeliveryFailure::Retry { at: at(120) }
    );
    assert_eq!(outbox.poll(at(119)), None);
    assert!(outbox.poll(at(120)).is_some());
    // It says so once; and never beyond the end.
    let DeliveryFailure::Retry { at: next } = outbox.handle_failure(at(120)) else {
        panic!("it is young");
    };
    assert_eq!(next, at(130));
    assert!(outbox.poll(next).is_some());
    outbox.wait_until(at(999_999));
    assert_eq!(
        outbox.handle_failure(next),
        DeliveryFailure::Retry { at: at(3_600) }
    );
}
