//! The profiles against plain ports of the originals, on random runs.
//!
//! The ports are written from descriptions of what the originals do, with their words: one loop,
//! one counter, no machine.

use std::time::Duration;

use health_core::Outcome;
use health_core::ProbeKind;
use health_core::check::{CheckConfig, CheckStatus, Event, OnUnhealthy};

use crate::rig::{Rig, ms};
use crate::rng::Rng;

const RUNS: u64 = 20_000;

/// The health monitor of moby: `daemon/health.go`.
struct Moby {
    interval: u64,
    timeout: u64,
    retries: u32,
    start_period: u64,
    start_interval: u64,
    status: CheckStatus,
    failing_streak: u32,
    now: u64,
}

impl Moby {
    /// `getInterval`: the timer is set again when the probe has ended.
    fn get_interval(&self) -> u64 {
        if self.status == CheckStatus::Starting && self.now < self.start_period {
            self.start_interval
        } else {
            self.interval
        }
    }

    /// Waits, probes, and handles the result; begin and end.
    fn turn(&mut self, exit_code: i32, takes: u64) -> (u64, u64) {
        let begin = self.now + self.get_interval();
        let timed_out = takes >= self.timeout;
        let end = begin + takes.min(self.timeout);
        self.now = end;
        if exit_code == 0 && !timed_out {
            self.failing_streak = 0;
            self.status = CheckStatus::Healthy;
        } else {
            let starting = self.status == CheckStatus::Starting;
            let should_increment = !(starting && begin < self.start_period);
            if should_increment {
                self.failing_streak += 1;
                if self.failing_streak >= self.retries {
                    self.status = CheckStatus::Unhealthy;
                }
            }
        }
        (begin, end)
    }
}

#[test]
fn the_docker_profile_is_mobys_monitor() {
    for seed in 0..RUNS {
        let mut rng = Rng::new(seed);
        let mut config = CheckConfig::docker();
        config.interval = rng.millis(1, 40_000);
        config.timeout = rng.millis(1, 40_000);
        config.retries = 1 + rng.up_to(4) as u32;
        config.start_period = if rng.chance(50) {
            rng.millis(0, 120_000)
        } else {
            Duration::ZERO
        };
        config.start_interval = Some(rng.millis(1, 10_000));
        let millis = |length: Duration| length.as_millis() as u64;
        let mut moby = Moby {
            interval: millis(config.interval),
            timeout: millis(config.timeout),
            retries: config.retries,
            start_period: millis(config.start_period),
            start_interval: millis(config.start_interval.unwrap_or_default()),
            status: CheckStatus::Starting,
            failing_streak: 0,
            now: 0,
        };
        let mut rig = Rig::start(config);
        let success = 10 + rng.up_to(80);
        for turn in 0..30 {
            let exit_code = i32::from(!rng.chance(success));
            let takes = rng.up_to(moby.timeout + moby.timeout / 10);
            let expected = moby.turn(exit_code, takes);

            let due = rig.due().expect("never done");
            let start = rig.poll(due).expect("it begins");
            if takes < moby.timeout {
                let outcome = if exit_code == 0 {
                    Outcome::success()
                } else {
                    Outcome::failure_with_message("exit code 1")
                };
                rig.answer(due + takes, start.attempt, outcome);
            } else {
                assert_eq!(rig.poll(ms(start.deadline)), None);
            }
            let last = rig.last();
            assert_eq!(
                (
                    (ms(last.begin()), ms(last.end())),
                    rig.status(),
                    rig.streak().0
                ),
                (expected, moby.status, moby.failing_streak),
                "seed {seed}, turn {turn}",
            );
        }
    }
}

/// The worker of the kubelet: `pkg/kubelet/prober/worker.go`.
struct Worker {
    success_threshold: u32,
    failure_threshold: u32,
    /// What is held of the probe; readiness begins with false, liveness with true.
    result: bool,
    last_result: Option<bool>,
    result_run: u32,
    holds_on_failure: bool,
    on_hold: bool,
}

impl Worker {
    /// `doProbe`, after the probe; an error of the probe itself is dropped.
    fn handle(&mut self, result: Option<bool>) {
        let Some(result) = result.filter(|_| !self.on_hold) else {
            return;
        };
        if self.last_result == Some(result) {
            self.result_run += 1;
        } else {
            self.last_result = Some(result);
            self.result_run = 1;
        }
        let threshold = if result {
            self.success_threshold
        } else {
            self.failure_threshold
        };
        if self.result_run < threshold {
            return;
        }
        self.result = result;
        if self.holds_on_failure && !result {
            self.on_hold = true;
            self.result_run = 0;
        }
    }
}

#[test]
fn a_readiness_check_is_the_kubelets_worker() {
    for seed in 0..RUNS {
        let mut rng = Rng::new(seed);
        let mut config = CheckConfig::kubelet();
        config.kind = ProbeKind::Readiness;
        config.retries = 1 + rng.up_to(4) as u32;
        config.success_threshold = 1 + rng.up_to(4) as u32;
        let mut worker = Worker {
            success_threshold: config.success_threshold,
            failure_threshold: config.retries,
            result: false,
            last_result: None,
            result_run: 0,
            holds_on_failure: false,
            on_hold: false,
        };
        let mut rig = Rig::start(config);
        let success = rng.up_to(100);
        for tick in 0..60 {
            let result = (!rng.chance(10)).then(|| rng.chance(success));
            worker.handle(result);
            let begin = rig.attempt(outcome(result));
            let is_ready = rig.status() == CheckStatus::Healthy;
            assert_eq!(
                (is_ready, begin),
                (worker.result, tick * 10_000),
                "seed {seed}, tick {tick}"
            );
        }
    }
}

#[test]
fn a_liveness_check_is_the_kubelets_worker() {
    for seed in 0..RUNS {
        let mut rng = Rng::new(seed);
        let mut config = CheckConfig::kubelet();
        config.kind = ProbeKind::Liveness;
        config.retries = 1 + rng.up_to(4) as u32;
        config.on_unhealthy = OnUnhealthy::Restart;
        let mut worker = Worker {
            success_threshold: 1,
            failure_threshold: config.retries,
            result: true,
            last_result: None,
            result_run: 0,
            holds_on_failure: true,
            on_hold: false,
        };
        let mut rig = Rig::start(config);
        let success = 30 + rng.up_to(70);
        let mut restarts = 0;
        for tick in 0..60 {
            let result = (!rng.chance(10)).then(|| rng.chance(success));
            worker.handle(result);
            rig.attempt(outcome(result));
            let may_live = rig.status() != CheckStatus::Unhealthy;
            assert_eq!(may_live, worker.result, "seed {seed}, tick {tick}");
            if worker.on_hold {
                // The container is killed, and a new id ends the hold.
                restarts += 1;
                assert_eq!(
                    (rig.due(), rig.count(&Event::RestartRequested)),
                    (None, restarts)
                );
                (worker.on_hold, worker.result) = (false, true);
                let now = rig.now + 1_000 + rng.up_to(20_000);
                rig.tell(now, |check, now| check.instance_changed(now));
            }
        }
    }
}

fn outcome(result: Option<bool>) -> Outcome {
    match result {
        Some(true) => Outcome::success(),
        Some(false) => Outcome::failure_with_message("503"),
        None => Outcome::indeterminate("no descriptors"),
    }
}
