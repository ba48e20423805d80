//! One probe, carried out in the caller's task.
//!
//! ```text
//!  probe(&Probe, timeout)
//!     ├─ Http, Tcp ─► resolve ─► connect ─► TLS ─► exchange     network: one deadline for all of it
//!     └─ Exec ──────► a thread: spawn in a group ─► wait, capture ─► kill the group, reap     exec
//! ```
//!
//! ```no_run
//! use std::time::Duration;
//! use health_smol::probe::{Probe, probe};
//!
//! # async fn look() -> Result<(), health_smol::ConfigError> {
//! let target: Probe = "http://127.0.0.1:8080/health".parse()?;
//! let report = probe(&target, Duration::from_secs(2)).await;
//! println!("{:?} after {:?}: {}", report.outcome.class, report.took, report.outcome.message.as_str());
//! # Ok(())
//! # }
//! ```

use std::time::Duration;

pub use health_core::check::probe::{
    AddressPolicy, ClientIdentity, Condition, Endpoint, ExecProbe, ExecProbeBuilder, Exit,
    ExitCodes, HttpProbe, HttpProbeBuilder, Probe, ProbeError, Report, ResourceLimits, Timings,
    Tls, Trust,
};
pub use health_core::{Class, Kind, Outcome};

use health_driver::task;

use crate::runtime::Smol;

/// Carries `probe` out, with every address allowed; see [`Prober::probe`].
pub async fn probe(probe: &Probe, timeout: Duration) -> Report {
    Prober::new().probe(probe, timeout).await
}

/// Carries probes out. Cheap to make, shared freely.
#[derive(Clone, Debug, Default)]
pub struct Prober {
    policy: AddressPolicy,
}

impl Prober {
    /// A prober that may connect to every address.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            policy: AddressPolicy::new(),
        }
    }

    /// Which addresses it may connect to.
    #[must_use]
    pub fn policy(mut self, policy: AddressPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Carries `probe` out, within `timeout` for all of it together. Dropping the future gives it up.
    ///
    /// A name is looked up on a thread, of at most 16; a command runs on one, of another 16. A command
    /// that outlives the timeout gets `SIGTERM` with its whole process group, after a second
    /// `SIGKILL`: this then takes up to two seconds longer.
    ///
    /// No variable of the environment sets a proxy. ProbeError of this machine's own (no
    /// descriptors, no memory, no resolver) is an
    /// [indeterminate](health_core::Class::Indeterminate) outcome, never an error: a probe
    /// always has a report.
    pub async fn probe(&self, probe: &Probe, timeout: Duration) -> Report {
        task::probe::<Smol>(probe, &self.policy, timeout).await
    }
}
