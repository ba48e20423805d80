//! One check: its rules by name, what holds of every run, and the originals it must agree with.
#![allow(clippy::std_instead_of_alloc, clippy::std_instead_of_core)]

mod attempts;
mod control;
mod differential;
mod properties;
mod rig;
#[path = "../support/rng.rs"]
mod rng;
mod timing;

use health_core::ProbeKind;
use health_core::check::{CheckConfig, OnUnhealthy};
use rig::every_10_s;

fn restarting() -> CheckConfig {
    let mut config = every_10_s();
    config.kind = ProbeKind::Liveness;
    config.on_unhealthy = OnUnhealthy::Restart;
    config
}

fn exec() -> CheckConfig {
    let mut config = every_10_s();
    config.needs_reap = true;
    config
}
