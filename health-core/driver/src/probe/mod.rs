//! What probes need of the system, whatever waits for it.

#[cfg_attr(not(unix), path = "no_exec.rs")]
pub mod exec;
pub mod resolve;
#[cfg(feature = "tls")]
pub mod tls;
