//! One replica: what is known of its current instance, and the state that follows from it.

use alloc::vec::Vec;
use core::time::Duration;

use super::backoff::after_exit;
use super::config::GroupConfig;
use super::event::{EndReason, InstanceEnd, InstanceId, RestartCause};
use crate::base::{Instant, ReplicaState};
use crate::check::Signal;
use crate::check::probe::Exit;

/// One of the processes of a group. See [`Supervisor::replicas`](super::Supervisor::replicas).
#[derive(Clone, Debug)]
pub struct Replica {
    pub(super) index: u16,
    pub(super) is_external: bool,
    /// The state that was reported last.
    pub(super) state: ReplicaState,
    /// Since when it has been in this state.
    pub(super) since: Instant,
    pub(super) life: Life,
    /// What is left of the current instance, or is not known to be gone, after its process has exited.
    pub(super) rest: Option<Rest>,
    pub(super) signals: Signals,
    pub(super) number: u64,
    pub(super) restarts: u64,
    pub(super) streak: u32,
    pub(super) begun: Instant,
    /// `min_uptime` is over.
    pub(super) is_up: bool,
    pub(super) is_started: bool,
    pub(super) is_ready: bool,
    pub(super) was_ready: bool,
    /// Since when it has been running well (R3).
    pub(super) well_since: Option<Instant>,
    pub(super) ready_since: Option<Instant>,
    pub(super) verdict: Option<Verdict>,
    /// A restart was asked for, and its turn has not come.
    pub(super) is_requested: bool,
    pub(super) place: Option<Place>,
    pub(super) is_suspect: bool,
    /// From a counted or requested restart until it is ready.
    pub(super) is_restarting: bool,
    /// When it was ended last (R4).
    pub(super) ended: Option<Instant>,
    /// Why the current instance is being ended, if it is.
    pub(super) ending: Option<EndReason>,
    pub(super) last_end: Option<InstanceEnd>,
    /// How often an instance was followed by another one, by the reason of its end.
    pub(super) restarts_by: Vec<(EndReason, u64)>,
}

/// What becomes of a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    New,
    Running,
    /// R4: it is being ended.
    Ending(Then),
    /// R6: its process has exited by itself, and something is left of its group.
    Left,
    /// Nothing runs; the next instance begins then.
    Backoff(Instant),
    Failed,
    Stopped,
}

/// What follows when nothing is left of an instance that is being ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    Begin,
    Failed,
    Stopped,
}

/// How the process of the current instance exited, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rest {
    pub(super) exit: Exit,
    pub(super) at: Instant,
}

/// The next signal for an instance that is being ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signals {
    None,
    /// The restart command is to be run then, in place of a signal.
    RestartCommand(Instant),
    Terminate {
        due: Instant,
        grace: Duration,
    },
    Kill(Instant),
    /// There is no further one. This was sent then.
    Killed(Instant),
}

/// R10: a check of the instance turned unhealthy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) cause: RestartCause,
    pub(super) at: Instant,
    pub(super) due: Instant,
    /// It waits for its turn only.
    pub(super) is_due: bool,
}

/// R15: a place is held, for a restart that was made for this reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Verdict,
    Request,
}

impl Replica {
    pub(super) fn new(index: u16, is_external: bool) -> Self {
        Self {
            index,
            is_external,
            state: ReplicaState::Waiting,
            since: Instant::default(),
            life: Life::New,
            rest: None,
            signals: Signals::None,
            number: 0,
            restarts: 0,
            streak: 0,
            begun: Instant::default(),
            is_up: false,
            is_started: false,
            is_ready: false,
            was_ready: false,
            well_since: None,
            ready_since: None,
            verdict: None,
            is_requested: false,
            place: None,
            is_suspect: false,
            is_restarting: false,
            ended: None,
            ending: None,
            last_end: None,
            restarts_by: Vec::new(),
        }
    }

    /// The current instance, or the last one; its number is 0 before the first.
    #[must_use]
    pub const fn instance(&self) -> InstanceId {
        InstanceId {
            replica: self.index,
            number: self.number,
        }
    }

    /// The state.
    #[must_use]
    pub const fn state(&self) -> ReplicaState {
        self.state
    }

    /// Since when it has been in this state.
    #[must_use]
    pub const fn since(&self) -> Instant {
        self.since
    }

    /// When the current instance began, or the last one; `None` before the first.
    #[must_use]
    pub fn began(&self) -> Option<Instant> {
        (self.number > 0).then_some(self.begun)
    }

    /// Whether the current instance runs and is not being ended: its checks are made.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.life == Life::Running
    }

    /// Why the current instance is being ended, or has ended; `None` while it runs.
    #[must_use]
    pub const fn ending(&self) -> Option<EndReason> {
        self.ending
    }

    /// How the last instance ended that has ended.
    #[must_use]
    pub const fn last_end(&self) -> Option<&InstanceEnd> {
        self.last_end.as_ref()
    }

    /// Counted restarts, all of them.
    #[must_use]
    pub const fn restarts(&self) -> u64 {
        self.restarts
    }

    /// How often an instance was followed by another one, by the reason of its end; counted or not.
    #[must_use]
    pub fn restarts_by(&self) -> &[(EndReason, u64)] {
        &self.restarts_by
    }

    /// Counted restarts in a row.
    #[must_use]
    pub const fn streak(&self) -> u32 {
        self.streak
    }

    /// When the planned restart is due, or was; `None` if none is planned.
    #[must_use]
    pub const fn next_due(&self) -> Option<Instant> {
        match (self.life, self.verdict) {
            (Life::Backoff(due), _) => Some(due),
            (Life::Running, Some(verdict)) => Some(verdict.due),
            _ => None,
        }
    }

    /// R2: the next instance begins.
    pub(super) fn begin(&mut self, now: Instant) {
        if let Some(reason) = self.ending {
            let mut counts = self.restarts_by.iter_mut();
            match counts.find(|(it, _)| *it == reason) {
                Some((_, count)) => *count += 1,
                None => self.restarts_by.push((reason, 1)),
            }
        }
        self.number += 1;
        self.life = Life::Running;
        self.rest = None;
        self.signals = Signals::None;
        self.begun = now;
        self.ending = None;
        // What is not ours is up already.
        self.is_up = self.is_external;
        (self.is_started, self.is_ready, self.was_ready) = (false, false, false);
        (self.well_since, self.ready_since, self.verdict) = (None, None, None);
    }

    /// The state that follows from what is known.
    pub(super) fn current(&self) -> ReplicaState {
        match self.life {
            Life::New => ReplicaState::Waiting,
            Life::Running => match self.verdict {
                Some(verdict) if verdict.is_due => ReplicaState::Waiting,
                Some(_) => ReplicaState::Backoff,
                None if !(self.is_up && self.is_started) => ReplicaState::Starting,
                None if self.is_ready => ReplicaState::Ready,
                None if self.was_ready => ReplicaState::Unready,
                None => ReplicaState::Started,
            },
            Life::Ending(_) | Life::Left => ReplicaState::Stopping,
            Life::Backoff(_) => ReplicaState::Backoff,
            Life::Failed => ReplicaState::Failed,
            Life::Stopped => ReplicaState::Stopped,
        }
    }

    /// Its process is ours and has not exited.
    pub(super) fn has_process(&self) -> bool {
        let is_begun = matches!(self.life, Life::Running | Life::Ending(_));
        is_begun && self.rest.is_none() && !self.is_external
    }

    /// Its process has exited, and something may be left.
    pub(super) fn has_exited(&self) -> bool {
        matches!(self.life, Life::Left | Life::Ending(_)) && self.rest.is_some()
    }

    /// If it is external: its restart command runs.
    pub(super) fn runs_command(&self) -> bool {
        let is_due = matches!(self.signals, Signals::None | Signals::RestartCommand(_));
        matches!(self.life, Life::Ending(_)) && !is_due && self.is_external
    }

    /// R23: it is failed or stopped.
    pub(super) const fn is_over(&self) -> bool {
        matches!(self.life, Life::Failed | Life::Stopped)
    }

    /// R9: the end of running well, which may end the row of restarts.
    pub(super) fn end_well(&mut self, now: Instant, config: &GroupConfig) {
        let since = self.well_since.take();
        if since.is_some_and(|since| now.duration_since(since) >= config.backoff_reset) {
            self.streak = 0;
        }
    }

    /// Counts a restart.
    pub(super) fn count(&mut self) {
        self.streak = self.streak.saturating_add(1);
        self.restarts += 1;
        self.is_restarting = true;
    }

    /// R9: when the next instance may begin after the exit, for a restart that has been counted.
    pub(super) fn due_after(&self, exited: Instant, config: &GroupConfig) -> Instant {
        let wait = config.wait(self.index, self.streak);
        after_exit(exited, wait, self.begun)
    }

    /// The current instance has ended.
    pub(super) fn note_end(&mut self, now: Instant, exit: Option<Exit>) {
        let reason = *self.ending.get_or_insert(EndReason::Exit);
        self.last_end = Some(InstanceEnd {
            number: self.number,
            began: self.begun,
            ended: now,
            reason,
            exit,
        });
    }

    /// R6: what its process left behind gets `SIGTERM` now, unless it has got it.
    pub(super) fn terminate_rest(&mut self, now: Instant, grace: Duration) {
        match &mut self.signals {
            Signals::None | Signals::RestartCommand(_) => {
                self.signals = Signals::Terminate { due: now, grace };
            }
            Signals::Terminate { due, .. } => *due = now.min(*due),
            Signals::Kill(_) | Signals::Killed(_) => {}
        }
    }

    /// The signal that is due, and what comes after it.
    pub(super) fn take_signal(&mut self, now: Instant) -> Signal {
        match self.signals {
            Signals::Terminate { grace, .. } if !grace.is_zero() => {
                self.signals = Signals::Kill(now + grace);
                Signal::Terminate
            }
            _ => {
                self.signals = Signals::Killed(now);
                Signal::Kill
            }
        }
    }
}
