//! What a daemon's code holds on to.

use alloc::sync::Arc;
use core::fmt;

use super::Health;
use crate::health::{ComponentId, FlagId, GateId, StatId};
use crate::outcome::Outcome;
use crate::time::Instant;

/// A part of the daemon that succeeds or fails. See [`Health::component`].
#[derive(Clone, Debug)]
pub struct Component {
    health: Health,
    id: ComponentId,
}

impl Component {
    pub(super) const fn new(health: Health, id: ComponentId) -> Self {
        Self { health, id }
    }

    /// It worked.
    pub fn success(&self) {
        self.record(Outcome::success());
    }

    /// It did not work. What `cause` says is shown to authorised readers only.
    pub fn failure(&self, cause: impl fmt::Display) {
        self.record(Outcome::failure("").caused_by(cause));
    }

    /// How it went, with a message for everybody.
    pub fn record(&self, outcome: Outcome) {
        self.health
            .change(|registry, now| registry.record(now, self.id, outcome));
    }

    /// How many failures in a row there have been, where the daemon counts by itself: fewer than
    /// `retries` is well.
    pub fn set_failures(&self, failures: u32) {
        self.health
            .change(|registry, now| registry.set_failures(now, self.id, failures));
    }
}

/// A loop that shows itself. See [`Health::heartbeat`].
#[derive(Clone, Debug)]
pub struct Heartbeat {
    health: Health,
    last: Arc<LastBeat>,
}

impl Heartbeat {
    pub(super) const fn new(health: Health, last: Arc<LastBeat>) -> Self {
        Self { health, last }
    }

    /// The loop is alive. Reads the clock and stores a number: no lock, no system call.
    pub fn beat(&self) {
        self.last.store(self.health.now());
    }
}

/// When a heartbeat's handle last beat, outside the lock.
#[derive(Debug)]
pub(super) struct LastBeat(
    #[cfg(target_has_atomic = "64")] core::sync::atomic::AtomicU64,
    #[cfg(not(target_has_atomic = "64"))] std::sync::Mutex<u64>,
);

#[cfg(target_has_atomic = "64")]
impl LastBeat {
    pub(super) fn new(now: Instant) -> Self {
        Self(now.as_micros().into())
    }

    pub(super) fn load(&self) -> Instant {
        Instant::from_micros(self.0.load(core::sync::atomic::Ordering::Relaxed))
    }

    fn store(&self, now: Instant) {
        self.0
            .store(now.as_micros(), core::sync::atomic::Ordering::Relaxed);
    }
}

#[cfg(not(target_has_atomic = "64"))]
impl LastBeat {
    pub(super) fn new(now: Instant) -> Self {
        Self(std::sync::Mutex::new(now.as_micros()))
    }

    pub(super) fn load(&self) -> Instant {
        Instant::from_micros(
            *self
                .0
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        )
    }

    fn store(&self, now: Instant) {
        *self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = now.as_micros();
    }
}

/// Something that must happen before the daemon is ready. See [`Health::gate`].
///
/// Dropped, it is released: what it stood for is over. Dropped by a panic, it stays shut: a start-up
/// that panicked has not finished.
#[derive(Debug)]
pub struct Gate {
    health: Health,
    id: GateId,
}

impl Gate {
    pub(super) const fn new(health: Health, id: GateId) -> Self {
        Self { health, id }
    }

    /// It has happened.
    pub fn release(self) {}
}

impl Drop for Gate {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.health.change(|registry, _| registry.release(self.id));
        }
    }
}

/// Something that must hold while the daemon is ready. See [`Health::flag`].
#[derive(Clone, Debug)]
pub struct Flag {
    health: Health,
    id: FlagId,
}

impl Flag {
    pub(super) const fn new(health: Health, id: FlagId) -> Self {
        Self { health, id }
    }

    /// Whether it holds now.
    pub fn set(&self, up: bool) {
        self.health
            .change(|registry, _| registry.set_flag(self.id, up));
    }
}

/// A published value. See [`Health::stats`].
#[derive(Clone, Debug)]
pub struct Stats {
    health: Health,
    id: StatId,
}

impl Stats {
    pub(super) const fn new(health: Health, id: StatId) -> Self {
        Self { health, id }
    }

    /// Publishes `value`, serialised here and now: no request ever runs its code.
    ///
    /// # Errors
    ///
    /// If `value` cannot be serialised (a map whose keys are no strings): the last value stays.
    pub fn set(&self, value: &impl serde::Serialize) -> Result<(), serde_json::Error> {
        let json = serde_json::to_string(value)?;
        self.health
            .change(|registry, _| registry.set_stat_json(self.id, json.into()));
        Ok(())
    }
}
