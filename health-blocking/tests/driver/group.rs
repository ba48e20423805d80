//! Groups of this driver, as the shared tests of supervision call them.
#![allow(dead_code, unused_imports, reason = "not every test needs all of it")]

use std::ops::Deref;
use std::thread;
use std::time::Duration;

pub(crate) use health_blocking::supervise::Group;
use health_blocking::supervise::{GroupControl, GroupEvent, GroupHandle};

/// A group that runs.
pub(crate) struct Running(GroupHandle);

impl Running {
    /// On a thread of its own.
    pub(crate) fn spawn(group: Group) -> Self {
        Self(group.spawn().expect("a group"))
    }

    /// On a thread of ours; it starts after `prepare`.
    pub(crate) fn run(group: Group, prepare: impl FnOnce(&GroupControl)) -> Self {
        let (handle, run) = group.run().expect("a group");
        prepare(&handle);
        thread::spawn(run);
        Self(handle)
    }

    pub(crate) fn next_event(&self, limit: Duration) -> Option<GroupEvent> {
        self.0.next_event(limit)
    }

    pub(crate) fn stop(&self, limit: Duration) -> bool {
        self.0.stop(limit)
    }
}

impl Deref for Running {
    type Target = GroupControl;

    fn deref(&self) -> &GroupControl {
        &self.0
    }
}
