//! The state of a process that is kept running: the supervisor's word, which the history keeps as well.

/// The state of a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReplicaState {
    /// Before the start; or a planned restart is due and its turn has not come. What runs goes on.
    Waiting,
    /// Runs; `min_uptime` is not over, or the startup check has not succeeded.
    Starting,
    /// Up, and not ready yet in this instance.
    Started,
    /// Up and ready.
    Ready,
    /// Was ready in this instance, and is not any more.
    Unready,
    /// Is being ended, by a signal or because its process has exited and left others behind; or its
    /// restart command runs.
    Stopping,
    /// A planned restart is not due yet. After a verdict what runs goes on; after an exit nothing runs.
    Backoff,
    /// Given up.
    Failed,
    /// Ended as it should.
    Stopped,
}

impl ReplicaState {
    /// Every state.
    pub const ALL: [Self; 9] = [
        Self::Waiting,
        Self::Starting,
        Self::Started,
        Self::Ready,
        Self::Unready,
        Self::Stopping,
        Self::Backoff,
        Self::Failed,
        Self::Stopped,
    ];

    /// The word in every view.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Starting => "starting",
            Self::Started => "started",
            Self::Ready => "ready",
            Self::Unready => "unready",
            Self::Stopping => "stopping",
            Self::Backoff => "backoff",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        }
    }
}
