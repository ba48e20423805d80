//! The rules of one check, at least one test each, named after them.
#![allow(clippy::std_instead_of_alloc, clippy::std_instead_of_core)]

mod attempts;
mod control;
#[path = "../support/rig.rs"]
mod rig;
mod timing;

use health_core::check::{CheckConfig, OnUnhealthy, ProbeKind};
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
