//! Heartbeats: loops that must show themselves, and what excuses a silence.
//!
//! Silent for longer than its deadline, a loop counts as stuck. But a process that was stopped, or
//! a machine that was suspended, silences every loop at once, and the endpoint may be the first to
//! wake. So that it does not condemn loops that had no chance to beat:
//!
//! * The endpoint keeps a **pulse**: it looks at the registry several times within the shortest
//!   deadline ([`Registry::next_deadline`](super::Registry::next_deadline) says when).
//! * A **gap** in its pulse longer than half of a heartbeat's deadline means that nothing ran: a
//!   heartbeat that was in time when the gap began, and has been silent for over half its deadline,
//!   gets one whole deadline of **grace**, counted from the end of the gap.
//! * There is one grace for each silence: only a beat earns the next. However often the host
//!   stalls, a loop that is stuck is found out at most one deadline after the first gap.

use core::time::Duration;

use super::{Change, Status};
use crate::name::Name;
use crate::time::Instant;

/// Pulses are at least this far apart, however short the deadlines.
const SHORTEST_PULSE: Duration = Duration::from_millis(50);

/// A loop that must show itself: silent for longer than its deadline, it counts as stuck.
#[derive(Clone, Debug)]
pub struct HeartbeatState {
    name: Name,
    deadline: Duration,
    last: Instant,
    missed: bool,
    since: Instant,
    misses: u64,
    /// Since when it is excused, because the host stalled during this silence.
    grace: Option<Instant>,
}

impl HeartbeatState {
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
    #[must_use]
    pub const fn deadline(&self) -> Duration {
        self.deadline
    }

    /// The latest beat; before the first one, when the heartbeat was declared.
    #[must_use]
    pub const fn last(&self) -> Instant {
        self.last
    }

    /// Whether its deadline has passed without a beat.
    #[must_use]
    pub const fn is_missed(&self) -> bool {
        self.missed
    }

    /// Since when it has been missed, or has not been.
    #[must_use]
    pub const fn since(&self) -> Instant {
        self.since
    }

    /// How often it has been missed.
    #[must_use]
    pub const fn misses(&self) -> u64 {
        self.misses
    }

    /// Since when it has been in grace: the host stalled, and the loop is given one deadline from
    /// then on to beat again.
    #[must_use]
    pub fn grace(&self) -> Option<Instant> {
        self.grace.filter(|_| !self.missed)
    }

    /// Unhealthy if missed, else healthy.
    #[must_use]
    pub const fn status(&self) -> Status {
        Status::of(!self.missed)
    }

    /// When it will count as missed without a beat; `None` if it does already.
    pub(super) fn due(&self) -> Option<Instant> {
        let from = self.grace.unwrap_or_default().max(self.last);
        (!self.missed).then(|| from + self.deadline)
    }

    /// How far apart the endpoint's pulses may be for this heartbeat.
    pub(super) fn pulse(&self) -> Duration {
        (self.deadline / 4).max(SHORTEST_PULSE)
    }

    /// Takes a beat that is newer than the last; says so if it ends a silence that was too long.
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

    /// Hears that nothing ran between `pulse` and `now`; true if that excuses it.
    pub(super) fn handle_gap(&mut self, pulse: Instant, now: Instant) -> bool {
        let notable = (self.deadline / 2).max(2 * SHORTEST_PULSE);
        let is_excused = self.grace.is_none()
            && self.due().is_some_and(|due| pulse < due)
            && now.duration_since(pulse) > notable
            && now.duration_since(self.last) > notable;
        if is_excused {
            self.grace = Some(now);
        }
        is_excused
    }

    /// Sees whether the deadline has passed.
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
