//! This driver, as the shared tests of the probing half call it.
#![allow(dead_code, unused_imports, reason = "not every test needs all of it")]

#[cfg(all(unix, feature = "supervise"))]
pub(crate) mod group;

use std::ops::Deref;
use std::thread;
use std::time::Duration;

pub(crate) use health_blocking::monitor::{Monitor, defaults};
use health_blocking::monitor::{MonitorControl, MonitorEvent, MonitorHandle};
use health_blocking::probe::{AddressPolicy, Probe, Prober, Report};

pub(crate) fn probe(policy: AddressPolicy, probe: &Probe, timeout: Duration) -> Report {
    Prober::new().policy(policy).probe(probe, timeout)
}

/// A monitor that runs.
pub(crate) struct Running(MonitorHandle);

impl Running {
    /// On a thread of its own.
    pub(crate) fn spawn(monitor: Monitor) -> Self {
        Self(monitor.spawn().expect("a thread"))
    }

    /// On a thread of ours; it starts after `prepare`.
    pub(crate) fn run(monitor: Monitor, prepare: impl FnOnce(&MonitorControl)) -> Self {
        let (handle, run) = monitor.run();
        prepare(&handle);
        thread::spawn(run);
        Self(handle)
    }

    pub(crate) fn next_event(&self, limit: Duration) -> Option<MonitorEvent> {
        self.0.next_event(limit)
    }

    pub(crate) fn stop(&self, limit: Duration) -> bool {
        self.0.stop(limit)
    }
}

impl Deref for Running {
    type Target = MonitorControl;

    fn deref(&self) -> &MonitorControl {
        &self.0
    }
}
