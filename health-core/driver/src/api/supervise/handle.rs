//! The handle of a running group.

use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use health_core::supervise::GroupEvent;

use super::{Async, Blocking, GroupControl, Styled};
use crate::runtime::{BlockOn, Runtime};
use crate::task;

/// Controls a group that [runs](super::Group::spawn). Clones share it; dropping all of them leaves it
/// running.
///
/// Calls that do not wait are in [`GroupControl`].
pub struct GroupHandle<S> {
    control: GroupControl,
    style: Styled<S>,
}

impl<S> GroupHandle<S> {
    pub(super) fn new(control: GroupControl) -> Self {
        let style = Styled::default();
        Self { control, style }
    }

    async fn event(&self) -> Option<GroupEvent> {
        self.control.next_event().await
    }

    async fn stopped<R: Runtime>(&self, limit: Duration) -> bool {
        self.begin_stop();
        let stopped = self.control.monitor().stopped();
        let stopped = task::within::<R::Timer, _>(limit, stopped).await;
        stopped.is_some()
    }
}

impl<R: Runtime> GroupHandle<Async<R>> {
    /// The next thing that happens; `None` once the group has ended and every event was returned.
    /// Dropping the future loses nothing.
    ///
    /// 1,024 events are kept; if they are not read, the oldest are lost and
    /// [counted](GroupControl::lost_events).
    pub async fn next_event(&self) -> Option<GroupEvent> {
        self.event().await
    }

    /// Stops it: readiness ends now, `SIGTERM` follows after
    /// [`drain_delay`](super::GroupConfig::drain_delay), `SIGKILL` after
    /// [`stop_grace`](super::GroupConfig::stop_grace). Waits until everything has ended, at most
    /// `limit`, and returns whether it has. Stopping twice is harmless.
    pub async fn stop(&self, limit: Duration) -> bool {
        self.stopped::<R>(limit).await
    }
}

impl<R: BlockOn> GroupHandle<Blocking<R>> {
    /// The next thing that happened; `None` if nothing did within `limit`, or the group has ended and
    /// every event was returned.
    ///
    /// 1,024 events are kept; if they are not read, the oldest are lost and
    /// [counted](GroupControl::lost_events).
    #[must_use]
    pub fn next_event(&self, limit: Duration) -> Option<GroupEvent> {
        R::block_on(task::within::<R::Timer, _>(limit, self.event())).flatten()
    }

    /// Stops it: readiness ends now, `SIGTERM` follows after
    /// [`drain_delay`](super::GroupConfig::drain_delay), `SIGKILL` after
    /// [`stop_grace`](super::GroupConfig::stop_grace). Waits until everything has ended, at most
    /// `limit`, and returns whether it has. Stopping twice is harmless.
    pub fn stop(&self, limit: Duration) -> bool {
        R::block_on(self.stopped::<R>(limit))
    }
}

impl<S> Deref for GroupHandle<S> {
    type Target = GroupControl;

    fn deref(&self) -> &GroupControl {
        &self.control
    }
}

impl<S> Clone for GroupHandle<S> {
    fn clone(&self) -> Self {
        Self::new(self.control.clone())
    }
}

impl<S> fmt::Debug for GroupHandle<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("GroupHandle").field(&self.control).finish()
    }
}
