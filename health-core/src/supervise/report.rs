//! Copies of groups, which borrow nothing of a supervisor: what `/targets` and `/metrics` show.

use alloc::vec::Vec;
use core::time::Duration;

use super::event::EndReason;
use super::output::ProcessOutput;
use super::summary::GroupSummary;
use crate::base::{Name, ReplicaState, UnixTime};
use crate::check::probe::Exit;

/// A group at one moment, as a [`Service`](crate::server::Service) shows it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GroupReport {
    /// Its name.
    pub name: Name,
    /// It in numbers.
    pub summary: GroupSummary,
    /// Its replicas, by index.
    pub replicas: Vec<ReplicaReport>,
}

/// A replica in a [`GroupReport`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReplicaReport {
    /// Its name, which is that of its target as well.
    pub name: Name,
    /// Its state.
    pub state: ReplicaState,
    /// The number of the current instance, or of the last one; 0 before the first.
    pub instance: u64,
    /// Its process, while there is one.
    pub pid: Option<u32>,
    /// Its port, if it has one of its own.
    pub port: Option<u16>,
    /// Since when it has been in its state.
    pub since: Option<UnixTime>,
    /// When the current instance began, or the last one.
    pub began_at: Option<UnixTime>,
    /// Counted restarts, all of them.
    pub restarts: u64,
    /// Counted restarts in a row.
    pub streak: u32,
    /// What is left until the planned restart is due; `None` if none is planned.
    pub next_in: Option<Duration>,
    /// How the last instance ended that has ended.
    pub last_end: Option<EndReport>,
    /// How often an instance was followed by another one, by the reason of its end.
    pub restarts_by: Vec<(EndReason, u64)>,
    /// Lines of its output that were dropped.
    pub dropped_lines: u64,
}

/// How an instance ended, in a [`ReplicaReport`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndReport {
    /// The number of the instance.
    pub instance: u64,
    /// Why.
    pub reason: EndReason,
    /// How its process exited; `None` if it did not start, or belongs to somebody else.
    pub exit: Option<Exit>,
    /// From its begin to its exit.
    pub uptime: Duration,
    /// What it has written, for authorised readers.
    pub output: ProcessOutput,
}

impl GroupReport {
    /// A group of these replicas.
    #[must_use]
    pub const fn new(name: Name, summary: GroupSummary, replicas: Vec<ReplicaReport>) -> Self {
        Self {
            name,
            summary,
            replicas,
        }
    }
}

impl ReplicaReport {
    /// A replica of which nothing else is known; set what is.
    #[must_use]
    pub const fn new(name: Name, state: ReplicaState) -> Self {
        Self {
            name,
            state,
            instance: 0,
            pid: None,
            port: None,
            since: None,
            began_at: None,
            restarts: 0,
            streak: 0,
            next_in: None,
            last_end: None,
            restarts_by: Vec::new(),
            dropped_lines: 0,
        }
    }
}
