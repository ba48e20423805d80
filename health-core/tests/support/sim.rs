//! Many simulated targets, one clock: what a driver does, without the I/O.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use health_core::Name;
use health_core::Outcome;
use health_core::check::CheckConfig;
use health_core::monitor::{AttemptId, Command, Monitor, MonitorConfig, MonitorStatus, TargetSpec};
use health_core::{Instant, Moment};

/// Targets that answer after 5 ms; one attempt in a thousand fails, one in ten thousand is silent.
pub(crate) struct Simulation {
    pub(crate) monitor: Monitor,
    pub(crate) most_in_flight: usize,
    in_flight: usize,
    /// Folds every command with its time: two runs agree if this does.
    pub(crate) fingerprint: u64,
    pub(crate) wakeups: u64,
    now: Instant,
    /// All take equally long, so they come back in the order they went.
    answers: VecDeque<(Instant, AttemptId)>,
}

impl Simulation {
    pub(crate) fn new(targets: usize, config: MonitorConfig, check: CheckConfig) -> Self {
        let check = Arc::new(check);
        let check_name = Name::new("http").expect("a name");
        let mut monitor = Monitor::new(config);
        for number in 0..targets {
            let name = Name::new(&format!("target-{number}")).expect("a name");
            let spec = TargetSpec::new(name).check(check_name.clone(), Arc::clone(&check));
            monitor.add(Instant::default(), spec).expect("a new target");
        }
        monitor.start(Instant::default());
        Self {
            monitor,
            most_in_flight: 0,
            in_flight: 0,
            fingerprint: 0,
            wakeups: 0,
            now: Instant::default(),
            answers: VecDeque::new(),
        }
    }

    /// Runs the clock to `until`.
    pub(crate) fn run_to(&mut self, until: Instant) {
        const LATENCY: Duration = Duration::from_millis(5);
        loop {
            let answer = self.answers.front().map(|(at, _)| *at);
            let next = [answer, self.monitor.poll_timeout()]
                .into_iter()
                .flatten()
                .min();
            self.now = match next {
                Some(next) if next <= until => next.max(self.now),
                _ => return,
            };
            self.wakeups += 1;
            while self.answers.front().is_some_and(|(at, _)| *at <= self.now) {
                if let Some((_, attempt)) = self.answers.pop_front() {
                    let chance = self.chance(attempt, 1_000);
                    let outcome = if chance {
                        Outcome::failure_with_message("503")
                    } else {
                        Outcome::success()
                    };
                    self.monitor.handle_outcome(self.now, attempt, outcome);
                    self.in_flight -= 1;
                }
            }
            while let Some(command) = self.monitor.poll(self.now) {
                let (word, attempt) = match command {
                    Command::Start { attempt, .. } => (1, attempt),
                    Command::Cancel { attempt, .. } => (2, attempt),
                    _ => continue,
                };
                match word {
                    1 => self.in_flight += 1,
                    _ => self.in_flight -= 1,
                }
                let what = self.now.as_micros() ^ attempt.number() << 40 ^ word;
                self.fingerprint = (self.fingerprint ^ what).wrapping_mul(0x0000_0100_0000_01b3);
                if word == 1 && !self.chance(attempt, 10_000) {
                    self.answers.push_back((self.now + LATENCY, attempt));
                }
            }
            self.most_in_flight = self.most_in_flight.max(self.in_flight);
            while self.monitor.poll_event().is_some() {}
        }
    }

    pub(crate) fn status(&mut self) -> MonitorStatus {
        self.monitor.status(Moment {
            now: self.now,
            ..Moment::default()
        })
    }

    /// True for one attempt in `of`, always the same ones.
    fn chance(&self, attempt: AttemptId, of: u64) -> bool {
        let name = self
            .monitor
            .target(attempt.check().target())
            .map(|it| it.name().as_str().len());
        let mixed = attempt.number().wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ name.unwrap_or(0) as u64;
        let mixed = mixed ^ self.now.as_micros().wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed >> 17) % of == 0
    }
}
