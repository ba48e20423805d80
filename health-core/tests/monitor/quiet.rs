//! Quiet on purpose: who is silenced until when, and what is said of whom when it is over.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use health_core::check::CheckConfig;
use health_core::monitor::registry::{
    CheckChange, NoticeKind, Notices, Quiet, QuietReason, QuietScope,
};
use health_core::monitor::{Command, TargetSpec, TargetStatus};
use health_core::{Moment, UnixTime};

use super::notices::{DOWN, UP, turn};
use super::rng::Rng;
use super::{at, fail, name, numbers, plain, running, single, starts, succeed};

fn reason(since: u64, until: Option<u64>) -> QuietReason {
    QuietReason {
        since: UnixTime::from_millis(since),
        until: until.map(UnixTime::from_millis),
        why: "disks".into(),
        by: "alice@ops".into(),
    }
}

/// The notices that are due, with those held back that are quiet.
fn due(notices: &mut Notices, now: u64, quiet: &[&str]) -> Vec<(NoticeKind, Vec<String>)> {
    notices.hold(at(now), |it| quiet.contains(&it.as_str()));
    let due = core::iter::from_fn(|| notices.poll(at(now)));
    let due = due.map(|it| {
        let names = it.transitions.iter().map(|it| it.target.to_string());
        (it.kind, names.collect())
    });
    due.collect()
}

fn told(kind: NoticeKind, target: &str) -> Vec<(NoticeKind, Vec<String>)> {
    vec![(kind, vec![target.to_owned()])]
}

fn held(notices: &Notices) -> Vec<String> {
    notices.held().map(ToString::to_string).collect()
}

#[test]
fn what_came_and_went_in_a_silence_is_never_told() {
    let mut notices = Notices::default();
    notices.observe(at(0), &[turn("a", DOWN)], false);
    assert_eq!(due(&mut notices, 5_000, &["a"]), []);
    assert_eq!(held(&notices), ["a"]);
    notices.observe(at(6_000), &[turn("a", UP)], false);
    assert_eq!(due(&mut notices, 9_000, &["a"]), []);
    assert!(held(&notices).is_empty());
    assert_eq!(due(&mut notices, 10_000, &[]), []);
    assert_eq!(due(&mut notices, 60_000, &[]), []);
    assert!(!notices.is_gathering());
}

#[test]
fn what_still_stands_at_the_end_is_told_once() {
    let mut notices = Notices::default();
    notices.observe(at(0), &[turn("a", DOWN)], false);
    assert_eq!(due(&mut notices, 5_000, &["a"]), []);
    assert_eq!(due(&mut notices, 6_000, &[]), []);
    assert_eq!(notices.poll_timeout(), Some(at(7_000)), "others may follow");
    assert_eq!(
        due(&mut notices, 7_000, &[]),
        told(NoticeKind::Unhealthy, "a")
    );
    assert_eq!(due(&mut notices, 60_000, &[]), []);
    // Silenced when it is known, it needs no second word; and it comes back in the silence.
    assert_eq!(due(&mut notices, 61_000, &["a"]), []);
    notices.observe(at(62_000), &[turn("a", UP)], false);
    assert_eq!(due(&mut notices, 64_000, &["a"]), []);
    assert_eq!(due(&mut notices, 65_000, &[]), []);
    assert_eq!(
        due(&mut notices, 66_000, &[]),
        told(NoticeKind::Recovered, "a")
    );
}

#[test]
fn a_deregistration_in_a_silence_is_told_at_its_end() {
    let mut notices = Notices::default();
    let gone = [turn("a", DOWN), turn("a", CheckChange::Deregistered)];
    notices.observe(at(0), &gone, false);
    notices.observe(at(100), &[turn("a", CheckChange::AnswersAgain)], false);
    for now in [2_000, 4_000] {
        assert_eq!(due(&mut notices, now, &["a"]), []);
        assert!(
            !notices.is_gathering(),
            "it does not ask to be called at once"
        );
    }
    assert_eq!(due(&mut notices, 5_000, &[]), []);
    let mut all = due(&mut notices, 6_000, &[]);
    all.extend(due(&mut notices, 7_000, &[]));
    let mut expected = told(NoticeKind::Deregistered, "a");
    expected.extend(told(NoticeKind::AnswersAgain, "a"));
    assert_eq!(all, expected);
}

/// Its last notice says that whom it does not name is well.
#[test]
fn who_is_silenced_over_the_end_of_a_mass_failure_is_not_forgotten() {
    let mut notices = Notices::default();
    notices.observe(at(0), &[turn("a", DOWN), turn("b", DOWN)], true);
    let both = vec!["a".to_owned(), "b".to_owned()];
    assert_eq!(
        due(&mut notices, 1_000, &[]),
        [(NoticeKind::MassFailure, both)]
    );
    notices.observe(at(2_000), &[turn("b", UP)], false);
    assert_eq!(
        due(&mut notices, 3_000, &["a"]),
        [(NoticeKind::MassFailureOver, vec![])]
    );
    assert_eq!(due(&mut notices, 4_000, &[]), []);
    assert_eq!(
        due(&mut notices, 5_000, &[]),
        told(NoticeKind::Unhealthy, "a")
    );
    // A mass failure of those alone who are silenced is none to tell of.
    notices.observe(at(6_000), &[turn("c", DOWN)], true);
    assert_eq!(due(&mut notices, 7_000, &["a", "c"]), []);
    notices.observe(at(8_000), &[turn("c", UP)], false);
    assert_eq!(due(&mut notices, 9_000, &["a", "c"]), []);
}

/// Changes and silences in any order: nobody is named who is quiet, the same is never said twice, and in
/// the end the last word about each is how it is.
#[test]
fn the_last_word_about_each_is_true_when_all_silences_are_over() {
    let all = ["a", "b", "c"];
    for seed in 0..2_000 {
        let mut rng = Rng::new(seed);
        let mut notices = Notices::default();
        let (mut down, mut quiet) = (BTreeSet::new(), BTreeSet::new());
        let mut said: BTreeMap<String, NoticeKind> = BTreeMap::new();
        let mut now = 0;
        for step in 0..60 {
            now += rng.up_to(3_000);
            let target = all[usize::try_from(rng.up_to(2)).expect("small")];
            if rng.chance(60) {
                let change = if down.remove(target) {
                    UP
                } else {
                    down.insert(target);
                    DOWN
                };
                notices.observe(at(now), &[turn(target, change)], false);
            } else if !quiet.remove(target) {
                quiet.insert(target);
            }
            if step == 59 {
                quiet.clear();
            }
            let last = [now, now + 1_000, now + 2_000];
            for now in &last[..if step == 59 { 3 } else { 1 }] {
                let names: Vec<_> = quiet.iter().copied().collect();
                for (kind, targets) in due(&mut notices, *now, &names) {
                    for target in targets {
                        assert!(!quiet.contains(&*target), "seed {seed}: {target} is quiet");
                        let before = said.insert(target.clone(), kind);
                        assert_ne!(before, Some(kind), "seed {seed}: {target} twice");
                    }
                }
            }
        }
        for target in all {
            let is_told_down = said.get(target) == Some(&NoticeKind::Unhealthy);
            assert_eq!(is_told_down, down.contains(target), "seed {seed}: {target}");
        }
    }
}

#[test]
fn the_longest_silence_counts_and_each_ends_at_its_time() {
    let (web, shop) = (name("web-1"), name("shop"));
    let until = |quiet: &Quiet, now| {
        let found = quiet.silenced(UnixTime::from_millis(now), &web, Some(&shop));
        found.map(|it| it.until.map(UnixTime::as_millis))
    };
    let mut quiet = Quiet::default();
    assert_eq!((until(&quiet, 0), quiet.is_empty()), (None, true));
    quiet.silence(QuietScope::Target(web.clone()), reason(0, Some(100)));
    quiet.silence(QuietScope::Group(shop.clone()), reason(0, Some(200)));
    quiet.set_windows([
        (QuietScope::All, reason(300, Some(400))),
        (QuietScope::All, reason(300, Some(350))),
    ]);
    assert_eq!(until(&quiet, 50), Some(Some(200)));
    assert_eq!(until(&quiet, 199), Some(Some(200)));
    assert_eq!(until(&quiet, 200), None);
    assert_eq!(until(&quiet, 299), None, "the window is to come");
    assert_eq!(until(&quiet, 399), Some(Some(400)));
    assert_eq!(until(&quiet, 400), None);
    // Of another group, and of none.
    assert!(!quiet.is_quiet(UnixTime::from_millis(50), &name("db"), Some(&name("data"))));
    // With the clock put back, what was asked for holds.
    quiet.silence(QuietScope::Target(web.clone()), reason(900, Some(1_000)));
    assert_eq!(until(&quiet, 500), Some(Some(1_000)));
    let over = quiet.expire(UnixTime::from_millis(200));
    assert_eq!(over.len(), 1);
    assert_eq!(over[0].0, QuietScope::Group(shop));
    quiet.forget(&web);
    assert_eq!((quiet.silences().len(), quiet.windows().len()), (0, 1));
}

#[test]
fn a_paused_target_is_not_attempted_also_if_it_is_added_later() {
    let mut monitor = running(plain());
    let a = monitor
        .add(at(0), single("a", CheckConfig::kubelet()))
        .expect("added");
    let attempts = starts(&mut monitor, 0);
    succeed(&mut monitor, 1, &attempts);
    let mut quiet = Quiet::default();
    quiet.pause(name("a"), reason(0, None));
    quiet.pause(name("b"), reason(0, None));
    monitor.set_quiet(at(2), Arc::new(quiet.clone()));
    let b = monitor
        .add(at(3), single("b", CheckConfig::kubelet()))
        .expect("added");
    assert_eq!(starts(&mut monitor, 120_000), []);
    // With other checks as well.
    let spec = TargetSpec::new(name("b")).check(name("other"), Arc::new(CheckConfig::kubelet()));
    let b_again = monitor.replace(at(120_001), spec).expect("replaced");
    assert_ne!(b, b_again);
    assert_eq!(starts(&mut monitor, 240_000), []);
    let summary = numbers(&mut monitor, at(240_000)).summary;
    assert_eq!((summary.healthy(), summary.unjudged), (0, 2));
    let shown = summary.outcome().expect("something to show");
    assert_eq!(shown.message.as_str(), "0/2 healthy, 2/2 not judged");

    quiet.resume(&name("a"));
    monitor.set_quiet(at(240_001), Arc::new(quiet));
    let attempts = starts(&mut monitor, 240_001);
    assert_eq!(attempts.len(), 1);
    succeed(&mut monitor, 240_002, &attempts);
    let target = |id| monitor.target(id).expect("there").status_at(at(240_002));
    assert_eq!(target(a), TargetStatus::Healthy);
    assert_eq!(target(b_again), TargetStatus::Inactive);
}

#[test]
fn a_running_attempt_of_a_paused_target_counts_for_nothing() {
    let mut monitor = running(plain());
    let mut config = CheckConfig::kubelet();
    config.retries = 1;
    monitor.add(at(0), single("a", config)).expect("added");
    let attempts = starts(&mut monitor, 0);
    let mut quiet = Quiet::default();
    quiet.pause(name("a"), reason(0, None));
    monitor.set_quiet(at(1), Arc::new(quiet));
    assert!(matches!(monitor.poll(at(1)), Some(Command::Cancel { .. })));
    fail(&mut monitor, 2, &attempts);
    assert_eq!(numbers(&mut monitor, at(2)).summary.unhealthy, 0);
}

#[test]
fn results_of_a_silence_are_marked() {
    let moment = |now| Moment {
        now: at(now),
        unix: UnixTime::from_millis(now),
    };
    let mut monitor = running(plain());
    monitor.enable_journal();
    let spec = single("a", CheckConfig::kubelet()).group(name("shop"));
    monitor.add(at(0), spec).expect("added");
    let mut quiet = Quiet::default();
    quiet.silence(QuietScope::Group(name("shop")), reason(0, Some(15_000)));
    monitor.set_quiet(at(0), Arc::new(quiet));
    let mut marked = Vec::new();
    for now in [0, 10_000, 20_000] {
        let attempts = starts(&mut monitor, now);
        succeed(&mut monitor, now + 1, &attempts);
        let batch = monitor.poll_batch(moment(now + 2_000)).expect("a batch");
        monitor.handle_stored(at(now + 2_000), true);
        marked.extend(batch.results.iter().map(|it| it.silenced));
    }
    assert_eq!(marked, [true, true, false]);
}
