//! A monitor that runs.

use std::future::poll_fn;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use health_core::monitor::Event;
use health_core::server::Targets;
use health_driver::monitor::MonitorControl;
use health_driver::task;

use crate::runtime::Alarm;

/// MonitorControl a monitor that [runs](super::Monitor::run). Clones share it; dropping all of them leaves
/// it running.
///
/// What does not wait is in [`MonitorControl`].
#[derive(Clone, Debug)]
pub struct MonitorHandle(MonitorControl);

impl MonitorHandle {
    pub(super) const fn new(controls: MonitorControl) -> Self {
        Self(controls)
    }

    /// The next thing that happens; `None` once the monitor has stopped and all is told. Dropping the
    /// future loses nothing.
    ///
    /// 1,024 events are kept; if nobody reads them, the oldest are lost and
    /// [counted](MonitorControl::lost_events).
    pub async fn next_event(&self) -> Option<Event> {
        poll_fn(|cx| self.poll_event(cx.waker())).await
    }

    /// Stops it: sockets and futures are dropped, commands are ended with their groups, nothing is
    /// begun any more. Waits until nothing is left of them, at most `limit`, and says whether it has
    /// stopped.
    ///
    /// Threads in a closure are waited for until
    /// [`stop_timeout`](super::MonitorConfig::stop_timeout). Stopping twice is harmless.
    pub async fn stop(&self, limit: Duration) -> bool {
        self.begin_stop();
        let stopped = poll_fn(|cx| self.poll_stopped(cx.waker()));
        task::within::<Alarm, _>(limit, stopped).await.is_some()
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
