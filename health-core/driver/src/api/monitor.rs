//! A monitor, and every name that its users need.

use std::future::Future;
use std::io;

pub use health_core::check::{self, CheckConfig, CheckStatus, FirstCheck, OnUnhealthy, Schedule};
pub use health_core::monitor::{
    AddError, CheckId, MassFailure, MonitorConfig, MonitorEvent, MonitorStats, Spread, Summary,
    TargetId,
};
pub use health_core::{Class, Kind, Name, NameError, Outcome, ProbeKind};

#[cfg(feature = "test-util")]
pub use crate::monitor::ManualClock;
pub use crate::monitor::{CheckView, MonitorControl, MonitorStatus, Target, TargetView};

use health_core::check::probe::AddressPolicy;
use health_core::health::ComponentConfig;

use super::{Async, Blocking, RunHandle, Style, Styled};
use crate::Health;
use crate::monitor::{GroupComponent, MonitorClock, MonitorDriver};
use crate::runtime::{BlockOn, Connect, Runtime};
use crate::task::Run;

/// A monitor that is not running yet.
#[derive(Debug)]
pub struct Monitor<S> {
    config: MonitorConfig,
    policy: AddressPolicy,
    rollup: Option<GroupComponent>,
    health: Option<Health>,
    clock: MonitorClock,
    style: Styled<S>,
}

/// Controls a monitor that [runs](Monitor::spawn).
pub type MonitorHandle<S> = RunHandle<MonitorControl, S>;

/// The settings of the core, with as many attempts at once as this process's limit of descriptors
/// allows.
#[must_use]
pub fn defaults() -> MonitorConfig {
    let config = MonitorConfig::default();
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit};

        let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        config.with_descriptors(usize::try_from(limit).unwrap_or(usize::MAX))
    }
    #[cfg(not(unix))]
    config
}

impl<R> Default for Monitor<Async<R>> {
    /// A monitor with the [defaults].
    fn default() -> Self {
        Self::new(defaults())
    }
}

impl<R> Default for Monitor<Blocking<R>> {
    /// A monitor with the [defaults](super::blocking_defaults).
    fn default() -> Self {
        Self::new(super::blocking_defaults())
    }
}

impl<S> Monitor<S> {
    /// A monitor without targets. See [`MonitorConfig`] for what can be set; `max_exec` is the most
    /// threads it uses for closures and for starts of commands.
    #[must_use]
    pub const fn new(config: MonitorConfig) -> Self {
        Self {
            config,
            policy: AddressPolicy::new(),
            rollup: None,
            health: None,
            clock: MonitorClock::system(),
            style: std::marker::PhantomData,
        }
    }

    /// Which addresses its probes may connect to. Default: all.
    #[must_use]
    pub fn policy(mut self, policy: AddressPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Shows all of its targets as one component of `health` that is not critical, and their number as a
    /// stat of the same name: `{"total":100,"healthy":97}`. See [`GroupComponent`].
    ///
    /// A verdict counts for three of its check's intervals: if nobody probes any more, the component
    /// becomes unknown, and does not stay healthy.
    ///
    /// What keeps the monitor itself from probing is shown as well, see [`show_prober`](Self::show_prober).
    ///
    /// # Errors
    ///
    /// The name is not allowed, or taken.
    pub fn component(mut self, health: &Health, name: &str) -> Result<Self, NameError> {
        self.rollup = Some(GroupComponent::new(health, name)?);
        Ok(self.show_prober(health))
    }

    /// Shows what keeps the monitor itself from probing, each as a component of `health`: `resolver`,
    /// `certificates`, `descriptors`, `memory`, `processes`, `ports`, `commands`.
    ///
    /// An attempt that such a shortage ends says nothing about its target and moves no streak. A
    /// component is declared when it fails first, and is healthy again once no check lacks its result for
    /// that reason. Where its name is taken, it is `prober.resolver` and so on. None of them is critical.
    #[must_use]
    pub fn show_prober(mut self, health: &Health) -> Self {
        self.health = Some(health.clone());
        self
    }

    /// The same with settings of your own, such as one that is critical: see
    /// [`GroupComponent::with_config`].
    ///
    /// # Errors
    ///
    /// The name is not allowed, or taken.
    pub fn component_with(
        mut self,
        health: &Health,
        name: &str,
        config: ComponentConfig,
    ) -> Result<Self, NameError> {
        self.rollup = Some(GroupComponent::with_config(health, name, config)?);
        Ok(self)
    }

    /// Goes by a clock that a test moves, instead of the system's.
    #[cfg(feature = "test-util")]
    #[must_use]
    pub fn clock(mut self, clock: &ManualClock) -> Self {
        self.clock = clock.into();
        self
    }

    fn start<R: Runtime<Socket: Connect>>(self) -> (MonitorHandle<S>, Run<R>) {
        let (mut driver, controls) =
            MonitorDriver::new(self.config.clone(), self.rollup, self.clock);
        if let Some(health) = &self.health {
            driver.show_prober(health);
        }
        let run = Run::new(driver, self.policy, &self.config);
        (MonitorHandle::new(controls), run)
    }
}

impl<S: Style<Runtime: Runtime<Socket: Connect>>> Monitor<S> {
    /// Runs it on a thread of its own, named `monitor`, which never keeps the process alive. Futures of
    /// self-checks run there, too.
    ///
    /// # Errors
    ///
    /// If the system gives no thread, or no means to wait for sockets.
    pub fn spawn(self) -> io::Result<MonitorHandle<S>> {
        let (handle, run) = self.start::<S::Runtime>();
        super::spawn::<S::Runtime, _>("monitor", || Ok(run))?;
        Ok(handle)
    }
}

impl<R: Runtime<Socket: Connect>> Monitor<Async<R>> {
    /// Runs it as one task of the caller's: nothing is probed unless the future is polled. It ends
    /// when the monitor is [stopped](RunHandle::stop); dropped before, it drops what it watches
    /// with it and kills its commands.
    #[must_use = "the monitor runs only while its future is polled"]
    pub fn run(
        self,
    ) -> (
        MonitorHandle<Async<R>>,
        impl Future<Output = ()> + Send + use<R>,
    ) {
        self.start::<R>()
    }
}

impl<R: BlockOn<Socket: Connect>> Monitor<Blocking<R>> {
    /// What controls it, and what runs it: a function that returns when the monitor is
    /// [stopped](RunHandle::stop), to be called on a thread of the caller's.
    #[must_use = "the monitor runs only while its function does"]
    pub fn run(self) -> (MonitorHandle<Blocking<R>>, impl FnOnce() + Send + use<R>) {
        let (handle, run) = self.start::<R>();
        (handle, move || R::block_on(run))
    }
}
