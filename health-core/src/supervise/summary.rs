//! The group in numbers, its words and its status (R17).

use core::fmt;

use super::life::AfterExit;
use super::machine::{Stage, Supervisor};
use super::replica::{Life, Replica, ReplicaState, Then};
use crate::base::Status;

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
            *summary.count_mut(group, replica) += 1;
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

    /// The count that the replica is in.
    fn count_mut(&mut self, group: &Supervisor, replica: &Replica) -> &mut usize {
        match replica.state() {
            ReplicaState::Ready => &mut self.healthy,
            ReplicaState::Failed => &mut self.failed,
            ReplicaState::Stopped => &mut self.stopped,
            ReplicaState::Backoff => &mut self.restarting,
            ReplicaState::Waiting if replica.life == Life::New => &mut self.starting,
            ReplicaState::Waiting => &mut self.restarting,
            ReplicaState::Stopping if group.is_restarted(replica) => &mut self.restarting,
            ReplicaState::Stopping => &mut self.stopping,
            _ if replica.is_restarting => &mut self.restarting,
            ReplicaState::Unready => &mut self.unready,
            ReplicaState::Starting | ReplicaState::Started => &mut self.starting,
        }
    }
}

impl fmt::Display for GroupSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.total;
        write!(f, "{}/{total} healthy", self.healthy)?;
        for (count, word) in [
            (self.restarting, "restarting"),
            (self.starting, "starting"),
            (self.unready, "unready"),
            (self.stopping, "stopping"),
            (self.failed, "failed"),
            (self.stopped, "stopped"),
        ] {
            if count > 0 {
                write!(f, ", {count}/{total} {word}")?;
            }
        }
        Ok(())
    }
}

impl Supervisor {
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
