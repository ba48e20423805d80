//! Probes and the monitor of this driver.
#![cfg(all(unix, feature = "monitor"))]

#[path = "../../health-core/tests/probing/clock.rs"]
mod clock;
mod driver;
#[path = "../../health-core/tests/probing/dropped.rs"]
mod dropped;
#[path = "../../health-core/tests/probing/monitor.rs"]
mod monitor;
#[path = "../../health-core/tests/probing/peer.rs"]
mod peer;
#[path = "../../health-core/tests/probing/probe.rs"]
mod probe;
#[path = "../../health-core/tests/probing/procs.rs"]
mod procs;
#[path = "../../health-core/tests/probing/replay.rs"]
mod replay;
