//! Copies of replicas, which borrow nothing of the group.

use std::time::Duration;

use health_core::check::probe::Exit;
use health_core::supervise::{EndReason, InstanceId, ProcessOutput, Replica, ReplicaState, Shown};
use health_core::{Moment, Monitor, Name, UnixTime};

use super::evidence::FailedCheck;
use super::host::HostView;
use super::state::{Ended, GroupState};
use crate::monitor::Target;

/// A replica at one moment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReplicaView {
    /// Its index, from 0 on.
    pub index: u16,
    /// Its name, which is that of its target as well: `web-0`.
    pub name: Name,
    /// Its state.
    pub state: ReplicaState,
    /// What it counts as in the words of its group.
    pub shown: Shown,
    /// The number of the current instance, or of the last one; 0 before the first.
    pub instance: u64,
    /// Its process, while there is one.
    pub pid: Option<u32>,
    /// Its port, if it has one of its own.
    pub port: Option<u16>,
    /// Since when it has been in its state.
    pub since: UnixTime,
    /// When the current instance began, or the last one.
    pub began_at: Option<UnixTime>,
    /// Counted restarts, all of them.
    pub restarts: u64,
    /// How often an instance was followed by another one, by the reason of its end; counted or not.
    pub restarts_by: Vec<(EndReason, u64)>,
    /// Counted restarts in a row.
    pub streak: u32,
    /// What is left until the planned restart is due; `None` if none is planned.
    pub next_in: Option<Duration>,
    /// Lines of its output that were dropped because it wrote too many.
    pub dropped_lines: u64,
    /// Its checks that fail; while it is being ended and after its end, those that failed before.
    pub failing: Vec<FailedCheck>,
    /// The last instances that have ended, at most five, oldest first.
    pub ended: Vec<EndedInstance>,
}

/// An instance that has ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EndedInstance {
    /// Its number.
    pub instance: u64,
    /// When it began.
    pub began_at: UnixTime,
    /// When its process exited.
    pub ended_at: UnixTime,
    /// Why.
    pub reason: EndReason,
    /// How its process exited; `None` if it did not start, or belongs to somebody else.
    pub exit: Option<Exit>,
    /// From its begin to its exit.
    pub uptime: Duration,
    /// Its checks that failed when it was ended, or exited.
    pub failed: Vec<FailedCheck>,
    /// The beginning and the end of what it has written.
    pub output: ProcessOutput,
}

/// How a group has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupEnd {
    /// The exit code for a program that runs this group only.
    pub code: u8,
    /// Replicas of which something is left that even `SIGKILL` did not end.
    pub left: u16,
}

/// A replica of a group that is to run.
#[derive(Debug)]
pub struct ReplicaSpec {
    /// Its name.
    pub name: Name,
    /// Its port, if it has one of its own.
    pub port: Option<u16>,
    /// Its checks, as a target of the same name; without any it is ready once it is up.
    pub checks: Option<Target>,
}

impl ReplicaView {
    /// How the last instance ended that has ended.
    #[must_use]
    pub fn last_end(&self) -> Option<&EndedInstance> {
        self.ended.last()
    }

    /// Without its process and without the output of its instances, which only the host knows.
    pub(super) fn of(
        moment: Moment,
        monitor: &Monitor,
        group: &GroupState,
        replica: &Replica,
        (name, port): &(Name, Option<u16>),
    ) -> Self {
        let index = replica.instance().replica;
        let ended = group.ended.get(usize::from(index)).into_iter().flatten();
        Self {
            index,
            name: name.clone(),
            state: replica.state(),
            shown: group.supervisor.shown(replica),
            instance: replica.instance().number,
            pid: None,
            port: *port,
            since: moment.unix_at(replica.since()),
            began_at: replica.began().map(|at| moment.unix_at(at)),
            restarts: replica.restarts(),
            restarts_by: replica.restarts_by().to_vec(),
            streak: replica.streak(),
            next_in: replica.next_due().map(|due| due.duration_since(moment.now)),
            dropped_lines: 0,
            failing: group.failing(monitor, index),
            ended: ended.map(|end| EndedInstance::of(moment, end)).collect(),
        }
    }

    /// Adds what only the host knows.
    pub(super) fn complete(&mut self, host: &dyn HostView) {
        let instance = |number| InstanceId {
            replica: self.index,
            number,
        };
        self.pid = host.pid(instance(self.instance));
        self.dropped_lines = host.dropped_lines(self.index);
        for ended in &mut self.ended {
            ended.output = host.output(instance(ended.instance)).unwrap_or_default();
        }
    }
}

impl EndedInstance {
    fn of(moment: Moment, Ended { end, failed }: &Ended) -> Self {
        Self {
            instance: end.number,
            began_at: moment.unix_at(end.began),
            ended_at: moment.unix_at(end.ended),
            reason: end.reason,
            exit: end.exit,
            uptime: end.ended.duration_since(end.began),
            failed: failed.clone(),
            output: ProcessOutput::new(),
        }
    }
}
