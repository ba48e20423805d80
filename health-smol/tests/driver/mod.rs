//! This driver, as the shared tests of the probing half call it.
#![allow(dead_code, unused_imports, reason = "not every test needs all of it")]

#[path = "../../../health-core/driver/tests/support/running.rs"]
mod running;

use std::time::Duration;

use async_io::{Timer, block_on};
use health_driver::api::{Async, RunControl, RunHandle};
use health_smol::monitor::MonitorControl;
pub(crate) use health_smol::monitor::{Monitor, defaults};
use health_smol::probe::{AddressPolicy, Probe, Prober, Report};
use health_smol::runtime::Smol;
#[cfg(all(unix, feature = "supervise"))]
use health_smol::supervise::GroupControl;
use smol::future::or;

pub(crate) type Running = running::Running<MonitorControl>;
type Handle<C> = RunHandle<C, Async<Smol>>;

/// The same for groups of processes.
#[cfg(all(unix, feature = "supervise"))]
pub(crate) mod group {
    pub(crate) use health_smol::supervise::Group;

    pub(crate) type Running = super::running::Running<super::GroupControl>;
}

pub(crate) fn probe(policy: AddressPolicy, probe: &Probe, timeout: Duration) -> Report {
    block_on(Prober::new().policy(policy).probe(probe, timeout))
}

/// Calls `act` where the runtime's sockets and timers are: anywhere.
pub(crate) fn within<R>(act: impl FnOnce() -> R) -> R {
    act()
}

fn start(run: impl Future<Output = ()> + Send + 'static) {
    smol::spawn(run).detach();
}

fn next_event<C: RunControl>(handle: &Handle<C>, limit: Duration) -> Option<C::Event> {
    let too_late = async {
        Timer::after(limit).await;
        None
    };
    block_on(or(handle.next_event(), too_late))
}

fn stop<C: RunControl>(handle: &Handle<C>, limit: Duration) -> bool {
    block_on(handle.stop(limit))
}
