//! What a result means: T7 to T10.

use health_core::ProbeKind;
use health_core::check::{CheckStatus, OnUnhealthy};
use health_core::{Class, Kind};

use super::super::{What, micros};
use super::{Check, Doing};

impl Check {
    /// T7 to T10; whether T11 is to be decided. If it is, `next` or `act` must follow.
    pub(super) fn record(
        &mut self,
        begin: u64,
        end: u64,
        attempt: Option<u64>,
        class: Class,
        kind: Option<Kind>,
        out: &mut Vec<What>,
    ) -> bool {
        self.kept = usize::from(self.config.history).min(self.kept + 1);
        if self.is_deregistered {
            self.rechecked(begin, end, attempt, class, kind, out);
            return false;
        }
        let before = self.status;
        let protected = begin - self.since < micros(self.config.start_period);
        // N results in a row take N-1 intervals.
        self.place = self.slot.min(begin);
        let early = self.place < self.counts_from;
        let uncounted = match class {
            Class::Failure => {
                let starting = before == CheckStatus::Starting && !self.started;
                (starting && protected) || (early && self.failures > 0)
            }
            Class::Indeterminate => true,
            Class::Success | Class::Warning => {
                early && self.successes > 0 && before != CheckStatus::Healthy
            }
        };
        let counted = !uncounted;
        if class != Class::Indeterminate {
            self.indeterminate = 0;
        }
        if counted {
            (self.impaired, self.stale) = (false, false);
            self.judged_at = Some(end);
        }
        let mut newly_impaired = false;
        match class {
            Class::Success | Class::Warning if counted => {
                (self.started, self.failures, self.backoff) = (true, 0, 0);
                self.degraded = class == Class::Warning;
                self.successes += 1;
                if self.successes >= self.config.success_threshold && before != CheckStatus::Healthy
                {
                    self.status = CheckStatus::Healthy;
                    (self.action_pending, self.action_suppressed) = (false, false);
                }
            }
            Class::Failure if counted => {
                self.successes = 0;
                self.failures += 1;
                if before == CheckStatus::Unhealthy {
                    self.backoff += 1;
                } else if self.failures >= self.config.retries {
                    self.status = CheckStatus::Unhealthy;
                    self.action_pending = self.config.on_unhealthy != OnUnhealthy::Report;
                }
            }
            Class::Failure | Class::Success | Class::Warning => {}
            Class::Indeterminate => {
                self.indeterminate += 1;
                let limit = self.config.indeterminate_limit;
                if limit > 0 && self.indeterminate >= limit && !self.impaired {
                    (self.impaired, self.stale) = (true, true);
                    newly_impaired = true;
                }
            }
        }
        // The figure shown ends at 2^32 microseconds.
        let end_shown = begin + (end - begin).min(u64::from(u32::MAX));
        out.push(What::Recorded {
            attempt,
            begin,
            end: end_shown,
            class,
            kind,
            counted,
        });
        self.was_healthy |= self.status == CheckStatus::Healthy && counted && self.successes > 0;
        if self.status != before {
            self.changed_at = Some(end);
            let (from, to) = (before, self.status);
            out.push(What::Status { from, to });
        }
        if newly_impaired {
            out.push(What::ProberImpaired);
        }
        if self.config.kind == ProbeKind::Startup && self.status == CheckStatus::Healthy {
            self.doing = Doing::Done;
            return false;
        }
        let is_pending = self.action_pending && self.failures >= self.config.retries;
        if counted && class == Class::Failure && is_pending {
            return true;
        }
        if counted {
            self.next_counted(end);
        } else {
            self.next(end);
        }
        false
    }
}
