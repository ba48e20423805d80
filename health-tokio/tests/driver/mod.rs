//! This driver, as the shared tests of the probing half call it.
#![allow(dead_code, unused_imports, reason = "not every test needs all of it")]

#[cfg(all(unix, feature = "supervise"))]
pub(crate) mod group;

use std::ops::Deref;
use std::sync::OnceLock;
use std::time::Duration;

pub(crate) use health_tokio::monitor::{Monitor, defaults};
use health_tokio::monitor::{MonitorControl, MonitorEvent, MonitorHandle};
use health_tokio::probe::{AddressPolicy, Probe, Prober, Report};
use tokio::runtime::Runtime;
use tokio::time::timeout;

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().expect("a runtime"))
}

pub(crate) fn probe(policy: AddressPolicy, probe: &Probe, timeout: Duration) -> Report {
    let prober = Prober::new().policy(policy);
    runtime().block_on(prober.probe(probe, timeout))
}

/// Calls `act` where the runtime's sockets and timers are.
pub(crate) fn within<R>(act: impl FnOnce() -> R) -> R {
    let _guard = runtime().enter();
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
        runtime().spawn(run);
        Self(handle)
    }

    pub(crate) fn next_event(&self, limit: Duration) -> Option<MonitorEvent> {
        let next = async { timeout(limit, self.0.next_event()).await };
        runtime().block_on(next).ok().flatten()
    }

    pub(crate) fn stop(&self, limit: Duration) -> bool {
        runtime().block_on(self.0.stop(limit))
    }
}

impl Deref for Running {
    type Target = MonitorControl;

    fn deref(&self) -> &MonitorControl {
        &self.0
    }
}
