//! The handles of a daemon's parts.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Health;
use super::last_beat::LastBeat;
use health_core::Timing;
use health_core::health::{ComponentId, FlagId, GateId, HeartbeatId, StatId};
use health_core::{Message, Outcome};

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

    /// It worked, with a reservation that anybody may read: degraded.
    pub fn warning(&self, message: impl Into<Message>) {
        self.record(Outcome::warning(message));
    }

    /// Records a result, which may have a public message.
    pub fn record(&self, outcome: Outcome) {
        self.health
            .change(|registry, now| registry.record(now, self.id, outcome));
    }

    /// Sets the failures in a row, for a daemon that counts itself: fewer than
    /// `retries` is healthy.
    pub fn set_failures(&self, failures: u32) {
        self.health
            .change(|registry, now| registry.set_failures(now, self.id, failures));
    }

    /// Records how long checking it took: `duration_ms` in the document, a sum and a count at
    /// `/metrics`. It is no result, and changes no status.
    ///
    /// ```
    /// # let health = health_driver::Health::new("steering", "1.4.0");
    /// # fn check_disk() -> Result<(), String> { Ok(()) }
    /// let disk = health.component("disk")?;
    /// let begin = std::time::Instant::now();
    /// match check_disk() {
    ///     Ok(()) => disk.success(),
    ///     Err(error) => disk.failure(error),
    /// }
    /// disk.observe(begin.elapsed());
    /// # Ok::<(), health_driver::NameError>(())
    /// ```
    pub fn observe(&self, took: Duration) {
        self.health
            .change(|registry, _| registry.observe(self.id, took));
    }

    /// Counts a check of it that exceeded its time limit, shown at `/metrics`.
    pub fn overrun(&self) {
        self.health.change(|registry, _| registry.overrun(self.id));
    }

    /// Sets all timing so far, for a daemon that counts itself.
    pub fn set_timing(&self, timing: Timing) {
        self.health
            .change(|registry, _| registry.set_timing(self.id, timing));
    }

    /// Removes it: it no longer counts, and its name is free. Clones do nothing from now on.
    pub fn remove(self) {
        self.health
            .change(|registry, now| registry.remove_component(now, self.id));
    }
}

/// A loop that reports regularly. See [`Health::heartbeat`].
#[derive(Clone, Debug)]
pub struct Heartbeat {
    health: Health,
    id: HeartbeatId,
    last: Arc<LastBeat>,
}

impl Heartbeat {
    pub(super) const fn new(health: Health, id: HeartbeatId, last: Arc<LastBeat>) -> Self {
        Self { health, id, last }
    }

    /// The loop is alive. Reads the clock and stores a number: no lock, no system call.
    pub fn beat(&self) {
        self.last.store(self.health.now());
    }

    /// Removes it: its loop need not beat any more, and its name is free. Clones do nothing from now
    /// on.
    pub fn remove(self) {
        self.health.remove_heartbeat(self.id);
    }
}

/// Something that must happen before the daemon is ready. See [`Health::gate`].
///
/// Only [`release`](Self::release) opens it. Dropped, it stays closed, by an early `?` as by a panic: a
/// warm-up that failed has not finished.
#[derive(Debug)]
#[must_use = "only `release` opens it: dropped, the daemon never becomes ready"]
pub struct Gate {
    health: Health,
    id: GateId,
}

impl Gate {
    pub(super) const fn new(health: Health, id: GateId) -> Self {
        Self { health, id }
    }

    /// It has happened.
    pub fn release(self) {
        self.health
            .change(|registry, now| registry.release(now, self.id));
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
            .change(|registry, now| registry.set_flag(now, self.id, up));
    }

    /// Removes it: readiness no longer waits for it, and its name is free. Clones do nothing from now
    /// on.
    pub fn remove(self) {
        self.health
            .change(|registry, now| registry.remove_flag(now, self.id));
    }
}

/// A loop that runs. See [`Health::running`]. Dropped, by a panic too, it runs no more.
#[derive(Debug)]
#[must_use = "dropped, the loop counts as not running"]
pub struct Running {
    health: Health,
    id: FlagId,
}

impl Running {
    pub(super) const fn new(health: Health, id: FlagId) -> Self {
        Self { health, id }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.health
            .change(|registry, now| registry.set_flag(now, self.id, false));
    }
}

/// A piece of work that a drain waits for. See [`Health::in_flight`]. Dropped, it is over.
#[derive(Debug)]
#[must_use = "dropped, the work counts as over"]
pub struct InFlight {
    health: Health,
}

impl InFlight {
    pub(super) const fn new(health: Health) -> Self {
        Self { health }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.health.change(|registry, _| registry.end_work());
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
            .change(|registry, now| registry.set_stat_json(now, self.id, json.into()));
        Ok(())
    }

    /// Removes it, and frees its name. Clones do nothing from now on.
    pub fn remove(self) {
        self.health
            .change(|registry, _| registry.remove_stat(self.id));
    }
}
