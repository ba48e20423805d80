//! Commands as probes, by this driver.
#![cfg(all(unix, feature = "monitor"))]

mod driver;
#[path = "../../health-core/driver/tests/probing/exec.rs"]
mod exec;
#[path = "../../health-core/driver/tests/probing/procs.rs"]
mod procs;
