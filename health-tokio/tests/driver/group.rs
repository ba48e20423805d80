//! Groups of this driver, as the shared tests of supervision call them.
#![allow(dead_code, unused_imports, reason = "not every test needs all of it")]

use std::ops::Deref;
use std::time::Duration;

pub(crate) use health_tokio::supervise::Group;
use health_tokio::supervise::{GroupControl, GroupEvent, GroupHandle};
use tokio::time::timeout;

use super::runtime;

/// A group that runs, for threads.
pub(crate) struct Running(GroupHandle);

impl Running {
    /// On a thread of its own.
    pub(crate) fn spawn(group: Group) -> Self {
        Self(group.spawn().expect("a group"))
    }

    /// Where the test's other tasks are; it starts after `prepare`.
    pub(crate) fn run(group: Group, prepare: impl FnOnce(&GroupControl)) -> Self {
        let (handle, run) = group.run().expect("a group");
        prepare(&handle);
        runtime().spawn(run);
        Self(handle)
    }

    pub(crate) fn next_event(&self, limit: Duration) -> Option<GroupEvent> {
        let next = async { timeout(limit, self.0.next_event()).await };
        runtime().block_on(next).ok().flatten()
    }

    pub(crate) fn stop(&self, limit: Duration) -> bool {
        runtime().block_on(self.0.stop(limit))
    }
}

impl Deref for Running {
    type Target = GroupControl;

    fn deref(&self) -> &GroupControl {
        &self.0
    }
}
