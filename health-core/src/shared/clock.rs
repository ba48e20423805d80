//! The one place where the core reads the time.

use std::time::SystemTime;

use crate::time::{Instant, Moment, UnixTime};

/// A clock whose instants count from its start.
pub(super) struct Clock {
    start: std::time::Instant,
}

impl Clock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the exception that clippy.toml names"
    )]
    pub(super) fn start() -> Self {
        Self {
            start: std::time::Instant::now(),
        }
    }

    pub(super) fn now(&self) -> Instant {
        Instant::default() + self.start.elapsed()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is the exception that clippy.toml names"
    )]
    pub(super) fn moment(&self) -> Moment {
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
