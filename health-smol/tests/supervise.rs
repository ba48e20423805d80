//! Groups of processes of this driver.
#![cfg(all(unix, feature = "supervise"))]

#[path = "../../health-core/driver/tests/probing/clock.rs"]
mod clock;
#[path = "../../health-core/driver/tests/supervise/commands.rs"]
mod commands;
mod driver;
#[path = "../../health-core/driver/tests/supervise/join.rs"]
mod join;
#[path = "../../health-core/driver/tests/probing/peer.rs"]
mod peer;
#[path = "../../health-core/driver/tests/supervise/replay.rs"]
mod replay;
