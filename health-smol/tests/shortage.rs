//! Few descriptors and many targets, with this driver.
#![cfg(all(unix, feature = "monitor"))]

mod driver;
#[path = "../../health-core/driver/tests/probing/peer.rs"]
mod peer;
#[path = "../../health-core/driver/tests/probing/shortage.rs"]
mod shortage;
