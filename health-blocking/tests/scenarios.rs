//! The four scenarios of an orchestrator, with this driver.
#![cfg(all(unix, feature = "monitor"))]

mod driver;
#[path = "../../health-core/driver/tests/scenarios/mod.rs"]
mod scenarios;
