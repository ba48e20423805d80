//! Groups of this driver, as the shared tests of supervision call them.
#![allow(dead_code, unused_imports, reason = "not every test needs all of it")]

use std::ops::Deref;
use std::time::Duration;

use async_io::{Timer, block_on};
pub(crate) use health_smol::supervise::Group;
use health_smol::supervise::{GroupControl, GroupEvent, GroupHandle};
use smol::future::or;

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
        smol::spawn(run).detach();
        Self(handle)
    }

    pub(crate) fn next_event(&self, limit: Duration) -> Option<GroupEvent> {
        let too_late = async {
            Timer::after(limit).await;
            None
        };
        block_on(or(self.0.next_event(), too_late))
    }

    pub(crate) fn stop(&self, limit: Duration) -> bool {
        block_on(self.0.stop(limit))
    }
}

impl Deref for Running {
    type Target = GroupControl;

    fn deref(&self) -> &GroupControl {
        &self.0
    }
}
