//! One check by the book: the rules T1 to T18, one after the other, with the clock as a number.

mod inactive;
mod record;
mod replace;
mod schedule;
mod view;

use health_core::ProbeKind;
use health_core::check::{CancelReason, CheckConfig, CheckStatus};
use health_core::check::{OnUnhealthy, Saved};
use health_core::{Class, Kind};

use super::{What, micros};

/// A check as the rules describe it.
pub(crate) struct Check {
    pub(crate) config: CheckConfig,
    /// There is a startup check that it waits for.
    gated: bool,
    pub(crate) doing: Doing,
    paused: bool,
    /// What is left of the last attempt.
    pub(crate) left: Option<Left>,
    pub(crate) status: CheckStatus,
    pub(crate) failures: u32,
    pub(crate) successes: u32,
    pub(crate) started: bool,
    pub(crate) was_healthy: bool,
    /// Also when it has been stopped since.
    pub(crate) is_deregistered: bool,
    /// Its last recheck has succeeded.
    pub(crate) answers: bool,
    pub(super) changed_at: Option<u64>,
    pub(crate) degraded: bool,
    pub(crate) stale: bool,
    action_pending: bool,
    action_suppressed: bool,
    impaired: bool,
    indeterminate: u32,
    backoff: u32,
    since: u64,
    slot: u64,
    /// The slot of the last result.
    place: u64,
    /// A result of an earlier slot lengthens no streak.
    counts_from: u64,
    pub(crate) attempts: u64,
    pub(crate) skipped: u64,
    pub(crate) judged_at: Option<u64>,
    /// Results in the history.
    pub(crate) kept: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Doing {
    Nothing,
    Waiting { due: u64 },
    Running { begin: u64 },
    Gated,
    Held,
    Inactive,
    Done,
    Stopping { until: u64 },
    Stopped,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Left {
    timed_out: bool,
    /// A slot has passed because of it.
    took_slot: bool,
}

impl Check {
    pub(crate) fn new(config: CheckConfig, gated: bool, saved: Option<Saved>) -> Self {
        let saved = saved.unwrap_or_default();
        let unhealthy = saved.status == CheckStatus::Unhealthy && !saved.deregistered;
        Self {
            gated,
            doing: if saved.deregistered {
                Doing::Inactive
            } else {
                Doing::Nothing
            },
            paused: false,
            left: None,
            status: saved.status,
            failures: saved.streak.failures(),
            successes: saved.streak.successes(),
            started: saved.status == CheckStatus::Healthy,
            was_healthy: saved.status == CheckStatus::Healthy,
            is_deregistered: saved.deregistered,
            answers: saved.deregistered && saved.answers_since.is_some(),
            changed_at: None,
            degraded: false,
            stale: saved.status != CheckStatus::Unknown,
            action_pending: unhealthy && config.on_unhealthy != OnUnhealthy::Report,
            action_suppressed: false,
            impaired: false,
            indeterminate: 0,
            backoff: 0,
            since: 0,
            slot: 0,
            place: 0,
            counts_from: 0,
            attempts: 0,
            skipped: 0,
            judged_at: None,
            kept: 0,
            config,
        }
    }

    /// T1.
    pub(crate) fn start(&mut self, now: u64, out: &mut Vec<What>) {
        if self.doing == Doing::Inactive {
            self.since = now;
            return self.first_recheck();
        }
        if self.doing != Doing::Nothing {
            return;
        }
        self.since = now;
        if self.status == CheckStatus::Unknown {
            self.clear(now, out);
        }
        if self.config.kind == ProbeKind::Startup && self.status == CheckStatus::Healthy {
            self.doing = Doing::Done;
        } else {
            self.first();
        }
    }

    /// T12; for a deregistered check T17.
    pub(crate) fn instance_changed(&mut self, now: u64, out: &mut Vec<What>) {
        if self.doing == Doing::Nothing || self.is_ending() {
            return;
        }
        self.cancel(CancelReason::InstanceChanged, out);
        (self.is_deregistered, self.answers) = (false, false);
        self.since = now;
        self.clear(now, out);
        self.first();
    }

    /// T17.
    pub(crate) fn reactivate(&mut self, now: u64, out: &mut Vec<What>) {
        if self.is_deregistered {
            self.was_healthy = false;
            self.instance_changed(now, out);
        }
    }

    /// T13.
    pub(crate) fn pause(&mut self, now: u64, out: &mut Vec<What>) {
        if self.paused || self.is_ending() {
            return;
        }
        if self.cancel(CancelReason::Paused, out) {
            self.doing = Doing::Waiting { due: now };
        }
        self.paused = true;
        // Nothing is to be expected of what is done.
        self.stale = self.stale || self.doing != Doing::Done;
    }

    /// T14.
    pub(crate) fn resume(&mut self, now: u64) {
        if self.paused {
            self.paused = false;
            if let Doing::Waiting { .. } = self.doing {
                if !self.is_deregistered {
                    (self.failures, self.successes) = (0, 0);
                    self.counts_from = 0;
                }
                self.due_at(now);
            }
        }
    }

    /// T15.
    pub(crate) fn trigger(&mut self, now: u64) {
        match self.doing {
            Doing::Waiting { due } if due > now && !self.paused && self.left.is_none() => {
                self.due_at(now);
            }
            _ => {}
        }
    }

    /// T18.
    pub(crate) fn stop(&mut self, until: u64, out: &mut Vec<What>) {
        if self.is_ending() {
            return;
        }
        self.cancel(CancelReason::Stopped, out);
        self.doing = Doing::Stopping { until };
        if self.left.is_none() {
            self.end(out);
        }
    }

    /// T11 for the other checks of a target, and removal.
    pub(crate) fn hold(&mut self, now: u64, reason: CancelReason, out: &mut Vec<What>) {
        let is_held = self.is_deregistered && reason != CancelReason::Removed;
        if is_held || matches!(self.doing, Doing::Nothing | Doing::Inactive) || self.is_ending() {
            return;
        }
        self.cancel(reason, out);
        match reason {
            CancelReason::Deregistered => self.deregister(now),
            _ => self.doing = Doing::Held,
        }
    }

    /// The startup checks of the target are healthy.
    pub(crate) fn open(&mut self, now: u64) {
        if self.doing == Doing::Gated {
            let delay = micros(self.config.initial_delay);
            self.due_at(now.max(self.since.saturating_add(delay)));
        }
    }

    /// T2, from when on it may begin.
    pub(crate) fn due(&self) -> Option<u64> {
        match self.doing {
            Doing::Waiting { due } if !self.paused && self.left.is_none() => Some(due),
            _ => None,
        }
    }

    /// T2; the attempt's deadline.
    pub(crate) fn begin(&mut self, now: u64) -> u64 {
        self.attempts += 1;
        self.doing = Doing::Running { begin: now };
        now.saturating_add(micros(self.config.timeout))
    }

    /// T6, T16, T18: when the clock alone decides something.
    pub(crate) fn alarm(&self) -> Option<u64> {
        match self.doing {
            Doing::Running { begin } => Some(begin.saturating_add(micros(self.config.timeout))),
            Doing::Waiting { due } if !self.paused && self.left.is_some() => Some(due),
            Doing::Stopping { until } => Some(until),
            _ => None,
        }
    }

    /// The alarm has come; whether T11 is to be decided.
    pub(crate) fn ring(&mut self, now: u64, out: &mut Vec<What>) -> bool {
        match self.doing {
            Doing::Running { begin } => {
                let deadline = begin.saturating_add(micros(self.config.timeout));
                let tolerance = self.config.lag_tolerance.map(micros);
                let too_late = tolerance.is_some_and(|most| now - deadline > most);
                let (class, kind) = if too_late {
                    (Class::Indeterminate, Kind::LocalOverload)
                } else {
                    (Class::Failure, Kind::Timeout)
                };
                self.cancel(CancelReason::Timeout, out);
                self.record(begin, now, Some(self.attempts), class, Some(kind), out)
            }
            Doing::Waiting { .. } => {
                let Some(left) = &mut self.left else {
                    return false;
                };
                left.took_slot = true;
                let class = if left.timed_out {
                    Class::Failure
                } else {
                    Class::Indeterminate
                };
                let kind = Some(Kind::PreviousAttemptStuck);
                self.record(now, now, None, class, kind, out)
            }
            Doing::Stopping { .. } => {
                self.end(out);
                false
            }
            _ => false,
        }
    }

    /// T4, T5; whether T11 is to be decided.
    pub(crate) fn answer(
        &mut self,
        now: u64,
        attempt: u64,
        class: Class,
        out: &mut Vec<What>,
    ) -> bool {
        match self.doing {
            Doing::Running { begin } if attempt == self.attempts && self.alarm() > Some(now) => {
                self.record(begin, now, Some(attempt), class, None, out)
            }
            _ => false,
        }
    }

    /// What was left of the last attempt is gone.
    pub(crate) fn reaped(&mut self, now: u64, attempt: u64, out: &mut Vec<What>) {
        let Some(left) = self.left.take() else {
            return;
        };
        out.push(What::Reaped { attempt });
        match self.doing {
            Doing::Stopping { .. } => self.end(out),
            // Nobody's fault but ours: the slot is made up for.
            Doing::Waiting { .. } if !left.timed_out && left.took_slot => self.due_at(now),
            _ => {}
        }
    }

    /// T11, the guard allows it.
    pub(crate) fn act(&mut self, now: u64, out: &mut Vec<What>) {
        self.action_pending = false;
        if self.config.on_unhealthy == OnUnhealthy::Deregister {
            self.deregister(now);
            out.push(What::Deregistered);
        } else {
            self.doing = Doing::Held;
            out.push(What::RestartRequested);
        }
    }

    /// T11, the guard refuses.
    pub(crate) fn withhold(&mut self, now: u64, out: &mut Vec<What>) {
        if !self.action_suppressed {
            self.action_suppressed = true;
            out.push(What::ActionSuppressed);
        }
        self.next_counted(now);
    }

    /// T12: all that was known of the instance, but for the history.
    fn clear(&mut self, now: u64, out: &mut Vec<What>) {
        let from = self.status;
        self.status = CheckStatus::Starting;
        (self.failures, self.successes, self.backoff) = (0, 0, 0);
        (self.started, self.degraded, self.impaired) = (false, false, false);
        (self.action_pending, self.action_suppressed) = (false, false);
        (self.indeterminate, self.counts_from) = (0, 0);
        // The slot that was lost is no longer this instance's.
        if let Some(left) = &mut self.left {
            left.took_slot = false;
        }
        // T13: what is paused is stale.
        self.stale = self.paused;
        if from != CheckStatus::Starting {
            self.changed_at = Some(now);
            let to = CheckStatus::Starting;
            out.push(What::Status { from, to });
        }
    }

    /// A mass failure is over.
    pub(super) fn forget_failures(&mut self) {
        if !self.is_deregistered && self.failures > 0 {
            (self.failures, self.counts_from) = (0, 0);
        }
    }

    fn cancel(&mut self, reason: CancelReason, out: &mut Vec<What>) -> bool {
        let runs = matches!(self.doing, Doing::Running { .. });
        if runs {
            let attempt = self.attempts;
            out.push(What::Cancelled { attempt, reason });
            if self.config.needs_reap {
                self.left = Some(Left {
                    timed_out: reason == CancelReason::Timeout,
                    took_slot: false,
                });
            }
        }
        runs
    }

    fn end(&mut self, out: &mut Vec<What>) {
        self.doing = Doing::Stopped;
        out.push(What::Stopped);
    }

    fn is_ending(&self) -> bool {
        matches!(self.doing, Doing::Stopping { .. } | Doing::Stopped)
    }
}
