//! The clocks of drivers: the only place where they read the time.

use std::time::{Duration, SystemTime};

use health_core::{Instant, Moment, UnixTime};

/// The system's monotonic clock. Its instants count from when it was started.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: std::time::Instant,
}

impl Clock {
    /// A clock whose present instant is zero.
    #[must_use]
    pub fn start() -> Self {
        Self {
            start: std::time::Instant::now(),
        }
    }

    /// The present instant.
    #[must_use]
    pub fn now(self) -> Instant {
        Instant::default() + self.elapsed()
    }

    /// The time since it was started.
    #[must_use]
    pub fn elapsed(self) -> Duration {
        self.start.elapsed()
    }

    /// The time from now to `until`; `None` if that is not in the future.
    #[must_use]
    pub fn left(self, until: Instant) -> Option<Duration> {
        let left = until.duration_since(self.now());
        (!left.is_zero()).then_some(left)
    }

    /// The present instant, with the wall clock's time.
    #[must_use]
    pub fn moment(self) -> Moment {
        // A wall clock set before 1970 counts as one that shows the beginning of 1970.
        let unix = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let millis = u64::try_from(unix.as_millis()).unwrap_or(u64::MAX);
        Moment {
            now: self.now(),
            unix: UnixTime::from_millis(millis),
        }
    }
}
