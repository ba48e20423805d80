//! A check whose target is deregistered: no result counts any more, and it is attempted now and then, to
//! see whether its target answers again.

use alloc::boxed::Box;

#[cfg(feature = "monitor")]
use super::event::Event;
use super::event::Events;
use super::schedule;
use super::state::{Check, Inactive, Run, Timestamp};
use crate::base::{Class, Instant};

impl Check {
    /// T17. A deregistered check starts afresh.
    pub fn reactivate(&mut self, now: Instant) -> Events {
        if self.inactive.is_some() {
            self.thresholds.was_healthy = false;
            return self.instance_changed(now);
        }
        Events::NONE
    }

    /// The event that follows when a recheck is the last one that its deregistered target lacked: every
    /// check of it succeeds again.
    #[cfg(feature = "monitor")]
    pub(crate) fn answers_again(&self) -> Events {
        let mut events = Events::NONE;
        events.push(Event::AnswersAgain);
        events
    }

    /// T11. From now on no result counts.
    pub(super) fn deregister(&mut self) {
        let since = Some(Timestamp::of(self.clock));
        self.inactive = Some(Box::new(Inactive {
            since,
            ..Inactive::default()
        }));
        self.schedule_recheck();
    }

    /// A deregistered check was checked once more: its status and its streak stay what they were when it
    /// was deregistered.
    pub(super) fn recheck(&mut self, class: Class) {
        let now = Timestamp::of(self.clock);
        if let Some(inactive) = &mut self.inactive {
            inactive.answers_since = match class {
                Class::Success | Class::Warning => inactive.answers_since.or(Some(now)),
                Class::Failure => None,
                Class::Indeterminate => inactive.answers_since,
            };
        }
        self.schedule_recheck();
    }

    /// After another interval of rechecks, if there are any.
    pub(super) fn schedule_recheck(&mut self) {
        match self.config.recheck_interval {
            Some(interval) => self.set_due(self.clock + interval),
            None => self.run = Run::Inactive,
        }
    }

    /// By a recheck interval that may be another one: not later than after one of it.
    #[cfg(feature = "monitor")]
    pub(super) fn replace_recheck(&mut self) {
        match (self.run, self.config.recheck_interval) {
            (Run::Idle { due }, Some(interval)) if due <= self.clock + interval => {}
            (Run::Idle { .. } | Run::Inactive, _) => self.schedule_recheck(),
            _ => {}
        }
    }

    /// After a restart of the prober: an interval after its first attempt would be, or earlier if rechecks
    /// are more frequent. Its target may have been repaired meanwhile.
    pub(super) fn schedule_first_recheck(&mut self) {
        if let Some(interval) = self.config.recheck_interval {
            let first = schedule::first_due(&self.config, self.since, self.spread());
            self.set_due(first + interval.min(self.config.interval));
        }
    }
}
