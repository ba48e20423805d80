//! The handle of what runs for as long as the daemon does: a monitor or a group of processes.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use health_core::monitor::MonitorEvent;
use health_core::server::Targets;

use super::{Async, Blocking, Styled};
use crate::monitor::MonitorControl;
use crate::runtime::{BlockOn, Runtime};
use crate::task;

/// Controls what runs: a [monitor](super::monitor::Monitor::spawn), or a group of processes. Clones share
/// it; dropping all of them leaves it running.
///
/// Calls that do not wait are in its control: [`MonitorControl`], or `GroupControl`.
pub struct RunHandle<C, S> {
    control: C,
    style: Styled<S>,
}

/// What a [`RunHandle`] needs of a control: the calls that it waits for.
pub trait RunControl {
    /// What it reports.
    type Event;

    /// The next event; `None` once it has ended and every event was read. Dropping the future loses
    /// nothing, and leaves nothing behind.
    fn next_event(&self) -> impl Future<Output = Option<Self::Event>> + Send;

    /// Begins to stop it. Later calls do nothing.
    fn begin_stop(&self);

    /// Ends when it has stopped. Dropping the future leaves nothing behind.
    fn stopped(&self) -> impl Future<Output = ()> + Send;
}

impl<R: Runtime, C: RunControl> RunHandle<C, Async<R>> {
    /// The next thing that happens; `None` once it has ended and every event was returned. Dropping the
    /// future loses nothing.
    ///
    /// 1,024 events are kept; if they are not read, the oldest are lost and
    /// [counted](MonitorControl::lost_events).
    pub async fn next_event(&self) -> Option<C::Event> {
        self.control.next_event().await
    }

    /// Stops it, and waits until all of it has ended, at most `limit`; returns whether it has. Stopping
    /// twice is harmless.
    ///
    /// * A monitor drops sockets and futures, ends commands with their process groups, and begins nothing
    ///   any more. Threads in a closure are waited for until
    ///   [`stop_timeout`](super::monitor::MonitorConfig::stop_timeout).
    /// * A group stops being ready now; `SIGTERM` follows after its `drain_delay`, `SIGKILL` after its
    ///   `stop_grace`.
    pub async fn stop(&self, limit: Duration) -> bool {
        self.stopped::<R>(limit).await
    }
}

impl<R: BlockOn, C: RunControl> RunHandle<C, Blocking<R>> {
    /// The next thing that happened; `None` if nothing did within `limit`, or it has ended and every
    /// event was returned.
    ///
    /// 1,024 events are kept; if they are not read, the oldest are lost and
    /// [counted](MonitorControl::lost_events).
    #[must_use]
    pub fn next_event(&self, limit: Duration) -> Option<C::Event> {
        R::block_on(task::within::<R::Timer, _>(
            limit,
            self.control.next_event(),
        ))
        .flatten()
    }

    /// Stops it, and waits until all of it has ended, at most `limit`; returns whether it has. Stopping
    /// twice is harmless.
    ///
    /// * A monitor drops sockets and futures, ends commands with their process groups, and begins nothing
    ///   any more. Threads in a closure are waited for until
    ///   [`stop_timeout`](super::monitor::MonitorConfig::stop_timeout).
    /// * A group stops being ready now; `SIGTERM` follows after its `drain_delay`, `SIGKILL` after its
    ///   `stop_grace`.
    pub fn stop(&self, limit: Duration) -> bool {
        R::block_on(self.stopped::<R>(limit))
    }
}

impl<C, S> RunHandle<C, S> {
    pub(super) fn new(control: C) -> Self {
        let style = Styled::default();
        Self { control, style }
    }
}

impl<C: RunControl, S> RunHandle<C, S> {
    async fn stopped<R: Runtime>(&self, limit: Duration) -> bool {
        self.control.begin_stop();
        let stopped = task::within::<R::Timer, _>(limit, self.control.stopped()).await;
        stopped.is_some()
    }
}

impl<C, S> Deref for RunHandle<C, S> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.control
    }
}

impl<C: Clone, S> Clone for RunHandle<C, S> {
    fn clone(&self) -> Self {
        Self::new(self.control.clone())
    }
}

impl<C: fmt::Debug, S> fmt::Debug for RunHandle<C, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RunHandle").field(&self.control).finish()
    }
}

impl<S> From<&RunHandle<MonitorControl, S>> for Arc<dyn Targets> {
    /// For [`Service::targets`](crate::Service::targets).
    fn from(monitor: &RunHandle<MonitorControl, S>) -> Self {
        (&**monitor).into()
    }
}

impl RunControl for MonitorControl {
    type Event = MonitorEvent;

    async fn next_event(&self) -> Option<MonitorEvent> {
        Self::next_event(self).await
    }

    fn begin_stop(&self) {
        Self::begin_stop(self);
    }

    async fn stopped(&self) {
        Self::stopped(self).await;
    }
}

#[cfg(all(unix, feature = "supervise"))]
impl RunControl for crate::supervise::GroupControl {
    type Event = health_core::supervise::GroupEvent;

    async fn next_event(&self) -> Option<Self::Event> {
        Self::next_event(self).await
    }

    fn begin_stop(&self) {
        Self::begin_stop(self);
    }

    async fn stopped(&self) {
        self.monitor().stopped().await;
    }
}
