//! What is withheld while many targets fail at once.

use std::sync::Arc;

use health_core::ProbeKind;
use health_core::check::{self, OnUnhealthy};
use health_core::monitor::{Command, MassFailure, TargetSpec};

use crate::{
    actions, at, every_10_s, fail, name, numbers, plain_with, poll, running, single, starts,
    succeed,
};

#[test]
fn the_guard_withholds_while_half_of_five_fail() {
    for (failing, withheld) in [(2, false), (3, true)] {
        let mut monitor = running(plain_with(|it| {
            it.mass_failure = Some(MassFailure::default());
        }));
        for number in 0..5 {
            let mut config = every_10_s(ProbeKind::Health);
            config.on_unhealthy = OnUnhealthy::Deregister;
            config.retries = 2;
            monitor
                .add(at(0), single(&format!("t{number}"), config))
                .expect("new");
        }
        let begun = starts(&mut monitor, 0);
        succeed(&mut monitor, 5, &begun);
        for now in [10_000, 20_000] {
            let begun = starts(&mut monitor, now);
            fail(&mut monitor, now + 5, &begun[..failing]);
            succeed(&mut monitor, now + 5, &begun[failing..]);
        }
        let expected = if withheld {
            vec![check::Event::ActionSuppressed; failing]
        } else {
            vec![check::Event::Deregistered; failing]
        };
        assert_eq!(actions(&mut monitor), expected);
        let stats = numbers(&mut monitor, at(0)).stats;
        assert_eq!(stats.suppressed + stats.deregistered, failing as u64);
    }
}

#[test]
fn the_guard_counts_the_failure_that_asks_and_leaves_out_what_is_paused() {
    let mut guard = MassFailure::default();
    guard.min_targets = 2;
    guard.failed_fraction = 1.0;
    let mut monitor = running(plain_with(|it| it.mass_failure = Some(guard)));
    let mut config = every_10_s(ProbeKind::Health);
    config.on_unhealthy = OnUnhealthy::Restart;
    config.retries = 1;
    let first = monitor
        .add(at(0), single("a", config.clone()))
        .expect("new");
    monitor.add(at(0), single("b", config)).expect("new");
    let begun = starts(&mut monitor, 0);
    succeed(&mut monitor, 5, &begun);
    let begun = starts(&mut monitor, 10_000);
    monitor.pause(at(10_001), first);
    let _ = poll(&mut monitor, 10_001);
    // One of one active: too few to be a mass.
    fail(&mut monitor, 10_005, &begun[1..]);
    assert_eq!(actions(&mut monitor), [check::Event::RestartRequested]);
    // Both, the second by the failure that asks.
    monitor.resume(at(10_010), first);
    let begun = starts(&mut monitor, 10_010);
    fail(&mut monitor, 10_015, &begun);
    assert_eq!(actions(&mut monitor), [check::Event::ActionSuppressed]);
}

/// Those of `count` targets that fail `retries` times in a row; each has the same checks.
fn restarts(count: usize, dying: usize, kinds: &[ProbeKind]) -> (u64, u64) {
    let mut monitor = running(plain_with(|it| {
        it.mass_failure = Some(MassFailure::default());
    }));
    let mut targets = Vec::new();
    for number in 0..count {
        let mut spec = TargetSpec::new(name(&format!("t{number}")));
        for (index, kind) in kinds.iter().enumerate() {
            let mut config = every_10_s(*kind);
            if *kind == ProbeKind::Liveness {
                config.on_unhealthy = OnUnhealthy::Restart;
            }
            config.retries = 3;
            spec = spec.check(name(&format!("c{index}")), Arc::new(config));
        }
        targets.push(monitor.add(at(0), spec).expect("new"));
    }
    for round in 0..6 {
        let now = round * 10_000;
        // Twice: a startup check that is done lets the others begin at once.
        for now in [now, now + 10] {
            // The others of a target are cancelled when its restart is requested.
            for command in poll(&mut monitor, now) {
                let Command::Start { attempt, .. } = command else {
                    continue;
                };
                let place = targets
                    .iter()
                    .position(|id| *id == attempt.check().target());
                if round > 1 && place < Some(dying) {
                    fail(&mut monitor, now + 5, &[attempt]);
                } else {
                    succeed(&mut monitor, now + 5, &[attempt]);
                }
            }
        }
    }
    let stats = numbers(&mut monitor, at(0)).stats;
    (stats.restarts, stats.suppressed)
}

#[test]
fn one_target_of_five_checks_is_no_mass_failure() {
    use ProbeKind::{Health, Liveness, Readiness};
    for kinds in [
        [Liveness; 5],
        [Liveness, Liveness, Readiness, Readiness, Health],
    ] {
        assert_eq!(restarts(1, 1, &kinds), (1, 0), "{kinds:?}");
    }
}

#[test]
fn one_of_two_targets_of_three_checks_is_no_mass_failure() {
    use ProbeKind::{Health, Liveness, Readiness};
    for kinds in [[Liveness; 3], [Liveness, Readiness, Health]] {
        assert_eq!(restarts(2, 1, &kinds), (1, 0), "{kinds:?}");
    }
}

/// The border lies at half of the targets, however many checks each of them has.
#[test]
fn startup_checks_that_are_done_do_not_dilute_a_mass_failure() {
    use ProbeKind::{Liveness, Startup};
    for kinds in [
        &[Startup, Liveness][..],
        &[Liveness],
        &[Startup, Startup, Liveness],
    ] {
        assert_eq!(restarts(10, 9, kinds), (0, 9), "{kinds:?}");
        assert_eq!(restarts(10, 4, kinds), (4, 0), "{kinds:?}");
    }
}
