//! The clock of a monitor: the system's, or in tests one that the test moves.

use std::task::Waker;

#[cfg(feature = "test-util")]
use super::manual::ManualClock;
use crate::Clock;
#[cfg(feature = "test-util")]
use health_core::UnixTime;
use health_core::{Instant, Moment};

/// The clock of a [`MonitorDriver`](super::MonitorDriver). The default is the system's monotonic clock.
#[derive(Clone, Debug, Default)]
pub struct MonitorClock {
    #[cfg(feature = "test-util")]
    manual: Option<ManualClock>,
}

impl MonitorClock {
    /// The system's monotonic clock.
    #[must_use]
    pub const fn system() -> Self {
        Self {
            #[cfg(feature = "test-util")]
            manual: None,
        }
    }
}

#[cfg(feature = "test-util")]
impl From<&ManualClock> for MonitorClock {
    fn from(clock: &ManualClock) -> Self {
        Self {
            manual: Some(clock.clone()),
        }
    }
}

/// A [`MonitorClock`] that was started.
#[derive(Debug)]
pub(crate) enum Time {
    System(Clock),
    #[cfg(feature = "test-util")]
    Manual(ManualClock),
}

impl Time {
    #[cfg_attr(not(feature = "test-util"), allow(unused_variables))]
    pub(super) fn start(clock: MonitorClock) -> Self {
        #[cfg(feature = "test-util")]
        if let Some(clock) = clock.manual {
            return Self::Manual(clock);
        }
        Self::System(Clock::start())
    }

    pub(super) fn now(&self) -> Instant {
        match self {
            Self::System(clock) => clock.now(),
            #[cfg(feature = "test-util")]
            Self::Manual(clock) => clock.now(),
        }
    }

    /// The wall clock of a test begins in 1970.
    pub(crate) fn moment(&self) -> Moment {
        match self {
            Self::System(clock) => clock.moment(),
            #[cfg(feature = "test-util")]
            Self::Manual(clock) => {
                let now = clock.now();
                let unix = UnixTime::from_millis(now.as_micros() / 1_000);
                Moment { now, unix }
            }
        }
    }

    /// The monitor has something to do, and will be woken for it.
    pub(super) fn set_busy(&self) {
        match self {
            Self::System(_) => {}
            #[cfg(feature = "test-util")]
            Self::Manual(clock) => clock.set_busy(),
        }
    }

    /// The monitor has stopped.
    pub(super) fn end(&self) {
        match self {
            Self::System(_) => {}
            #[cfg(feature = "test-util")]
            Self::Manual(clock) => clock.end(),
        }
    }

    /// Until when the driver has to wait by its own timers.
    #[cfg_attr(not(feature = "test-util"), allow(unused_variables))]
    pub(super) fn wait(&self, until: Option<Instant>, waker: &Waker) -> Option<Instant> {
        match self {
            Self::System(_) => until,
            #[cfg(feature = "test-util")]
            Self::Manual(clock) => {
                clock.wait(until, waker);
                None
            }
        }
    }
}
