//! The registry: the one place where a daemon's state changes.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::error::Error;
use core::fmt;

use super::history::Log;
use super::state::State;
use super::{Change, ComponentState, HeartbeatState, History, Phase, Revision, Snapshot};
use crate::base::{Instant, Outcome, Timing};
#[cfg(feature = "supervise")]
use crate::base::{Message, Name, ReplicaState};

/// A daemon's state: components, heartbeats, gates, flags, published values and the phase.
///
/// It is pure: time is an argument, and [`revision`](Self::revision) says whether something has
/// changed. Daemons with `std` use the handle `Health` of their driver, which puts a lock and a clock
/// around it; bare targets use this.
///
/// ```
/// use core::time::Duration;
/// use health_core::health::{Registry};
/// use health_core::{ProbeKind, Status};
/// use health_core::Instant;
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
/// # Ok::<(), health_core::NameError>(())
/// ```
pub struct Registry {
    pub(super) state: Arc<State>,
    pub(super) history: Arc<History>,
    /// Outside the state, so that counting never copies that.
    in_flight: usize,
    /// `None` while nobody calls [`handle_timeout`](Self::handle_timeout).
    ticks: Option<Ticks>,
}

/// The calls of [`handle_timeout`](Registry::handle_timeout): one that comes late shows that the host
/// stalled.
#[derive(Clone, Copy)]
struct Ticks {
    last: Instant,
    /// When the next call is due. It stays until that call, also when a beat would allow a later one:
    /// a caller that asks again after the beat would otherwise be late for a call that is no longer
    /// asked for.
    next: Option<Instant>,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// Belongs to the registry that made it: given to another one it names another entry, or
        /// none. A call about an entry that is not there, or not any more, does nothing.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $name(pub(super) u64);
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
            history: Arc::new(History::new(History::DEFAULT_ENTRIES)),
            in_flight: 0,
            ticks: None,
        }
    }

    /// Records a component's result.
    pub fn record(&mut self, now: Instant, id: ComponentId, outcome: Outcome) {
        self.update_component(now, id, |component| component.record(now, outcome));
    }

    /// Records a component's success.
    pub fn success(&mut self, now: Instant, id: ComponentId) {
        self.record(now, id, Outcome::success());
    }

    /// Records a component's failure. `cause` is shown to authorised readers only.
    pub fn failure<'a>(
        &mut self,
        now: Instant,
        id: ComponentId,
        cause: impl Into<Box<dyn Error + Send + Sync + 'a>>,
    ) {
        self.record(now, id, Outcome::failure(cause));
    }

    /// Sets a component's failures in a row, for a daemon that counts itself: fewer than
    /// `retries` is healthy.
    pub fn set_failures(&mut self, now: Instant, id: ComponentId, failures: u32) {
        self.update_component(now, id, |component| component.set_failures(now, failures));
    }

    /// Records a heartbeat. One that is not newer than the last changes nothing.
    pub fn beat(&mut self, now: Instant, id: HeartbeatId) {
        let is_news = |beat: &HeartbeatState| beat.last() < now;
        if self.state.heartbeats.find(id.0).is_some_and(is_news) {
            self.edit(|state, log| {
                let beat = state.heartbeats.find_mut(id.0);
                beat.is_some_and(|beat| {
                    let change = beat.beat(now);
                    log.note(now, beat.name(), change)
                })
            });
        }
    }

    /// Opens a gate, for good.
    pub fn release(&mut self, now: Instant, id: GateId) {
        self.edit(|state, log| {
            let gate = state.gates.find_mut(id.0);
            gate.is_some_and(|gate| {
                let change = gate.release();
                log.note(now, gate.name(), change)
            })
        });
    }

    /// Sets a flag.
    pub fn set_flag(&mut self, now: Instant, id: FlagId, up: bool) {
        self.edit(|state, log| {
            let flag = state.flags.find_mut(id.0);
            flag.is_some_and(|flag| {
                let change = flag.set(up);
                log.note(now, flag.name(), change)
            })
        });
    }

    /// A piece of work has begun that a drain must wait for.
    pub fn begin_work(&mut self) {
        self.in_flight = self.in_flight.saturating_add(1);
    }

    /// A piece of work is over. The last one to end while the daemon drains counts as a change, so
    /// that a wait for [`is_drained`](Self::is_drained) ends.
    pub fn end_work(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
        if self.is_drained() {
            self.change(|_| ());
        }
    }

    /// Whether the daemon drains, and nothing holds it any more.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        self.state.phase == Phase::Draining && self.in_flight == 0
    }

    /// Publishes a value, serialised here and now.
    ///
    /// # Errors
    ///
    /// If `value` cannot be serialised (a map whose keys are no strings): the last value stays.
    pub fn set_stat(
        &mut self,
        now: Instant,
        id: StatId,
        value: &impl serde::Serialize,
    ) -> Result<(), serde_json::Error> {
        self.set_stat_json(now, id, serde_json::to_string(value)?.into());
        Ok(())
    }

    /// Publishes a value that is JSON already, serialised where no lock is held.
    ///
    /// # Misuse
    ///
    /// What is not valid JSON makes `/stats` invalid.
    pub fn set_stat_json(&mut self, now: Instant, id: StatId, json: Arc<str>) {
        self.edit(|state, _| {
            if let Some(stat) = state.stats.find_mut(id.0) {
                stat.json = json;
                stat.published = Some(now);
                state.revision.published += 1;
            }
            false
        });
    }

    /// Start-up is complete. After [`stop`](Self::stop) it starts the daemon again; while draining it
    /// does nothing.
    pub fn set_running(&mut self, now: Instant) {
        self.set_phase(now, Phase::Running);
    }

    /// Readiness is refused from now on, liveness is not.
    pub fn begin_drain(&mut self, now: Instant) {
        self.set_phase(now, Phase::Draining);
    }

    /// The daemon has ended: endpoints close.
    pub fn stop(&mut self, now: Instant) {
        self.set_phase(now, Phase::Stopped);
    }

    /// The state at `now`: heartbeats past their deadline and results past their validity count as
    /// such.
    #[must_use]
    pub fn snapshot(&mut self, now: Instant) -> Snapshot {
        self.apply_time(now);
        Snapshot::new(
            Arc::clone(&self.state),
            Arc::clone(&self.history),
            self.in_flight,
            now,
        )
    }

    /// Applies what only the passing of time changes: missed heartbeats and stale results.
    ///
    /// Call it whenever [`poll_timeout`](Self::poll_timeout) has passed. Transitions then happen when
    /// they are due, not when somebody asks; and a call that comes late shows that the whole host
    /// stalled (a stopped process, a suspended machine): heartbeats get one more deadline of grace.
    /// Without these calls no heartbeat ever gets grace.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.apply_time(now);
        let next = self.state.next_tick(now);
        self.ticks = Some(Ticks { last: now, next });
    }

    /// [`handle_timeout`](Self::handle_timeout) will no longer be called regularly; a late call no
    /// longer counts as a host stall.
    pub fn end_stall_detection(&mut self) {
        self.ticks = None;
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) next: at the next deadline of a
    /// heartbeat or a result, and, once it has been called, when a heartbeat has been silent for
    /// three quarters of its deadline. `None` if the clock alone will change nothing.
    ///
    /// Query again after every change.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let ticks = self.ticks.as_ref();
        let tick = ticks.and_then(|ticks| ticks.next.or_else(|| self.state.next_tick(ticks.last)));
        self.state.next_deadline().into_iter().chain(tick).min()
    }

    /// The daemon's phase.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.state.phase
    }

    /// How often the state has changed. What only the passing of time changes counts once
    /// [`handle_timeout`](Self::handle_timeout) or [`snapshot`](Self::snapshot) has applied it.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.state.revision
    }

    fn set_phase(&mut self, now: Instant, next: Phase) {
        if self.state.phase.may_become(next) {
            self.edit(|state, log| {
                state.enter(now, next, log);
                true
            });
        }
    }

    /// Changes a component, and records the transition if its status changed.
    fn update_component(
        &mut self,
        now: Instant,
        id: ComponentId,
        update: impl FnOnce(&mut ComponentState) -> Option<Change>,
    ) {
        self.edit(|state, log| {
            let Some(component) = state.components.find_mut(id.0) else {
                return false;
            };
            let change = update(component);
            if let Some(change) = change {
                let message = component.message();
                log.push_with(now, Some(component.name()), change, message);
            }
            state.latch_startup() || change.is_some()
        });
    }

    /// Updates how long the checks of a component have taken, for a daemon that counts itself. It is no
    /// result: see [`record`](Self::record).
    pub fn update_timing(&mut self, id: ComponentId, update: impl FnOnce(&mut Timing)) {
        self.edit(|state, _| {
            if let Some(component) = state.components.find_mut(id.0) {
                update(&mut component.timing);
            }
            false
        });
    }

    /// A request that was handed over has got its answer: whoever waits for one looks. It is nothing of the
    /// daemon's state.
    #[cfg(feature = "registry")]
    pub fn note_answer(&mut self) {
        self.edit(|state, _| {
            state.revision.answers += 1;
            false
        });
    }

    /// Writes into the history what became of a process that is kept running: its state before and after, and
    /// why. It is nothing of the daemon's own, and changes no status.
    #[cfg(feature = "supervise")]
    pub fn note_replica(
        &mut self,
        now: Instant,
        name: &Name,
        (from, to): (ReplicaState, ReplicaState),
        message: &Message,
    ) {
        self.edit(|_, log| {
            log.push_with(now, Some(name), Change::Replica { from, to }, message);
            true
        });
    }

    fn apply_time(&mut self, now: Instant) {
        let is_late = |due: &mut Instant| now.duration_since(*due) > HeartbeatState::SHORTEST_STALL;
        let late = self
            .ticks
            .as_mut()
            .and_then(|ticks| ticks.next.take_if(is_late));
        if let Some(due) = late {
            self.edit(|state, _| state.handle_stall(due, now));
        }
        let deadline = self.state.next_deadline();
        if deadline.is_some_and(|deadline| deadline <= now) {
            self.edit(|state, log| state.handle_timeout(now, log));
        }
    }

    /// Changes the state in a way that counts.
    pub(super) fn change<R>(&mut self, change: impl FnOnce(&mut State) -> R) -> R {
        let state = Arc::make_mut(&mut self.state);
        let result = change(state);
        state.revision.changes += 1;
        result
    }

    /// Changes the state in a way that counts only if `edit` says so.
    pub(super) fn edit(&mut self, edit: impl FnOnce(&mut State, &mut Log<'_>) -> bool) {
        let mut log = Log(&mut self.history);
        if edit(Arc::make_mut(&mut self.state), &mut log) {
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
