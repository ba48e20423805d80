//! One check and a clock in milliseconds.

use std::sync::Arc;
use std::time::Duration;

use health_core::Instant;
use health_core::Outcome;
use health_core::check::{
    Check, CheckConfig, CheckStatus, Event, Events, Permit, Record, Saved, Start,
};

/// These settings, changed.
pub(crate) fn with(mut config: CheckConfig, change: impl FnOnce(&mut CheckConfig)) -> CheckConfig {
    change(&mut config);
    config
}

pub(crate) struct Rig {
    pub(crate) check: Check,
    pub(crate) permit: Permit,
    pub(crate) now: u64,
    /// Everything told so far, but for records.
    pub(crate) told: Vec<(u64, Event)>,
}

impl Rig {
    /// Started at 0.
    pub(crate) fn start(config: CheckConfig) -> Self {
        let mut rig = Self::new(config);
        rig.tell(0, |check, now| check.start(now));
        rig
    }

    pub(crate) fn new(config: CheckConfig) -> Self {
        Self {
            check: Check::new(Arc::new(config)),
            permit: Permit::Act,
            now: 0,
            told: Vec::new(),
        }
    }

    pub(crate) fn restored(config: CheckConfig, saved: Saved) -> Self {
        let mut rig = Self::new(config.clone());
        rig.check = Check::new(Arc::new(config)).restored(saved);
        rig.tell(0, |check, now| check.start(now));
        rig
    }

    pub(crate) fn tell(&mut self, now: u64, tell: impl FnOnce(&mut Check, Instant) -> Events) {
        self.now = now;
        let events = tell(&mut self.check, at(now));
        self.keep(events);
    }

    /// Handles what the clock decides at `now`, then begins what is due.
    pub(crate) fn poll(&mut self, now: u64) -> Option<Start> {
        let permit = self.permit;
        self.tell(now, |check, now| check.handle_timeout(now, permit));
        self.check.poll_start(at(now))
    }

    pub(crate) fn answer(&mut self, now: u64, attempt: u64, outcome: Outcome) {
        let permit = self.permit;
        self.tell(now, |check, now| {
            check.handle_outcome(now, attempt, outcome, permit)
        });
    }

    /// Goes to the next due time, begins the attempt and answers it 5 ms later; when it began.
    pub(crate) fn attempt(&mut self, outcome: Outcome) -> u64 {
        let due = self.due().expect("an attempt is due");
        let start = self.poll(due.max(self.now)).expect("it begins");
        let begin = self.now;
        self.answer(begin + 5, start.attempt, outcome);
        begin
    }

    /// Attempts answered by `f` (failure) and `s` (success), and when each of them began.
    pub(crate) fn attempts(&mut self, letters: &str) -> Vec<u64> {
        let outcome = |letter| match letter {
            's' => Outcome::success(),
            'w' => Outcome::warning("slow"),
            'i' => Outcome::indeterminate("no descriptors"),
            _ => Outcome::failure_with_message("refused"),
        };
        letters
            .chars()
            .map(|letter| self.attempt(outcome(letter)))
            .collect()
    }

    pub(crate) fn due(&self) -> Option<u64> {
        self.check.next_due().map(ms)
    }

    pub(crate) fn status(&self) -> CheckStatus {
        self.check.status()
    }

    pub(crate) fn streak(&self) -> (u32, u32) {
        let streak = self.check.streak();
        (streak.failures(), streak.successes())
    }

    pub(crate) fn last(&self) -> &Record {
        self.check.history().next_back().expect("a result")
    }

    pub(crate) fn count(&self, event: &Event) -> usize {
        self.told.iter().filter(|(_, told)| told == event).count()
    }

    fn keep(&mut self, events: Events) {
        let events = events.into_iter();
        let told = events.filter(|event| !matches!(event, Event::Recorded(_)));
        self.told.extend(told.map(|event| (self.now, event)));
    }
}

/// Interval 10 s, timeout 1 s, three retries.
pub(crate) fn every_10_s() -> CheckConfig {
    CheckConfig::kubelet()
}

pub(crate) fn at(millis: u64) -> Instant {
    Instant::from_micros(millis * 1_000)
}

/// Rounded up: the first millisecond at which `instant` has come.
pub(crate) fn ms(instant: Instant) -> u64 {
    instant.as_micros().div_ceil(1_000)
}

pub(crate) const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}
