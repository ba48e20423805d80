//! A target for a monitor to check: its settings, and what carries its checks out.

use std::fmt;
use std::sync::Arc;
#[cfg(feature = "registry")]
use std::time::Duration;

use super::job::{AsyncSelfCheck, Job, SelfCheck};
use super::shared::Work;
use health_core::Outcome;
use health_core::check::CheckConfig;
#[cfg(feature = "registry")]
use health_core::check::Saved;
use health_core::check::probe::Probe;
#[cfg(feature = "registry")]
use health_core::check::probe::Report;
use health_core::monitor::{AddError, TargetSpec};
use health_core::{Name, NameError};

/// A target to be checked: a name, and its checks with what carries them out.
///
/// ```
/// use health_core::check::{CheckConfig};
/// use health_core::{ProbeKind};
/// use health_core::check::probe::ExecProbe;
/// use health_driver::monitor::Target;
///
/// let is_up = ExecProbe::command(["pg_isready"]).build()?;
/// let mut startup = CheckConfig::default();
/// startup.kind = ProbeKind::Startup;
/// startup.retries = 30;
/// let target = Target::new("db-1")?
///     .probe("pg_isready", startup, is_up.into())?
///     .probe("port", CheckConfig::default(), "tcp://127.0.0.1:5432".parse()?)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Target {
    spec: TargetSpec,
    work: Vec<Work>,
    /// Why it cannot be added.
    refused: Option<AddError>,
}

impl Target {
    /// A target without checks yet; it needs 1 to 16.
    ///
    /// # Errors
    ///
    /// The name is not allowed.
    pub fn new(name: &str) -> Result<Self, NameError> {
        Name::new(name).map(Self::named)
    }

    /// A target without checks yet, of a name that was validated.
    #[must_use]
    pub const fn named(name: Name) -> Self {
        Self {
            spec: TargetSpec::new(name),
            work: Vec::new(),
            refused: None,
        }
    }

    /// Makes it part of a group: targets of one group are shown together.
    #[must_use]
    pub fn group(mut self, group: Name) -> Self {
        self.spec = self.spec.group(group);
        self
    }

    /// Has health checks wait for the startup checks to succeed, as those of liveness and readiness
    /// always do.
    #[cfg(feature = "supervise")]
    #[must_use]
    pub fn gate_health(mut self) -> Self {
        self.spec = self.spec.gate_health();
        self
    }

    /// Adds a check of something outside this process.
    ///
    /// # Errors
    ///
    /// The name is not allowed.
    pub fn probe(self, name: &str, config: CheckConfig, probe: Probe) -> Result<Self, NameError> {
        self.check(name, config, Job::Probe(probe))
    }

    /// Adds a check of something outside this process that goes on from its stored state; see
    /// [`Check::restored`](health_core::check::Check::restored). Checks with the same settings can share
    /// one `config`, of which [`needs_reap`](CheckConfig::needs_reap) has to be the probe's.
    #[cfg(feature = "registry")]
    #[must_use]
    pub fn restored_probe(
        self,
        name: Name,
        config: Arc<CheckConfig>,
        probe: Probe,
        saved: Saved,
    ) -> Self {
        self.restored(name, config, Job::Probe(probe), saved)
    }

    /// As [`restored_probe`](Self::restored_probe), for a probe that cannot be made now, since the prober
    /// itself lacks something: each attempt ends at once with `outcome`.
    #[cfg(feature = "registry")]
    #[must_use]
    pub fn restored_lacking(
        self,
        name: Name,
        config: Arc<CheckConfig>,
        probe: Probe,
        outcome: Outcome,
        saved: Saved,
    ) -> Self {
        let job = Job::Lacking(Box::new((probe, outcome)));
        self.restored(name, config, job, saved)
    }

    /// What is shown as the last error of the check that was added last, until there is a result of it: as
    /// it was stored.
    #[cfg(feature = "registry")]
    #[must_use]
    pub fn restored_error(mut self, error: Outcome) -> Self {
        if let Some(work) = self.work.last_mut() {
            work.report = Some(Arc::new(Report::new(error, Duration::ZERO)));
        }
        self
    }

    #[cfg(feature = "registry")]
    fn restored(mut self, name: Name, config: Arc<CheckConfig>, job: Job, saved: Saved) -> Self {
        debug_assert_eq!(config.needs_reap, job.needs_reap());
        self.refuse_tls(&name, &job);
        self.spec = self.spec.restored_check(name, config, saved);
        self.work.push(Arc::new(job).into());
        self
    }

    /// Adds a check of this process: `check` is called every interval, on a thread that may wait.
    ///
    /// ```
    /// use health_core::Outcome;
    /// use health_core::check::CheckConfig;
    /// use health_driver::monitor::Target;
    ///
    /// let every_30_s = CheckConfig::default();
    /// let root = || Outcome::from(std::fs::metadata("/").map(drop));
    /// let target = Target::new("disk")?.self_check("root", every_30_s, root)?;
    /// # let _: Target = target;
    /// # Ok::<(), health_core::NameError>(())
    /// ```
    ///
    /// If it takes longer than the timeout, that is a failure, and it is not called again before it has
    /// returned; slots that pass until then are failures too. A panic is a failure; its message is for
    /// authorised readers.
    ///
    /// # Errors
    ///
    /// The name is not allowed.
    pub fn self_check(
        self,
        name: &str,
        config: CheckConfig,
        check: impl Fn() -> Outcome + Send + Sync + 'static,
    ) -> Result<Self, NameError> {
        self.check(name, config, Job::Call(SelfCheck::new(check)))
    }

    /// Adds a check of this process: every interval, `check` is called and its future polled.
    ///
    /// Each call needs a future of its own, so what the closure owns is cloned for each:
    ///
    /// ```
    /// use health_core::Outcome;
    /// use health_core::check::CheckConfig;
    /// use health_driver::monitor::Target;
    /// # #[derive(Clone)]
    /// # struct Database;
    /// # impl Database {
    /// #     async fn ping(&self) -> Result<(), std::io::Error> { Ok(()) }
    /// # }
    ///
    /// let database = Database;
    /// let ping = move || {
    ///     let database = database.clone();
    ///     async move { Outcome::from(database.ping().await) }
    /// };
    /// let target = Target::new("db")?.async_self_check("ping", CheckConfig::default(), ping)?;
    /// # let _: Target = target;
    /// # Ok::<(), health_core::NameError>(())
    /// ```
    ///
    /// A future that is not ready at the timeout is dropped, which is a failure. A panic is a failure;
    /// its message is for authorised readers. It shares its thread with others: what may block that
    /// belongs in a [`self_check`](Self::self_check).
    ///
    /// # Errors
    ///
    /// The name is not allowed.
    pub fn async_self_check<F>(
        self,
        name: &str,
        config: CheckConfig,
        check: impl Fn() -> F + Send + Sync + 'static,
    ) -> Result<Self, NameError>
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        self.check(name, config, Job::Future(AsyncSelfCheck::new(check)))
    }

    fn check(mut self, name: &str, config: CheckConfig, job: Job) -> Result<Self, NameError> {
        let mut config = config;
        config.needs_reap = job.needs_reap();
        let name = Name::new(name)?;
        self.refuse_tls(&name, &job);
        self.spec = self.spec.check(name, Arc::new(config));
        self.work.push(Arc::new(job).into());
        Ok(self)
    }

    /// A build without TLS could never carry it out, and nobody would hear of it.
    fn refuse_tls(&mut self, check: &Name, job: &Job) {
        if !cfg!(feature = "tls") && job.needs_tls() {
            self.refused
                .get_or_insert(AddError::without_tls(check.clone()));
        }
    }

    pub(super) fn into_parts(self) -> Result<(TargetSpec, Vec<Work>), AddError> {
        match self.refused {
            Some(error) => Err(error),
            None => Ok((self.spec, self.work)),
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("spec", &self.spec)
            .field("work", &self.work)
            .finish()
    }
}
