//! Whose turn it is to be restarted, and what a mass failure changes of it.

use std::time::Duration;

use health_core::supervise::{GivenUpReason, GroupEvent, RestartPolicy};

use super::replica::After;
use super::{Mass, Model, Replica, instant, plus};

impl Model {
    /// R15, R16, R20: it failed before it was well.
    pub(super) fn lose_place(&mut self, index: usize) {
        let now = self.clock;
        let Some(by_request) = self.replicas[index].place.take() else {
            return;
        };
        if let Some(mut mass) = self.mass {
            mass.failed += 1;
            mass.hold = mass.hold.max(plus(now, self.backoff(mass.failed)));
            self.mass = Some(mass);
        }
        if by_request && self.is_rolling {
            self.is_rolling = false;
            self.replicas.iter_mut().for_each(|it| it.is_asked = false);
            let (at, done) = (instant(now), false);
            self.told.push_back(GroupEvent::Rolling { at, done });
        }
    }

    /// What follows from anything: R14 to R16, R20, R23.
    pub(super) fn settle(&mut self, index: Option<usize>) {
        if self.is_acting() {
            self.judge_mass();
            while self.is_acting() && self.give_turn() {}
            let is_part = |it: &Replica| it.is_asked || it.place == Some(true);
            if self.is_acting() && self.is_rolling && !self.replicas.iter().any(is_part) {
                self.is_rolling = false;
                let (at, done) = (instant(self.clock), true);
                self.told.push_back(GroupEvent::Rolling { at, done });
            }
        }
        for other in 0..self.replicas.len() {
            if index.is_none_or(|index| index == other) {
                self.tell_state(other);
            }
        }
        if !self.has_ended && self.replicas.iter().all(|it| it.over.is_some()) {
            self.end();
        }
    }

    /// R16.
    fn judge_mass(&mut self) {
        let now = self.clock;
        let left = || self.replicas.iter().filter(|it| it.over.is_none());
        let suspects = left().filter(|it| it.is_suspect).count();
        let is_most = suspects > left().count() / 2;
        match &mut self.mass {
            None if self.config.canary && suspects >= 2 && is_most => {
                self.mass = Some(Mass::default());
                let (at, on) = (instant(now), true);
                self.told.push_back(GroupEvent::MassFailure { at, on });
            }
            None => {}
            Some(_) if suspects == 0 => self.end_mass(),
            Some(mass) => {
                let calm = mass.calm.unwrap_or(now);
                mass.calm = (!is_most).then_some(calm);
                if mass.hold <= now {
                    mass.hold = 0;
                }
            }
        }
    }

    pub(super) fn end_mass(&mut self) {
        self.mass = None;
        let (at, on) = (instant(self.clock), false);
        self.told.push_back(GroupEvent::MassFailure { at, on });
    }

    /// R14: one turn; false if there is none.
    fn give_turn(&mut self) -> bool {
        let now = self.clock;
        let held = self.replicas.iter().filter(|it| it.place.is_some()).count();
        let most = self
            .config
            .max_unavailable
            .unwrap_or(self.config.replicas / 5);
        let most = self.mass.map_or(usize::from(most).max(1), |_| 1);
        if held >= most || self.mass.is_some_and(|mass| mass.hold > now) {
            return false;
        }
        let mut best = None;
        for (index, it) in self.replicas.iter().enumerate() {
            let by_request = it.is_asked && self.mass.is_none();
            if it.waits_by_verdict() || by_request {
                let at = it.verdict.map_or(0, |verdict| verdict.at);
                let ended = it.ended.map_or(0, |at| at + 1);
                let rank = (it.verdict.is_none(), ended, at, index);
                if best.is_none_or(|best| rank < best) {
                    best = Some(rank);
                }
            }
        }
        let Some((by_request, .., index)) = best else {
            return false;
        };
        let (drain, grace) = (self.config.drain_delay, self.config.stop_grace);
        if by_request {
            let it = &mut self.replicas[index];
            (it.is_asked, it.is_restarting, it.place) = (false, true, Some(true));
            self.end_instance(index, After::Begin, drain, grace);
            return true;
        }
        let grace = self.config.failure_grace.unwrap_or(grace);
        let reason = match self.config.restart {
            RestartPolicy::Never => Some(GivenUpReason::Policy),
            _ => self.limit(index),
        };
        match reason {
            None => {
                self.count(index);
                self.replicas[index].place = Some(false);
                self.end_instance(index, After::Begin, Duration::ZERO, grace);
            }
            Some(reason) => {
                self.give_up(index, reason, 1);
                if reason == GivenUpReason::Budget {
                    self.stop_all(true);
                } else {
                    self.end_instance(index, After::Fail, Duration::ZERO, grace);
                }
            }
        }
        true
    }
}
