//! A daemon's state at one moment. It never changes.

use alloc::sync::Arc;
use core::fmt;
use core::time::Duration;

use super::state::State;
use super::{
    ComponentState, FlagState, GateState, HeartbeatState, History, MetricState, Phase, Revision,
    StatState, Status,
};
use crate::base::Name;
use crate::base::{Instant, Moment, UnixTime};

/// A daemon's state at the moment it was taken. Cloning one copies a pointer.
#[derive(Clone)]
pub struct Snapshot {
    pub(super) state: Arc<State>,
    history: Arc<History>,
    in_flight: usize,
    taken: Instant,
}

impl Snapshot {
    pub(super) const fn new(
        state: Arc<State>,
        history: Arc<History>,
        in_flight: usize,
        taken: Instant,
    ) -> Self {
        Self {
            state,
            history,
            in_flight,
            taken,
        }
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
    pub(crate) const fn taken(&self) -> Instant {
        self.taken
    }

    /// When the daemon began, on the wall clock: computed from
    /// [`Registry::set_wall_clock`](super::Registry::set_wall_clock) if that was called, else from
    /// `moment`.
    #[must_use]
    pub(crate) fn begun_at(&self, moment: Moment) -> UnixTime {
        self.state
            .wall_clock
            .unwrap_or(moment)
            .unix_at(self.state.begun)
    }

    pub(super) fn wall_clock(&self) -> Option<Moment> {
        self.state.wall_clock
    }

    /// The time since the daemon began.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        self.taken.duration_since(self.state.begun)
    }

    /// The daemon's phase.
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
    pub(crate) fn gates(&self) -> &[GateState] {
        &self.state.gates
    }

    /// The flags, in the order in which they were declared.
    #[must_use]
    pub(crate) fn flags(&self) -> &[FlagState] {
        &self.state.flags
    }

    /// The published values, in the order in which they were declared.
    #[must_use]
    pub(crate) fn stats(&self) -> &[StatState] {
        &self.state.stats
    }

    /// The counters and gauges, in the order in which they were declared.
    #[must_use]
    pub(crate) fn metrics(&self) -> &[MetricState] {
        &self.state.metrics
    }

    /// The latest transitions.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The pieces of work that hold a drain.
    #[must_use]
    pub const fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// How often the host stalled, so that heartbeats got grace: a call of
    /// [`Registry::handle_timeout`](super::Registry::handle_timeout) came late.
    #[must_use]
    pub fn host_stalls(&self) -> u64 {
        self.state.host_stalls
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

    /// The heartbeats in grace: silent, but the host stalled, and they are given one deadline from
    /// then on.
    pub fn excused(&self) -> impl Iterator<Item = &Name> {
        self.heartbeats()
            .iter()
            .filter(|beat| beat.grace().is_some())
            .map(HeartbeatState::name)
    }

    /// What readiness waits for: gates that are not released and flags that are down.
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
    pub(crate) fn failing(&self) -> impl Iterator<Item = &Name> {
        let down = |component: &&ComponentState| !component.contribution().is_up();
        self.components()
            .iter()
            .filter(down)
            .map(ComponentState::name)
    }

    /// The names of all components, heartbeats, gates and flags.
    pub(crate) fn names(&self) -> impl Iterator<Item = &Name> {
        self.state.names()
    }

    /// The status of the component, heartbeat, gate or flag of this name.
    pub(crate) fn status_of(&self, name: &str) -> Option<Status> {
        let named = |candidate: &Name| candidate.as_str() == name;
        let component = self.components().iter().find(|one| named(one.name()));
        let beat = || self.heartbeats().iter().find(|one| named(one.name()));
        let gate = || self.gates().iter().find(|one| named(one.name()));
        let flag = || self.flags().iter().find(|one| named(one.name()));
        component
            .map(ComponentState::status)
            .or_else(|| beat().map(HeartbeatState::status))
            .or_else(|| gate().map(|gate| Status::of(gate.is_released())))
            .or_else(|| flag().map(|flag| Status::of(flag.is_up())))
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
