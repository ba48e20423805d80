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
    CheckConfig {
        kind: ProbeKind::Liveness,
        on_unhealthy: OnUnhealthy::Restart,
        ..every_10_s()
    }
}

fn exec() -> CheckConfig {
    CheckConfig {
        needs_reap: true,
        ..every_10_s()
    }
}
