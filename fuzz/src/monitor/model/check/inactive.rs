//! A deregistered check: no result counts, and it is looked at now and then whether it answers again.

use health_core::{Class, Kind};

use super::super::{What, micros};
use super::{Check, Doing};

impl Check {
    /// T11.
    pub(super) fn deregister(&mut self, now: u64) {
        (self.is_deregistered, self.answers) = (true, false);
        self.next_recheck(now);
    }

    /// A recheck has come to this.
    pub(super) fn rechecked(
        &mut self,
        begin: u64,
        end: u64,
        attempt: Option<u64>,
        class: Class,
        kind: Option<Kind>,
        out: &mut Vec<What>,
    ) {
        let end_shown = begin + (end - begin).min(u64::from(u32::MAX));
        out.push(What::Recorded {
            attempt,
            begin,
            end: end_shown,
            class,
            kind,
            counted: false,
        });
        match class {
            Class::Success | Class::Warning => self.answers = true,
            Class::Failure => self.answers = false,
            Class::Indeterminate => {}
        }
        self.next_recheck(end);
    }

    /// An interval of rechecks from now, if there are any.
    pub(super) fn next_recheck(&mut self, now: u64) {
        match self.config.recheck_interval {
            Some(interval) => self.due_at(now.saturating_add(micros(interval))),
            None => self.doing = Doing::Inactive,
        }
    }

    /// After a restart of the prober: an interval after its first attempt would be, or of rechecks if that
    /// is shorter.
    pub(super) fn first_recheck(&mut self) {
        if let Some(interval) = self.config.recheck_interval {
            let wait = interval.min(self.config.interval);
            self.due_at(self.first_slot().saturating_add(micros(wait)));
        }
    }
}
