//! Settings of a monitor: limits, spread, mass failure.

use core::num::NonZeroU32;
use core::time::Duration;

use super::mass_failure::MassFailure;

/// The settings of a [`Monitor`](super::Monitor). Every value is allowed.
///
/// ```
/// use core::time::Duration;
/// use health_core::monitor::MonitorConfig;
///
/// let mut config = MonitorConfig::default();
/// config.max_in_flight = 100;
/// config.kill_after = Duration::from_secs(3);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MonitorConfig {
    /// The most attempts that run at once. What is due beyond that waits, first in first out; its
    /// deadline does not run yet. Default: 1,000; [`MonitorStatus::demand`](super::MonitorStatus::demand)
    /// says what is needed if no target answers.
    pub max_in_flight: usize,
    /// The most attempts with [`needs_reap`](crate::check::CheckConfig::needs_reap) at once, each
    /// counted until it is reaped: processes cost far more than sockets. Default: 16.
    ///
    /// A quarter of the places is kept for checks whose last attempt took less than a second, so that
    /// commands that hang do not hold up those that do not.
    pub max_exec: usize,
    /// Attempts begin at multiples of this, so that many targets cost few wake-ups; slots and
    /// deadlines stay exact. Default: 10 ms; 0 starts each at its own time.
    pub tick: Duration,
    /// How targets share out the interval. Default: [`Spread::EvenFirstAtOnce`], 500 per second.
    pub spread: Spread,
    /// Withholds restarts and deregistrations while too many targets fail at once; `None` never does.
    /// Default: half of five or more.
    pub mass_failure: Option<MassFailure>,
    /// From `SIGTERM` to `SIGKILL`. Default: 1 s.
    pub kill_after: Duration,
    /// The longest that a stop waits for processes to be reaped. Default: 5 s.
    pub stop_timeout: Duration,
    /// The command that [reactivates](super::Monitor::reactivate) a target whose name is put behind it:
    /// shown with each deregistered target. Default: `None`, no command is shown.
    #[cfg(feature = "registry")]
    pub reactivate_command: Option<&'static str>,
    /// Whether every start, cancellation and result is an event, too. Default: false, changes only.
    pub trace: bool,
}

impl Default for MonitorConfig {
    fn default() -> Self {
        Self {
            max_in_flight: 1_000,
            max_exec: 16,
            tick: Duration::from_millis(10),
            spread: Spread::default(),
            mass_failure: Some(MassFailure::default()),
            kill_after: Duration::from_secs(1),
            stop_timeout: Duration::from_secs(5),
            #[cfg(feature = "registry")]
            reactivate_command: None,
            trace: false,
        }
    }
}

impl MonitorConfig {
    /// Sets [`max_in_flight`](Self::max_in_flight) to what a process with `most` descriptors can
    /// afford, at least 1: an attempt takes one descriptor, a command three, and a quarter, at least
    /// 16, is left to the rest of the process.
    ///
    /// A limit above the [`demand`](super::MonitorStatus::demand) does no harm: more than that runs in
    /// bursts only, such as the first attempts of many targets that do not answer.
    ///
    /// ```
    /// use health_core::monitor::MonitorConfig;
    ///
    /// let config = MonitorConfig::default().with_descriptors(1_024);
    /// assert_eq!(config.max_in_flight, 720);
    /// let config = MonitorConfig::default().with_descriptors(40);
    /// assert_eq!(config.max_in_flight, 1);
    /// ```
    #[must_use]
    pub fn with_descriptors(mut self, most: usize) -> Self {
        let reserve = (most / 4).max(16);
        let commands = self.max_exec.saturating_mul(3);
        let left = most.saturating_sub(reserve).saturating_sub(commands);
        self.max_in_flight = left.max(1);
        self
    }
}

/// How targets share out the interval.
///
/// Without it, everything registered at one moment is probed at one moment, for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// They do not, beyond each check's own
    /// [`spread_offset`](crate::check::CheckConfig::spread_offset).
    AsConfigured,
    /// Each check is shifted by a hash of its name, modulo its interval. Until each has been attempted
    /// once, an interval passes.
    Even,
    /// The same grid, but the first attempt of an instance comes at once, before its slot.
    EvenFirstAtOnce {
        /// The most first attempts per second that come before their slot.
        per_second: NonZeroU32,
    },
}

impl Default for Spread {
    fn default() -> Self {
        const PER_SECOND: NonZeroU32 = NonZeroU32::new(500).expect("not zero");
        Self::EvenFirstAtOnce {
            per_second: PER_SECOND,
        }
    }
}
