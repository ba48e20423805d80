//! Random operations on random targets, by drivers good and bad, under the observer's eyes.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use health_core::Instant;
use health_core::Outcome;
use health_core::ProbeKind;
use health_core::check::{self, CheckConfig, FirstCheck, Mode, OnUnhealthy, Schedule};
use health_core::monitor::{
    AttemptId, CheckId, Command, MassFailure, Monitor, MonitorConfig, MonitorEvent, Spread,
    TargetId, TargetSpec, TargetStatus,
};

use crate::name;
use crate::observer::Observer;
use crate::rng::Rng;

const RUNS: u64 = 4_000;
const STEPS: u64 = 150;

/// P1 to P6, P8, P11, P12, and that nobody is woken for nothing.
#[test]
fn p1_to_p12_hold_under_any_operations() {
    let mut kinds = BTreeSet::new();
    for seed in 0..RUNS {
        let run = || World::new(seed).run(false);
        match catch_unwind(AssertUnwindSafe(run)) {
            Ok(events) => kinds.extend(events.iter().map(kind)),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or(panic.downcast_ref::<&str>().copied());
                panic!("seed {seed}: {}", text.unwrap_or_default());
            }
        }
    }
    // What never happens cannot be wrong: the runs have to go everywhere.
    assert_eq!(kinds.len(), 21, "{kinds:?}");
}

/// What kind of event it is, and why.
fn kind(event: &MonitorEvent) -> String {
    match event {
        MonitorEvent::Check { event, .. } => match event {
            check::Event::Cancelled { reason, .. } => format!("cancelled: {reason:?}"),
            check::Event::Recorded(record) if record.attempt().is_none() => "slot".to_owned(),
            other => format!("{other:?}")
                .split([' ', '('])
                .next()
                .unwrap_or_default()
                .to_owned(),
        },
        MonitorEvent::Started { .. } => "started".to_owned(),
        MonitorEvent::Target { .. } => "target".to_owned(),
        MonitorEvent::Stopped { left, .. } => format!("stopped: {}", (*left).min(1)),
        _ => panic!("unknown {event:?}"),
    }
}

/// P10: the same calls give the same outputs, and calls while nothing is due change nothing.
#[test]
fn p10_runs_are_reproducible_and_idle_calls_change_nothing() {
    for seed in 0..RUNS / 4 {
        let once = World::new(seed).run(false);
        assert_eq!(once, World::new(seed).run(false), "seed {seed}");
        assert_eq!(once, World::new(seed).run(true), "seed {seed}");
    }
}

struct World {
    rng: Rng,
    /// Decides what must not move the rest: calls between.
    idle_rng: Rng,
    now: Instant,
    monitor: Monitor,
    observer: Observer,
    targets: Vec<TargetId>,
    in_flight: Vec<AttemptId>,
    added: u64,
    events: Vec<MonitorEvent>,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let mut config = MonitorConfig::default();
        config.max_in_flight = 1 + rng.up_to(5) as usize;
        config.max_exec = 1 + rng.up_to(2) as usize;
        config.tick = rng.millis(0, 10);
        config.spread = if rng.chance(50) {
            Spread::AsConfigured
        } else {
            Spread::Even
        };
        config.mass_failure = rng.chance(50).then(MassFailure::default);
        config.trace = true;
        let mut monitor = Monitor::new(config);
        monitor.start(Instant::default());
        Self {
            idle_rng: Rng::new(!seed),
            rng,
            now: Instant::default(),
            monitor,
            observer: Observer::default(),
            targets: Vec::new(),
            in_flight: Vec::new(),
            added: 0,
            events: Vec::new(),
        }
    }

    /// All events of the run. `idle_calls`: with polls in between.
    fn run(mut self, idle_calls: bool) -> Vec<MonitorEvent> {
        for _ in 0..STEPS {
            self.act();
            self.drain();
            let next = self.monitor.poll_timeout();
            let to = match next {
                // A late driver, now and then.
                Some(next) if self.rng.chance(90) => next,
                Some(next) => next + self.rng.millis(0, 30_000),
                None => self.now + self.rng.millis(0, 5_000),
            };
            let from = self.now.as_micros();
            let part = self
                .rng
                .chance(30)
                .then(|| self.rng.up_to(to.as_micros() - from));
            let to = part.map_or(to, |part| Instant::from_micros(from + part));
            if idle_calls && next.is_none_or(|next| next > to) && to > self.now {
                let gap = to.as_micros() - from;
                for _ in 0..self.idle_rng.up_to(3) {
                    let between = self.now.as_micros() + self.idle_rng.up_to(gap / 4);
                    assert_eq!(self.monitor.poll(Instant::from_micros(between)), None);
                }
            }
            self.now = to;
            self.drain();
        }
        self.stop();
        self.events
    }

    fn act(&mut self) {
        let now = self.now;
        let target = match self.targets.len() as u64 {
            0 => None,
            count => Some(self.rng.up_to(count - 1) as usize),
        };
        match (self.rng.up_to(99), target) {
            (0..8, _) => self.add(),
            (8..12, Some(index)) => {
                let id = self.targets.swap_remove(index);
                assert!(self.monitor.remove(now, id));
            }
            (12..30, Some(index)) => self.control(self.targets[index]),
            (30..40, _) => {
                let dying: Vec<_> = self.observer.dying().collect();
                for attempt in dying.into_iter().take(2) {
                    self.observer.reaped(attempt);
                    self.monitor.handle_reaped(now, attempt);
                }
            }
            (40..90, _) if !self.in_flight.is_empty() => self.answer(),
            _ => {}
        }
    }

    fn answer(&mut self) {
        let index = self.rng.up_to(self.in_flight.len() as u64 - 1) as usize;
        let attempt = self.in_flight.swap_remove(index);
        let outcome = match self.rng.up_to(9) {
            0..4 => Outcome::success(),
            4 => Outcome::warning("slow"),
            5 => Outcome::indeterminate("no descriptors"),
            _ => Outcome::failure_with_message("503"),
        };
        // Some of them are no longer wanted, which the driver cannot know.
        self.observer.answered(attempt);
        self.monitor.handle_outcome(self.now, attempt, outcome);
    }

    fn control(&mut self, id: TargetId) {
        let now = self.now;
        let checks = self.monitor.checks(id);
        let each = |check: &mut dyn FnMut(CheckId)| checks.clone().for_each(check);
        let was_deregistered = self.monitor.target(id).is_some_and(|it| {
            it.status_at(now).is_one_of(TargetStatus::Inactive)
                && it.checks().any(|(_, it)| it.mode() == Mode::Inactive)
        });
        match self.rng.up_to(4) {
            0 => self.monitor.pause(now, id),
            1 => {
                each(&mut |id| {
                    let check = self.monitor.check(id).expect("there");
                    if check.mode() == Mode::Paused {
                        self.observer.resumed(id);
                    }
                });
                self.monitor.resume(now, id);
            }
            2 => {
                each(&mut |check| self.observer.asked(check));
                self.monitor.trigger(now, id);
            }
            3 => {
                // Deadlines before now belong to the old instance.
                self.drain();
                each(&mut |check| self.observer.new_instance(now, check));
                self.monitor.instance_changed(now, id);
            }
            _ if was_deregistered => {
                each(&mut |check| self.observer.new_instance(now, check));
                self.monitor.reactivate(now, id);
            }
            _ => self.monitor.reactivate(now, id),
        }
    }

    fn add(&mut self) {
        self.added += 1;
        let target = name(&format!("target-{}", self.added));
        let kinds: &[ProbeKind] = match self.rng.up_to(3) {
            0 => &[
                ProbeKind::Startup,
                ProbeKind::Liveness,
                ProbeKind::Readiness,
            ],
            1 => &[ProbeKind::Liveness, ProbeKind::Readiness],
            _ => &[ProbeKind::Health],
        };
        let configs: Vec<_> = kinds.iter().map(|&kind| self.config(kind)).collect();
        let mut spec = TargetSpec::new(target);
        for (index, config) in configs.iter().enumerate() {
            spec = spec.check(name(&format!("check-{index}")), Arc::new(config.clone()));
        }
        let id = self.monitor.add(self.now, spec).expect("a valid target");
        for (check, config) in self.monitor.checks(id).zip(configs) {
            self.observer.added(self.now, check, config);
        }
        self.targets.push(id);
    }

    fn config(&mut self, kind: ProbeKind) -> CheckConfig {
        let rng = &mut self.rng;
        let maybe = |rng: &mut Rng| rng.chance(30).then(|| rng.millis(100, 5_000));
        let one_success = matches!(kind, ProbeKind::Startup | ProbeKind::Liveness);
        let mut config = CheckConfig::default();
        config.kind = kind;
        config.interval = rng.millis(500, 10_000);
        config.timeout = rng.millis(100, 12_000);
        config.retries = 1 + rng.up_to(2) as u32;
        config.success_threshold = if one_success {
            1
        } else {
            1 + rng.up_to(2) as u32
        };
        config.start_period = maybe(rng).unwrap_or(Duration::ZERO);
        config.start_interval = maybe(rng);
        config.initial_delay = maybe(rng).unwrap_or(Duration::ZERO);
        config.first_check = if rng.chance(80) {
            FirstCheck::Immediate
        } else {
            FirstCheck::AfterInterval
        };
        config.spread_offset = maybe(rng).unwrap_or(Duration::ZERO);
        config.schedule = if rng.chance(80) {
            Schedule::FixedRate
        } else {
            Schedule::FixedDelay
        };
        config.jitter_percent = if rng.chance(20) {
            rng.up_to(50) as u8
        } else {
            0
        };
        config.edge_interval = maybe(rng);
        config.unhealthy_interval = maybe(rng);
        config.unhealthy_backoff_factor = 1.0 + rng.up_to(2) as f64 / 2.0;
        config.unhealthy_interval_max = maybe(rng);
        config.on_unhealthy = match rng.up_to(2) {
            0 => OnUnhealthy::Report,
            1 => OnUnhealthy::Restart,
            _ => OnUnhealthy::Deregister,
        };
        config.indeterminate_limit = rng.up_to(3) as u32;
        config.lag_tolerance = maybe(rng);
        config.needs_reap = rng.chance(40);
        config.history = 1 + rng.up_to(4) as u8;
        config.recheck_interval = maybe(rng);
        config
    }

    fn drain(&mut self) {
        loop {
            self.hear();
            let Some(command) = self.monitor.poll(self.now) else {
                break;
            };
            self.observer.command(self.now, command, &self.monitor);
            if let Command::Start { attempt, .. } = command {
                self.in_flight.push(attempt);
            }
        }
        self.hear();
        self.observer.at_rest(self.now, &mut self.monitor);
    }

    fn hear(&mut self) {
        while let Some(event) = self.monitor.poll_event() {
            self.observer.event(&event, &self.monitor);
            self.events.push(event);
        }
    }

    /// Whatever state it is in, it stops within the bound.
    fn stop(&mut self) {
        self.monitor.stop(self.now);
        self.drain();
        let bound = self.now + self.monitor.config().stop_timeout;
        while let Some(next) = self.monitor.poll_timeout() {
            assert!(next <= bound);
            self.now = next;
            self.drain();
        }
        assert!(self.monitor.is_stopped());
        assert_eq!(self.monitor.in_flight(), 0);
    }
}
