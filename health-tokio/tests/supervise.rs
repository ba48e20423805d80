//! Groups of processes of this driver.
#![cfg(all(unix, feature = "supervise"))]

#[path = "../../health-core/driver/tests/probing/clock.rs"]
mod clock;
mod driver;
#[path = "../../health-core/driver/tests/supervise/dropped.rs"]
mod dropped;
#[path = "../../health-core/driver/tests/supervise/dropped_task.rs"]
mod dropped_task;
#[path = "../../health-core/driver/tests/supervise/flapping.rs"]
mod flapping;
#[path = "../../health-core/driver/tests/supervise/join.rs"]
mod join;
#[path = "../../health-core/driver/tests/probing/peer.rs"]
mod peer;
#[path = "../../health-core/driver/tests/probing/procs.rs"]
mod procs;
#[path = "../../health-core/driver/tests/supervise/replay.rs"]
mod replay;
