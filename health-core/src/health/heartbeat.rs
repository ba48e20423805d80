//! Heartbeats: loops that must show themselves, and what has_grace a silence.
//!
//! Silent for longer than its deadline, a loop counts as stuck. But a process that was stopped, or
//! a machine that was suspended, silences every loop at once, and the endpoint may be the first to
//! wake. So that it does not condemn loops that had no chance to beat:
//!
//! * The endpoint keeps a **pulse**: it promises to look again when a heartbeat has been silent for
//!   three quarters of its deadline, and then at the deadline
//!   ([`Registry::next_deadline`](super::Registry::next_deadline) says when). A beat that came in
//!   between puts the look off: a loop that beats in time costs two wake-ups in each deadline, or
//!   fewer the more often it beats. Nothing less would do: verdicts need no wake-up, but nobody can
//!   tell afterwards whether a silence was the loop's or the host's.
//! * A look that comes **late** by an eighth of a heartbeat's deadline or more means that nothing
//!   ran. A heartbeat that was in time when the look was due, and has been silent for over half its
//!   deadline, gets one whole deadline of **grace**, counted from the late look. The look at three
//!   quarters is what finds a stall out that ends right behind the deadline.
//! * There is one grace for each silence: only a beat earns the next. However often the host
//!   stalls, a loop that is stuck is found out at most one deadline after the first late look.

use core::time::Duration;

use super::{Change, Status};
use crate::base::Instant;
use crate::base::Name;

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
    /// A look that is late by less means nothing, however short the deadlines.
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
