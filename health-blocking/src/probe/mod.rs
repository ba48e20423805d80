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

mod network;
mod wire;

use std::time::Duration;

pub use health_core::check::probe::{
    AddressPolicy, ClientIdentity, Condition, Endpoint, ExecProbe, ExecProbeBuilder, Exit,
    ExitCodes, HttpProbe, HttpProbeBuilder, Probe, ProbeError, Report, ResourceLimits, Timings,
    Tls, Trust,
};
pub use health_core::{Class, Kind, Outcome};

use health_driver::probe::exec;

/// Carries `probe` out on this thread, with every address allowed; see [`Prober::probe`].
#[must_use]
pub fn probe(probe: &Probe, timeout: Duration) -> Report {
    Prober::new().probe(probe, timeout)
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

    /// Carries `probe` out on this thread, within `timeout` for all of it together.
    ///
    /// A command that outlives it gets `SIGTERM` with its whole process group, after a second
    /// `SIGKILL`: this call then takes up to two seconds longer.
    ///
    /// No variable of the environment sets a proxy. ProbeError of this machine's own (no
    /// descriptors, no memory, no resolver) is an
    /// [indeterminate](health_core::Class::Indeterminate) outcome, never an error: a probe
    /// always has a report.
    #[must_use]
    pub fn probe(&self, probe: &Probe, timeout: Duration) -> Report {
        match probe {
            Probe::Exec(command) => exec::probe(command, &exec::Group::default(), timeout),
            _ => network::attempt(probe, &self.policy, timeout, |_| ()),
        }
    }

    /// One attempt over a socket; `on_report` is called as soon as the outcome is known.
    pub(crate) fn attempt(
        &self,
        probe: &Probe,
        timeout: Duration,
        on_report: impl FnOnce(&Report),
    ) {
        network::attempt(probe, &self.policy, timeout, on_report);
    }
}
