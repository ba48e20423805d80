//! A monitor or a group that runs, for threads.
//!
//! A driver's module `driver` includes this file by `#[path]`, and says how its handles are waited for.

use std::ops::Deref;
use std::time::Duration;

use health_driver::api::RunControl;
use health_driver::monitor::MonitorControl;
#[cfg(all(unix, feature = "supervise"))]
use health_driver::supervise::GroupControl;

#[cfg(all(unix, feature = "supervise"))]
use super::group::Group;
use super::{Handle, Monitor};

pub(crate) struct Running<C>(Handle<C>);

impl Running<MonitorControl> {
    /// On a thread of its own.
    pub(crate) fn spawn(monitor: Monitor) -> Self {
        Self(monitor.spawn().expect("a thread"))
    }

    /// Beside what else the test runs; it starts after `prepare`.
    pub(crate) fn run(monitor: Monitor, prepare: impl FnOnce(&MonitorControl)) -> Self {
        let (handle, run) = monitor.run();
        prepare(&handle);
        super::start(run);
        Self(handle)
    }
}

#[cfg(all(unix, feature = "supervise"))]
impl Running<GroupControl> {
    /// On a thread of its own.
    pub(crate) fn spawn(group: Group) -> Self {
        Self(group.spawn().expect("a group"))
    }

    /// Beside what else the test runs; it starts after `prepare`.
    pub(crate) fn run(group: Group, prepare: impl FnOnce(&GroupControl)) -> Self {
        let (handle, run) = group.run().expect("a group");
        prepare(&handle);
        super::start(run);
        Self(handle)
    }
}

impl<C: RunControl> Running<C> {
    pub(crate) fn next_event(&self, limit: Duration) -> Option<C::Event> {
        super::next_event(&self.0, limit)
    }

    pub(crate) fn stop(&self, limit: Duration) -> bool {
        super::stop(&self.0, limit)
    }
}

impl<C> Deref for Running<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.0
    }
}
