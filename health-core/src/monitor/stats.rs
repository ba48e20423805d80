//! What a monitor has counted: the figures of a cycle's log line.

use core::time::Duration;

use crate::check;
use crate::outcome::{Class, Kind};
use crate::timing::Timing;

/// Counts since the start; a driver that logs by the cycle subtracts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Attempts begun.
    pub attempts: u64,
    /// Results by class: successes.
    pub successes: u64,
    /// Results by class: warnings.
    pub warnings: u64,
    /// Results by class: failures, those within a start period among them.
    pub failures: u64,
    /// Results by class: the prober's own trouble.
    pub indeterminate: u64,
    /// Slots passed over because an attempt, the queue or a stall covered them.
    pub skipped_slots: u64,
    /// Restarts asked for.
    pub restarts: u64,
    /// Deregistrations.
    pub deregistered: u64,
    /// Episodes in which the guard withheld one of the two.
    pub suppressed: u64,
    /// How long attempts took that came to a result; overruns are those that timed out.
    pub timing: Timing,
    /// The most an attempt has ever begun after it was due.
    pub max_lag: Duration,
}

impl Stats {
    pub(super) fn start(&mut self, lag: Duration) {
        self.attempts += 1;
        self.max_lag = self.max_lag.max(lag);
    }

    pub(super) fn count(&mut self, event: &check::Event) {
        if let check::Event::Recorded(record) = event {
            // A slot that found the last attempt still there has no attempt of its own.
            if record.attempt().is_some() {
                self.timing.observe(record.duration());
            }
            if record.kind() == Some(Kind::Timeout) {
                self.timing.overrun();
            }
        }
        let count = match event {
            check::Event::Recorded(record) => match record.class() {
                Class::Success => &mut self.successes,
                Class::Warning => &mut self.warnings,
                Class::Failure => &mut self.failures,
                Class::Indeterminate => &mut self.indeterminate,
            },
            check::Event::RestartRequested => &mut self.restarts,
            check::Event::Deregistered => &mut self.deregistered,
            check::Event::ActionSuppressed => &mut self.suppressed,
            _ => return,
        };
        *count += 1;
    }
}
