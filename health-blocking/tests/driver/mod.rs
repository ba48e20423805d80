//! This driver, as the shared tests of the probing half call it.
#![allow(dead_code, unused_imports, reason = "not every test needs all of it")]

#[path = "../../../health-core/driver/tests/support/running.rs"]
mod running;

use std::thread;
use std::time::Duration;

use health_blocking::monitor::MonitorControl;
pub(crate) use health_blocking::monitor::{Monitor, defaults};
use health_blocking::probe::{AddressPolicy, Probe, Prober, Report};
use health_blocking::runtime::Mio;
#[cfg(all(unix, feature = "supervise"))]
use health_blocking::supervise::GroupControl;
use health_driver::api::{Blocking, RunControl, RunHandle};

pub(crate) type Running = running::Running<MonitorControl>;
type Handle<C> = RunHandle<C, Blocking<Mio>>;

/// The same for groups of processes.
#[cfg(all(unix, feature = "supervise"))]
pub(crate) mod group {
    pub(crate) use health_blocking::supervise::Group;

    pub(crate) type Running = super::running::Running<super::GroupControl>;
}

pub(crate) fn probe(policy: AddressPolicy, probe: &Probe, timeout: Duration) -> Report {
    Prober::new().policy(policy).probe(probe, timeout)
}

fn start(run: impl FnOnce() + Send + 'static) {
    thread::spawn(run);
}

fn next_event<C: RunControl>(handle: &Handle<C>, limit: Duration) -> Option<C::Event> {
    handle.next_event(limit)
}

fn stop<C: RunControl>(handle: &Handle<C>, limit: Duration) -> bool {
    handle.stop(limit)
}
