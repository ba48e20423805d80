//! What the fuzz targets check; `fuzz_targets/` only binds it to the fuzzer.

pub mod connection;
pub mod connections;
mod daemon;
pub mod exchange;
mod expectation;
pub mod monitor;
pub mod reference;
pub mod request;
#[path = "../../health-core/driver/src/conformance/response.rs"]
#[allow(dead_code, reason = "the conformance table asks it for more")]
mod response;
pub mod supervise;
