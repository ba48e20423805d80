//! What time alone brings, and in which order.

use health_core::check::Signal;
use health_core::supervise::{GroupCommand, GroupEvent};

use super::{Model, instant, plus};

/// When, whose (the group's come last), and what, in the order of R24.
pub(super) type Deadline = (u64, usize, u8);

const GROUP: usize = usize::MAX;
const UP: u8 = 0;
const TERM: u8 = 1;
const KILL: u8 = 2;
const NOT_READY: u8 = 3;
const BACKOFF: u8 = 4;
const SETTLE: u8 = 5;
const CALM: u8 = 6;
const TURN: u8 = 7;
const KILL_WAIT: u8 = 8;

impl Model {
    /// R24: what lies before comes before.
    pub(super) fn tick(&mut self, now: u64) {
        self.clock = self.clock.max(now);
        while let Some(next) = self.deadlines().into_iter().min() {
            if next.0 >= self.clock {
                return;
            }
            self.fire(next);
        }
    }

    pub(super) fn deadlines(&self) -> Vec<Deadline> {
        let mut all = Vec::new();
        if self.has_ended {
            return all;
        }
        let config = &self.config;
        for (index, it) in self.replicas.iter().enumerate() {
            let mut add = |at: Option<u64>, kind| all.extend(at.map(|at| (at, index, kind)));
            add(it.command, TERM);
            add(it.term, TERM);
            add(it.kill, KILL);
            add(it.sleep, BACKOFF);
            if !it.runs || it.after.is_some() {
                continue;
            }
            if !it.is_up {
                add(Some(plus(it.begun, config.min_uptime)), UP);
            }
            if it.place.is_some() && it.ready_at.is_none() {
                add(Some(plus(it.begun, config.ready_timeout)), NOT_READY);
            }
            let unripe = it.verdict.filter(|verdict| !verdict.is_ripe);
            add(unripe.map(|verdict| verdict.due), BACKOFF);
            if it.place.is_some() || it.is_suspect {
                add(it.ready_at.map(|at| plus(at, config.settle)), SETTLE);
            }
        }
        if let Some(mass) = self.mass {
            let calm = mass.calm.map(|since| plus(since, config.settle));
            all.extend(calm.map(|at| (at, GROUP, CALM)));
            let is_free = self.replicas.iter().all(|it| it.place.is_none());
            let is_wanted = self.replicas.iter().any(|it| it.waits_by_verdict());
            if is_free && is_wanted && mass.hold > 0 {
                all.push((mass.hold, GROUP, TURN));
            }
        }
        let left = || self.replicas.iter().filter(|it| it.over.is_none());
        if self.stopping.is_some() && left().all(|it| it.killed.is_some()) {
            let last = left().filter_map(|it| it.killed).max();
            all.extend(last.map(|at| (plus(at, config.kill_wait), GROUP, KILL_WAIT)));
        }
        all
    }

    pub(super) fn fire(&mut self, (_, index, kind): Deadline) {
        let now = self.clock;
        match kind {
            UP => self.replicas[index].is_up = true,
            TERM | KILL => self.signal(index),
            NOT_READY => {
                let (at, replica) = (instant(now), index as u16);
                self.told.push_back(GroupEvent::NotReady { at, replica });
                self.lose_place(index);
            }
            BACKOFF => match &mut self.replicas[index].verdict {
                Some(verdict) => verdict.is_ripe = true,
                None => self.begin(index),
            },
            SETTLE => {
                let had_place = self.replicas[index].place.take().is_some();
                self.replicas[index].is_suspect = false;
                if let (true, Some(mass)) = (had_place, &mut self.mass) {
                    mass.failed = 0;
                }
            }
            CALM => self.end_mass(),
            TURN => {}
            _ => return self.end(),
        }
        self.settle((index != GROUP).then_some(index));
    }

    fn signal(&mut self, index: usize) {
        let now = self.clock;
        let (timeout, grace) = (self.config.restart_timeout, self.config.stop_grace);
        let it = &mut self.replicas[index];
        let instance = it.instance();
        let order = if it.command.take().is_some() {
            it.is_command = true;
            (it.term, it.grace) = (Some(plus(now, timeout)), grace);
            GroupCommand::Restart(instance)
        } else if it.term.take().is_some() && !it.grace.is_zero() {
            it.kill = Some(plus(now, it.grace));
            let signal = Signal::Terminate;
            GroupCommand::Signal { instance, signal }
        } else {
            (it.kill, it.killed) = (None, Some(now));
            let signal = Signal::Kill;
            GroupCommand::Signal { instance, signal }
        };
        self.order(order);
    }
}
