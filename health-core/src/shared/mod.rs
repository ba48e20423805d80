//! The handle a daemon holds: a [`Registry`] behind a lock, and a clock.
//!
//! ```text
//! Health ── component() ─► Component    success, failure
//!   │    ── heartbeat() ─► Heartbeat    beat          (no lock)
//!   │    ── gate()      ─► Gate         release, or drop
//!   │    ── flag()      ─► Flag         set
//!   │    ── stats()     ─► Stats        set
//!   └──── snapshot() ─► what drivers serve
//! ```
//!
//! Everything here is cheap, never blocks for longer than another call of the same kind, and may
//! be called from any thread or task. This is the only part of the core that reads a clock.

mod clock;
mod handles;

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::task::Waker;
use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use handles::{Component, Flag, Gate, Heartbeat, Stats};

use crate::health::{ComponentConfig, HeartbeatId, Phase, Registry, Revision, Snapshot};
use crate::name::NameError;
use crate::time::{Instant, Moment};
use clock::Clock;
use handles::LastBeat;

/// A daemon's health: declare what there is to know, tell what happens, hand it to a server.
///
/// Clones share one state.
///
/// ```
/// use std::time::Duration;
/// use health_core::health::{ProbeKind, Status};
/// use health_core::shared::Health;
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
/// # Ok::<(), health_core::name::NameError>(())
/// ```
#[derive(Clone)]
pub struct Health {
    shared: Arc<Shared>,
}

struct Shared {
    clock: Clock,
    inner: Mutex<Inner>,
}

struct Inner {
    registry: Registry,
    /// Where each heartbeat's handle leaves its last beat, to be fetched with every snapshot.
    beats: Vec<(HeartbeatId, Arc<LastBeat>)>,
}

impl Health {
    /// The health of a daemon that starts now. Its phase is [`Phase::Starting`].
    #[must_use]
    pub fn new(service: &str, version: &str) -> Self {
        let clock = Clock::start();
        let registry = Registry::new(service, version, clock.now());
        let inner = Mutex::new(Inner {
            registry,
            beats: Vec::new(),
        });
        Self {
            shared: Arc::new(Shared { clock, inner }),
        }
    }

    /// Declares a part of the daemon: after three failures in a row it is unhealthy, after a
    /// success it is well again. Unknown, and so not ready, until its first result.
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

    /// Declares a loop that beats at least every `deadline`. If it does not, the daemon is not
    /// alive any more: choose a deadline of several cycles. The first one begins now.
    ///
    /// # Errors
    ///
    /// [`NameError`] if the name is not allowed or taken.
    pub fn heartbeat(&self, name: &str, deadline: Duration) -> Result<Heartbeat, NameError> {
        let now = self.now();
        let last = Arc::new(LastBeat::new(now));
        self.update(|inner| {
            let id = inner.registry.heartbeat(now, name, deadline)?;
            inner.beats.push((id, Arc::clone(&last)));
            Ok(())
        })?;
        Ok(Heartbeat::new(self.clone(), last))
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

    /// Declares something that must hold while the daemon is ready. Down until set.
    ///
    /// # Errors
    ///
    /// [`NameError`] if the name is not allowed or taken.
    pub fn flag(&self, name: &str) -> Result<Flag, NameError> {
        let id = self.update(|inner| inner.registry.flag(name))?;
        Ok(Flag::new(self.clone(), id))
    }

    /// Declares a value to publish at `/stats`: an empty object until set.
    ///
    /// # Errors
    ///
    /// [`NameError`] if the name is not allowed, or taken by another stat.
    pub fn stats(&self, name: &str) -> Result<Stats, NameError> {
        let id = self.update(|inner| inner.registry.stat(name))?;
        Ok(Stats::new(self.clone(), id))
    }

    /// Start-up is over: ready as soon as gates, flags and components agree. Begins a new life
    /// after [`stop`](Self::stop); while draining it does nothing.
    pub fn set_running(&self) {
        self.change(|registry, now| registry.set_running(now));
    }

    /// The daemon will end: readiness is refused from now on, liveness is not. Stop taking new
    /// work, finish what there is, then call [`stop`](Self::stop).
    pub fn begin_drain(&self) {
        self.change(|registry, now| registry.begin_drain(now));
    }

    /// The daemon is done: servers of this health end.
    pub fn stop(&self) {
        self.change(|registry, now| registry.stop(now));
    }

    /// Where the daemon is in its life.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.lock().registry.phase()
    }

    /// The state, now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.snapshot_at(self.now())
    }

    /// The state at `now`, which is a reading of this health's own clock.
    #[must_use]
    pub fn snapshot_at(&self, now: Instant) -> Snapshot {
        self.update(|inner| {
            for (id, last) in &inner.beats {
                inner.registry.beat(last.load(), *id);
            }
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
        self.shared.clock.moment()
    }

    /// The present revision, if it is not the one that was `seen`; else `waker` is woken when it
    /// changes. See [`Registry::poll_changed`].
    #[must_use]
    pub fn poll_changed(&self, seen: Revision, waker: &Waker) -> Option<Revision> {
        self.lock().registry.poll_changed(seen, waker)
    }

    /// Nobody waits with `waker` any more. See [`Registry::forget_waker`].
    pub fn forget_waker(&self, waker: &Waker) {
        self.lock().registry.forget_waker(waker);
    }

    fn change<R>(&self, change: impl FnOnce(&mut Registry, Instant) -> R) -> R {
        let now = self.now();
        self.update(|inner| change(&mut inner.registry, now))
    }

    /// Runs `update` under the lock, then wakes who waits for what it changed.
    fn update<R>(&self, update: impl FnOnce(&mut Inner) -> R) -> R {
        let (result, wakers) = {
            let mut inner = self.lock();
            (update(&mut inner), inner.registry.take_wakers())
        };
        wakers.into_iter().for_each(Waker::wake);
        result
    }

    /// No user code runs under the lock, so a poisoned one holds a state as good as any.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.shared
            .inner
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.lock().registry, f)
    }
}
