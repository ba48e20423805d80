//! The handle of a running monitor: every call that does not wait.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

use super::shared::{Shared, State};
use super::target::Target;
use super::wait::Wait;
use health_core::Instant;
use health_core::monitor::{
    AddError, Monitor, MonitorEvent, MonitorStats, MonitorStatus, Summary, TargetId, TargetView,
};

/// Controls a monitor that runs. Clones control the same one; dropping all of them leaves it running.
///
/// Targets go by name; the calls that name one return false if there is none.
#[derive(Clone, Debug)]
pub struct MonitorControl {
    pub(crate) shared: Arc<Shared>,
}

impl MonitorControl {
    pub(super) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Registers a target, which starts now.
    ///
    /// # Errors
    ///
    /// Its name is taken, a check's settings make no sense, it has no check or more than 16, it is
    /// probed over `https` by a build without the feature `tls`, or the monitor has been stopped.
    /// Nothing has changed then.
    pub fn add(&self, target: Target) -> Result<TargetId, AddError> {
        let (spec, work) = target.into_parts()?;
        let moment = self.shared.clock.moment();
        self.shared.change(|state| {
            #[cfg(feature = "registry")]
            let id = state.monitor.add_at(moment, spec)?;
            #[cfg(not(feature = "registry"))]
            let id = state.monitor.add(moment.now, spec)?;
            state.work.insert(id, work.into_boxed_slice());
            Ok(id)
        })
    }

    /// Gives the target of that name other settings, and registers it if there is none. Checks that it had
    /// before go on with their status, their streak and their slot.
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add).
    pub fn replace(&self, target: Target) -> Result<TargetId, AddError> {
        let (spec, work) = target.into_parts()?;
        let (replaced, old) = self.change(|state, now| {
            let before = state.monitor.find(spec.name().as_str());
            let id = match state.monitor.replace(now, spec) {
                Ok(id) => id,
                Err(error) => return (Err(error), None),
            };
            let old = before.and_then(|before| state.work.remove(&before));
            state.work.insert(id, work.into_boxed_slice());
            (Ok(id), old)
        });
        drop(old);
        replaced
    }

    /// Removes a target, and cancels what runs of it.
    pub fn remove(&self, name: &str) -> bool {
        let removed = self.change(|state, now| {
            let id = state.monitor.find(name)?;
            let work = state.work.remove(&id);
            state.monitor.remove(now, id).then_some(work)
        });
        removed.is_some()
    }

    /// Attempts nothing more until [`resume`](Self::resume); the status stays, marked stale.
    ///
    /// A command that runs is ended. A socket or closure goes on until its own end, and counts for
    /// nothing.
    pub fn pause(&self, name: &str) -> bool {
        self.control(name, Monitor::pause)
    }

    /// Ends a pause: streaks start over, the next attempts are due now.
    pub fn resume(&self, name: &str) -> bool {
        self.control(name, Monitor::resume)
    }

    /// Checks now, and every interval from now.
    pub fn trigger(&self, name: &str) -> bool {
        self.control(name, Monitor::trigger)
    }

    /// There is a new instance of the target: it starts afresh, with its history.
    pub fn instance_changed(&self, name: &str) -> bool {
        self.control(name, Monitor::instance_changed)
    }

    /// Ends the deregistration of a target, which starts afresh.
    pub fn reactivate(&self, name: &str) -> bool {
        self.control(name, Monitor::reactivate)
    }

    /// The monitor in numbers. It costs the same with one target and with a hundred thousand.
    #[must_use]
    pub fn status(&self) -> MonitorStatus {
        let moment = self.shared.clock.moment();
        self.shared.lock().monitor.status(moment)
    }

    /// How many targets have which status; a verdict that is too old counts as unknown.
    #[must_use]
    pub fn summary(&self) -> Summary {
        self.status().summary
    }

    /// The target of that name.
    #[must_use]
    pub fn target(&self, name: &str) -> Option<TargetView> {
        let moment = self.shared.clock.moment();
        let state = self.shared.lock();
        let id = state.monitor.find(name)?;
        let target = state.monitor.target(id)?;
        Some(state.view(moment, id, target))
    }

    /// Whether so many targets fail that restarts and deregistrations are withheld.
    #[must_use]
    pub fn is_mass_failure(&self) -> bool {
        self.status().is_mass_failure
    }

    /// How long the monitor's loop has not done what is due. More than a moment means that it hangs.
    #[must_use]
    pub fn overdue(&self) -> Duration {
        let now = self.shared.clock.now();
        let due = self.shared.lock().poll_timeout();
        due.map_or(Duration::ZERO, |due| now.duration_since(due))
    }

    /// What was counted since the start.
    #[must_use]
    pub fn stats(&self) -> MonitorStats {
        self.status().stats
    }

    /// Whether it has not stopped.
    #[must_use]
    pub fn is_running(&self) -> bool {
        !self.shared.lock().is_over
    }

    /// The next event; `None` once the monitor has stopped and every event was read. While there is
    /// none, `waker` is woken by the next.
    ///
    /// 1,024 events wait for a reader; beyond it the oldest are lost and
    /// [counted](Self::lost_events).
    pub fn poll_event(&self, waker: &Waker) -> Poll<Option<MonitorEvent>> {
        self.poll_event_of(waker, None)
    }

    /// As [`poll_event`](Self::poll_event). Dropping the future loses nothing, and leaves nothing behind.
    pub(crate) async fn next_event(&self) -> Option<MonitorEvent> {
        let wait = Wait::new(&self.shared);
        poll_fn(|cx| self.poll_event_of(cx.waker(), Some(&wait))).await
    }

    fn poll_event_of(&self, waker: &Waker, wait: Option<&Wait>) -> Poll<Option<MonitorEvent>> {
        self.shared.poll(waker, wait, |state| {
            let event = state.events.pop();
            (event.is_some() || state.is_over).then_some(event)
        })
    }

    /// Events that were lost because they were not read in time.
    #[must_use]
    pub fn lost_events(&self) -> u64 {
        self.shared.lock().events.lost
    }

    /// Begins to stop it: commands are ended with their process groups, no attempt begins any more.
    /// Later calls do nothing.
    ///
    /// Threads in a closure are not waited for beyond
    /// [`stop_timeout`](health_core::monitor::MonitorConfig::stop_timeout).
    pub fn begin_stop(&self) {
        self.change(|state, now| state.stop(now));
    }

    /// Ready when it has stopped; while it has not, `waker` is woken by the next event.
    pub fn poll_stopped(&self, waker: &Waker) -> Poll<()> {
        self.poll_stopped_of(waker, None)
    }

    /// As [`poll_stopped`](Self::poll_stopped). Dropping the future leaves nothing behind.
    pub(crate) async fn stopped(&self) {
        let wait = Wait::new(&self.shared);
        poll_fn(|cx| self.poll_stopped_of(cx.waker(), Some(&wait))).await;
    }

    fn poll_stopped_of(&self, waker: &Waker, wait: Option<&Wait>) -> Poll<()> {
        let is_over = |state: &mut State| state.is_over.then_some(());
        self.shared.poll(waker, wait, is_over)
    }

    /// Registers a target of which nothing is attempted before an instance of it begins. The monitor has
    /// to be started.
    #[cfg(feature = "supervise")]
    pub(crate) fn add_on_hold(&self, target: Target) -> Result<TargetId, AddError> {
        let id = self.add(target)?;
        self.change(|state, now| state.monitor.hold(now, id));
        Ok(id)
    }

    fn control(&self, name: &str, control: fn(&mut Monitor, Instant, TargetId)) -> bool {
        self.change(|state, now| {
            let found = state.monitor.find(name);
            if let Some(id) = found {
                control(&mut state.monitor, now, id);
            }
            found.is_some()
        })
    }

    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut State, Instant) -> R) -> R {
        let now = self.shared.clock.now();
        self.shared.change(|state| change(state, now))
    }
}
