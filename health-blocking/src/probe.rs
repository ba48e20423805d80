//! One probe, carried out on the calling thread.
//!
//! ```text
//!  probe(&Probe, timeout)
//!     ├─ Http, Tcp ─► resolve ─► connect ─► TLS ─► exchange     network: one deadline for all of it
//!     └─ Exec ──────► spawn in a group ─► wait, capture ─► kill the group, reap           exec
//! ```
//!
//! ```no_run
//! use std::time::Duration;
//! use health_blocking::probe::{Probe, probe};
//!
//! let target: Probe = "http://127.0.0.1:8080/health".parse()?;
//! let report = probe(&target, Duration::from_secs(2));
//! println!("{:?} after {:?}: {}", report.outcome.class, report.took, report.outcome.message.as_str());
//! # Ok::<(), health_blocking::ConfigError>(())
//! ```
#![cfg(feature = "monitor")]

use std::time::Duration;

use health_driver::api::{self, Blocking};

use crate::runtime::Mio;

#[doc(inline)]
pub use health_driver::api::probe::*;

/// Carries probes out. Cheap to make, shared freely.
///
/// A name is looked up on a thread, of at most 16; a command is started on one, of another 16. One thread
/// watches all commands that run, of which there are as many as are asked for. A command that outlives
/// its timeout gets `SIGTERM` with its whole process group, after a second `SIGKILL`: its report then
/// comes up to two seconds later.
pub type Prober = api::probe::Prober<Blocking<Mio>>;

/// Carries `probe` out on this thread, with every address allowed; see [`Prober`].
#[must_use]
pub fn probe(probe: &Probe, timeout: Duration) -> Report {
    Prober::new().probe(probe, timeout)
}
