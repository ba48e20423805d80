//! When a receiver is told, and what it was told.

use alloc::vec::Vec;
use core::time::Duration;

use super::super::batch::TransitionRow;
#[cfg(doc)]
use super::Notices;

/// When a receiver is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoticeConfig {
    /// Changes within this time come in one notice; default a second.
    ///
    /// Targets that fail by one cause fail within an interval of their checks: with that, an outage is one
    /// notice.
    pub gather: Duration,
    /// A target is named only if it has been unhealthy for so long, and is so still; default zero.
    pub delay: Duration,
    /// After so long without a notice, those that are still not healthy are named again; default never.
    pub repeat: Option<Duration>,
}

impl Default for NoticeConfig {
    fn default() -> Self {
        Self {
            gather: Duration::from_secs(1),
            delay: Duration::ZERO,
            repeat: None,
        }
    }
}

/// What a receiver knows of a target, so that a later process goes on from it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Told {
    /// The changes of which notices have said that they are so still; for [`Notices::restore`].
    pub sent: Vec<TransitionRow>,
    /// A notice has said that it is flapping; for [`Notices::restore_flapping`].
    pub flapping: Option<TransitionRow>,
}
