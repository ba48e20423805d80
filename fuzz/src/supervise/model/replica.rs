//! What the model knows of a replica.

use std::time::Duration;

use health_core::check::probe::Exit;
use health_core::supervise::{InstanceId, ReplicaState};

pub(super) struct Replica {
    index: u16,
    pub(super) number: u64,
    pub(super) begun: u64,
    /// Its leader runs; if it is external, it does as long as it is the current one.
    pub(super) runs: bool,
    /// The leader has exited, and others are left.
    pub(super) is_rest: bool,
    pub(super) exit: Option<(Exit, u64)>,
    pub(super) is_up: bool,
    pub(super) is_started: bool,
    pub(super) is_ready: bool,
    pub(super) had_ready: bool,
    pub(super) well: Option<u64>,
    pub(super) ready_at: Option<u64>,
    pub(super) verdict: Option<Verdict>,
    pub(super) is_asked: bool,
    /// True for a place by request.
    pub(super) place: Option<bool>,
    pub(super) is_suspect: bool,
    pub(super) is_restarting: bool,
    /// It is being ended.
    pub(super) after: Option<After>,
    pub(super) command: Option<u64>,
    pub(super) is_command: bool,
    pub(super) term: Option<u64>,
    pub(super) grace: Duration,
    pub(super) kill: Option<u64>,
    pub(super) killed: Option<u64>,
    /// Nothing runs; the next one begins then.
    pub(super) sleep: Option<u64>,
    pub(super) over: Option<ReplicaState>,
    pub(super) restarts: u64,
    pub(super) streak: u32,
    pub(super) ended: Option<u64>,
    pub(super) told: ReplicaState,
}

#[derive(Clone, Copy)]
pub(super) struct Verdict {
    pub(super) at: u64,
    pub(super) due: u64,
    pub(super) is_ripe: bool,
}

/// What follows when it has been ended.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum After {
    Begin,
    Fail,
    Stop,
}

impl Replica {
    pub(super) fn new(index: u16) -> Self {
        Self {
            index,
            number: 0,
            begun: 0,
            runs: false,
            is_rest: false,
            exit: None,
            is_up: false,
            is_started: false,
            is_ready: false,
            had_ready: false,
            well: None,
            ready_at: None,
            verdict: None,
            is_asked: false,
            place: None,
            is_suspect: false,
            is_restarting: false,
            after: None,
            command: None,
            is_command: false,
            term: None,
            grace: Duration::ZERO,
            kill: None,
            killed: None,
            sleep: None,
            over: None,
            restarts: 0,
            streak: 0,
            ended: None,
            told: ReplicaState::Waiting,
        }
    }

    pub(super) fn instance(&self) -> InstanceId {
        InstanceId {
            replica: self.index,
            number: self.number,
        }
    }

    /// R2: all of the instance before is forgotten, but what counts over instances.
    pub(super) fn begin(&mut self, now: u64, is_external: bool) {
        *self = Self {
            number: self.number + 1,
            begun: now,
            runs: true,
            is_up: is_external,
            is_asked: self.is_asked,
            place: self.place,
            is_suspect: self.is_suspect,
            is_restarting: self.is_restarting,
            restarts: self.restarts,
            streak: self.streak,
            ended: self.ended,
            told: self.told,
            ..Self::new(self.index)
        };
    }

    pub(super) fn state(&self) -> ReplicaState {
        if let Some(over) = self.over {
            over
        } else if self.number == 0 {
            ReplicaState::Waiting
        } else if self.after.is_some() || self.is_rest {
            ReplicaState::Stopping
        } else if self.sleep.is_some() {
            ReplicaState::Backoff
        } else if let Some(verdict) = self.verdict {
            if verdict.is_ripe {
                ReplicaState::Waiting
            } else {
                ReplicaState::Backoff
            }
        } else if !self.is_up || !self.is_started {
            ReplicaState::Starting
        } else if self.is_ready {
            ReplicaState::Ready
        } else if self.had_ready {
            ReplicaState::Unready
        } else {
            ReplicaState::Started
        }
    }

    pub(super) fn waits_by_verdict(&self) -> bool {
        self.verdict.is_some_and(|verdict| verdict.is_ripe)
    }

    pub(super) fn stop_signals(&mut self) {
        (self.command, self.term, self.kill, self.killed) = (None, None, None, None);
        self.is_command = false;
    }
}
