//! The one place where drivers read the time.

use std::time::{Duration, SystemTime};

use health_core::{Instant, Moment, UnixTime};

/// The system's monotonic clock, whose instants count from its start.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: std::time::Instant,
}

impl Clock {
    /// A clock that shows zero now.
    #[must_use]
    pub fn start() -> Self {
        Self {
            start: std::time::Instant::now(),
        }
    }

    /// What it shows.
    #[must_use]
    pub fn now(self) -> Instant {
        Instant::default() + self.elapsed()
    }

    /// What has gone by since its start.
    #[must_use]
    pub fn elapsed(self) -> Duration {
        self.start.elapsed()
    }

    /// What is left until `until`; `None` when it has come.
    #[must_use]
    pub fn left(self, until: Instant) -> Option<Duration> {
        let left = until.duration_since(self.now());
        (!left.is_zero()).then_some(left)
    }

    /// What it shows, and what time it is.
    #[must_use]
    pub fn moment(self) -> Moment {
        // A clock set before 1970 is as good as none.
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
