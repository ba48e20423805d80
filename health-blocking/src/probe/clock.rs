//! The system's monotonic clock as the core's instants.

use std::time::Duration;

use health_core::time::Instant;

/// A clock whose instants count from its start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: std::time::Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        let start = std::time::Instant::now();
        Self { start }
    }

    pub(crate) fn now(self) -> Instant {
        Instant::default() + self.start.elapsed()
    }

    /// What is left until `until`; `None` when it has come.
    pub(crate) fn left(self, until: Instant) -> Option<Duration> {
        let left = until.duration_since(self.now());
        (!left.is_zero()).then_some(left)
    }
}
