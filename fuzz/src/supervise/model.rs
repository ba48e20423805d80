//! A supervisor by the book: the same commands and events, found by looking at everything.
//!
//! Written from the rules R1 to R24, not from the machine: flags for what is, no states but those that
//! follow from them, every restart remembered for ever, and each question asks all replicas.

mod deadlines;
mod replica;
mod rules;
mod turns;

use std::collections::VecDeque;
use std::time::Duration;

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
