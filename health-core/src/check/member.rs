//! What only a monitor does to a check: it is one of several of its target.

use super::event::{CancelReason, Events};
use super::past::Past;
use super::state::{Check, Run};
use crate::base::Instant;

impl Check {
    /// The startup checks of the target have succeeded.
    pub(crate) fn open(&mut self, now: Instant) -> Events {
        let now = self.tick(now);
        if self.run == Run::Gated {
            self.set_due(now.max(self.since + self.config.initial_delay));
        }
        Events::NONE
    }

    /// Whether it waits for the startup checks of its target.
    pub(crate) fn is_gated(&self) -> bool {
        self.run == Run::Gated
    }

    /// Another check of the target asked for a restart, or had it deregistered.
    pub(crate) fn hold(&mut self, now: Instant, reason: CancelReason) -> Events {
        let now = self.tick(now);
        let mut events = Events::NONE;
        if !matches!(
            self.run,
            Run::New | Run::Inactive { .. } | Run::Stopping { .. } | Run::Stopped
        ) {
            self.cancel(reason, &mut events);
            self.run = match reason {
                CancelReason::Deregistered => Run::Inactive {
                    since: Some(Past::seen(now)),
                },
                _ => Run::Held,
            };
        }
        events
    }

    /// Whether it holds a place among attempts that need to be reaped.
    pub(crate) fn holds_exec(&self) -> bool {
        let running = matches!(self.run, Run::Running { .. });
        self.config.needs_reap && (running || self.reaping.is_some())
    }

    /// Brings the first attempt of the instance forward to `at`, the grid staying where it is; false
    /// if it comes before that anyway, or none is scheduled.
    pub(crate) fn bring_forward(&mut self, at: Instant) -> bool {
        let at = at.max(self.since + self.config.initial_delay);
        match self.run {
            Run::Idle { due } if at < due && !self.paused => {
                self.run = Run::Idle { due: at };
                true
            }
            _ => false,
        }
    }
}
