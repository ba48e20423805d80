//! Many targets and self-checks, watched in one task.
//!
//! ```text
//!             ┌───────────────── one lock ─────────────────┐
//!  Handle ───►│ health_core::monitor::Monitor ── events ──►│──► Handle::next_event
//!             └──▲──────────────┬──────────────────────▲───┘──► a component of a Health
//!     one task:  │              │ Start, Cancel        │ outcome, reaped
//!                └──────────────┤                      │
//!                               ▼                      │
//!             sockets and futures in the same task; at most 16 threads for commands and closures
//! ```
//!
//! The core's monitor decides when each attempt begins and what its outcome means; here it is carried
//! out. It is a task of the caller's runtime ([`Monitor::run`]), or a thread with a runtime of its own
//! ([`Monitor::spawn`]), which goes on probing while every worker of the daemon hangs.
//!
//! ```no_run
//! use std::time::Duration;
//! use health_tokio::Health;
//! use health_tokio::monitor::{CheckConfig, Monitor, Outcome, Target};
//!
//! # async fn watch() -> Result<(), Box<dyn std::error::Error>> {
//! let health = Health::new("steering", "1.4.0");
//! let (monitor, run) = Monitor::default().component(&health, "upstreams")?.run();
//! tokio::spawn(run);
//! let every_30_s = CheckConfig::default();
//! monitor.add(Target::new("web-1")?.probe("http", every_30_s.clone(), "http://10.0.0.7/".parse()?)?)?;
//! monitor.add(Target::new("pool")?.async_self_check("lease", every_30_s, || async {
//!     match lease().await {
//!         Ok(()) => Outcome::success(),
//!         Err(error) => Outcome::failure("no lease").caused_by(error),
//!     }
//! })?)?;
//! # async fn lease() -> Result<(), String> { Ok(()) }
//! while let Some(event) = monitor.next_event().await {
//!     println!("{event:?}");
//! }
//! monitor.stop(Duration::from_secs(5)).await;
//! # Ok(())
//! # }
//! ```

mod handle;

use std::future::Future;
use std::io;
use std::thread;

pub use handle::MonitorHandle;
pub use health_core::ProbeKind;
pub use health_core::check::{self, CheckConfig, CheckStatus, FirstCheck, OnUnhealthy, Schedule};
pub use health_core::monitor::{
    AddError, CheckId, Event, MassFailure, MonitorConfig, Spread, Stats, Summary, TargetId,
};
pub use health_core::{Class, Kind, Outcome};
pub use health_core::{Name, NameError};
#[cfg(feature = "test-util")]
pub use health_driver::monitor::ManualClock;
pub use health_driver::monitor::{CheckView, MonitorControl, MonitorStatus, Target, TargetView};

use health_driver::Health;
use health_driver::monitor::{GroupComponent, MonitorClock, MonitorDriver};
use health_driver::task::Run;

use crate::probe::AddressPolicy;
use crate::runtime::Tokio;

/// A monitor that is not running yet.
#[derive(Debug)]
pub struct Monitor {
    config: MonitorConfig,
    policy: AddressPolicy,
    rollup: Option<GroupComponent>,
    clock: MonitorClock,
}

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

impl Default for Monitor {
    /// A monitor with the [defaults].
    fn default() -> Self {
        Self::new(defaults())
    }
}

impl Monitor {
    /// A monitor without targets. See [`MonitorConfig`] for what can be set; `max_exec` is the most
    /// threads it uses.
    #[must_use]
    pub const fn new(config: MonitorConfig) -> Self {
        Self {
            config,
            policy: AddressPolicy::new(),
            rollup: None,
            clock: MonitorClock::system(),
        }
    }

    /// Which addresses its probes may connect to. Default: all.
    #[must_use]
    pub fn policy(mut self, policy: AddressPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Shows all of its targets as one component of `health`, and their number as a stat of the same
    /// name: `{"total":100,"healthy":97}`.
    ///
    /// The component is as well as the worst target. A verdict counts for three of its check's
    /// intervals: if nobody probes any more, the component becomes unknown, and does not stay
    /// green.
    ///
    /// # Errors
    ///
    /// The name is not allowed, or taken.
    pub fn component(mut self, health: &Health, name: &str) -> Result<Self, NameError> {
        self.rollup = Some(GroupComponent::new(health, name)?);
        Ok(self)
    }

    /// Goes by a clock that a test moves, instead of the system's.
    #[cfg(feature = "test-util")]
    #[must_use]
    pub fn clock(mut self, clock: &ManualClock) -> Self {
        self.clock = clock.into();
        self
    }

    /// Runs it as one task of the caller's: nothing is probed unless the future is polled. It ends
    /// when the monitor is [stopped](MonitorHandle::stop); dropped before, it drops what it watches
    /// with it and kills its commands.
    ///
    /// # Panics
    ///
    /// The future panics outside of a tokio runtime with I/O and timers.
    #[must_use = "the monitor runs only while its future is polled"]
    pub fn run(self) -> (MonitorHandle, impl Future<Output = ()> + Send + use<>) {
        let (watch, controls) = MonitorDriver::new(self.config.clone(), self.rollup, self.clock);
        let run = Run::<Tokio>::new(watch, self.policy, &self.config);
        (MonitorHandle::new(controls), run)
    }

    /// Runs it on a thread of its own with a runtime of its own, which never keeps the process alive.
    /// Futures of self-checks run there, too.
    ///
    /// # Errors
    ///
    /// If the system gives no thread, or no means to wait for sockets.
    pub fn spawn(self) -> io::Result<MonitorHandle> {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_io().enable_time().build()?;
        let (handle, run) = self.run();
        thread::Builder::new()
            .name("monitor".into())
            .spawn(move || runtime.block_on(run))?;
        Ok(handle)
    }
}
