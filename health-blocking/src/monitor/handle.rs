//! A monitor that runs.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use health_core::monitor::{AddError, Event, Monitor, TargetId};
use health_core::time::Instant;

use super::shared::{Shared, State};
use super::status::MonitorStatus;
use super::target::Target;

/// Controls a monitor that was [spawned](super::Monitor::spawn). Clones share it; dropping all of
/// them leaves it running.
///
/// Targets go by name; the calls that name one are false if there is none.
#[derive(Clone, Debug)]
pub struct MonitorHandle {
    shared: Arc<Shared>,
}

impl MonitorHandle {
    pub(super) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Begins to watch a target.
    ///
    /// # Errors
    ///
    /// Its name is taken, a check's settings make no sense, it has no check or more than 16, or
    /// the monitor has been stopped. Nothing has changed then.
    pub fn add(&self, target: Target) -> Result<TargetId, AddError> {
        let (spec, jobs) = target.into_parts();
        self.change(|state, now| {
            let id = state.monitor.add(now, spec)?;
            let checks = (0..).map(|index| id.check(index));
            state.jobs.extend(checks.zip(jobs));
            Ok(id)
        })
    }

    /// Forgets a target, and gives up what runs of it.
    pub fn remove(&self, name: &str) -> bool {
        self.change(|state, now| {
            let Some(id) = state.monitor.find(name) else {
                return false;
            };
            state.jobs.retain(|check, _| check.target() != id);
            state.reports.retain(|check, _| check.target() != id);
            state.monitor.remove(now, id)
        })
    }

    /// Attempts nothing more until [`resume`](Self::resume); the status stays, marked stale.
    ///
    /// A command that runs is ended. A socket or closure goes on until its own end, and counts for
    /// nothing.
    pub fn pause(&self, name: &str) -> bool {
        self.tell(name, Monitor::pause)
    }

    /// Ends a pause: streaks start over, the next attempts are due now.
    pub fn resume(&self, name: &str) -> bool {
        self.tell(name, Monitor::resume)
    }

    /// Checks now, and every interval from now.
    pub fn trigger(&self, name: &str) -> bool {
        self.tell(name, Monitor::trigger)
    }

    /// There is a new instance of the target: it starts afresh, with its history.
    pub fn instance_changed(&self, name: &str) -> bool {
        self.tell(name, Monitor::instance_changed)
    }

    /// Puts a deregistered target back on the list, afresh.
    pub fn reactivate(&self, name: &str) -> bool {
        self.tell(name, Monitor::reactivate)
    }

    /// What is being watched, and how it is.
    #[must_use]
    pub fn status(&self) -> MonitorStatus {
        MonitorStatus::of(&self.shared.lock())
    }

    /// Whether it runs: from [`spawn`](super::Monitor::spawn) to [`stop`](Self::stop).
    #[must_use]
    pub fn is_running(&self) -> bool {
        let state = self.shared.lock();
        !state.monitor.is_stopped()
    }

    /// The next thing that happened; `None` if nothing did within `limit`, or the monitor has
    /// stopped and all is told.
    ///
    /// 1,024 events are kept; if nobody reads them, the oldest are lost and
    /// [counted](MonitorStatus::lost_events).
    #[must_use]
    pub fn next_event(&self, limit: Duration) -> Option<Event> {
        let state = self.shared.lock();
        let is_quiet = |state: &mut State| state.events.is_empty() && !state.monitor.is_stopped();
        let waited = self.shared.news.wait_timeout_while(state, limit, is_quiet);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.events.pop_front()
    }

    /// Stops it: commands are ended with their groups, nothing is begun any more. Waits until nothing
    /// is left of them, at most `limit`, and says whether it has stopped.
    ///
    /// Threads that wait for a socket or a closure are not waited for: they end by themselves, a
    /// socket by its deadline. Stopping twice is harmless.
    pub fn stop(&self, limit: Duration) -> bool {
        self.change(|state, now| state.monitor.stop(now));
        let state = self.shared.lock();
        let runs = |state: &mut State| !state.monitor.is_stopped();
        let waited = self.shared.news.wait_timeout_while(state, limit, runs);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.monitor.is_stopped()
    }

    fn tell(&self, name: &str, tell: fn(&mut Monitor, Instant, TargetId)) -> bool {
        self.change(|state, now| {
            let found = state.monitor.find(name);
            if let Some(id) = found {
                tell(&mut state.monitor, now, id);
            }
            found.is_some()
        })
    }

    fn change<R>(&self, change: impl FnOnce(&mut State, Instant) -> R) -> R {
        let result = {
            let mut state = self.shared.lock();
            state.is_dirty = true;
            change(&mut state, self.shared.clock.now())
        };
        self.shared.work.notify_one();
        result
    }
}
