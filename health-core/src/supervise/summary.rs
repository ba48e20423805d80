//! The group in numbers, its words and its status (R17).

use core::fmt;

use super::life::AfterExit;
use super::machine::{Stage, Supervisor};
use super::replica::{Life, Replica, Then};
use crate::base::{ReplicaState, Status};

/// How many replicas there are of each kind, and what follows for the group.
///
/// Shown, it is the words of the group: `2/5 healthy, 1/5 restarting, 2/5 starting`, each count but the
/// first only if it is not 0. Every replica is in exactly one of the counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupSummary {
    /// All replicas.
    pub total: usize,
    /// Those that are ready.
    pub healthy: usize,
    /// Those whose restart is planned or made, until they are ready again.
    pub restarting: usize,
    /// Those that start for another reason and are not ready yet.
    pub starting: usize,
    /// Those that were ready and are not any more.
    pub unready: usize,
    /// Those that are being ended for good.
    pub stopping: usize,
    /// Those that are given up.
    pub failed: usize,
    /// Those that have ended as they should.
    pub stopped: usize,
    /// The status of the group: healthy if all replicas are, degraded if at least
    /// [`min_ready`](super::GroupConfig::min_ready) are, unknown while all start for the first time,
    /// else unhealthy.
    pub status: Status,
    /// Whether at least [`min_ready`](super::GroupConfig::min_ready) replicas are healthy and no stop is
    /// under way.
    pub is_ready: bool,
    /// Whether more than half of the replicas fail.
    pub is_mass_failure: bool,
}

impl GroupSummary {
    pub(super) fn of(group: &Supervisor) -> Self {
        let mut summary = Self {
            total: group.replicas.len(),
            healthy: 0,
            restarting: 0,
            starting: 0,
            unready: 0,
            stopping: 0,
            failed: 0,
            stopped: 0,
            status: Status::Unhealthy,
            is_ready: false,
            is_mass_failure: group.mass.is_some(),
        };
        for replica in &group.replicas {
            *summary.count_mut(group.shown(replica)) += 1;
        }
        let is_enough = summary.healthy >= usize::from(group.config.min_ready);
        summary.is_ready = is_enough && !group.is_stopping();
        summary.status = if summary.healthy == summary.total {
            Status::Healthy
        } else if is_enough {
            Status::Degraded
        } else if !group.was_ready && summary.starting == summary.total {
            Status::Unknown
        } else {
            Status::Unhealthy
        };
        summary
    }

    const fn count_mut(&mut self, shown: Shown) -> &mut usize {
        match shown {
            Shown::Healthy => &mut self.healthy,
            Shown::Restarting => &mut self.restarting,
            Shown::Starting => &mut self.starting,
            Shown::Unready => &mut self.unready,
            Shown::Stopping => &mut self.stopping,
            Shown::Failed => &mut self.failed,
            Shown::Stopped => &mut self.stopped,
        }
    }

    /// How many replicas are shown as what, in the order of the words.
    pub fn counts(&self) -> impl Iterator<Item = (Shown, usize)> + use<> {
        let mut copy = *self;
        Shown::ALL
            .into_iter()
            .map(move |shown| (shown, *copy.count_mut(shown)))
    }
}

impl fmt::Display for GroupSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.total;
        let mut separator = "";
        for (shown, count) in self.counts() {
            if count > 0 || shown == Shown::Healthy {
                write!(f, "{separator}{count}/{total} {}", shown.as_str())?;
                separator = ", ";
            }
        }
        Ok(())
    }
}

/// What a replica counts as, in the words of its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shown {
    /// It is ready.
    Healthy,
    /// Its restart is planned or made, until it is ready again.
    Restarting,
    /// It starts for another reason, and is not ready yet.
    Starting,
    /// It was ready, and is not any more.
    Unready,
    /// It is being ended for good.
    Stopping,
    /// It is given up.
    Failed,
    /// It has ended as it should.
    Stopped,
}

impl Shown {
    /// All of them, in the order of the words of a group.
    pub const ALL: [Self; 7] = [
        Self::Healthy,
        Self::Restarting,
        Self::Starting,
        Self::Unready,
        Self::Stopping,
        Self::Failed,
        Self::Stopped,
    ];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Restarting => "restarting",
            Self::Starting => "starting",
            Self::Unready => "unready",
            Self::Stopping => "stopping",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        }
    }
}

impl Supervisor {
    /// What the replica counts as.
    #[must_use]
    pub fn shown(&self, replica: &Replica) -> Shown {
        match replica.state() {
            ReplicaState::Ready => Shown::Healthy,
            ReplicaState::Failed => Shown::Failed,
            ReplicaState::Stopped => Shown::Stopped,
            ReplicaState::Backoff => Shown::Restarting,
            ReplicaState::Waiting if replica.life == Life::New => Shown::Starting,
            ReplicaState::Waiting => Shown::Restarting,
            ReplicaState::Stopping if self.is_restarted(replica) => Shown::Restarting,
            ReplicaState::Stopping => Shown::Stopping,
            _ if replica.is_restarting => Shown::Restarting,
            ReplicaState::Unready => Shown::Unready,
            ReplicaState::Starting | ReplicaState::Started => Shown::Starting,
        }
    }

    /// Whether another instance follows the one that is stopping.
    fn is_restarted(&self, replica: &Replica) -> bool {
        match (replica.life, replica.rest) {
            _ if self.stage != Stage::Running => false,
            (Life::Ending(then), _) => then == Then::Begin,
            (Life::Left, Some(rest)) => self.after_exit(rest.exit) == AfterExit::Restart,
            _ => false,
        }
    }
}
