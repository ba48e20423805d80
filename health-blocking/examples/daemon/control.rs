//! The control loop: every half second a sample of each component.

use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::Value;

use crate::args::Args;
use crate::driver::{Component, ComponentConfig, Health, Heartbeat, NameError, Stats, Status};
use crate::host;

/// From one cycle to the next.
pub(crate) const CYCLE: Duration = Duration::from_millis(500);

type Sample = fn() -> Result<Value, String>;

/// The loop and what it reports to.
pub(crate) struct Control {
    parts: Vec<Part>,
    heartbeat: Heartbeat,
    stats: Stats,
    counters: Counters,
    hang_at: Option<Instant>,
}

struct Part {
    component: Component,
    stats: Stats,
    sample: Sample,
    fails: bool,
}

#[derive(Serialize)]
struct Counters {
    cycles: u64,
    failures: u64,
    last_cycle_us: u128,
}

impl Control {
    /// Declares the daemon's components, stats and heartbeat.
    pub(crate) fn new(health: &Health, args: &Args) -> Result<Self, NameError> {
        let samples: [(&str, Sample); 3] = [
            ("load", host::load),
            ("memory", host::memory),
            ("disk", host::disk),
        ];
        // The daemon steers on without a sample or two; without three it is degraded.
        let config = ComponentConfig::new().failing_is(Status::Degraded);
        let parts = samples.into_iter().map(|(name, sample)| {
            Ok(Part {
                component: health.component_with(name, config)?,
                stats: health.stats(name)?,
                sample,
                fails: args.fail.as_deref() == Some(name),
            })
        });
        Ok(Self {
            parts: parts.collect::<Result<_, _>>()?,
            heartbeat: health.heartbeat("control", Duration::from_secs(2))?,
            stats: health.stats("control")?,
            counters: Counters {
                cycles: 0,
                failures: 0,
                last_cycle_us: 0,
            },
            hang_at: args.hang_after.map(|after| Instant::now() + after),
        })
    }

    /// Samples every part once. Told to hang, it never returns: as a real one would, it takes its
    /// thread with it. Never in the first cycle: that one comes before there is an endpoint to tell.
    pub(crate) fn cycle(&mut self) {
        let hangs = self.hang_at.filter(|_| self.counters.cycles > 0);
        while hangs.is_some_and(|at| at <= Instant::now()) {
            thread::park();
        }
        let begin = Instant::now();
        for part in &self.parts {
            let start = Instant::now();
            let sampled = if part.fails {
                Err("told to fail".into())
            } else {
                (part.sample)()
            };
            match sampled {
                Ok(values) => {
                    part.component.success();
                    publish(&part.stats, &values);
                }
                Err(error) => {
                    part.component.failure(error);
                    self.counters.failures += 1;
                }
            }
            part.component.observe(start.elapsed());
        }
        self.counters.cycles += 1;
        self.counters.last_cycle_us = begin.elapsed().as_micros();
        publish(&self.stats, &self.counters);
        self.heartbeat.beat();
    }
}

/// Numbers and words under names can always be published.
fn publish(stats: &Stats, values: &impl Serialize) {
    let _ = stats.set(values);
}
