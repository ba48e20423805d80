//! What is watched, and how.

use std::fmt;
use std::sync::Arc;

use health_core::check::CheckConfig;
use health_core::monitor::TargetSpec;
use health_core::name::{Name, NameError};
use health_core::outcome::Outcome;

use super::job::Job;
use crate::probe::Probe;

/// A target: a name, and its checks with what carries them out.
///
/// ```
/// use health_blocking::monitor::{CheckConfig, Outcome, ProbeKind, Target};
/// use health_blocking::probe::{ExecProbe, Probe};
///
/// let is_up = ExecProbe::command(["pg_isready"]).build()?;
/// let startup = CheckConfig { kind: ProbeKind::Startup, retries: 30, ..CheckConfig::default() };
/// let target = Target::new("db-1")?
///     .probe("pg_isready", startup, is_up.into())?
///     .probe("port", CheckConfig::default(), "tcp://127.0.0.1:5432".parse()?)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Target {
    spec: TargetSpec,
    jobs: Vec<Arc<Job>>,
}

impl Target {
    /// A target without checks yet; it needs 1 to 16.
    ///
    /// # Errors
    ///
    /// The name is not allowed.
    pub fn new(name: &str) -> Result<Self, NameError> {
        Ok(Self {
            spec: TargetSpec::new(Name::new(name)?),
            jobs: Vec::new(),
        })
    }

    /// Adds a check of something outside this process.
    ///
    /// # Errors
    ///
    /// The name is not allowed.
    pub fn probe(self, name: &str, config: CheckConfig, probe: Probe) -> Result<Self, NameError> {
        self.check(name, config, Job::Probe(probe))
    }

    /// Adds a check of this process: `look` is called every interval, on a thread of its own.
    ///
    /// If it takes longer than the timeout, that is a failure, and it is not called again before it has
    /// returned; slots that pass until then are failures too. A panic is a failure; what it says
    /// is for authorised readers.
    ///
    /// # Errors
    ///
    /// The name is not allowed.
    pub fn self_check(
        self,
        name: &str,
        config: CheckConfig,
        look: impl Fn() -> Outcome + Send + Sync + 'static,
    ) -> Result<Self, NameError> {
        self.check(name, config, Job::Closure(Box::new(look)))
    }

    fn check(mut self, name: &str, config: CheckConfig, job: Job) -> Result<Self, NameError> {
        let config = CheckConfig {
            needs_reap: job.needs_reap(),
            ..config
        };
        self.spec = self.spec.check(Name::new(name)?, Arc::new(config));
        self.jobs.push(Arc::new(job));
        Ok(self)
    }

    pub(super) fn into_parts(self) -> (TargetSpec, Vec<Arc<Job>>) {
        (self.spec, self.jobs)
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("spec", &self.spec)
            .field("jobs", &self.jobs)
            .finish()
    }
}
