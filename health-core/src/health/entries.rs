//! What else a daemon declares: loops that beat, gates before ready, flags, stats.

use alloc::sync::Arc;
use core::time::Duration;

use super::Status;
use crate::name::Name;
use crate::time::Instant;

/// A loop that must show itself: silent for longer than its deadline, it counts as stuck.
#[derive(Clone, Debug)]
pub struct HeartbeatState {
    pub(super) name: Name,
    pub(super) deadline: Duration,
    pub(super) last: Instant,
    pub(super) missed: bool,
    pub(super) since: Instant,
}

impl HeartbeatState {
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

    /// Unhealthy if missed, else healthy.
    #[must_use]
    pub const fn status(&self) -> Status {
        if self.missed {
            Status::Unhealthy
        } else {
            Status::Healthy
        }
    }

    /// Takes a beat that is newer than the last; true if it ends a silence that was too long.
    pub(super) fn beat(&mut self, now: Instant) -> bool {
        self.last = now;
        let ends_silence = core::mem::take(&mut self.missed);
        if ends_silence {
            self.since = now;
        }
        ends_silence
    }

    /// Sees whether the deadline has passed; true if it just did.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> bool {
        let deadline = self.last + self.deadline;
        let just_missed = !self.missed && deadline <= now;
        if just_missed {
            self.missed = true;
            self.since = deadline;
        }
        just_missed
    }
}

/// Something that must have happened before the daemon is ready.
#[derive(Clone, Debug)]
pub struct GateState {
    pub(super) name: Name,
    pub(super) released: bool,
}

impl GateState {
    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &Name {
        &self.name
    }

    /// Whether it has happened.
    #[must_use]
    pub const fn is_released(&self) -> bool {
        self.released
    }
}

/// Something that must hold while the daemon is ready: a loop that runs, a leader that is elected.
#[derive(Clone, Debug)]
pub struct FlagState {
    pub(super) name: Name,
    pub(super) up: bool,
}

impl FlagState {
    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &Name {
        &self.name
    }

    /// Whether it holds.
    #[must_use]
    pub const fn is_up(&self) -> bool {
        self.up
    }
}

/// A value published under a name, serialised when it was set: no request ever runs user code.
#[derive(Clone, Debug)]
pub struct StatState {
    pub(super) name: Name,
    pub(super) json: Arc<str>,
}

impl StatState {
    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &Name {
        &self.name
    }

    /// Its value, as JSON.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.json
    }
}
