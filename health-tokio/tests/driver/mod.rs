//! This driver, as the shared tests of the probing half call it.
#![allow(dead_code, unused_imports, reason = "not every test needs all of it")]

#[path = "../../../health-core/driver/tests/support/running.rs"]
mod running;

use std::sync::OnceLock;
use std::time::Duration;

use health_driver::api::{Async, RunControl, RunHandle};
use health_tokio::monitor::MonitorControl;
pub(crate) use health_tokio::monitor::{Monitor, defaults};
use health_tokio::probe::{AddressPolicy, Probe, Prober, Report};
use health_tokio::runtime::Tokio;
#[cfg(all(unix, feature = "supervise"))]
use health_tokio::supervise::GroupControl;
use tokio::runtime::Runtime;
use tokio::time::timeout;

pub(crate) type Running = running::Running<MonitorControl>;
type Handle<C> = RunHandle<C, Async<Tokio>>;

/// The same for groups of processes.
#[cfg(all(unix, feature = "supervise"))]
pub(crate) mod group {
    pub(crate) use health_tokio::supervise::Group;

    pub(crate) type Running = super::running::Running<super::GroupControl>;
}

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

fn start(run: impl Future<Output = ()> + Send + 'static) {
    runtime().spawn(run);
}

fn next_event<C: RunControl>(handle: &Handle<C>, limit: Duration) -> Option<C::Event> {
    let next = async { timeout(limit, handle.next_event()).await };
    runtime().block_on(next).ok().flatten()
}

fn stop<C: RunControl>(handle: &Handle<C>, limit: Duration) -> bool {
    runtime().block_on(handle.stop(limit))
}
