//! The handle that a daemon holds: the core's [`Registry`](health_core::health::Registry) behind a lock,
//! and a clock.
//!
//! ```text
//! Health ── component() ─► Component    success, failure
//!   │    ── heartbeat() ─► Heartbeat    beat          (no lock)
//!   │    ── gate()      ─► Gate         release
//!   │    ── flag()      ─► Flag         set
//!   │    ── running()   ─► Running      up until dropped
//!   │    ── in_flight() ─► InFlight     holds the drain until dropped
//!   │    ── stats()     ─► Stats        set
//!   │    ── counter()   ─► Counter      add           (no lock)
//!   │    ── gauge()     ─► Gauge        set           (no lock)
//!   └──── snapshot() ─► what a server answers from
//! ```
//!
//! Everything here is cheap, never blocks for longer than another call of the same kind, and may
//! be called from any thread or task.

mod changes;
mod handles;
mod last_beat;
mod shared;
mod start_date;
mod transitions;

use std::sync::Arc;
use std::time::Duration;

pub use changes::Changes;
pub use handles::{Component, Flag, Gate, Heartbeat, InFlight, Running, Stats};
pub use transitions::Transitions;

use health_core::NameError;
use health_core::health::{ComponentConfig, Counter, Gauge, Phase, Snapshot};
use health_core::{Instant, Moment};

use last_beat::LastBeat;
use shared::Shared;

/// A daemon's health: declare its parts, report what happens, and hand it to a server.
///
/// Clones share one state.
///
/// ```
/// use std::time::Duration;
/// use health_driver::{Health, ProbeKind, Status};
///
/// let health = Health::new("steering", env!("CARGO_PKG_VERSION"));
/// let link = health.component("link")?;
/// let control = health.heartbeat("control", Duration::from_secs(5))?;
/// health.set_running();
///
/// link.success();
/// control.beat();
/// assert_eq!(health.snapshot().status(ProbeKind::Health), Status::Healthy);
///
/// for _ in 0..3 {
///     link.failure("no carrier");
/// }
/// assert_eq!(health.snapshot().status(ProbeKind::Health), Status::Unhealthy);
/// assert_eq!(health.snapshot().status(ProbeKind::Liveness), Status::Healthy);
/// # Ok::<(), health_driver::NameError>(())
/// ```
#[derive(Clone)]
pub struct Health {
    shared: Arc<Shared>,
}

impl Health {
    /// The health of a daemon that starts now. Its phase is [`Phase::Starting`].
    #[must_use]
    pub fn new(service: &str, version: &str) -> Self {
        let health = Self::without_wall_clock(service, version);
        let moment = health.shared.clock.moment();
        health.update(|inner| inner.registry.set_wall_clock(moment));
        health
    }

    /// Declares a part of the daemon: after three failures in a row it is unhealthy, after a
    /// success healthy again. Until its first outcome it is unknown, and the daemon not ready.
    ///
    /// # Errors
    ///
    /// [`NameError`] if the name is not allowed or taken.
    pub fn component(&self, name: &str) -> Result<Component, NameError> {
        self.component_with(name, ComponentConfig::default())
    }

    /// Declares a part of the daemon with thresholds of its own.
    ///
    /// # Errors
    ///
    /// [`NameError`] if the name is not allowed or taken.
    pub fn component_with(
        &self,
        name: &str,
        config: ComponentConfig,
    ) -> Result<Component, NameError> {
        let now = self.now();
        let id = self.update(|inner| inner.registry.component(now, name, config))?;
        Ok(Component::new(self.clone(), id))
    }

    /// Declares a loop that beats at least every `deadline`. If it does not, liveness fails: choose a
    /// deadline of several cycles. The first one begins now.
    ///
    /// # Errors
    ///
    /// [`NameError`] if the name is not allowed or taken, or the deadline is less than 1 µs.
    pub fn heartbeat(&self, name: &str, deadline: Duration) -> Result<Heartbeat, NameError> {
        let now = self.now();
        let last = Arc::new(LastBeat::new(now));
        let id = self.update(|inner| {
            let id = inner.registry.heartbeat(now, name, deadline)?;
            inner.beats.push((id, Arc::clone(&last)));
            Ok(id)
        })?;
        Ok(Heartbeat::new(self.clone(), id, last))
    }

    /// Declares something that must happen before the daemon is ready.
    ///
    /// # Errors
    ///
    /// [`NameError`] if the name is not allowed or taken.
    pub fn gate(&self, name: &str) -> Result<Gate, NameError> {
        let id = self.update(|inner| inner.registry.gate(name))?;
        Ok(Gate::new(self.clone(), id))
    }

    /// Declares something that must hold while the daemon is ready. It does not hold until set. The
    /// returned value need not be kept: dropped, the flag stays as it is.
    ///
    /// # Errors
    ///
    /// [`NameError`] if the name is not allowed or taken.
    pub fn flag(&self, name: &str) -> Result<Flag, NameError> {
        let id = self.update(|inner| inner.registry.flag(name))?;
        Ok(Flag::new(self.clone(), id))
    }

    /// Declares a loop that runs from now until the returned value is dropped, also by a panic. The
    /// daemon is ready only while all its loops run.
    ///
    /// A loop that was never started is not waited for: declare the loops of a group with
    /// [`flag`](Self::flag) before they start, by name alone. A loop that has ended may run again.
    ///
    /// ```
    /// use health_driver::{Health, ProbeKind, Status};
    ///
    /// let health = Health::new("group", "1.0.0");
    /// health.flag("loop-a")?;
    /// health.set_running();
    /// let is_ready = || health.snapshot().status(ProbeKind::Readiness) == Status::Healthy;
    ///
    /// assert!(!is_ready());
    /// let running = health.running("loop-a")?;
    /// assert!(is_ready());
    /// assert!(health.running("loop-a").is_err(), "it runs already");
    /// drop(running);
    /// assert!(!is_ready());
    /// let _running = health.running("loop-a")?;
    /// assert!(is_ready());
    /// # Ok::<(), health_driver::NameError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`NameError`] if the name is not allowed, or taken by anything but a flag that does not hold.
    pub fn running(&self, name: &str) -> Result<Running, NameError> {
        let id = self.change(|registry, now| registry.raise_flag(now, name))?;
        Ok(Running::new(self.clone(), id))
    }

    /// Begins a piece of work that a drain waits for, until the returned value is dropped. Drivers wait
    /// for at most [`drain_timeout`](health_core::server::Limits::drain_timeout).
    pub fn in_flight(&self) -> InFlight {
        self.change(|registry, _| registry.begin_work());
        InFlight::new(self.clone())
    }

    /// Declares a value to publish at `/stats`: an empty object until set.
    ///
    /// # Errors
    ///
    /// [`NameError`] if the name is not allowed, or taken by another stat, counter or gauge.
    pub fn stats(&self, name: &str) -> Result<Stats, NameError> {
        let id = self.update(|inner| inner.registry.stat(name))?;
        Ok(Stats::new(self.clone(), id))
    }

    /// Declares a number that only grows, shown at `/metrics` (as `NAME_total`) and `/stats`. `name` may be
    /// given with that suffix. `help` says what it means, for people.
    ///
    /// ```
    /// let health = health_driver::Health::new("steering", "1.4.0");
    /// let cycles = health.counter("cycles", "Control cycles that were run.")?;
    /// cycles.increment();
    /// # Ok::<(), health_driver::NameError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`NameError`] if the name is not allowed for a metric, or taken by another stat, counter or
    /// gauge.
    pub fn counter(&self, name: &str, help: &str) -> Result<Counter, NameError> {
        self.update(|inner| inner.registry.counter(name, help))
    }

    /// Declares a number that goes up and down, shown at `/metrics` and `/stats`. `help` says what
    /// it means, for people.
    ///
    /// # Errors
    ///
    /// [`NameError`] if the name is not allowed for a metric, or taken by another stat, counter or
    /// gauge.
    pub fn gauge(&self, name: &str, help: &str) -> Result<Gauge, NameError> {
        self.update(|inner| inner.registry.gauge(name, help))
    }

    /// Keeps at most `entries` transitions, and drops the present ones. 0 switches the history off.
    /// Default 256.
    pub fn set_history(&self, entries: usize) {
        self.update(|inner| inner.registry.set_history(entries));
    }

    /// Start-up is over: the daemon is ready as soon as gates, flags and components allow it. After
    /// [`stop`](Self::stop) it runs again; while it drains this does nothing.
    pub fn set_running(&self) {
        self.change(|registry, now| registry.set_running(now));
    }

    /// The daemon will end: readiness is refused from now on, liveness is not. Stop taking new
    /// work, finish what there is, then call [`stop`](Self::stop).
    pub fn begin_drain(&self) {
        self.drain_since(self.now());
    }

    /// The daemon has ended: servers of this health end.
    pub fn stop(&self) {
        self.change(|registry, now| registry.stop(now));
    }

    /// Whether the daemon drains, and no [work](Self::in_flight) is left.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        self.lock().registry.is_drained()
    }

    /// The phase of the daemon's lifecycle.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.lock().registry.phase()
    }

    /// The present state.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.snapshot_at(self.now())
    }

    /// The state at `now`, which is a reading of this health's own clock.
    #[must_use]
    pub fn snapshot_at(&self, now: Instant) -> Snapshot {
        self.update(|inner| {
            inner.read_beats();
            inner.registry.snapshot(now)
        })
    }

    /// The time on this health's clock.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.shared.clock.now()
    }

    /// The time on both clocks.
    #[must_use]
    pub fn moment(&self) -> Moment {
        let moment = self.shared.clock.moment();
        self.follow_wall_clock(moment);
        moment
    }
}
