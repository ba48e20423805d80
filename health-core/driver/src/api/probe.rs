//! One probe, and every name that its users need.

use std::time::Duration;

pub use health_core::check::probe::{
    AddressPolicy, ClientIdentity, Condition, Endpoint, ExecProbe, ExecProbeBuilder, Exit,
    ExitCodes, HttpProbe, HttpProbeBuilder, Probe, Report, ResourceLimits, Timings, Tls, Trust,
};
#[cfg(feature = "expect")]
pub use health_core::check::probe::{CertificateLimits, StreamProbe, StreamProbeBuilder};
pub use health_core::{Class, Kind, Outcome};

use super::{Async, Blocking, Styled};
use crate::runtime::{BlockOn, Connect, Runtime};
use crate::task;

/// Carries probes out. Cheap to make, shared freely.
///
/// A name is looked up on a thread, one for all who ask for it; a command is started on one, of at most 16.
/// One thread watches all commands that run, of which there are as many as are asked for. A command that
/// outlives its timeout gets `SIGTERM` with its whole process group, after a second `SIGKILL`: its report
/// then comes up to two seconds later.
///
/// No variable of the environment sets a proxy. Trouble of this machine's own (no descriptors, no
/// memory, no resolver) is an [indeterminate](Class::Indeterminate) outcome, never an error: a probe
/// always has a report.
#[derive(Clone, Debug)]
pub struct Prober<S> {
    policy: AddressPolicy,
    style: Styled<S>,
}

impl<S> Prober<S> {
    /// A prober that may connect to every address.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            policy: AddressPolicy::new(),
            style: std::marker::PhantomData,
        }
    }

    /// Which addresses it may connect to.
    #[must_use]
    pub fn policy(mut self, policy: AddressPolicy) -> Self {
        self.policy = policy;
        self
    }
}

impl<S> Default for Prober<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<R: Runtime<Socket: Connect>> Prober<Async<R>> {
    /// Carries `probe` out, within `timeout` for all of it together. Dropping the future gives it up.
    pub async fn probe(&self, probe: &Probe, timeout: Duration) -> Report {
        task::probe::<R>(probe, &self.policy, timeout).await
    }
}

impl<R: BlockOn<Socket: Connect>> Prober<Blocking<R>> {
    /// Carries `probe` out on this thread, within `timeout` for all of it together.
    #[must_use]
    pub fn probe(&self, probe: &Probe, timeout: Duration) -> Report {
        R::block_on(task::probe::<R>(probe, &self.policy, timeout))
    }
}
