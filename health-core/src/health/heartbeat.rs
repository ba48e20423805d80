//! Heartbeats: loops that report regularly, and when a silence is not their fault.
//!
//! A loop that is silent for longer than its deadline counts as stuck. But a process that was stopped,
//! or a machine that was suspended, silences every loop at once, and the endpoint may be the first to
//! run again. So that it does not report loops as stuck that had no chance to run:
//!
//! * [`Registry::poll_timeout`](super::Registry::poll_timeout) asks to be called when a heartbeat has
//!   been silent for three quarters of its deadline, and then at the deadline. A beat in between moves
//!   the next call back, so a loop that beats in time costs at most two calls in each deadline. Fewer
//!   would not do: a verdict needs no call, but without calls nobody could know afterwards whether the
//!   loop was silent or the whole host.
//! * A call that comes **late** by an eighth of a heartbeat's deadline or more means that nothing ran.
//!   A heartbeat that was in time when the call was due, and has been silent for over half its
//!   deadline, gets one whole deadline of **grace**, counted from the late call. The call at three
//!   quarters detects a stall that ends right behind the deadline.
//! * There is one grace for each silence: only a beat earns the next. However often the host stalls,
//!   a stuck loop is detected at most one deadline after the first late call.

use core::time::Duration;

use super::{Change, Status};
use crate::base::Instant;
use crate::base::Name;

/// A loop that reports regularly: silent for longer than its deadline, it counts as stuck.
#[derive(Clone, Debug)]
pub struct HeartbeatState {
    name: Name,
    deadline: Duration,
    last: Instant,
    missed: bool,
    since: Instant,
    misses: u64,
    /// Since when it has grace, because the host stalled during this silence.
    grace: Option<Instant>,
}

impl HeartbeatState {
    /// A call that is late by less means nothing, however short the deadlines.
    pub(super) const SHORTEST_STALL: Duration = Duration::from_millis(50);

    pub(super) const fn new(name: Name, deadline: Duration, now: Instant) -> Self {
        Self {
            name,
            deadline,
            last: now,
            missed: false,
            since: now,
            misses: 0,
            grace: None,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &Name {
        &self.name
    }

    /// The longest silence allowed.
    pub(crate) const fn deadline(&self) -> Duration {
        self.deadline
    }

    /// The latest beat; before the first one, when the heartbeat was declared.
    #[must_use]
    pub const fn last(&self) -> Instant {
        self.last
    }

    /// Whether its deadline has passed without a beat.
    pub(crate) const fn is_missed(&self) -> bool {
        self.missed
    }

    /// Since when it has been missed, or has not been.
    #[must_use]
    pub const fn since(&self) -> Instant {
        self.since
    }

    /// How often it has been missed.
    #[must_use]
    pub(crate) const fn misses(&self) -> u64 {
        self.misses
    }

    /// Since when it has been in grace: the host stalled, and the loop is given one deadline from
    /// then on to beat again.
    #[must_use]
    pub(crate) fn grace(&self) -> Option<Instant> {
        self.grace.filter(|_| !self.missed)
    }

    /// Unhealthy if missed, else healthy.
    #[must_use]
    pub const fn status(&self) -> Status {
        Status::of(!self.missed)
    }

    /// When it will count as missed without a beat; `None` if it does already.
    pub(super) fn due(&self) -> Option<Instant> {
        (!self.missed).then(|| self.silent_since() + self.deadline)
    }

    /// Since when its silence counts.
    fn silent_since(&self) -> Instant {
        self.grace.unwrap_or_default().max(self.last)
    }

    /// When the next tick is due for this heartbeat, after one at `last_tick`: early enough to detect a
    /// host stall, then at the deadline.
    pub(super) fn next_tick(&self, last_tick: Instant) -> Option<Instant> {
        let due = self.due()?;
        let early = self.silent_since() + self.deadline / 4 * 3;
        Some(if last_tick < early { early } else { due })
    }

    /// Records a beat that is newer than the last; returns the change if it ends a missed deadline.
    pub(super) fn beat(&mut self, now: Instant) -> Option<Change> {
        self.last = now;
        self.grace = None;
        if !core::mem::take(&mut self.missed) {
            return None;
        }
        self.since = now;
        Some(Change::Heartbeat {
            from: Status::Unhealthy,
            to: Status::Healthy,
        })
    }

    /// A call that was due at `scheduled` came only now: true if that gives it grace.
    pub(super) fn handle_stall(&mut self, scheduled: Instant, now: Instant) -> bool {
        let gets_grace = self.grace.is_none()
            && self.due().is_some_and(|due| scheduled <= due)
            && now.duration_since(scheduled) > (self.deadline / 8).max(Self::SHORTEST_STALL)
            && now.duration_since(self.last) > self.deadline / 2;
        if gets_grace {
            self.grace = Some(now);
        }
        gets_grace
    }

    /// Marks it as missed if the deadline has passed.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> Option<Change> {
        let due = self.due().filter(|due| *due <= now)?;
        self.missed = true;
        self.misses += 1;
        self.since = due;
        Some(Change::Heartbeat {
            from: Status::Healthy,
            to: Status::Unhealthy,
        })
    }
}
