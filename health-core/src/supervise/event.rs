//! The commands that a supervisor gives to its driver, and the events that it reports.

use crate::base::{Instant, ReplicaState};
use crate::check::Signal;
use crate::check::probe::Exit;

/// One life of a replica. Orders by replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId {
    /// The index of the replica, from 0 on.
    pub replica: u16,
    /// The number of the instance among those of its replica, from 1 on.
    pub number: u64,
}

/// Something for the driver to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub enum GroupCommand {
    /// Start the process of this instance. Report a start that fails by
    /// [`handle_spawn_failed`](super::Supervisor::handle_spawn_failed), and its end by
    /// [`handle_exit`](super::Supervisor::handle_exit).
    Start(InstanceId),
    /// Send the signal to the instance's whole process group, or to that of the running restart
    /// command.
    Signal {
        /// The instance.
        instance: InstanceId,
        /// The signal.
        signal: Signal,
    },
    /// Run the restart command for this instance, which belongs to somebody else. Report its end by
    /// [`handle_restarted`](super::Supervisor::handle_restarted).
    Restart(InstanceId),
}

/// Why a restart is planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RestartCause {
    /// The process has exited.
    Exit,
    /// A liveness or health check turned unhealthy.
    Liveness,
    /// A startup check turned unhealthy.
    Startup,
}

/// Why an instance has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EndReason {
    /// Its process exited by itself.
    Exit,
    /// It was ended because a liveness or health check turned unhealthy.
    Liveness,
    /// It was ended because a startup check turned unhealthy.
    Startup,
    /// Somebody asked for its restart.
    Requested,
    /// The group was stopped.
    Stop,
    /// Its process could not be started.
    Spawn,
}

impl EndReason {
    /// The word in every view.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exit => "exit",
            Self::Liveness => "liveness",
            Self::Startup => "startup",
            Self::Requested => "requested",
            Self::Stop => "stop",
            Self::Spawn => "spawn",
        }
    }
}

/// How an instance has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InstanceEnd {
    /// The number of the instance.
    pub number: u64,
    /// When it began.
    pub began: Instant,
    /// When its process exited.
    pub ended: Instant,
    /// Why.
    pub reason: EndReason,
    /// How its process exited; `None` if it did not start, or belongs to somebody else.
    pub exit: Option<Exit>,
}

/// Why there is no further restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GivenUpReason {
    /// [`GroupConfig::restart`](super::GroupConfig::restart) allows none.
    Policy,
    /// The exit code is one of [`fatal_exits`](super::GroupConfig::fatal_exits).
    FatalExit,
    /// [`max_restarts`](super::GroupConfig::max_restarts) in a row did not help.
    MaxRestarts,
    /// The whole group has used up its [`budget`](super::GroupConfig::budget).
    Budget,
}

/// Why a process could not be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SpawnFailure {
    /// The program is missing or cannot be run (`ENOENT`, `EACCES`, `ENOEXEC`): as an exit with code
    /// 127.
    Missing,
    /// This machine is short of something (`EAGAIN`, `ENOMEM`, `EMFILE`, `ENFILE`): tried again after
    /// [`spawn_retry`](super::GroupConfig::spawn_retry), and not counted.
    Shortage,
}

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GroupEvent {
    /// A command was queued, which [`poll`](super::Supervisor::poll) returns.
    Command {
        /// When.
        at: Instant,
        /// The command.
        command: GroupCommand,
    },
    /// The state of a replica changed.
    ///
    /// A state that a replica only passes through within one call is not reported.
    State {
        /// When it changed.
        at: Instant,
        /// The replica.
        replica: u16,
        /// The state before, which is the `to` of the event before.
        from: ReplicaState,
        /// The state from now on.
        to: ReplicaState,
    },
    /// A counted restart is planned.
    Planned {
        /// When it was planned.
        at: Instant,
        /// The replica.
        replica: u16,
        /// Why.
        cause: RestartCause,
        /// The number of the restart among those in a row.
        streak: u32,
        /// When it is due. One after a verdict may have to wait for its turn besides.
        due: Instant,
    },
    /// A replica is healthy again before its turn came: it is not restarted.
    Dropped {
        /// When it recovered.
        at: Instant,
        /// The replica.
        replica: u16,
    },
    /// A replica, or the whole group, is not restarted any more.
    GivenUp {
        /// When it was given up.
        at: Instant,
        /// The replica; `None` is the whole group.
        replica: Option<u16>,
        /// Why.
        reason: GivenUpReason,
    },
    /// More than half of the replicas fail, or no longer.
    MassFailure {
        /// When it began or ended.
        at: Instant,
        /// Whether it began.
        on: bool,
    },
    /// A restarted replica is not ready within
    /// [`ready_timeout`](super::GroupConfig::ready_timeout). It goes on running; the next one may be
    /// restarted.
    NotReady {
        /// When the time was over.
        at: Instant,
        /// The replica.
        replica: u16,
    },
    /// A process could not be started because this machine is short of something. Reported once, until
    /// an instance is up again.
    SpawnTrouble {
        /// When the start failed.
        at: Instant,
        /// The replica.
        replica: u16,
    },
    /// A restart command failed.
    RestartFailed {
        /// When it ended.
        at: Instant,
        /// The replica.
        replica: u16,
    },
    /// The requested restarts are over.
    Rolling {
        /// When the last one was over.
        at: Instant,
        /// Whether all were made; otherwise a restarted replica failed, and the rest was left alone.
        done: bool,
    },
    /// Every replica is stopped or failed, or a stop has waited long enough. The last event.
    Ended {
        /// When it ended.
        at: Instant,
        /// The exit code for a program that runs this group only.
        code: u8,
        /// Replicas of which something is left that even `SIGKILL` did not end.
        left: u16,
    },
}

impl GroupEvent {
    /// When it happened.
    #[must_use]
    pub const fn at(&self) -> Instant {
        match *self {
            Self::Command { at, .. }
            | Self::State { at, .. }
            | Self::Planned { at, .. }
            | Self::Dropped { at, .. }
            | Self::GivenUp { at, .. }
            | Self::MassFailure { at, .. }
            | Self::NotReady { at, .. }
            | Self::SpawnTrouble { at, .. }
            | Self::RestartFailed { at, .. }
            | Self::Rolling { at, .. }
            | Self::Ended { at, .. } => at,
        }
    }
}
