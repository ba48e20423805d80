//! A monitor that runs.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use health_core::monitor::Event;
use health_core::server::Targets;
use health_driver::monitor::MonitorControl;

use crate::park;

/// MonitorControl a monitor that was [spawned](super::Monitor::spawn). Clones share it; dropping all of
/// them leaves it running.
///
/// What does not wait is in [`MonitorControl`].
#[derive(Clone, Debug)]
pub struct MonitorHandle(MonitorControl);

impl MonitorHandle {
    pub(super) const fn new(controls: MonitorControl) -> Self {
        Self(controls)
    }

    /// The next thing that happened; `None` if nothing did within `limit`, or the monitor has
    /// stopped and all is told.
    ///
    /// 1,024 events are kept; if nobody reads them, the oldest are lost and
    /// [counted](MonitorControl::lost_events).
    #[must_use]
    pub fn next_event(&self, limit: Duration) -> Option<Event> {
        park::wait(Some(limit), |waker| self.poll_event(waker)).flatten()
    }

    /// Stops it: commands are ended with their groups, nothing is begun any more. Waits until nothing
    /// is left of them, at most `limit`, and says whether it has stopped.
    ///
    /// Threads that wait for a socket or a closure are not waited for: they end by themselves, a
    /// socket by its deadline. Stopping twice is harmless.
    pub fn stop(&self, limit: Duration) -> bool {
        self.begin_stop();
        park::wait(Some(limit), |waker| self.poll_stopped(waker)).is_some()
    }
}

impl Deref for MonitorHandle {
    type Target = MonitorControl;

    fn deref(&self) -> &MonitorControl {
        &self.0
    }
}

impl From<&MonitorHandle> for Arc<dyn Targets> {
    /// For [`Service::targets`](crate::Service::targets).
    fn from(monitor: &MonitorHandle) -> Self {
        (&**monitor).into()
    }
}
