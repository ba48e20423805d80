//! This driver, as the shared tests of the probing half call it.
#![allow(dead_code, unused_imports, reason = "not every test needs all of it")]

#[cfg(all(unix, feature = "supervise"))]
pub(crate) mod group;

use std::ops::Deref;
use std::time::Duration;

use async_io::{Timer, block_on};
pub(crate) use health_smol::monitor::{Monitor, defaults};
use health_smol::monitor::{MonitorControl, MonitorEvent, MonitorHandle};
use health_smol::probe::{AddressPolicy, Probe, Prober, Report};
use smol::future::or;

pub(crate) fn probe(policy: AddressPolicy, probe: &Probe, timeout: Duration) -> Report {
    block_on(Prober::new().policy(policy).probe(probe, timeout))
}

/// Calls `act` where the runtime's sockets and timers are: anywhere.
pub(crate) fn within<R>(act: impl FnOnce() -> R) -> R {
    act()
}

/// A monitor that runs, for threads.
pub(crate) struct Running(MonitorHandle);

impl Running {
    /// On a thread of its own.
    pub(crate) fn spawn(monitor: Monitor) -> Self {
        Self(monitor.spawn().expect("a thread"))
    }

    /// Where the test's other tasks are; it starts after `prepare`.
    pub(crate) fn run(monitor: Monitor, prepare: impl FnOnce(&MonitorControl)) -> Self {
        let (handle, run) = monitor.run();
        prepare(&handle);
        smol::spawn(run).detach();
        Self(handle)
    }

    pub(crate) fn next_event(&self, limit: Duration) -> Option<MonitorEvent> {
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
    type Target = MonitorControl;

    fn deref(&self) -> &MonitorControl {
        &self.0
    }
}
