//! Many targets and self-checks, watched on threads of their own.
//!
//! ```text
//!             ┌───────────────── one lock ─────────────────┐
//!  Handle ───►│ health_core::monitor::Monitor ── events ──►│──► Handle::next_event
//!             └──▲──────────────┬──────────────────────▲───┘──► a component of a Health
//!         thread │ "monitor"    │ Start, Cancel        │ outcome, reaped
//!                └──────────────┤                      │
//!                               ▼                      │
//!             at most 32 threads for sockets, 16 for commands and closures
//! ```
//!
//! The core's monitor decides when each attempt begins and what its outcome means; here it is carried
//! out. Threads are made when they are needed and end when they have been idle for ten seconds.
//!
//! ```no_run
//! use std::time::Duration;
//! use health_blocking::Health;
//! use health_blocking::monitor::{CheckConfig, Monitor, Outcome, Target};
//!
//! let health = Health::new("steering", "1.4.0");
//! let monitor = Monitor::default().component(&health, "upstreams")?.spawn()?;
//! let every_30_s = CheckConfig::default();
//! monitor.add(Target::new("web-1")?.probe("http", every_30_s.clone(), "http://10.0.0.7/".parse()?)?)?;
//! monitor.add(Target::new("disk")?.self_check("free", every_30_s, || match free_percent() {
//!     0..5 => Outcome::failure("disk nearly full"),
//!     5..10 => Outcome::warning("disk filling up"),
//!     _ => Outcome::success(),
//! })?)?;
//! # fn free_percent() -> u8 { 50 }
//! while let Some(event) = monitor.next_event(Duration::from_secs(60)) {
//!     println!("{event:?}");
//! }
//! monitor.stop(Duration::from_secs(5));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod handle;
mod run;

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

use crate::probe::{AddressPolicy, Prober};
use run::Run;

/// A monitor that is not running yet.
#[derive(Debug)]
pub struct Monitor {
    config: MonitorConfig,
    prober: Prober,
    rollup: Option<GroupComponent>,
    clock: MonitorClock,
}

/// The settings of the core, but at most 32 attempts at once: each takes a thread.
#[must_use]
pub fn defaults() -> MonitorConfig {
    let mut config = MonitorConfig::default();
    config.max_in_flight = 32;
    config
}

impl Default for Monitor {
    /// A monitor with the [defaults].
    fn default() -> Self {
        Self::new(defaults())
    }
}

impl Monitor {
    /// A monitor without targets. See [`MonitorConfig`] for what can be set;
    /// `max_in_flight` and `max_exec` are the most threads it uses.
    #[must_use]
    pub const fn new(config: MonitorConfig) -> Self {
        Self {
            config,
            prober: Prober::new(),
            rollup: None,
            clock: MonitorClock::system(),
        }
    }

    /// Which addresses its probes may connect to. Default: all.
    #[must_use]
    pub fn policy(mut self, policy: AddressPolicy) -> Self {
        self.prober = self.prober.policy(policy);
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

    /// What controls it, and what runs it: a function that returns when the monitor is
    /// [stopped](MonitorHandle::stop), to be called on a thread of the caller's.
    #[must_use = "the monitor runs only while its function does"]
    pub fn run(self) -> (MonitorHandle, impl FnOnce() + Send + use<>) {
        let (watch, controls) = MonitorDriver::new(self.config.clone(), self.rollup, self.clock);
        let run = Run::new(watch, self.prober, &self.config);
        (MonitorHandle::new(controls), move || run.run())
    }

    /// Runs it on a thread of its own, which never keeps the process alive.
    ///
    /// # Errors
    ///
    /// If the system gives no thread.
    pub fn spawn(self) -> io::Result<MonitorHandle> {
        let (handle, run) = self.run();
        thread::Builder::new().name("monitor".into()).spawn(run)?;
        Ok(handle)
    }
}
