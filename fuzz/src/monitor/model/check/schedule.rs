//! When the next attempt is due.

use health_core::check::{CheckStatus, FirstCheck, Schedule};

use super::super::micros;
use super::{Check, Doing};

impl Check {
    /// When an instance is looked at first.
    pub(super) fn first(&mut self) {
        if self.gated {
            self.doing = Doing::Gated;
        } else if self.counts_from > self.since && self.failures > 0 {
            let delay = micros(self.config.initial_delay);
            let earliest = self.since.saturating_add(delay);
            self.due_at(self.counts_from.max(earliest));
        } else {
            self.due_at(self.first_slot());
        }
    }

    pub(super) fn first_slot(&self) -> u64 {
        let config = &self.config;
        let wait = match config.first_check {
            FirstCheck::Immediate => micros(config.spread_offset),
            FirstCheck::AfterInterval if micros(config.start_period) > 0 => self.start_interval(),
            FirstCheck::AfterInterval => micros(config.interval),
        };
        let delay = micros(config.initial_delay);
        self.since.saturating_add(delay).saturating_add(wait)
    }

    /// The slot after a result of `end` that counted.
    pub(super) fn next_counted(&mut self, end: u64) {
        let interval = self.interval_in_use(end);
        self.counts_from = self.place.saturating_add(interval);
        self.next(end);
    }

    /// The slot after a result of `end`.
    pub(super) fn next(&mut self, end: u64) {
        let interval = self.interval_in_use(end);
        match self.config.schedule {
            Schedule::FixedDelay => self.due_at(end.saturating_add(interval)),
            Schedule::FixedRate => {
                let passed = (end - self.slot) / interval;
                let ahead = interval.saturating_mul(passed + 1);
                self.skipped += passed;
                self.due_at(self.slot.saturating_add(ahead));
            }
        }
    }

    pub(super) fn interval_in_use(&self, end: u64) -> u64 {
        let config = &self.config;
        let interval = micros(config.interval);
        let is_starting = self.status == CheckStatus::Starting && !self.started;
        let streak_against = match self.status {
            CheckStatus::Healthy => self.failures > 0,
            CheckStatus::Unhealthy => self.successes > 0,
            _ => self.failures > 0 || self.successes > 0,
        };
        if is_starting && end - self.since < micros(config.start_period) {
            self.start_interval()
        } else if streak_against {
            config.edge_interval.map_or(interval, micros)
        } else if self.status == CheckStatus::Unhealthy {
            let base = config.unhealthy_interval.map_or(interval, micros);
            let hour = 3_600_000_000;
            let most = config.unhealthy_interval_max.map_or(base.max(hour), micros);
            let growth = config.unhealthy_backoff_factor.powi(self.backoff as i32);
            ((base as f64 * growth) as u64).min(most)
        } else {
            interval
        }
    }

    fn start_interval(&self) -> u64 {
        let interval = micros(self.config.interval);
        let given = self.config.start_interval.map(micros);
        given.unwrap_or(interval.min(5_000_000))
    }

    pub(super) fn due_at(&mut self, due: u64) {
        self.slot = due;
        self.doing = Doing::Waiting { due };
    }
}
