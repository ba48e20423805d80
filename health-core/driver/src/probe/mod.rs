//! What probes need of the system besides a socket: commands, lookups of names, certificates.
//!
//! All of it blocks, so it runs on threads ([`pool`](crate::pool)); a task waits for it by a waker.

mod names;

#[cfg_attr(not(unix), path = "no_exec.rs")]
pub mod exec;
pub mod resolve;
#[cfg(feature = "tls")]
pub mod tls;
