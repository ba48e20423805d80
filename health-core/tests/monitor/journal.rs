//! What a store is given, when, and what it means to the next monitor.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use health_core::Streak;
use health_core::check::{CheckConfig, CheckStatus, Mode, OnUnhealthy, Saved};
use health_core::monitor::registry::{Batch, CheckChange, Definition, TargetStore};
use health_core::monitor::{Monitor, MonitorConfig, TargetId, TargetSpec};
use health_core::{Kind, Outcome};
use health_core::{Moment, UnixTime};

use super::memory_store::MemoryStore;
use super::{at, fail, name, nth, numbers, plain, plain_with, single, starts, succeed};

/// The wall clock runs a million milliseconds ahead of the other.
fn moment(millis: u64) -> Moment {
    Moment {
        now: at(millis),
        unix: UnixTime::from_millis(1_000_000 + millis),
    }
}

fn deregistering() -> CheckConfig {
    let mut config = CheckConfig::kubelet();
    config.on_unhealthy = OnUnhealthy::Deregister;
    config
}

fn keeping(config: MonitorConfig) -> Monitor {
    let mut monitor = Monitor::new(config);
    monitor.enable_journal();
    monitor.start(at(0));
    monitor
}

fn batch(monitor: &mut Monitor, now: u64) -> Option<Arc<Batch>> {
    let batch = monitor.poll_batch(moment(now));
    if batch.is_some() {
        monitor.handle_stored(at(now), true);
    }
    batch
}

/// One target with one check, and what was said of its beginning out of the way.
fn one(config: CheckConfig) -> (Monitor, TargetId) {
    let mut monitor = keeping(plain());
    let target = monitor.add(at(0), single("web-1", config)).expect("added");
    (monitor, target)
}

#[test]
fn without_a_journal_nothing_is_kept() {
    let mut monitor = super::running(plain());
    let spec = single("web-1", CheckConfig::kubelet());
    monitor.add(at(0), spec).expect("added");
    let attempts = starts(&mut monitor, 0);
    fail(&mut monitor, 1, &attempts);
    assert_eq!(monitor.batch_timeout(), None);
    assert!(monitor.poll_batch(moment(60_000)).is_none());
    assert_eq!(numbers(&mut monitor, at(60_000)).journal, None);
}

#[test]
fn a_result_waits_for_others_and_a_transition_for_nobody() {
    let (mut monitor, _) = one(CheckConfig::kubelet());
    let attempts = starts(&mut monitor, 0);
    fail(&mut monitor, 5, &attempts);
    // It began at 0, with the first word about the check.
    assert_eq!(monitor.batch_timeout(), Some(at(1_000)));
    assert!(batch(&mut monitor, 999).is_none());
    let first = batch(&mut monitor, 1_000).expect("a second is over");
    assert_eq!(first.number, 1);
    assert_eq!(first.checks[0].saved.streak, Streak::of_failures(1));
    assert_eq!(first.results[0].begin.as_millis(), 1_000_000);
    assert_eq!(first.results[0].record.message(), "503");
    assert!(first.transitions.is_empty(), "{:?}", first.transitions);

    for now in [10_000, 20_000] {
        let attempts = starts(&mut monitor, now);
        fail(&mut monitor, now + 5, &attempts);
    }
    assert_eq!(monitor.batch_timeout(), Some(at(10_005)));
    let turned = batch(&mut monitor, 20_005).expect("at once");
    assert_eq!(turned.results.len(), 2);
    let [turn] = &turned.transitions[..] else {
        panic!("{:?}", turned.transitions);
    };
    let (from, to) = (CheckStatus::Starting, CheckStatus::Unhealthy);
    assert_eq!(turn.change, CheckChange::Status { from, to });
    assert!(turn.change.rule().starts_with("T9"));
    assert_eq!(turn.at.as_millis(), 1_020_005);
    assert_eq!(turn.streak, Streak::of_failures(3));
    assert_eq!(turn.record, Some(turned.results[1].record.clone()));
    assert_eq!(monitor.batch_timeout(), None);
}

#[test]
fn what_could_not_be_kept_comes_again_later_and_later() {
    let (mut monitor, _) = one(CheckConfig::kubelet());
    let attempts = starts(&mut monitor, 0);
    succeed(&mut monitor, 0, &attempts);
    let mut now = 0;
    let first = monitor.poll_batch(moment(now)).expect("it is healthy");
    assert!(monitor.poll_batch(moment(now)).is_none(), "one at a time");
    let mut pauses = Vec::new();
    for _ in 0..7 {
        monitor.handle_stored(at(now), false);
        let retry = monitor.batch_timeout().expect("another try");
        pauses.push(retry.duration_since(at(now)).as_secs());
        now = retry.as_micros() / 1_000;
        let again = monitor.poll_batch(moment(now)).expect("again");
        assert!(Arc::ptr_eq(&first, &again));
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30]);
    let stats = numbers(&mut monitor, at(now)).journal.expect("a journal");
    assert_eq!((stats.failures, stats.lag), (7, Duration::from_secs(91)));
    monitor.handle_stored(at(now), true);
    let stats = numbers(&mut monitor, at(now)).journal.expect("a journal");
    assert_eq!(
        (stats.failures, stats.batches, stats.lag),
        (0, 1, Duration::ZERO)
    );
}

#[test]
fn what_cannot_be_kept_is_reported_all_the_same_and_once() {
    let (mut monitor, target) = one(CheckConfig::kubelet());
    let attempts = starts(&mut monitor, 0);
    succeed(&mut monitor, 0, &attempts);
    assert!(monitor.poll_batch(moment(0)).is_some(), "it is healthy");
    assert_eq!(monitor.unstored_timeout(), None);
    monitor.handle_stored(at(0), false);
    assert_eq!(monitor.unstored_timeout(), None, "the batch itself is told");

    let mut told = Vec::new();
    for now in [10_000, 20_000, 30_000] {
        let attempts = starts(&mut monitor, now);
        fail(&mut monitor, now + 5, &attempts);
        let batch = monitor.poll_unstored(moment(now + 5)).expect("at once");
        assert_eq!(batch.results.len(), 1);
        assert_eq!(batch.checks.len(), 1);
        told.extend(batch.transitions.iter().cloned());
        assert!(monitor.poll_unstored(moment(now + 5)).is_none());
        assert_eq!(monitor.unstored_timeout(), None);
    }
    assert_eq!(told.len(), 1, "{told:?}");
    // One that comes within a second of the last one waits for others.
    monitor.trigger(at(30_100), target);
    let attempts = starts(&mut monitor, 30_100);
    fail(&mut monitor, 30_200, &attempts);
    assert_eq!(monitor.unstored_timeout(), Some(at(31_005)));

    // It can be kept again: what was told comes first and says so, the rest is news.
    let now = 61_000;
    let first = batch(&mut monitor, now).expect("the one that failed");
    assert!(!first.is_reported);
    let second = batch(&mut monitor, now).expect("what has happened since");
    assert!(second.is_reported && second.results.len() == 3);
    assert_eq!(second.transitions, told);
    let third = batch(&mut monitor, now).expect("what nobody was told");
    assert!(!third.is_reported && third.results.len() == 1);
    assert!(batch(&mut monitor, now + 1_000).is_none());
    assert_eq!(monitor.unstored_timeout(), None);
}

/// The store may be well again, and there will be no other time.
#[test]
fn a_stop_tries_once_more_and_tells_what_is_lost() {
    for is_well_again in [true, false] {
        let (mut monitor, _) = one(CheckConfig::kubelet());
        let attempts = starts(&mut monitor, 0);
        succeed(&mut monitor, 0, &attempts);
        let first = monitor.poll_batch(moment(0)).expect("it is healthy");
        monitor.handle_stored(at(1), false);
        let _ = monitor.poll_unstored(moment(1));
        let attempts = starts(&mut monitor, 10_000);
        fail(&mut monitor, 10_000, &attempts);
        assert!(monitor.poll_unstored(moment(10_000)).is_some());
        let again = monitor.poll_batch(moment(10_000)).expect("another try");
        monitor.trigger(at(10_100), attempts[0].check().target());
        let attempts = starts(&mut monitor, 10_100);
        fail(&mut monitor, 10_100, &attempts);
        monitor.stop(at(10_200));
        assert!(monitor.is_stopped());
        // That one was on its way when the stop came.
        monitor.handle_stored(at(10_300), false);

        assert!(monitor.batch_timeout().is_some_and(|it| it <= at(10_300)));
        let last = monitor.poll_batch(moment(10_300)).expect("the last try");
        assert!(Arc::ptr_eq(&first, &again) && Arc::ptr_eq(&first, &last));
        monitor.handle_stored(at(10_300), is_well_again);
        let rest = core::iter::from_fn(|| batch(&mut monitor, 10_300));
        let kept: usize = rest.map(|batch| batch.results.len()).sum();
        let told = monitor.poll_unstored(moment(10_300));
        let told = told.map_or(0, |batch| batch.results.len());
        let expected = if is_well_again { (2, 0) } else { (0, 1) };
        assert_eq!((kept, told), expected);
        assert_eq!(monitor.batch_timeout(), None);
    }
}

#[test]
fn waiting_is_bounded_and_the_state_is_never_lost() {
    let mut config = CheckConfig::kubelet();
    config.interval = Duration::from_millis(1);
    config.timeout = Duration::from_millis(1);
    let (mut monitor, _) = one(config);
    let mut last = 0;
    for now in 0..70_000 {
        let attempts = starts(&mut monitor, now);
        fail(&mut monitor, now, &attempts);
        last = now;
    }
    let stats = numbers(&mut monitor, at(last)).journal.expect("a journal");
    assert_eq!(stats.lost, 70_000 - 65_536);
    let mut results = 0;
    let mut state = None;
    let mut previous = 0;
    while let Some(batch) = batch(&mut monitor, last + 1_000) {
        assert!(batch.results.len() <= 4_096 && batch.number == previous + 1);
        previous = batch.number;
        results += batch.results.len();
        state = batch.checks.last().map(|row| row.saved).or(state);
    }
    assert_eq!(results, 65_536);
    assert_eq!(state.map(|it| it.streak.failures()), Some(70_000));
}

/// A reader that finds somebody deregistered in the history, and a kill between two batches, must not
/// find it active.
#[test]
fn however_many_turn_none_is_deregistered_before_its_state_says_so() {
    let many = 5_000;
    let mut monitor = keeping(plain_with(|it| it.max_in_flight = many));
    let mut config = deregistering();
    config.retries = 1;
    config.interval = Duration::from_secs(100);
    config.timeout = Duration::from_secs(100);
    let config = Arc::new(config);
    for index in 0..many {
        let target = TargetSpec::new(name(&format!("web-{index}")));
        let target = target.check(name("check"), Arc::clone(&config));
        monitor.add(at(0), target).expect("added");
    }
    let mut attempts: Vec<_> = (0..100_000)
        .step_by(100)
        .flat_map(|now| starts(&mut monitor, now))
        .collect();
    assert_eq!(attempts.len(), many);
    // The last on the list turns first.
    attempts.reverse();
    fail(&mut monitor, 99_999, &attempts);

    let mut inactive = BTreeSet::new();
    let mut deregistered = 0;
    while let Some(batch) = batch(&mut monitor, 100_000) {
        assert!(batch.checks.len() <= 4_096 && batch.transitions.len() <= 4_096);
        let rows = batch.checks.iter().filter(|it| it.saved.deregistered);
        inactive.extend(rows.map(|it| it.target.clone()));
        for turn in &batch.transitions {
            deregistered += usize::from(turn.change == CheckChange::Deregistered);
            assert!(inactive.contains(&turn.target), "{}", turn.target);
        }
    }
    assert_eq!((inactive.len(), deregistered), (many, many));
}

#[test]
fn a_removed_target_leaves_only_its_transitions() {
    let (mut monitor, target) = one(CheckConfig::kubelet());
    let attempts = starts(&mut monitor, 0);
    succeed(&mut monitor, 0, &attempts);
    monitor.remove(at(1), target);
    let left = batch(&mut monitor, 1).expect("a transition");
    assert_eq!((left.checks.len(), left.results.len()), (0, 0));
    assert_eq!(left.transitions.len(), 1);
}

/// A stopped check is neither deregistered nor anything else: were that kept, the next monitor would
/// probe again what was taken off the list.
#[test]
fn a_stop_keeps_everything_and_changes_nothing() {
    let mut config = deregistering();
    config.retries = 1;
    let (mut monitor, _) = one(config);
    let attempts = starts(&mut monitor, 0);
    fail(&mut monitor, 0, &attempts);
    monitor.stop(at(0));
    let last = batch(&mut monitor, 0).expect("all that is left");
    assert!(last.checks[0].saved.deregistered);
    assert_eq!(
        last.transitions.last().map(|it| it.change),
        Some(CheckChange::Deregistered)
    );
    assert!(batch(&mut monitor, 60_000).is_none());
}

#[test]
fn the_next_monitor_goes_on_where_the_last_one_ended() {
    let mut store = MemoryStore::default();
    let (target, check) = (name("web-1"), name("check"));
    let definition = Definition {
        name: target.clone(),
        checks: vec![check.clone()],
        text: "http://10.0.0.7/".into(),
    };
    store.put(&[definition]).expect("kept");
    let config = Arc::new(deregistering());
    let mut last = Saved::default();
    for life in 1..=3 {
        let mut monitor = keeping(plain());
        let saved = store.load().expect("loaded")[0].saved(&check);
        assert_eq!(saved, last);
        let spec = TargetSpec::new(target.clone());
        let spec = spec.restored_check(check.clone(), Arc::clone(&config), saved);
        let id = monitor.add(at(0), spec).expect("added");
        let attempt = starts(&mut monitor, 0)[0];
        let refused = Outcome::failure_with_message("refused").of_kind(Kind::Refused);
        monitor.handle_outcome(at(0), attempt, refused);
        while let Some(batch) = batch(&mut monitor, 1_000) {
            store.write(&batch).expect("kept");
            // Whoever lost the answer tells it again.
            store.write(&batch).expect("kept");
        }
        let check = nth(&monitor, id, 0);
        last = check.saved(moment(1_000));
        assert_eq!(last.streak.failures(), life);
        assert_eq!(check.mode() == Mode::Inactive, life == 3);
    }
    assert!(last.deregistered);
    let changes: Vec<_> = store
        .transitions()
        .iter()
        .map(|it| it.change.words().0)
        .collect();
    assert_eq!(changes, ["status", "deregistered"]);

    // It rests until it is put back, which is kept as well.
    let mut monitor = keeping(plain());
    let spec = TargetSpec::new(target.clone()).restored_check(check.clone(), config, last);
    let id = monitor.add(at(0), spec).expect("added");
    assert!(starts(&mut monitor, 60_000).is_empty());
    monitor.reactivate(at(60_000), id);
    let back = batch(&mut monitor, 60_000).expect("at once");
    store.write(&back).expect("kept");
    let saved = store.load().expect("loaded")[0].saved(&check);
    assert!(!saved.deregistered && saved.status == CheckStatus::Starting);
}

#[test]
fn every_change_reads_back_from_its_words() {
    let (from, to) = (CheckStatus::Healthy, CheckStatus::Unhealthy);
    for change in [
        CheckChange::Status { from, to },
        CheckChange::Deregistered,
        CheckChange::RestartRequested,
        CheckChange::ActionSuppressed,
        CheckChange::ProberImpaired,
    ] {
        let (kind, statuses) = change.words();
        assert_eq!(CheckChange::from_words(kind, statuses), Some(change));
    }
    assert_eq!(CheckChange::from_words("gremlins", None), None);
    assert_eq!(CheckChange::from_words("status", None), None);
    assert_eq!(
        CheckChange::from_words("status", Some(("well", "ill"))),
        None
    );
}
