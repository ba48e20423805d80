//! The one place where a daemon's state changes.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::task::Waker;
use core::time::Duration;

use super::snapshot::State;
use super::{
    ComponentConfig, ComponentState, FlagState, GateState, HeartbeatState, Phase, Snapshot,
    StatState,
};
use crate::name::{Name, NameError};
use crate::outcome::Outcome;
use crate::time::Instant;

/// A daemon's state, and who waits for it to change.
///
/// It is pure: time is handed in, and wakers are handed out ([`take_wakers`](Self::take_wakers)) for
/// the caller to wake when it holds no lock. Daemons use the shared handle
/// ([`Health`](crate::shared::Health)); bare targets use this.
///
/// ```
/// use core::time::Duration;
/// use health_core::health::{ProbeKind, Registry, Status};
/// use health_core::time::Instant;
///
/// let mut now = Instant::default();
/// let mut registry = Registry::new("steering", "1.4.0", now);
/// let link = registry.component(now, "link", Default::default())?;
/// let control = registry.heartbeat(now, "control", Duration::from_secs(5))?;
/// registry.set_running(now);
/// registry.success(now, link);
/// assert_eq!(registry.snapshot(now).status(ProbeKind::Health), Status::Healthy);
///
/// now = now + Duration::from_secs(5);
/// let snapshot = registry.snapshot(now);
/// assert_eq!(snapshot.status(ProbeKind::Liveness), Status::Unhealthy);
/// assert_eq!(snapshot.stalled().next().map(|name| name.as_str()), Some("control"));
///
/// registry.beat(now, control);
/// assert_eq!(registry.snapshot(now).status(ProbeKind::Liveness), Status::Healthy);
/// # Ok::<(), health_core::name::NameError>(())
/// ```
pub struct Registry {
    state: Arc<State>,
    waiting: Vec<Waker>,
    to_wake: Vec<Waker>,
}

/// Counts the changes of a registry: statuses, phase, gates, flags and what is declared. Beats,
/// stats and results that change no status are not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(u64);

impl Revision {
    /// The number of changes so far.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// Belongs to the registry that made it: given to another one it names another entry, or
        /// none, in which case the call does nothing.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $name(usize);
    };
}

id!(/// A component of a [`Registry`].
    ComponentId);
id!(/// A heartbeat of a [`Registry`].
    HeartbeatId);
id!(/// A gate of a [`Registry`].
    GateId);
id!(/// A flag of a [`Registry`].
    FlagId);
id!(/// A stat of a [`Registry`].
    StatId);

impl Registry {
    /// The state of a daemon that starts now.
    #[must_use]
    pub fn new(service: &str, version: &str, now: Instant) -> Self {
        let state = State::new(service.into(), version.into(), now);
        Self {
            state: Arc::new(state),
            waiting: Vec::new(),
            to_wake: Vec::new(),
        }
    }

    /// Declares a part of the daemon that succeeds or fails. Unknown until its first result.
    ///
    /// # Errors
    ///
    /// [`NameError`] if the name is not allowed or taken.
    pub fn component(
        &mut self,
        now: Instant,
        name: &str,
        config: ComponentConfig,
    ) -> Result<ComponentId, NameError> {
        let name = self.free_name(name)?;
        Ok(self.change(|state| {
            state
                .components
                .push(ComponentState::new(name, config, now));
            ComponentId(state.components.len() - 1)
        }))
    }

    /// Declares a loop that beats at least every `deadline`; the first deadline starts now.
    ///
    /// # Errors
    ///
    /// [`NameError`] if the name is not allowed or taken.
    pub fn heartbeat(
        &mut self,
        now: Instant,
        name: &str,
        deadline: Duration,
    ) -> Result<HeartbeatId, NameError> {
        let name = self.free_name(name)?;
        Ok(self.change(|state| {
            let beat = HeartbeatState {
                name,
                deadline,
                last: now,
                missed: false,
                since: now,
            };
            state.heartbeats.push(beat);
            HeartbeatId(state.heartbeats.len() - 1)
        }))
    }

    /// Declares something that must happen before the daemon is ready.
    ///
    /// # Errors
    ///
    /// [`NameError`] if the name is not allowed or taken.
    pub fn gate(&mut self, name: &str) -> Result<GateId, NameError> {
        let name = self.free_name(name)?;
        Ok(self.change(|state| {
            state.gates.push(GateState {
                name,
                released: false,
            });
            GateId(state.gates.len() - 1)
        }))
    }

    /// Declares something that must hold while the daemon is ready. Down until set.
    ///
    /// # Errors
    ///
    /// [`NameError`] if the name is not allowed or taken.
    pub fn flag(&mut self, name: &str) -> Result<FlagId, NameError> {
        let name = self.free_name(name)?;
        Ok(self.change(|state| {
            state.flags.push(FlagState { name, up: false });
            FlagId(state.flags.len() - 1)
        }))
    }

    /// Declares a value to publish: an empty object until set. Stats have names of their own: a
    /// component's stats may have the component's name.
    ///
    /// # Errors
    ///
    /// [`NameError`] if the name is not allowed, or taken by another stat.
    pub fn stat(&mut self, name: &str) -> Result<StatId, NameError> {
        let name = Name::new(name)?;
        if self.state.stats.iter().any(|stat| stat.name == name) {
            return Err(NameError::Duplicate(name));
        }
        self.change(|state| {
            state.stats.push(StatState {
                name,
                json: "{}".into(),
            });
            Ok(StatId(state.stats.len() - 1))
        })
    }

    /// Takes a component's result.
    pub fn record(&mut self, now: Instant, id: ComponentId, outcome: Outcome) {
        self.edit(|state| {
            let component = state.components.get_mut(id.0);
            let changed = component.is_some_and(|component| component.record(now, outcome));
            state.latch_startup() || changed
        });
    }

    /// Takes a component's success.
    pub fn success(&mut self, now: Instant, id: ComponentId) {
        self.record(now, id, Outcome::success());
    }

    /// Takes a component's failure, whose cause only authorised readers see.
    pub fn failure(&mut self, now: Instant, id: ComponentId, cause: impl fmt::Display) {
        self.record(now, id, Outcome::failure("").caused_by(cause));
    }

    /// Takes a component's failures in a row from a daemon that counts by itself: fewer than
    /// `retries` is well.
    pub fn set_failures(&mut self, now: Instant, id: ComponentId, failures: u32) {
        self.edit(|state| {
            let component = state.components.get_mut(id.0);
            let changed = component.is_some_and(|component| component.set_failures(now, failures));
            state.latch_startup() || changed
        });
    }

    /// Takes a heartbeat's beat. One that is not newer than the last changes nothing.
    pub fn beat(&mut self, now: Instant, id: HeartbeatId) {
        let is_news = |beat: &HeartbeatState| beat.last < now;
        if self.state.heartbeats.get(id.0).is_some_and(is_news) {
            self.edit(|state| state.heartbeats[id.0].beat(now));
        }
    }

    /// Opens a gate, for good.
    pub fn release(&mut self, id: GateId) {
        self.edit(|state| {
            let gate = state.gates.get_mut(id.0);
            gate.is_some_and(|gate| !core::mem::replace(&mut gate.released, true))
        });
    }

    /// Sets a flag.
    pub fn set_flag(&mut self, id: FlagId, up: bool) {
        self.edit(|state| {
            let flag = state.flags.get_mut(id.0);
            flag.is_some_and(|flag| core::mem::replace(&mut flag.up, up) != up)
        });
    }

    /// Publishes a value, serialised here and now.
    ///
    /// # Errors
    ///
    /// If `value` cannot be serialised (a map whose keys are no strings): the last value stays.
    pub fn set_stat(
        &mut self,
        id: StatId,
        value: &impl serde::Serialize,
    ) -> Result<(), serde_json::Error> {
        self.set_stat_json(id, serde_json::to_string(value)?.into());
        Ok(())
    }

    /// Publishes a value that has been serialised elsewhere, where no lock is held.
    pub(crate) fn set_stat_json(&mut self, id: StatId, json: Arc<str>) {
        self.edit(|state| {
            if let Some(stat) = state.stats.get_mut(id.0) {
                stat.json = json;
            }
            false
        });
    }

    /// Start-up is over, or begins anew after [`stop`](Self::stop). While draining it does nothing.
    pub fn set_running(&mut self, now: Instant) {
        self.set_phase(now, Phase::Running);
    }

    /// Readiness is refused from now on, liveness is not.
    pub fn begin_drain(&mut self, now: Instant) {
        self.set_phase(now, Phase::Draining);
    }

    /// The daemon is done: endpoints close.
    pub fn stop(&mut self, now: Instant) {
        self.set_phase(now, Phase::Stopped);
    }

    /// The state at `now`, in which everything that `now` alone decides has been decided.
    #[must_use]
    pub fn snapshot(&mut self, now: Instant) -> Snapshot {
        if self
            .state
            .next_deadline()
            .is_some_and(|deadline| deadline <= now)
        {
            self.edit(|state| state.handle_timeout(now));
        }
        Snapshot::new(Arc::clone(&self.state), now)
    }

    /// Where the daemon is in its life.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.state.phase
    }

    /// How often the state has changed.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.state.revision
    }

    /// The present revision, if it is not the one that was `seen`; else `waker` is kept until it
    /// changes. What the clock alone decides shows when the next snapshot is taken.
    pub fn poll_changed(&mut self, seen: Revision, waker: &Waker) -> Option<Revision> {
        let revision = self.state.revision;
        if revision != seen {
            return Some(revision);
        }
        if !self.waiting.iter().any(|waiting| waiting.will_wake(waker)) {
            self.waiting.push(waker.clone());
        }
        None
    }

    /// Nobody waits with `waker` any more. Whoever gives up a wait while nothing changes says so,
    /// or the wakers of a million connections long closed would gather here.
    pub fn forget_waker(&mut self, waker: &Waker) {
        self.waiting.retain(|waiting| !waiting.will_wake(waker));
    }

    /// The wakers whose wait is over. Ask after every call that changes something, let go of the
    /// lock, then wake them: a waker is somebody else's code.
    #[must_use]
    pub fn take_wakers(&mut self) -> Vec<Waker> {
        core::mem::take(&mut self.to_wake)
    }

    fn set_phase(&mut self, now: Instant, next: Phase) {
        if self.state.phase.may_become(next) {
            self.edit(|state| {
                state.enter(now, next);
                true
            });
        }
    }

    fn free_name(&self, name: &str) -> Result<Name, NameError> {
        let name = Name::new(name)?;
        if self.state.names().any(|taken| *taken == name) {
            return Err(NameError::Duplicate(name));
        }
        Ok(name)
    }

    /// Changes the state in a way that counts.
    fn change<R>(&mut self, change: impl FnOnce(&mut State) -> R) -> R {
        let state = Arc::make_mut(&mut self.state);
        let result = change(state);
        state.revision.0 += 1;
        self.to_wake.append(&mut self.waiting);
        result
    }

    /// Changes the state in a way that counts only if `edit` says so.
    fn edit(&mut self, edit: impl FnOnce(&mut State) -> bool) {
        if edit(Arc::make_mut(&mut self.state)) {
            self.change(|_| ());
        }
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("service", &self.state.service)
            .field("phase", &self.state.phase)
            .field("revision", &self.state.revision)
            .finish_non_exhaustive()
    }
}
