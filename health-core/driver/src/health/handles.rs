//! Handles: by them a daemon's code reports on its parts.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use super::Health;
use super::last_beat::LastBeat;
use health_core::Timing;
use health_core::health::{ComponentId, FlagId, GateId, HeartbeatId, StatId};
use health_core::{Message, Outcome};
#[cfg(feature = "supervise")]
use health_core::{Name, supervise::ReplicaState};

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

    /// Records a success.
    pub fn success(&self) {
        self.record(Outcome::success());
    }

    /// Records a failure. The text of `cause`, with its chain of sources, is shown to authorised
    /// readers only: it may hold a connection string.
    pub fn failure<'a>(&self, cause: impl Into<Box<dyn Error + Send + Sync + 'a>>) {
        self.record(Outcome::failure(cause));
    }

    /// Records a success with a warning: the component is degraded. Anybody may read the message.
    pub fn warning(&self, message: impl Into<Message>) {
        self.record(Outcome::warning(message));
    }

    /// Records an outcome. Anybody may read its message; its cause is for authorised readers.
    pub fn record(&self, outcome: Outcome) {
        self.health
            .change(|registry, now| registry.record(now, self.id, outcome));
    }

    /// Sets the number of failures in a row, for a daemon that counts them itself. With fewer than
    /// `retries` the component is healthy.
    pub fn set_failures(&self, failures: u32) {
        self.health
            .change(|registry, now| registry.set_failures(now, self.id, failures));
    }

    /// Records how long an operation on it took: `duration_ms` in the document, a sum and a count at
    /// `/metrics`. It is no outcome, and changes no status.
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
            .change(|registry, _| registry.update_timing(self.id, |timing| timing.observe(took)));
    }

    /// Counts an operation on it that took longer than it may, for `/metrics`.
    pub fn overrun(&self) {
        self.health
            .change(|registry, _| registry.update_timing(self.id, Timing::overrun));
    }

    /// Sets the durations of all operations so far, for a daemon that counts them itself.
    pub fn set_timing(&self, timing: Timing) {
        self.health
            .change(|registry, _| registry.update_timing(self.id, |kept| *kept = timing));
    }

    /// Writes into the history what became of these replicas, whose group it shows: name, state before and
    /// after, and why.
    #[cfg(feature = "supervise")]
    pub(crate) fn note_replicas<'a>(
        &self,
        notes: impl Iterator<Item = (&'a Name, (ReplicaState, ReplicaState), Message)>,
    ) {
        self.health.change(|registry, now| {
            for (name, states, message) in notes {
                registry.note_replica(now, name, states, &message);
            }
        });
    }

    /// Removes the component: it counts no more, and its name is free. Clones do nothing from now on.
    pub fn remove(self) {
        self.health
            .change(|registry, now| registry.remove_component(now, self.id));
    }
}

/// A loop that reports regularly that it runs. See [`Health::heartbeat`].
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

    /// Reports that the loop runs. It reads the clock and stores a number: no lock, no system call.
    pub fn beat(&self) {
        self.last.store(self.health.now());
    }

    /// Removes the heartbeat: its loop need not report any more, and its name is free. Clones do nothing
    /// from now on.
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

    /// Sets whether it holds now.
    pub fn set(&self, up: bool) {
        self.health
            .change(|registry, now| registry.set_flag(now, self.id, up));
    }

    /// Removes the flag: readiness does not depend on it any more, and its name is free. Clones do
    /// nothing from now on.
    pub fn remove(self) {
        self.health
            .change(|registry, now| registry.remove_flag(now, self.id));
    }
}

/// A loop that runs. See [`Health::running`]. Dropped, also by a panic, it counts as not running.
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

    /// Publishes `value`. It is serialised by this call: no request runs its code.
    ///
    /// # Errors
    ///
    /// If `value` cannot be serialised (for example a map whose keys are no strings); the last value
    /// stays.
    pub fn set(&self, value: &impl serde::Serialize) -> Result<(), serde_json::Error> {
        let json = serde_json::to_string(value)?;
        self.health
            .change(|registry, now| registry.set_stat_json(now, self.id, json.into()));
        Ok(())
    }

    /// Removes the value, and frees its name. Clones do nothing from now on.
    pub fn remove(self) {
        self.health
            .change(|registry, _| registry.remove_stat(self.id));
    }
}
