//! A supervisor by the book: the same commands and events, found by looking at everything.
//!
//! Written from the rules R1 to R24, not from the machine: flags for what is, no states but those that
//! follow from them, every restart remembered for ever, and each question asks all replicas.

mod replica;
mod rules;

use std::collections::VecDeque;
use std::time::Duration;

use health_core::check::Signal;
use health_core::supervise::{
    GroupCommand, GroupConfig, GroupEvent, InstanceId, ReplicaState, SpawnFailure,
};
use health_core::{Instant, ProbeKind, Status};

use super::Report;
use replica::{After, Replica};

pub(super) struct Model {
    config: GroupConfig,
    clock: u64,
    is_started: bool,
    /// Whether it is because of the budget.
    stopping: Option<bool>,
    has_ended: bool,
    replicas: Vec<Replica>,
    /// When restarts were counted.
    counted: Vec<u64>,
    mass: Option<Mass>,
    is_rolling: bool,
    was_ready: bool,
    is_short: bool,
    code: u8,
    orders: VecDeque<GroupCommand>,
    told: VecDeque<GroupEvent>,
}

#[derive(Clone, Copy, Default)]
struct Mass {
    failed: u32,
    hold: u64,
    calm: Option<u64>,
}

/// When, whose (the group's come last), and what, in the order of R24.
type Deadline = (u64, usize, u8);

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
    pub(super) fn new(config: GroupConfig) -> Self {
        Self {
            replicas: (0..config.replicas).map(Replica::new).collect(),
            config,
            clock: 0,
            is_started: false,
            stopping: None,
            has_ended: false,
            counted: Vec::new(),
            mass: None,
            is_rolling: false,
            was_ready: false,
            is_short: false,
            code: 0,
            orders: VecDeque::new(),
            told: VecDeque::new(),
        }
    }

    pub(super) fn start(&mut self, now: u64) {
        self.tick(now);
        if !self.is_started && self.stopping.is_none() {
            self.is_started = true;
            for index in 0..self.replicas.len() {
                self.begin(index);
            }
            self.settle(None);
        }
    }

    pub(super) fn stop(&mut self, now: u64) {
        self.tick(now);
        if self.stopping.is_none() && !self.has_ended {
            self.stop_all(false);
        }
    }

    pub(super) fn force(&mut self, now: u64) {
        self.stop(now);
        if self.has_ended {
            return;
        }
        let now = self.clock;
        for it in self.replicas.iter_mut().filter(|it| it.over.is_none()) {
            if it.killed.is_none() {
                (it.command, it.term, it.kill) = (None, None, Some(now));
            }
        }
    }

    pub(super) fn restart(&mut self, now: u64, which: Option<u16>) {
        self.tick(now);
        if !self.is_acting() {
            return;
        }
        for index in 0..self.replicas.len() {
            if which.is_some_and(|which| usize::from(which) != index) {
                continue;
            }
            let now = self.clock;
            let it = &mut self.replicas[index];
            if it.sleep.is_some() {
                it.is_restarting = true;
                self.begin(index);
            } else if it.runs && it.after.is_none() {
                match &mut it.verdict {
                    Some(verdict) if !verdict.is_ripe => {
                        verdict.due = now;
                        verdict.is_ripe = true;
                    }
                    Some(_) => {}
                    None => {
                        it.is_asked = true;
                        self.is_rolling = true;
                    }
                }
            }
        }
        self.settle(None);
    }

    pub(super) fn reactivate(&mut self, now: u64, which: u16) {
        self.tick(now);
        let index = usize::from(which);
        let is_over = self.replicas.get(index).is_some_and(|it| it.over.is_some());
        if self.is_acting() && is_over {
            self.replicas[index].streak = 0;
            self.replicas[index].is_restarting = false;
            self.replicas[index].is_suspect = false;
            self.begin(index);
            self.settle(Some(index));
        }
    }

    pub(super) fn report(&mut self, now: u64, instance: InstanceId, report: Report) {
        self.tick(now);
        let index = usize::from(instance.replica);
        let number = self.replicas[index].number;
        if number != instance.number || number == 0 || self.has_ended {
            return;
        }
        let is_external = self.config.is_external;
        let it = &mut self.replicas[index];
        let is_ours = it.runs && !is_external;
        let is_watched = it.runs && it.after.is_none();
        match report {
            Report::NotSpawned(SpawnFailure::Missing) if is_ours => {
                self.exit(index, health_core::check::probe::Exit::Code(127), false);
            }
            Report::NotSpawned(SpawnFailure::Shortage) if is_ours => self.shortage(index),
            Report::Exit { exit, is_rest_left } if is_ours => {
                self.exit(index, exit, is_rest_left);
            }
            Report::Gone if it.is_rest => self.gone(index),
            Report::Restarted { is_ok } if it.is_command => self.restarted(index, is_ok),
            Report::Target {
                is_started,
                is_ready,
            } if is_watched => {
                it.is_started |= is_started;
                it.is_ready = is_ready;
            }
            Report::Unhealthy(kind)
                if is_watched && it.verdict.is_none() && kind != ProbeKind::Readiness =>
            {
                self.unhealthy(index, kind == ProbeKind::Startup);
            }
            Report::Recovered if is_watched && it.verdict.is_some() => self.recovered(index),
            // What cannot be is ignored.
            _ => return,
        }
        self.settle(Some(index));
    }

    pub(super) fn poll(&mut self, now: u64) -> Option<GroupCommand> {
        self.clock = self.clock.max(now);
        loop {
            if let Some(order) = self.orders.pop_front() {
                return Some(order);
            }
            let next = self.deadlines().into_iter().min()?;
            if next.0 > self.clock {
                return None;
            }
            self.fire(next);
        }
    }

    pub(super) fn next(&self) -> Option<u64> {
        if !self.orders.is_empty() {
            return Some(self.clock);
        }
        self.deadlines().into_iter().min().map(|it| it.0)
    }

    pub(super) fn poll_event(&mut self) -> Option<GroupEvent> {
        self.told.pop_front()
    }

    pub(super) fn is_ended(&self) -> bool {
        self.has_ended
    }

    pub(super) fn is_mass_failure(&self) -> bool {
        self.mass.is_some()
    }

    /// Instance, restarts, streak.
    pub(super) fn counts(&self) -> impl Iterator<Item = (u64, u64, u32)> {
        let replicas = self.replicas.iter();
        replicas.map(|it| (it.number, it.restarts, it.streak))
    }

    /// R17: words, status, readiness.
    pub(super) fn summary(&self) -> (String, Status, bool) {
        let total = self.replicas.len();
        let words: Vec<_> = self.replicas.iter().map(|it| self.word(it)).collect();
        let count = |word: &str| words.iter().filter(|it| **it == word).count();
        let healthy = count("healthy");
        let mut text = format!("{healthy}/{total} healthy");
        for word in [
            "restarting",
            "starting",
            "unready",
            "stopping",
            "failed",
            "stopped",
        ] {
            let count = count(word);
            if count > 0 {
                text.push_str(&format!(", {count}/{total} {word}"));
            }
        }
        let is_enough = healthy >= usize::from(self.config.min_ready);
        let status = if healthy == total {
            Status::Healthy
        } else if is_enough {
            Status::Degraded
        } else if !self.was_ready && count("starting") == total {
            Status::Unknown
        } else {
            Status::Unhealthy
        };
        let is_ready = is_enough && self.stopping.is_none() && !self.has_ended;
        (text, status, is_ready)
    }

    fn word(&self, it: &Replica) -> &'static str {
        match it.told {
            ReplicaState::Ready => "healthy",
            ReplicaState::Failed => "failed",
            ReplicaState::Stopped => "stopped",
            ReplicaState::Waiting if it.number == 0 => "starting",
            ReplicaState::Waiting | ReplicaState::Backoff => "restarting",
            ReplicaState::Stopping => {
                let by_exit = it
                    .exit
                    .is_some_and(|(exit, _)| self.is_restarted_after(exit));
                let again = it.after.map_or(by_exit, |after| after == After::Begin);
                if again && self.is_acting() {
                    "restarting"
                } else {
                    "stopping"
                }
            }
            _ if it.is_restarting => "restarting",
            ReplicaState::Unready => "unready",
            ReplicaState::Starting | ReplicaState::Started => "starting",
        }
    }

    /// Started, and neither stopping nor at its end.
    fn is_acting(&self) -> bool {
        self.is_started && self.stopping.is_none() && !self.has_ended
    }

    /// R24: what lies before comes before.
    fn tick(&mut self, now: u64) {
        self.clock = self.clock.max(now);
        while let Some(next) = self.deadlines().into_iter().min() {
            if next.0 >= self.clock {
                return;
            }
            self.fire(next);
        }
    }

    fn deadlines(&self) -> Vec<Deadline> {
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

    fn fire(&mut self, (_, index, kind): Deadline) {
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

    fn order(&mut self, command: GroupCommand) {
        self.orders.push_back(command);
        let at = instant(self.clock);
        self.told.push_back(GroupEvent::Command { at, command });
    }
}

fn plus(at: u64, length: Duration) -> u64 {
    at.saturating_add(u64::try_from(length.as_micros()).unwrap_or(u64::MAX))
}

fn instant(micros: u64) -> Instant {
    Instant::from_micros(micros)
}
