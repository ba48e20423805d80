//! Deadlines: which one is next, and what is done when it has come (R24).

use super::config::GroupConfig;
use super::event::GroupEvent;
use super::machine::Supervisor;
use super::replica::{Life, Replica, Signals};
use crate::base::{Instant, ReplicaState};

/// What a deadline is for. In the order in which those of one time and one replica come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    MinUptime,
    Terminate,
    Kill,
    ReadyTimeout,
    Backoff,
    Settle,
    // Of the group.
    EndOfMassFailure,
    Turn,
    KillWait,
}

/// A deadline. Orders by time, then by replica, then by kind; those of the group come last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Timer {
    pub(super) at: Instant,
    /// [`GROUP`] for those of the group.
    replica: u16,
    kind: Kind,
}

/// A number behind those of all replicas.
const GROUP: u16 = u16::MAX;

impl Supervisor {
    /// The next deadline.
    pub(super) fn next_timer(&self) -> Option<Timer> {
        if self.is_ended() {
            return None;
        }
        let of_replicas = self.replicas.iter().filter_map(|it| it.timer(&self.config));
        of_replicas.chain(self.group_timer()).min()
    }

    /// Does what is due at the deadline, at the time `now`, which may be later.
    pub(super) fn fire(&mut self, now: Instant, timer: Timer) {
        let index = usize::from(timer.replica);
        match timer.kind {
            Kind::MinUptime => self.replicas[index].is_up = true,
            Kind::Terminate | Kind::Kill => self.signal(now, index),
            Kind::ReadyTimeout => {
                let replica = timer.replica;
                self.report(GroupEvent::NotReady { at: now, replica });
                self.fail_place(now, index);
            }
            Kind::Backoff => match &mut self.replicas[index].verdict {
                Some(verdict) => verdict.is_due = true,
                None => self.begin(now, index),
            },
            Kind::Settle => self.settled(index),
            // What follows is in `conclude`.
            Kind::Turn => {}
            Kind::EndOfMassFailure => self.end_mass_failure(now),
            Kind::KillWait => return self.end(now),
        }
        if timer.replica == GROUP {
            self.conclude(now, None);
        } else {
            self.conclude(now, Some(index));
        }
    }

    fn group_timer(&self) -> Option<Timer> {
        let turn = self.next_turn().map(|at| (at, Kind::Turn));
        let calm = self.mass_failure_until();
        let calm = calm.map(|at| (at, Kind::EndOfMassFailure));
        let wait = self.kill_wait_until().map(|at| (at, Kind::KillWait));
        let of_group = [turn, calm, wait].into_iter().flatten();
        of_group.min().map(|(at, kind)| Timer {
            at,
            replica: GROUP,
            kind,
        })
    }
}

impl Replica {
    fn timer(&self, config: &GroupConfig) -> Option<Timer> {
        let signal = match self.signals {
            Signals::None | Signals::Killed(_) => None,
            Signals::RestartCommand(due) | Signals::Terminate { due, .. } => {
                Some((due, Kind::Terminate))
            }
            Signals::Kill(due) => Some((due, Kind::Kill)),
        };
        let [mut up, mut ready, mut backoff, mut settle] = [None; 4];
        match self.life {
            Life::Running => {
                up = (!self.is_up).then(|| (self.begun + config.min_uptime, Kind::MinUptime));
                let is_ready = self.state == ReplicaState::Ready;
                if self.place.is_some() && !is_ready {
                    ready = Some((self.begun + config.ready_timeout, Kind::ReadyTimeout));
                }
                let planned = self.verdict.filter(|it| !it.is_due);
                backoff = planned.map(|it| (it.due, Kind::Backoff));
                if self.place.is_some() || self.is_suspect {
                    let since = self.ready_since;
                    settle = since.map(|since| (since + config.settle, Kind::Settle));
                }
            }
            Life::Backoff(due) => backoff = Some((due, Kind::Backoff)),
            _ => {}
        }
        let all = [up, signal, ready, backoff, settle];
        all.into_iter().flatten().min().map(|(at, kind)| Timer {
            at,
            replica: self.index,
            kind,
        })
    }
}
