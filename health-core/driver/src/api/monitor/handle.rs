//! The handle of a running monitor.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use health_core::monitor::MonitorEvent;
use health_core::server::Targets;

use super::{Async, Blocking, MonitorControl, Styled};
use crate::runtime::{BlockOn, Runtime};
use crate::task;

/// Controls a monitor that [runs](super::Monitor::spawn). Clones share it; dropping all of them leaves
/// it running.
///
/// Calls that do not wait are in [`MonitorControl`].
pub struct MonitorHandle<S> {
    control: MonitorControl,
    style: Styled<S>,
}

impl<S> MonitorHandle<S> {
    pub(super) fn new(control: MonitorControl) -> Self {
        let style = Styled::default();
        Self { control, style }
    }

    async fn event(&self) -> Option<MonitorEvent> {
        self.control.next_event().await
    }

    async fn stopped<R: Runtime>(&self, limit: Duration) -> bool {
        self.begin_stop();
        let stopped = self.control.stopped();
        let stopped = task::within::<R::Timer, _>(limit, stopped).await;
        stopped.is_some()
    }
}

impl<R: Runtime> MonitorHandle<Async<R>> {
    /// The next thing that happens; `None` once the monitor has stopped and every event was returned. Dropping the
    /// future loses nothing.
    ///
    /// 1,024 events are kept; if they are not read, the oldest are lost and
    /// [counted](MonitorControl::lost_events).
    pub async fn next_event(&self) -> Option<MonitorEvent> {
        self.event().await
    }

    /// Stops it: sockets and futures are dropped, commands are ended with their groups, nothing is
    /// begun any more. Waits until all of them have ended, at most `limit`, and returns whether it has
    /// stopped.
    ///
    /// Threads in a closure are waited for until
    /// [`stop_timeout`](super::MonitorConfig::stop_timeout). Stopping twice is harmless.
    pub async fn stop(&self, limit: Duration) -> bool {
        self.stopped::<R>(limit).await
    }
}

impl<R: BlockOn> MonitorHandle<Blocking<R>> {
    /// The next thing that happened; `None` if nothing did within `limit`, or the monitor has
    /// stopped and every event was returned.
    ///
    /// 1,024 events are kept; if they are not read, the oldest are lost and
    /// [counted](MonitorControl::lost_events).
    #[must_use]
    pub fn next_event(&self, limit: Duration) -> Option<MonitorEvent> {
        R::block_on(task::within::<R::Timer, _>(limit, self.event())).flatten()
    }

    /// Stops it: sockets and futures are dropped, commands are ended with their groups, nothing is
    /// begun any more. Waits until all of them have ended, at most `limit`, and returns whether it has
    /// stopped.
    ///
    /// Threads in a closure are waited for until
    /// [`stop_timeout`](super::MonitorConfig::stop_timeout). Stopping twice is harmless.
    pub fn stop(&self, limit: Duration) -> bool {
        R::block_on(self.stopped::<R>(limit))
    }
}

impl<S> Deref for MonitorHandle<S> {
    type Target = MonitorControl;

    fn deref(&self) -> &MonitorControl {
        &self.control
    }
}

impl<S> Clone for MonitorHandle<S> {
    fn clone(&self) -> Self {
        Self::new(self.control.clone())
    }
}

impl<S> fmt::Debug for MonitorHandle<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MonitorHandle").field(&self.control).finish()
    }
}

impl<S> From<&MonitorHandle<S>> for Arc<dyn Targets> {
    /// For [`Service::targets`](crate::Service::targets).
    fn from(monitor: &MonitorHandle<S>) -> Self {
        (&**monitor).into()
    }
}
