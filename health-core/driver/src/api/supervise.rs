//! A group of processes that is kept running, and every name that its users need.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::time::Duration;

pub use health_core::check::CheckConfig;
pub use health_core::check::probe::{AddressPolicy, Exit, Probe};
pub use health_core::supervise::{
    EndReason, GivenUpReason, GroupCommand, GroupConfig, GroupEvent, GroupSummary, InstanceId,
    ReplicaState, RestartBudget, RestartCause, RestartPolicy, Shown, SpawnFailure,
};
pub use health_core::{Name, NameError, ProbeKind};

pub use crate::supervise::{
    EndedInstance, FailedCheck, GroupControl, GroupEnd, GroupError, LogRate, Output, OutputLine,
    OutputStream, Program, ProgramError, ReplicaProgram, ReplicaView, Streams,
};
#[cfg(feature = "test-util")]
pub use crate::{monitor::ManualClock, supervise::Host, supervise::ProcessReport};

use health_core::check::OnUnhealthy;
use health_core::monitor::Spread;

use super::{Async, Blocking, RunHandle, Style, Styled};
use crate::Health;
use crate::monitor::{MonitorClock, MonitorDriver, Target};
use crate::runtime::{BlockOn, Connect, Runtime};
use crate::supervise::{GroupDriver, GroupHealth, Processes, ReplicaSpec};
use crate::task::Run;

#[cfg(not(feature = "test-util"))]
use crate::supervise::Host;

/// A group of processes that is not running yet: one command in a number of replicas.
pub struct Group<S> {
    name: Name,
    program: Program,
    config: GroupConfig,
    checks: Vec<CheckSpec>,
    policy: AddressPolicy,
    output: Option<Box<dyn Output>>,
    log_rate: LogRate,
    health: Option<(Health, GroupHealth)>,
    clock: MonitorClock,
    /// In place of the operating system.
    host: Option<AnyHost>,
    style: Styled<S>,
}

/// Controls a group that [runs](Group::spawn).
pub type GroupHandle<S> = RunHandle<GroupControl, S>;

type AnyHost = Box<dyn Host + Send>;
type ProbeError = Box<dyn Error + Send + Sync>;
type MakeProbe = Box<dyn Fn(&ReplicaProgram) -> Result<Probe, ProbeError> + Send + Sync>;

/// A check that each replica has.
struct CheckSpec {
    name: Name,
    config: CheckConfig,
    probe: MakeProbe,
}

impl<S> Group<S> {
    /// A group of this name, at most 58 bytes long, with the default [settings](Self::config): one
    /// replica. The replicas are called `NAME-0`, `NAME-1` and so on.
    ///
    /// # Errors
    ///
    /// The name is not allowed.
    pub fn new(name: &str, program: Program) -> Result<Self, NameError> {
        Ok(Self {
            name: Name::new(name)?,
            program,
            config: GroupConfig::default(),
            checks: Vec::new(),
            policy: AddressPolicy::new(),
            output: None,
            log_rate: LogRate::default(),
            health: None,
            clock: MonitorClock::system(),
            host: None,
            style: std::marker::PhantomData,
        })
    }

    /// Its settings. [`is_external`](GroupConfig::is_external) is decided by the program; a seed of 0 is
    /// replaced by [that of the name](GroupConfig::seed_of).
    #[must_use]
    pub fn config(mut self, config: GroupConfig) -> Self {
        self.config = config;
        self
    }

    /// Adds a check to each replica, which has at most 16. `probe` is called once for each of them, when
    /// the group is run.
    ///
    /// A liveness, health or startup check that turns unhealthy leads to a restart; readiness and health
    /// checks decide whether a replica counts as ready. The first attempt comes
    /// [`initial_delay`](CheckConfig::initial_delay) after the begin of an instance, where 0 means
    /// [`min_uptime`](GroupConfig::min_uptime), and not before the startup checks have succeeded; these
    /// are made at once.
    /// [`lag_tolerance`](CheckConfig::lag_tolerance) is 1 s unless it is given;
    /// [`on_unhealthy`](CheckConfig::on_unhealthy) is of no account.
    ///
    /// # Errors
    ///
    /// The name is not allowed.
    pub fn check(
        mut self,
        name: &str,
        config: CheckConfig,
        probe: impl Fn(&ReplicaProgram) -> Result<Probe, ProbeError> + Send + Sync + 'static,
    ) -> Result<Self, NameError> {
        self.checks.push(CheckSpec {
            name: Name::new(name)?,
            config,
            probe: Box::new(probe),
        });
        Ok(self)
    }

    /// Which addresses its checks may connect to. Default: all.
    #[must_use]
    pub fn policy(mut self, policy: AddressPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Takes what the processes write. Default: [`Streams`], the standard output and error of this
    /// process, each line behind the name of its replica if there is more than one.
    #[must_use]
    pub fn output(mut self, output: impl Output + 'static) -> Self {
        self.output = Some(Box::new(output));
        self
    }

    /// How many lines of each replica are passed on. Default: 10,000 in 30 s.
    #[must_use]
    pub const fn log_rate(mut self, rate: LogRate) -> Self {
        self.log_rate = rate;
        self
    }

    /// Shows it as a component of `health` of its name, with the words of the group as its message
    /// (`0/2 healthy, 2/2 restarting`), and the numbers as a stat. The daemon is ready while
    /// [`min_ready`](GroupConfig::min_ready) replicas are, and the group is not being stopped. See
    /// [`GroupHealth`].
    ///
    /// What keeps the checks themselves from being made is shown as well, as by a
    /// [monitor](super::monitor::Monitor::show_prober).
    ///
    /// # Errors
    ///
    /// The name is taken.
    pub fn component(mut self, health: &Health) -> Result<Self, NameError> {
        let component = GroupHealth::new(health, self.name.as_str())?;
        self.health = Some((health.clone(), component));
        Ok(self)
    }

    /// Goes by a clock that a test moves, instead of the system's.
    #[cfg(feature = "test-util")]
    #[must_use]
    pub fn clock(mut self, clock: &ManualClock) -> Self {
        self.clock = clock.into();
        self
    }

    /// Has a test carry out what the operating system does otherwise.
    #[cfg(feature = "test-util")]
    #[must_use]
    pub fn host(mut self, host: impl Host + Send + 'static) -> Self {
        self.host = Some(Box::new(host));
        self
    }

    fn start<R: Runtime<Socket: Connect>>(self) -> Started<S, Run<R, GroupDriver<AnyHost>>> {
        let mut config = self.config;
        config.is_external = self.program.is_external();
        if config.seed == 0 {
            config.seed = GroupConfig::seed_of(&self.name);
        }
        config.validate()?;
        let program = self.program.of_group(self.name.as_str(), config.replicas)?;
        let replicas = (0..config.replicas).map(|index| {
            let replica = program.replica(index);
            replica_spec(&self.name, &replica, &config, &self.checks)
        });
        let replicas = replicas.collect::<Result<_, _>>()?;
        let host = self.host.unwrap_or_else(|| {
            let prefix = (config.replicas > 1).then(|| self.name.as_str());
            let output = self.output;
            let output = output.unwrap_or_else(|| Box::new(Streams::new().output(prefix)));
            Box::new(Processes::new(program, output, self.log_rate))
        });
        let mut monitor_config = super::monitor::defaults();
        // Only the supervisor knows whose turn it is, and when the first attempts are due.
        monitor_config.mass_failure = None;
        monitor_config.spread = Spread::AsConfigured;
        let (mut monitor, control) = MonitorDriver::new(monitor_config.clone(), None, self.clock);
        let component = self.health.map(|(health, component)| {
            monitor.show_prober(&health);
            component
        });
        let (mut driver, control) = GroupDriver::new((monitor, control), config, replicas, host)?;
        if let Some(component) = component {
            driver.show(component);
        }
        let run = Run::new(driver, self.policy, &monitor_config);
        Ok((GroupHandle::new(control), run))
    }
}

/// What controls a group, and what runs it.
type Started<S, R> = Result<(GroupHandle<S>, R), GroupError>;

impl<S: Style<Runtime: Runtime<Socket: Connect>>> Group<S> {
    /// Runs it on a thread of its own, named `group`, which never keeps the process alive. The thread
    /// `supervise` reads and reaps the processes of all groups.
    ///
    /// # Errors
    ///
    /// A setting is out of its bounds, a check is refused or its probe cannot be made, or the system
    /// gives no thread, or no means to wait for sockets.
    pub fn spawn(self) -> Result<GroupHandle<S>, GroupError> {
        let (handle, run) = self.start::<S::Runtime>()?;
        super::spawn::<S::Runtime, _>("group", || Ok(run))?;
        Ok(handle)
    }
}

impl<R: Runtime<Socket: Connect>> Group<Async<R>> {
    /// Runs it as one task of the caller's: nothing is started, checked or restarted unless the future
    /// is polled. It ends when every replica is stopped or failed; dropped before, it kills what runs.
    ///
    /// # Errors
    ///
    /// A setting is out of its bounds, or a check is refused or its probe cannot be made.
    pub fn run(self) -> Started<Async<R>, impl Future<Output = ()> + Send + use<R>> {
        self.start::<R>()
    }
}

impl<R: BlockOn<Socket: Connect>> Group<Blocking<R>> {
    /// What controls it, and what runs it: a function that returns when every replica is stopped or
    /// failed, to be called on a thread of the caller's.
    ///
    /// # Errors
    ///
    /// A setting is out of its bounds, or a check is refused or its probe cannot be made.
    pub fn run(self) -> Started<Blocking<R>, impl FnOnce() + Send + use<R>> {
        let (handle, run) = self.start::<R>()?;
        Ok((handle, move || R::block_on(run)))
    }
}

impl<S> fmt::Debug for Group<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let checks: Vec<&Name> = self.checks.iter().map(|check| &check.name).collect();
        f.debug_struct("Group")
            .field("name", &self.name)
            .field("program", &self.program)
            .field("config", &self.config)
            .field("checks", &checks)
            .finish_non_exhaustive()
    }
}

/// A verdict that came so late says more about this process than about the one that is checked.
const LAG_TOLERANCE: Duration = Duration::from_secs(1);

/// One replica, with its checks as a target.
fn replica_spec(
    group: &Name,
    replica: &ReplicaProgram,
    config: &GroupConfig,
    checks: &[CheckSpec],
) -> Result<ReplicaSpec, GroupError> {
    let name = Name::new(replica.name())?;
    let target = Target::named(name.clone()).group(group.clone());
    // A verdict on what has not started yet would be one too early.
    let mut target = target.gate_health();
    for check in checks {
        let probe = (check.probe)(replica);
        let probe = probe.map_err(|error| GroupError::probe(&check.name, error))?;
        target = target.probe(check.name.as_str(), check.settings(config), probe)?;
    }
    Ok(ReplicaSpec {
        name,
        port: replica.port(),
        checks: (!checks.is_empty()).then_some(target),
    })
}

impl CheckSpec {
    /// Its settings in a group of these settings.
    fn settings(&self, group: &GroupConfig) -> CheckConfig {
        let mut config = self.config.clone();
        config.on_unhealthy = OnUnhealthy::Report;
        config.lag_tolerance.get_or_insert(LAG_TOLERANCE);
        if config.kind != ProbeKind::Startup && config.initial_delay.is_zero() {
            config.initial_delay = group.min_uptime;
        }
        config
    }
}
