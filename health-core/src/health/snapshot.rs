//! A daemon's state at one moment, never to change again.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use super::{
    ComponentState, FlagState, GateState, HeartbeatState, Phase, Revision, StatState, Status,
};
use crate::name::Name;
use crate::time::Instant;

/// What the registry holds and every snapshot shares.
#[derive(Clone)]
pub(super) struct State {
    pub(super) service: Box<str>,
    pub(super) version: Box<str>,
    /// When this life began.
    pub(super) begun: Instant,
    pub(super) phase: Phase,
    /// Whether this life has been Running, and then whether start-up was ever seen complete.
    pub(super) has_run: bool,
    pub(super) has_started: bool,
    pub(super) components: Vec<ComponentState>,
    pub(super) heartbeats: Vec<HeartbeatState>,
    pub(super) gates: Vec<GateState>,
    pub(super) flags: Vec<FlagState>,
    pub(super) stats: Vec<StatState>,
    pub(super) revision: Revision,
}

impl State {
    pub(super) fn new(service: Box<str>, version: Box<str>, now: Instant) -> Self {
        Self {
            service,
            version,
            begun: now,
            phase: Phase::Starting,
            has_run: false,
            has_started: false,
            components: Vec::new(),
            heartbeats: Vec::new(),
            gates: Vec::new(),
            flags: Vec::new(),
            stats: Vec::new(),
            revision: Revision::default(),
        }
    }

    pub(super) fn enter(&mut self, now: Instant, phase: Phase) {
        if self.phase == Phase::Stopped {
            self.begun = now;
            self.has_run = false;
            self.has_started = false;
            // Nobody was expected to beat while the daemon was stopped.
            for beat in &mut self.heartbeats {
                beat.beat(now);
            }
        }
        self.phase = phase;
        self.has_run |= phase == Phase::Running;
        self.latch_startup();
    }

    /// Sees whether start-up is complete: it has run, and every component has a first result. True
    /// if it just became so.
    pub(super) fn latch_startup(&mut self) -> bool {
        let just_started = !self.has_started
            && self.has_run
            && self
                .components
                .iter()
                .all(|component| component.last().is_some());
        self.has_started |= just_started;
        just_started
    }

    /// When the clock alone will next change something.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let stale = self.components.iter().filter_map(ComponentState::stale_at);
        let missed = self.heartbeats.iter().filter(|beat| !beat.missed);
        stale
            .chain(missed.map(|beat| beat.last + beat.deadline))
            .min()
    }

    /// Decides what the clock alone decides; true if anything changed.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> bool {
        let mut changed = false;
        for component in &mut self.components {
            changed |= component.handle_timeout(now);
        }
        for beat in &mut self.heartbeats {
            changed |= beat.handle_timeout(now);
        }
        changed
    }

    /// Every name that is taken, stats aside.
    pub(super) fn names(&self) -> impl Iterator<Item = &Name> {
        let components = self.components.iter().map(ComponentState::name);
        let heartbeats = self.heartbeats.iter().map(HeartbeatState::name);
        let gates = self.gates.iter().map(GateState::name);
        let flags = self.flags.iter().map(FlagState::name);
        components.chain(heartbeats).chain(gates).chain(flags)
    }
}

/// A daemon's state when it was [`taken`](Self::taken). Cloning one copies a pointer.
#[derive(Clone)]
pub struct Snapshot {
    pub(super) state: Arc<State>,
    taken: Instant,
}

impl Snapshot {
    pub(super) const fn new(state: Arc<State>, taken: Instant) -> Self {
        Self { state, taken }
    }

    /// The daemon's name.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.state.service
    }

    /// The daemon's version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.state.version
    }

    /// When this snapshot was taken.
    #[must_use]
    pub const fn taken(&self) -> Instant {
        self.taken
    }

    /// When the daemon began.
    #[must_use]
    pub fn begun(&self) -> Instant {
        self.state.begun
    }

    /// For how long it has been there.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        self.taken.duration_since(self.state.begun)
    }

    /// Where it is in its life.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.state.phase
    }

    /// How often the state had changed.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.state.revision
    }

    /// The components, in the order in which they were declared.
    #[must_use]
    pub fn components(&self) -> &[ComponentState] {
        &self.state.components
    }

    /// The heartbeats, in the order in which they were declared.
    #[must_use]
    pub fn heartbeats(&self) -> &[HeartbeatState] {
        &self.state.heartbeats
    }

    /// The gates, in the order in which they were declared.
    #[must_use]
    pub fn gates(&self) -> &[GateState] {
        &self.state.gates
    }

    /// The flags, in the order in which they were declared.
    #[must_use]
    pub fn flags(&self) -> &[FlagState] {
        &self.state.flags
    }

    /// The published values, in the order in which they were declared.
    #[must_use]
    pub fn stats(&self) -> &[StatState] {
        &self.state.stats
    }

    /// Failures in a row of the component that has the most.
    #[must_use]
    pub fn consecutive_failures(&self) -> u32 {
        self.components()
            .iter()
            .map(|component| component.streak().failures())
            .max()
            .unwrap_or(0)
    }

    /// The heartbeats that have been missed.
    pub fn stalled(&self) -> impl Iterator<Item = &Name> {
        self.heartbeats()
            .iter()
            .filter(|beat| beat.is_missed())
            .map(HeartbeatState::name)
    }

    /// What readiness waits for: gates not released, flags not up.
    pub fn pending(&self) -> impl Iterator<Item = &Name> {
        let gates = self
            .gates()
            .iter()
            .filter(|gate| !gate.is_released())
            .map(GateState::name);
        let flags = self
            .flags()
            .iter()
            .filter(|flag| !flag.is_up())
            .map(FlagState::name);
        gates.chain(flags)
    }

    /// The critical components that refuse readiness: unhealthy, or unknown.
    pub fn failing(&self) -> impl Iterator<Item = &Name> {
        let down = |component: &&ComponentState| !component.contribution().is_up();
        self.components()
            .iter()
            .filter(down)
            .map(ComponentState::name)
    }

    /// The status of the component, heartbeat, gate or flag of this name.
    #[must_use]
    pub fn status_of(&self, name: &str) -> Option<Status> {
        let holds = |holds: bool| {
            if holds {
                Status::Healthy
            } else {
                Status::Unhealthy
            }
        };
        let named = |candidate: &Name| candidate.as_str() == name;
        let component = self.components().iter().find(|one| named(one.name()));
        let beat = || self.heartbeats().iter().find(|one| named(one.name()));
        let gate = || self.gates().iter().find(|one| named(one.name()));
        let flag = || self.flags().iter().find(|one| named(one.name()));
        component
            .map(ComponentState::status)
            .or_else(|| beat().map(HeartbeatState::status))
            .or_else(|| gate().map(|gate| holds(gate.is_released())))
            .or_else(|| flag().map(|flag| holds(flag.is_up())))
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("service", &self.state.service)
            .field("phase", &self.state.phase)
            .field("components", &self.state.components)
            .field("heartbeats", &self.state.heartbeats)
            .finish_non_exhaustive()
    }
}
