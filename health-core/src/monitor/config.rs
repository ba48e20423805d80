//! What a monitor is told: limits, spread, guard.

use core::num::NonZeroU32;
use core::time::Duration;

use super::guard::MassFailure;

/// The settings of a [`Monitor`](super::Monitor). Every value is allowed.
#[derive(Clone, Debug, PartialEq)]
pub struct MonitorConfig {
    /// Attempts running at once. What is due beyond that waits, first in first out, without a
    /// running deadline. Default: 1,000; [`Monitor::demand`](super::Monitor::demand) says what is
    /// needed when nobody answers.
    pub max_in_flight: usize,
    /// Attempts with [`needs_reap`](crate::check::CheckConfig::needs_reap) at once, each counted
    /// until it is reaped: processes cost far more than sockets. Default: 16.
    pub max_exec: usize,
    /// Starts are gathered to multiples of this, so that many targets cost few wake-ups; slots and
    /// deadlines stay exact. Default: 10 ms; 0 starts each at its own time.
    pub tick: Duration,
    /// How targets share out the interval. Default: [`Spread::EvenFirstAtOnce`], 500 per second.
    pub spread: Spread,
    /// Withholds restarts and deregistrations while too many targets fail at once.
    /// Default: `Some`, at half of five or more.
    pub mass_failure: Option<MassFailure>,
    /// From asking a process to end to making it end. Default: 1 s.
    pub kill_after: Duration,
    /// What a stop waits for processes to be reaped. Default: 5 s.
    pub stop_timeout: Duration,
    /// Reports every start, cancellation and result as an event, too. Default: false, changes only.
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
            trace: false,
        }
    }
}

impl MonitorConfig {
    /// As many attempts at once as a process with so many descriptors can afford: each takes one, and
    /// a command takes three.
    ///
    /// A quarter is left to everybody else in the process, at least 16. There is no need to be told
    /// [`demand`](super::Monitor::demand): with enough places, no more than that is ever used for
    /// long, and what is used beyond it is a burst that would otherwise have to wait, such as the first
    /// attempts of a list in which nobody answers.
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
    /// Not at all, beyond each check's own
    /// [`spread_offset`](crate::check::CheckConfig::spread_offset).
    AsConfigured,
    /// Each check is shifted by a hash of its name, modulo its interval. The first attempts take an
    /// interval.
    Even,
    /// The same grid, but the first attempt of an instance comes at once, ahead of its slot. At most
    /// so many in a second come early.
    EvenFirstAtOnce {
        /// First attempts per second.
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
