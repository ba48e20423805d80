//! The one place where a daemon's state changes.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::task::Waker;

use super::history::Log;
use super::revision::Waiters;
use super::state::State;
use super::{Change, ComponentState, HeartbeatState, History, Phase, Revision, Snapshot};
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
    pub(super) state: Arc<State>,
    pub(super) history: Arc<History>,
    /// Outside the state, so that counting never copies that.
    in_flight: usize,
    /// The endpoint's pulse, if it keeps one at all.
    pulse: Option<Pulse>,
    waiters: Waiters,
}

/// When the endpoint last looked, and when it promised to look again.
#[derive(Clone, Copy)]
struct Pulse {
    looked: Instant,
    promised: Option<Instant>,
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
            pulse: None,
            waiters: Waiters::default(),
        }
    }

    /// Takes a component's result.
    pub fn record(&mut self, now: Instant, id: ComponentId, outcome: Outcome) {
        self.judge(now, id, |component| component.record(now, outcome));
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
        self.judge(now, id, |component| component.set_failures(now, failures));
    }

    /// Takes a heartbeat's beat. One that is not newer than the last changes nothing.
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
    /// that whoever waits for [`is_drained`](Self::is_drained) wakes.
    pub fn end_work(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
        if self.is_drained() {
            self.change(|_| ());
        }
    }

    /// The pieces of work under way.
    #[must_use]
    pub const fn in_flight(&self) -> usize {
        self.in_flight
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

    /// Publishes a value that has been serialised elsewhere, where no lock is held.
    pub(crate) fn set_stat_json(&mut self, now: Instant, id: StatId, json: Arc<str>) {
        self.edit(|state, _| {
            if let Some(stat) = state.stats.find_mut(id.0) {
                stat.json = json;
                stat.published = Some(now);
                state.revision.published += 1;
            }
            false
        });
        self.waiters.wake(true);
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
        self.decide(now);
        Snapshot::new(
            Arc::clone(&self.state),
            Arc::clone(&self.history),
            self.in_flight,
            now,
        )
    }

    /// Decides what the clock alone decides, and keeps the endpoint's pulse.
    ///
    /// Called whenever [`next_deadline`](Self::next_deadline) has passed, it makes transitions
    /// happen when they are due rather than when somebody looks, and lets the registry tell a loop
    /// that is stuck from a host that stood still: after a look that came late, heartbeats get one
    /// deadline of grace. Without these calls nothing is ever excused.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.decide(now);
        let promised = self.state.next_look(now);
        self.pulse = Some(Pulse {
            looked: now,
            promised,
        });
    }

    /// Decides what the clock alone decides, for somebody who keeps no pulse.
    pub fn handle_look(&mut self, now: Instant) {
        self.decide(now);
    }

    /// Nobody keeps the endpoint's pulse any more: from now on a look may come when it will.
    pub fn end_pulse(&mut self) {
        self.pulse = None;
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) next: at the next deadline of a
    /// heartbeat or a result, and, once it has been called, when a heartbeat has been silent for
    /// three quarters of its deadline. `None` if the clock alone will change nothing.
    ///
    /// Ask again after every change.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        let look = (self.pulse).and_then(|pulse| self.state.next_look(pulse.looked));
        [self.state.next_deadline(), look]
            .into_iter()
            .flatten()
            .min()
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

    /// The present revision, if there were changes since the one that was `seen`; else `waker` is
    /// kept until there are. Published values are no changes. What the clock alone decides shows
    /// when the next snapshot is taken.
    pub fn poll_changed(&mut self, seen: Revision, waker: &Waker) -> Option<Revision> {
        let revision = self.state.revision;
        if revision.changes != seen.changes {
            return Some(revision);
        }
        self.waiters.add(waker, false);
        None
    }

    /// The same as [`poll_changed`](Self::poll_changed) for somebody whom published values concern
    /// too. A daemon may publish a thousand of them a second: wait only when you would look.
    pub fn poll_published(&mut self, seen: Revision, waker: &Waker) -> Option<Revision> {
        let revision = self.state.revision;
        if revision != seen {
            return Some(revision);
        }
        self.waiters.add(waker, true);
        None
    }

    /// Nobody waits with `waker` any more. Whoever gives up a wait while nothing changes says so,
    /// or the wakers of a million connections long closed would gather here.
    pub fn forget_waker(&mut self, waker: &Waker) {
        self.waiters.forget(waker);
    }

    /// The wakers whose wait is over. Ask after every call that changes something, let go of the
    /// lock, then wake them: a waker is somebody else's code.
    #[must_use]
    pub fn take_wakers(&mut self) -> Vec<Waker> {
        self.waiters.take()
    }

    fn set_phase(&mut self, now: Instant, next: Phase) {
        if self.state.phase.may_become(next) {
            self.edit(|state, log| {
                state.enter(now, next, log);
                true
            });
        }
    }

    /// Lets a component take in something that may turn it.
    fn judge(
        &mut self,
        now: Instant,
        id: ComponentId,
        take: impl FnOnce(&mut ComponentState) -> Option<Change>,
    ) {
        self.edit(|state, log| {
            let Some(component) = state.components.find_mut(id.0) else {
                return false;
            };
            let change = take(component);
            if let Some(change) = change {
                let message = component.message();
                log.push_with(now, Some(component.name()), change, message);
            }
            state.latch_startup() || change.is_some()
        });
    }

    fn decide(&mut self, now: Instant) {
        if let Some(pulse) = &mut self.pulse {
            pulse.looked = now;
            let is_late =
                |promised: &Instant| now.duration_since(*promised) > HeartbeatState::SHORTEST_STALL;
            if let Some(promised) = pulse.promised.take_if(|promised| is_late(promised)) {
                self.edit(|state, _| state.handle_stall(promised, now));
            }
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
        self.waiters.wake(false);
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
