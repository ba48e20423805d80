//! Adding and removing the parts of a daemon.

use alloc::sync::Arc;
use core::time::Duration;

use super::metric::{counter_name, metric_name};
use super::{
    Change, ComponentConfig, ComponentId, ComponentState, Counter, FlagId, FlagState, GateId,
    GateState, Gauge, HeartbeatId, HeartbeatState, MetricState, MetricValue, Registry, StatId,
    StatState, Status,
};
use crate::base::{Instant, Moment};
use crate::base::{Name, NameError, NameFault};

impl Registry {
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
        let component = ComponentState::new(name, config, now);
        Ok(ComponentId(
            self.change(|state| state.components.push(component)),
        ))
    }

    /// Declares a loop that beats at least every `deadline`; the first deadline starts now.
    ///
    /// # Errors
    ///
    /// [`NameError`] if the name is not allowed or taken, or the deadline is less than 1 µs.
    pub fn heartbeat(
        &mut self,
        now: Instant,
        name: &str,
        deadline: Duration,
    ) -> Result<HeartbeatId, NameError> {
        let name = self.free_name(name)?;
        if deadline < Duration::from_micros(1) {
            return Err(NameError(NameFault::NoDeadline(name)));
        }
        let beat = HeartbeatState::new(name, deadline, now);
        Ok(HeartbeatId(
            self.change(|state| state.heartbeats.push(beat)),
        ))
    }

    /// Declares something that must happen before the daemon is ready.
    ///
    /// # Errors
    ///
    /// [`NameError`] if the name is not allowed or taken.
    pub fn gate(&mut self, name: &str) -> Result<GateId, NameError> {
        let name = self.free_name(name)?;
        let released = false;
        let gate = GateState { name, released };
        Ok(GateId(self.change(|state| state.gates.push(gate))))
    }

    /// Declares something that must hold while the daemon is ready. Down until set.
    ///
    /// # Errors
    ///
    /// [`NameError`] if the name is not allowed or taken.
    pub fn flag(&mut self, name: &str) -> Result<FlagId, NameError> {
        let name = self.free_name(name)?;
        let flag = FlagState { name, up: false };
        Ok(FlagId(self.change(|state| state.flags.push(flag))))
    }

    /// Sets the flag of this name, and declares it if there is none: for a loop that starts, and may
    /// have run before.
    ///
    /// # Errors
    ///
    /// [`NameError`] if the name is not allowed, or taken by anything but a flag that is down: two
    /// loops under one name would answer for each other.
    pub fn raise_flag(&mut self, now: Instant, name: &str) -> Result<FlagId, NameError> {
        let down = |flag: &FlagState| flag.name.as_str() == name && !flag.up;
        let id = match self.state.flags.key_of(down) {
            Some(key) => FlagId(key),
            None => self.flag(name)?,
        };
        self.set_flag(now, id, true);
        Ok(id)
    }

    /// Declares a value to publish: an empty object until set. Stats, counters and gauges have
    /// names of their own: a component's stats may have the component's name.
    ///
    /// # Errors
    ///
    /// [`NameError`] if the name is not allowed, or taken by another stat, counter or gauge.
    pub fn stat(&mut self, name: &str) -> Result<StatId, NameError> {
        let name = self.free_stat(Name::new(name)?)?;
        let stat = StatState {
            name,
            json: "{}".into(),
            published: None,
        };
        Ok(StatId(self.change(|state| state.stats.push(stat))))
    }

    /// Declares a number that only grows. `help` says what it means, for people; `/metrics` adds
    /// `_total` to the name, which may be given with it.
    ///
    /// # Errors
    ///
    /// [`NameError`] if the name is not allowed for a metric, or taken by another stat, counter or
    /// gauge.
    pub fn counter(&mut self, name: &str, help: &str) -> Result<Counter, NameError> {
        let counter = Counter::default();
        self.metric(
            counter_name(name)?,
            help,
            MetricValue::Counter(counter.clone()),
        )?;
        Ok(counter)
    }

    /// Declares a number that goes up and down. `help` says what it means, for people.
    ///
    /// # Errors
    ///
    /// [`NameError`] if the name is not allowed for a metric, or taken by another stat, counter or
    /// gauge.
    pub fn gauge(&mut self, name: &str, help: &str) -> Result<Gauge, NameError> {
        let gauge = Gauge::default();
        self.metric(metric_name(name)?, help, MetricValue::Gauge(gauge.clone()))?;
        Ok(gauge)
    }

    /// Removes a component: it no longer counts, and its name is free.
    pub fn remove_component(&mut self, now: Instant, id: ComponentId) {
        self.edit(|state, log| {
            let gone = state.components.remove(id.0);
            if let Some(gone) = &gone {
                let from = gone.status();
                log.push(now, Some(gone.name()), Change::Removed { from });
            }
            state.latch_startup() || gone.is_some()
        });
    }

    /// Removes a heartbeat: its loop need not beat any more, and its name is free.
    pub fn remove_heartbeat(&mut self, now: Instant, id: HeartbeatId) {
        self.edit(|state, log| {
            let gone = state.heartbeats.remove(id.0);
            let change = gone.as_ref().map(|gone| Change::Removed {
                from: gone.status(),
            });
            gone.is_some_and(|gone| log.note(now, gone.name(), change))
        });
    }

    /// Removes a flag: readiness no longer waits for it, and its name is free.
    pub fn remove_flag(&mut self, now: Instant, id: FlagId) {
        self.edit(|state, log| {
            let gone = state.flags.remove(id.0);
            let change = gone.as_ref().map(|gone| Change::Removed {
                from: Status::of(gone.up),
            });
            gone.is_some_and(|gone| log.note(now, gone.name(), change))
        });
    }

    /// Removes a published value, and frees its name.
    pub fn remove_stat(&mut self, id: StatId) {
        self.edit(|state, _| state.stats.remove(id.0).is_some());
    }

    /// Keeps at most `entries` transitions, and forgets those there are. 0 switches history off.
    /// Default 256; all of them occupy at most 48 KiB.
    pub fn set_history(&mut self, entries: usize) {
        self.history = Arc::new(self.history.restarted(entries));
    }

    /// Sets the wall clock at one instant. The date of the daemon's start is computed from it, so that
    /// it does not vary from one scrape to the next; after a clock that was wrong has been set, call it
    /// again. Called before the first transition, it also sets the [number](super::History::iter) of that one.
    pub fn set_wall_clock(&mut self, moment: Moment) {
        Arc::make_mut(&mut self.history).start_at(moment.unix);
        self.edit(|state, _| {
            state.wall_clock = Some(moment);
            false
        });
    }

    fn metric(&mut self, name: Name, help: &str, value: MetricValue) -> Result<(), NameError> {
        let name = self.free_stat(name)?;
        let help = help.into();
        self.change(|state| state.metrics.push(MetricState { name, help, value }));
        Ok(())
    }

    fn free_name(&self, name: &str) -> Result<Name, NameError> {
        let name = Name::new(name)?;
        if self.state.names().any(|taken| *taken == name) {
            return Err(NameError(NameFault::Duplicate(name)));
        }
        Ok(name)
    }

    fn free_stat(&self, name: Name) -> Result<Name, NameError> {
        let mut stats = self.state.stats.iter();
        let mut metrics = self.state.metrics.iter();
        if stats.any(|stat| stat.name == name) || metrics.any(|metric| metric.name == name) {
            return Err(NameError(NameFault::Duplicate(name)));
        }
        Ok(name)
    }
}
