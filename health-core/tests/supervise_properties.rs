//! What holds of every group, whatever its processes, its driver and its operator do.
#![allow(clippy::std_instead_of_alloc, clippy::std_instead_of_core)]

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use health_core::supervise::{GroupEvent, ReplicaState};

mod supervised;

use supervised::observer::Observer;
use supervised::random;
use supervised::rng::Rng;
use supervised::script::Script;
use supervised::world::{Entry, What, World};

const RUNS: u64 = 20_000;

#[test]
fn the_invariants_hold_in_random_worlds() {
    let mut kinds = BTreeSet::new();
    let mut failures = BTreeMap::new();
    for seed in 0..RUNS {
        let script = script(seed);
        let mut observer = Observer::new(script.config.clone());
        let (log, _) = run(script, |world| world.polls_first = true);
        let mut seen = 0_usize;
        let look = || {
            for entry in &log {
                seen += 1;
                observer.see(entry);
            }
            observer.finish();
        };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(look)) {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or(panic.downcast_ref::<&str>().copied());
            let before = &log[seen.saturating_sub(40)..seen];
            let before = before.iter().map(|entry| format!("{entry:?}\n"));
            let before: String = before.collect();
            let text = text.unwrap_or_default();
            let what = text.split(':').next().unwrap_or_default().to_owned();
            failures
                .entry(what)
                .or_insert(format!("{before}seed {seed}: {text}\n"));
        }
        kinds.extend(log.iter().filter_map(kind));
    }
    let failures: String = failures.into_values().collect();
    assert!(failures.is_empty(), "{failures}");
    // What never happens cannot be wrong: the runs have to go everywhere.
    let words: Vec<_> = kinds.iter().map(String::as_str).collect();
    assert_eq!(words.len(), KINDS, "{words:#?}");
}

/// Events with their causes and reasons, and every change of state that there is.
const KINDS: usize = 69;

/// The same inputs give the same outputs, and calls while nothing is due change nothing.
#[test]
fn runs_are_reproducible_and_idle_calls_change_nothing() {
    for seed in 0..RUNS / 4 {
        let once = run(script(seed), |_| {});
        assert_eq!(once, run(script(seed), |_| {}), "seed {seed}");
        let idle = run(script(seed), |world| world.idle = Some(Rng::new(!seed)));
        assert_eq!(once, idle, "seed {seed}");
    }
}

/// What the checks find of an instance that is being ended, or is over, changes nothing.
#[test]
fn late_results_of_checks_change_nothing() {
    for seed in 0..RUNS / 4 {
        let events = |log: Vec<Entry>| {
            let events = log
                .into_iter()
                .filter(|it| matches!(it.what, What::Event(_)));
            events.collect::<Vec<_>>()
        };
        let (log, looks) = run(script(seed), |_| {});
        let (noisy, noisy_looks) = run(script(seed), |world| world.processes.is_noisy = true);
        assert_eq!(events(log), events(noisy), "seed {seed}");
        assert_eq!(looks, noisy_looks, "seed {seed}");
    }
}

/// Also of what somebody else runs, which begins without a command.
#[test]
fn each_begin_after_the_first_is_counted_by_the_reason_of_the_end_before() {
    let mut reasons = BTreeSet::new();
    for seed in 0..RUNS / 4 {
        let script = script(seed);
        let is_external = script.config.is_external;
        let mut world = World::new(script).expect("valid settings");
        world.run().expect("comes to rest");
        for replica in world.group.replicas() {
            let by_reason = replica.restarts_by();
            let counted: u64 = by_reason.iter().map(|(_, count)| count).sum();
            let begun = replica.instance().number;
            assert_eq!(counted, begun.saturating_sub(1), "seed {seed}");
            let words = by_reason.iter().map(|(it, _)| (is_external, it.as_str()));
            reasons.extend(words);
        }
    }
    let external = reasons.iter().filter(|(is_external, _)| *is_external);
    assert!(external.count() >= 2, "{reasons:?}");
}

fn script(seed: u64) -> Script {
    random::script(&mut Rng::new(seed))
}

/// All that happened, and what the group looked like.
fn run(script: Script, set: impl FnOnce(&mut World)) -> (Vec<Entry>, Vec<serde_json::Value>) {
    let mut world = World::new(script).expect("valid settings");
    set(&mut world);
    world.run().expect("comes to rest");
    (world.log, world.looks)
}

/// What kind of event it is, and why.
fn kind(entry: &Entry) -> Option<String> {
    let What::Event(event) = entry.what else {
        return None;
    };
    Some(match event {
        GroupEvent::State { from, to, .. } => {
            let [from, to]: [ReplicaState; 2] = [from, to];
            format!("{} to {}", from.as_str(), to.as_str())
        }
        GroupEvent::Planned { cause, .. } => format!("planned: {cause:?}"),
        GroupEvent::GivenUp {
            replica, reason, ..
        } => format!("given up: {reason:?}, {}", replica.is_some()),
        GroupEvent::MassFailure { on, .. } => format!("mass failure: {on}"),
        GroupEvent::Rolling { done, .. } => format!("rolling: {done}"),
        GroupEvent::Ended { code, left, .. } => format!("ended: {}, {}", code.min(1), left.min(1)),
        other => {
            let text = format!("{other:?}");
            text.split([' ', '(']).next().unwrap_or_default().to_owned()
        }
    })
}
