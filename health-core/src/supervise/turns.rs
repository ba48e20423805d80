//! Whose turn it is: restarts after verdicts and on request take places (R10, R11, R14, R15, R20).

use super::config::RestartPolicy;
use super::event::{GivenUpReason, GroupEvent, RestartCause};
use super::machine::{Stage, Supervisor};
use super::replica::{Life, Place, Replica, Then, Verdict};
use crate::base::Instant;

/// The exit code for what was given up after a verdict.
const CODE: u8 = 1;

impl Supervisor {
    /// R10: a check of the instance turned unhealthy. A restart is planned; until its turn the instance
    /// goes on.
    pub(super) fn unhealthy(&mut self, now: Instant, index: usize, cause: RestartCause) {
        let replica = &mut self.replicas[index];
        replica.end_well(now, &self.config);
        replica.is_requested = false;
        replica.is_suspect = true;
        let streak = replica.streak.saturating_add(1);
        let due = now + self.config.wait(replica.index, streak);
        replica.verdict = Some(Verdict {
            cause,
            at: now,
            due,
            is_due: due <= now,
        });
        let replica = replica.index;
        self.fail_place(now, index);
        self.report(GroupEvent::Planned {
            at: now,
            replica,
            cause,
            streak,
            due,
        });
    }

    /// R11: it turned healthy again before its turn.
    pub(super) fn recovered(&mut self, now: Instant, index: usize) {
        let replica = &mut self.replicas[index];
        (replica.verdict, replica.is_suspect) = (None, false);
        let replica = replica.index;
        self.report(GroupEvent::Dropped { at: now, replica });
        if let Some(mass) = &mut self.mass {
            mass.hold(now + self.config.settle);
        }
    }

    /// R20: somebody asks for a restart of the replica.
    pub(super) fn request(&mut self, now: Instant, index: usize) {
        let replica = &mut self.replicas[index];
        match (replica.life, &mut replica.verdict) {
            (Life::Backoff(_), _) => {
                replica.is_restarting = true;
                self.begin(now, index);
            }
            (Life::Running, None) => {
                replica.is_requested = true;
                self.is_rolling = true;
            }
            (Life::Running, Some(verdict)) if !verdict.is_due => {
                (verdict.due, verdict.is_due) = (now, true);
            }
            _ => {}
        }
    }

    /// R14: gives the places that are free to those that wait for one.
    pub(super) fn give_turns(&mut self, now: Instant) {
        while self.stage == Stage::Running && self.has_place(now) {
            let is_mass = self.mass.is_some();
            let waiting = self.replicas.iter().filter(|it| it.waits_for_turn(is_mass));
            let Some(next) = waiting.min_by_key(|it| it.rank()) else {
                return;
            };
            let index = usize::from(next.index);
            if next.verdict.is_some() {
                self.restart_unhealthy(now, index);
            } else {
                let replica = &mut self.replicas[index];
                replica.is_requested = false;
                replica.is_restarting = true;
                replica.place = Some(Place::Request);
                self.end_instance(now, index, Then::Begin, Place::Request);
            }
        }
    }

    /// When the next place is given that is held back until then, if anybody waits for it.
    pub(super) fn next_turn(&self) -> Option<Instant> {
        let held_until = self.mass.as_ref()?.held_until()?;
        let is_wanted =
            self.places_held() == 0 && self.replicas.iter().any(|it| it.waits_for_turn(true));
        is_wanted.then_some(held_until)
    }

    /// R15: the restarted replica has failed before it was well. Its place is free at once.
    pub(super) fn fail_place(&mut self, now: Instant, index: usize) {
        let Some(place) = self.replicas[index].place.take() else {
            return;
        };
        if let Some(mass) = &mut self.mass {
            mass.canary_failed(now, &self.config);
        }
        if place == Place::Request && self.is_rolling {
            self.is_rolling = false;
            for replica in &mut self.replicas {
                replica.is_requested = false;
            }
            self.report(GroupEvent::Rolling {
                at: now,
                done: false,
            });
        }
    }

    /// R15, R16: the replica has been ready for long enough.
    pub(super) fn settled(&mut self, index: usize) {
        let replica = &mut self.replicas[index];
        replica.is_suspect = false;
        if let (Some(_), Some(mass)) = (replica.place.take(), &mut self.mass) {
            mass.canary_is_well();
        }
    }

    /// R20: whether all that was requested has been made.
    pub(super) fn finish_rolling(&mut self, now: Instant) {
        let is_part = |it: &Replica| it.is_requested || it.place == Some(Place::Request);
        if self.is_rolling && !self.replicas.iter().any(is_part) {
            self.is_rolling = false;
            self.report(GroupEvent::Rolling {
                at: now,
                done: true,
            });
        }
    }

    /// R10: the turn of a replica with a verdict has come.
    fn restart_unhealthy(&mut self, now: Instant, index: usize) {
        let reason = match self.config.restart {
            RestartPolicy::Never => Some(GivenUpReason::Policy),
            _ => self.limit(now, index),
        };
        if let Some(reason) = reason {
            self.give_up(now, index, CODE, reason);
        }
        match reason {
            None => {
                self.count(now, index);
                self.replicas[index].place = Some(Place::Verdict);
                self.end_instance(now, index, Then::Begin, Place::Verdict);
            }
            Some(GivenUpReason::Budget) => self.stop_all(now, true),
            Some(_) => self.end_instance(now, index, Then::Failed, Place::Verdict),
        }
    }

    fn has_place(&self, now: Instant) -> bool {
        let held = self.places_held();
        match &self.mass {
            Some(mass) => held == 0 && mass.held_until().is_none_or(|until| until <= now),
            None => held < self.config.places(),
        }
    }

    fn places_held(&self) -> usize {
        let held = self.replicas.iter().filter(|it| it.place.is_some());
        held.count()
    }
}

impl Replica {
    fn waits_for_turn(&self, is_mass: bool) -> bool {
        let is_due = self.verdict.is_some_and(|it| it.is_due);
        self.life == Life::Running && (is_due || (self.is_requested && !is_mass))
    }

    /// R14: the least has its turn first.
    fn rank(&self) -> impl Ord + use<> {
        let verdict = self.verdict.map(|it| it.at);
        (verdict.is_none(), self.ended, verdict, self.index)
    }
}
