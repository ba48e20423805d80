//! The phase of a daemon: starting, running, draining or stopped.

/// Where a daemon is between its start and its end. It only moves forward, except that a stopped
/// daemon may be started again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Not ready yet. Where every daemon begins.
    #[default]
    Starting,
    /// At work.
    Running,
    /// Finishing its work and accepting nothing new. Readiness is refused, liveness is not.
    Draining,
    /// Done. The endpoint closes last, when it sees this.
    Stopped,
}

impl Phase {
    /// Every phase, in order.
    pub(crate) const ALL: [Self; 4] =
        [Self::Starting, Self::Running, Self::Draining, Self::Stopped];

    /// The word in every view.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Draining => "draining",
            Self::Stopped => "stopped",
        }
    }

    /// Whether a daemon in this phase is on its way out.
    pub(crate) const fn is_ending(self) -> bool {
        matches!(self, Self::Draining | Self::Stopped)
    }

    /// Whether a daemon may go from this phase to `next`.
    pub(super) const fn may_become(self, next: Self) -> bool {
        match (self, next) {
            (Self::Starting, Self::Running) | (Self::Starting | Self::Running, Self::Draining) => {
                true
            }
            (Self::Starting | Self::Running | Self::Draining, Self::Stopped) => true,
            // Start after stop works in the same process.
            (Self::Stopped, Self::Starting | Self::Running) => true,
            _ => false,
        }
    }
}
