//! The state that the registry changes and snapshots share.

use alloc::boxed::Box;

use super::history::Log;
use super::table::Table;
use super::{
    Change, ComponentState, FlagState, GateState, HeartbeatState, MetricState, Phase, Revision,
    StatState,
};
use crate::base::Name;
use crate::base::{Instant, Moment};

/// A daemon's state: what is declared, and how it is.
#[derive(Clone)]
pub(super) struct State {
    pub(super) service: Box<str>,
    pub(super) version: Box<str>,
    /// When the daemon was started, or started again.
    pub(super) begun: Instant,
    pub(super) phase: Phase,
    /// Whether it has been Running since then, and whether start-up was complete since then.
    pub(super) has_run: bool,
    pub(super) has_started: bool,
    pub(super) components: Table<ComponentState>,
    pub(super) heartbeats: Table<HeartbeatState>,
    pub(super) gates: Table<GateState>,
    pub(super) flags: Table<FlagState>,
    pub(super) stats: Table<StatState>,
    pub(super) metrics: Table<MetricState>,
    pub(super) host_stalls: u64,
    /// The wall clock at one instant: dates that must not vary are computed from it.
    pub(super) wall_clock: Option<Moment>,
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
            components: Table::new(),
            heartbeats: Table::new(),
            gates: Table::new(),
            flags: Table::new(),
            stats: Table::new(),
            metrics: Table::new(),
            host_stalls: 0,
            wall_clock: None,
            revision: Revision::default(),
        }
    }

    pub(super) fn enter(&mut self, now: Instant, phase: Phase, log: &mut Log<'_>) {
        if self.phase == Phase::Stopped {
            self.begun = now;
            self.has_run = false;
            self.has_started = false;
            // What was found out before the stop says nothing about the daemon that starts now.
            for component in self.components.iter_mut() {
                if let Some(change) = component.restart(now) {
                    log.push(now, Some(component.name()), change);
                }
            }
            // Nobody was expected to beat while the daemon was stopped.
            for beat in self.heartbeats.iter_mut() {
                if let Some(change) = beat.beat(now) {
                    log.push(now, Some(beat.name()), change);
                }
            }
        }
        let from = core::mem::replace(&mut self.phase, phase);
        log.push(now, None, Change::Phase { from, to: phase });
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
        let missed = self.heartbeats.iter().filter_map(HeartbeatState::due);
        stale.chain(missed).min()
    }

    /// When `handle_timeout` is due again after a call at `last_tick`, for the sake of detecting host
    /// stalls; `None` if no heartbeat needs it.
    pub(super) fn next_tick(&self, last_tick: Instant) -> Option<Instant> {
        let beats = self.heartbeats.iter();
        let next = beats.filter_map(|beat| beat.next_tick(last_tick)).min();
        next.filter(|_| !self.phase.is_ending())
    }

    /// A call that was due at `scheduled` came only now: gives grace; true if any heartbeat got it.
    pub(super) fn handle_stall(&mut self, scheduled: Instant, now: Instant) -> bool {
        let mut has_grace = false;
        for beat in self.heartbeats.iter_mut() {
            has_grace |= beat.handle_stall(scheduled, now);
        }
        self.host_stalls += u64::from(has_grace);
        has_grace
    }

    /// Decides what the clock alone decides; true if anything changed.
    pub(super) fn handle_timeout(&mut self, now: Instant, log: &mut Log<'_>) -> bool {
        let mut has_changed = false;
        // One deadline after the other, so that the history is in the order of time.
        while let Some(deadline) = self.next_deadline().filter(|deadline| *deadline <= now) {
            for component in self.components.iter_mut() {
                if let Some(change) = component.handle_timeout(deadline) {
                    log.push(component.since(), Some(component.name()), change);
                }
            }
            for beat in self.heartbeats.iter_mut() {
                if let Some(change) = beat.handle_timeout(deadline) {
                    log.push(beat.since(), Some(beat.name()), change);
                }
            }
            has_changed = true;
        }
        has_changed
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
