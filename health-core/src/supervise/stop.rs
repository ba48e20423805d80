//! The end of the group: stop, force, and the exit code (R18, R19, R23).

use alloc::vec::Vec;

use super::event::{EndReason, GroupEvent};
use super::machine::{Stage, Supervisor};
use super::replica::{Life, Replica, Signals, Then};
use crate::base::Instant;

impl Supervisor {
    /// R18: everything is stopped; `by_budget`: because of R13.
    pub(super) fn stop_all(&mut self, now: Instant, by_budget: bool) {
        self.stage = Stage::Stopping { by_budget };
        self.mass = None;
        self.is_rolling = false;
        let terminate = Signals::Terminate {
            due: now + self.config.drain_delay,
            grace: self.config.stop_grace,
        };
        for replica in &mut self.replicas {
            replica.stop(now, terminate);
        }
        self.conclude(now, None);
    }

    /// R19: `SIGKILL` to everything that is left and has not got it.
    pub(super) fn kill_all(&mut self, now: Instant) {
        if self.is_ended() {
            return;
        }
        for replica in self.replicas.iter_mut().filter(|it| !it.is_over()) {
            if !matches!(replica.signals, Signals::Killed(_)) {
                replica.signals = Signals::Kill(now);
            }
        }
    }

    /// When the stop is over, whatever is left.
    pub(super) fn kill_wait_until(&self) -> Option<Instant> {
        let left = self.replicas.iter().filter(|it| !it.is_over());
        let killed = left.map(|it| match it.signals {
            Signals::Killed(at) => Some(at),
            _ => None,
        });
        // None at all if one of them has not been killed yet.
        let last = killed.collect::<Option<Vec<_>>>()?.into_iter().max()?;
        self.is_stopping().then(|| last + self.config.kill_wait)
    }

    /// R23: the group has ended.
    pub(super) fn end(&mut self, now: Instant) {
        let left = self.replicas.iter().filter(|it| !it.is_over()).count();
        let code = match self.stage {
            Stage::Stopping { by_budget: false } => u8::from(left > 0),
            _ => self.given_up.unwrap_or(0),
        };
        self.stage = Stage::Ended;
        self.report(GroupEvent::Ended {
            at: now,
            code,
            // There are at most 1,000.
            left: u16::try_from(left).unwrap_or(u16::MAX),
        });
    }
}

impl Replica {
    /// Its plans and its place are dropped; what runs is ended by `terminate`.
    fn stop(&mut self, now: Instant, terminate: Signals) {
        (self.verdict, self.place, self.well_since) = (None, None, None);
        (self.is_requested, self.is_suspect) = (false, false);
        self.life = match self.life {
            Life::Running if self.is_external => Life::Stopped,
            Life::New | Life::Backoff(_) | Life::Stopped => Life::Stopped,
            Life::Running => {
                self.signals = terminate;
                self.ending = Some(EndReason::Stop);
                Life::Ending(Then::Stopped)
            }
            Life::Ending(_) if self.is_external => match &mut self.signals {
                Signals::RestartCommand(_) => Life::Stopped,
                signals => {
                    if let Signals::Terminate { due, .. } = signals {
                        *due = now.min(*due);
                    }
                    Life::Ending(Then::Stopped)
                }
            },
            // It keeps its deadlines.
            Life::Ending(_) => Life::Ending(Then::Stopped),
            Life::Left => Life::Left,
            Life::Failed => Life::Failed,
        };
        if self.is_over() {
            self.signals = Signals::None;
        }
    }
}
