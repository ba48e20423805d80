//! How an attempt ends: what its report says, and how long each phase took.

use alloc::format;
use alloc::string::{String, ToString};
use core::mem;

use super::super::condition::Breach;
use super::super::report::ProbePhase;
use super::super::response::Malformed;
use super::{Attempt, State};
use crate::base::{Kind, Outcome};

impl<'p> Attempt<'p> {
    pub(super) fn refuse(&mut self, malformed: Malformed) {
        self.cut_short(Breach::new(Kind::BadResponse, malformed.to_string()));
    }

    /// The stream ended where it should not have.
    pub(super) fn interrupt(&mut self, what: &str, detail: Option<String>) {
        #[cfg(feature = "expect")]
        if let (Some(phase), State::Talking(talking)) = (self.phase(), &self.state) {
            let outcome = talking.cut_short(Kind::Reset, what, phase);
            return self.end(outcome);
        }
        if let Some(phase) = self.phase() {
            let breach = Breach::new(Kind::Reset, format!("{what} while {phase}"));
            self.cut_short(Breach { detail, ..breach });
        }
    }

    /// The response came whole, or was truncated.
    pub(super) fn judge(&mut self, truncated: bool, next: State<'p>) {
        self.end_phase();
        if let State::Reading(response) = mem::replace(&mut self.state, next) {
            #[cfg(feature = "expect")]
            if let Some(location) = response.location() {
                return self.follow(location);
            }
            let outcome = response.judge(truncated);
            #[cfg(feature = "expect")]
            let outcome = self.judge_latency(outcome);
            self.finish(outcome);
        }
    }

    /// The attempt ended before there was a whole response.
    pub(super) fn cut_short(&mut self, by: Breach) {
        self.end_phase();
        let outcome = match mem::replace(&mut self.state, State::Closed) {
            State::Reading(response) => response.cut_short(by),
            _ => by.into_outcome(),
        };
        self.finish(outcome);
    }

    pub(super) fn end(&mut self, outcome: Outcome) {
        self.end_phase();
        self.state = State::Closed;
        self.finish(outcome);
    }

    pub(super) fn finish(&mut self, outcome: Outcome) {
        #[cfg(feature = "expect")]
        let outcome = self.with_expiry(outcome);
        self.report.outcome = outcome;
        self.report.took = self.now.duration_since(self.began);
    }

    pub(super) fn end_phase(&mut self) {
        if let Some(phase) = self.phase() {
            self.record(phase);
        }
    }

    pub(super) fn record(&mut self, phase: ProbePhase) {
        // It may come in parts, and behind a redirect it begins again.
        let before = self.report.timings.get(phase).unwrap_or_default();
        let took = before + self.now.duration_since(self.phase_began);
        self.report.timings.set(phase, took);
        self.phase_began = self.now;
    }
}
