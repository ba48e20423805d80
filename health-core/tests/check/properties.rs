//! What holds of every run of one check. Those that need a queue or a target are the monitor's.

use std::time::Duration;

use health_core::Outcome;
use health_core::check::{CheckConfig, CheckStatus, Event, Schedule};

use crate::rig::Rig;
use crate::rng::Rng;

const RUNS: u64 = 5_000;

/// Every begin is on the grid while the interval in use does not change, nobody stalls, and nobody
/// asks for anything.
#[test]
fn p7_begins_are_congruent_to_the_origin() {
    for seed in 0..RUNS {
        let mut rng = Rng::new(seed);
        let mut config = CheckConfig::default();
        config.interval = rng.millis(1, 5_000);
        config.timeout = rng.millis(1, 20_000);
        config.initial_delay = rng.millis(0, 10_000);
        config.spread_offset = rng.millis(0, 10_000);
        let interval = config.interval.as_millis() as u64;
        let timeout = config.timeout.as_millis() as u64;
        let origin = (config.initial_delay + config.spread_offset).as_millis() as u64;
        let mut rig = Rig::start(config);
        for _ in 0..40 {
            let begin = rig.due().expect("never done");
            assert_eq!((begin - origin) % interval, 0, "seed {seed}");
            turn(&mut rig, &mut rng, timeout, 70);
        }
        // Every slot up to the next one was an attempt or is counted as skipped.
        let slots = (rig.due().expect("never done") - origin) / interval;
        assert_eq!(
            slots,
            rig.check.attempts() + rig.check.skipped_slots(),
            "seed {seed}"
        );
    }
}

/// A run with its indeterminate results and the same run without them go through the same statuses.
#[test]
fn p9_indeterminate_results_change_no_status() {
    for seed in 0..RUNS {
        let mut rng = Rng::new(seed);
        let mut config = CheckConfig::default();
        config.interval = Duration::from_secs(10);
        config.timeout = Duration::from_secs(1);
        config.retries = 1 + rng.up_to(3) as u32;
        config.success_threshold = 1 + rng.up_to(3) as u32;
        config.indeterminate_limit = rng.up_to(3) as u32;
        let success = rng.up_to(100);
        let letters: String = (0..80)
            .map(|_| match rng.up_to(99) {
                0..30 => 'i',
                roll if roll % 70 < success => 's',
                _ => 'f',
            })
            .collect();
        let statuses = |letters: &str| {
            let mut rig = Rig::start(config.clone());
            rig.attempts(letters);
            let told = rig.told.into_iter().map(|(_, event)| event);
            told.filter(|event| matches!(event, Event::Status { .. }))
                .collect::<Vec<_>>()
        };
        let without = letters.replace('i', "");
        assert_eq!(
            statuses(&letters),
            statuses(&without),
            "seed {seed}: {letters}"
        );
    }
}

/// P2, P4, P6: what holds after every single result, whatever the settings.
#[test]
fn p2_p4_p6_hold_after_every_result() {
    for seed in 0..RUNS {
        let mut rng = Rng::new(seed);
        let config = random_config(&mut rng);
        let (retries, timeout) = (config.retries, config.timeout.as_millis() as u64);
        let mut rig = Rig::start(config);
        let success = rng.up_to(100);
        let mut failures = 0;
        for _ in 0..60 {
            let before = rig.status();
            turn(&mut rig, &mut rng, timeout, success);
            let (failed, succeeded) = rig.streak();
            assert!(failed == 0 || succeeded == 0, "P2, seed {seed}");
            if rig.last().is_counted() {
                failures = if succeeded > 0 { 0 } else { failures + 1 };
            }
            if before != CheckStatus::Unhealthy && rig.status() == CheckStatus::Unhealthy {
                assert!(failures >= retries, "P4, seed {seed}");
            }
            assert!(
                rig.check.next_due() > Some(rig.last().end()),
                "P6, seed {seed}"
            );
        }
    }
}

/// One attempt, answered at random or not at all.
fn turn(rig: &mut Rig, rng: &mut Rng, timeout: u64, success: u64) {
    let due = rig.due().expect("never done");
    let start = rig.poll(due).expect("it begins");
    let takes = rng.up_to(timeout + timeout / 4);
    if takes < timeout {
        let outcome = match rng.up_to(99) {
            0..5 => Outcome::indeterminate("no descriptors"),
            5..10 => Outcome::warning("slow"),
            roll if roll < success => Outcome::success(),
            _ => Outcome::failure_with_message("503"),
        };
        rig.answer(due + takes, start.attempt, outcome);
    } else {
        assert_eq!(rig.poll(due + timeout), None);
    }
}

fn random_config(rng: &mut Rng) -> CheckConfig {
    let maybe = |rng: &mut Rng| rng.chance(40).then(|| rng.millis(1, 8_000));
    let mut config = CheckConfig::default();
    config.interval = rng.millis(1, 8_000);
    config.timeout = rng.millis(1, 8_000);
    config.retries = 1 + rng.up_to(3) as u32;
    config.success_threshold = 1 + rng.up_to(2) as u32;
    config.start_period = maybe(rng).unwrap_or_default();
    config.start_interval = maybe(rng);
    config.schedule = if rng.chance(30) {
        Schedule::FixedDelay
    } else {
        Schedule::FixedRate
    };
    config.edge_interval = maybe(rng);
    config.unhealthy_interval = maybe(rng);
    config.unhealthy_backoff_factor = 1.0 + rng.up_to(2) as f64 / 2.0;
    config.unhealthy_interval_max = maybe(rng);
    config
}
