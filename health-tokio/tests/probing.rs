//! Probes and the monitor of this driver.
#![cfg(all(unix, feature = "monitor"))]

#[path = "../../health-core/driver/tests/probing/clock.rs"]
mod clock;
mod driver;
#[path = "../../health-core/driver/tests/probing/dropped.rs"]
mod dropped;
#[path = "../../health-core/driver/tests/probing/monitor.rs"]
mod monitor;
#[path = "../../health-core/driver/tests/probing/peer.rs"]
mod peer;
#[path = "../../health-core/driver/tests/probing/probe.rs"]
mod probe;
#[path = "../../health-core/driver/tests/probing/prober.rs"]
mod prober;
#[path = "../../health-core/driver/tests/probing/procs.rs"]
mod procs;
#[path = "../../health-core/driver/tests/probing/replay.rs"]
mod replay;
