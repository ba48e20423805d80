//! What the service manager expects, and what counts as ready.

use core::time::Duration;

/// The settings of [`Notifications`](super::Notifications).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotifyConfig {
    /// The service manager ends the daemon when it has heard no `WATCHDOG=1` for so long. Default
    /// (`None`): it does not watch.
    pub watchdog: Option<Duration>,
    /// For how long the start may be extended; 0 never extends it. Default: 300 s.
    pub start_limit: Duration,
    /// Whether the daemon counts as ready as soon as it is [running](crate::Phase::Running), whatever its
    /// readiness. For one whose components say how *others* are, such as a monitor: it has started, even
    /// if all that it watches is down. Default: no.
    pub ready_when_running: bool,
    /// Whether it is enough that each part that readiness waits for was up once, however it is when the
    /// last one comes up. For one whose components say how *others* are and that waits for each of them,
    /// such as a supervisor of several groups: of many that end and begin again, perhaps never all are
    /// ready at the same moment. Default: no.
    pub ready_part_by_part: bool,
}

impl Default for NotifyConfig {
    fn default() -> Self {
        Self {
            watchdog: None,
            start_limit: Duration::from_secs(300),
            ready_when_running: false,
            ready_part_by_part: false,
        }
    }
}
