//! The core's conformance vectors, through a driver's monitor: its loop, its threads and tasks, in
//! virtual time. What the core's own replay hands in, self-checks answer here.

use std::collections::VecDeque;
use std::time::Duration;

use health_core::Instant;
use health_core::Outcome;
use health_core::check::{self, CheckConfig};
use health_core::monitor::{CheckId, MonitorEvent, TargetId};
use health_driver::monitor::{CheckView, ManualClock, MonitorControl, Target};
use serde_json::Value;

use crate::clock::idle;
use crate::driver::{Monitor, Running};
use hub::Hub;
use read::Script;
use show::State;

#[path = "../../../tests/vectors/file.rs"]
mod file;
#[path = "hub.rs"]
mod hub;
#[path = "../../../tests/vectors/read.rs"]
mod read;
#[path = "../../../tests/vectors/show.rs"]
mod show;

const LIMIT: Duration = Duration::from_secs(20);

#[test]
fn committed_vectors() {
    let path = "probe-vectors.json through this driver";
    file::run(path, file::COMMITTED, replay);
}

#[test]
fn a_vector_with_another_expectation_fails() {
    file::check_that_differences_are_found(replay);
}

fn replay(vector: &Value) -> Result<(), String> {
    let mut world = World::new(vector);
    world.run();
    file::compare("event", &vector["expect"]["events"], &world.events)?;
    file::compare("attempt", &vector["expect"]["attempts"], &world.attempts)?;
    let states = world.final_state();
    file::compare("final state", &vector["expect"]["final"], &states)?;
    world.end();
    Ok(())
}

struct World {
    script: Script,
    clock: ManualClock,
    monitor: Running,
    hub: Hub,
    /// The k-th check of the vector, with the names of its target and its own.
    checks: Vec<(Place, String)>,
    targets: Vec<String>,
    control: VecDeque<(u64, String)>,
    /// When which attempt of which check will be answered.
    answers: Vec<(u64, usize, u64)>,
    events: Vec<Value>,
    attempts: Vec<Value>,
}

/// A check by its target and its position there.
type Place = (TargetId, usize);

fn place(check: CheckId) -> Place {
    (check.target(), check.index())
}

impl World {
    fn new(vector: &Value) -> Self {
        let script = Script::read(vector);
        let clock = ManualClock::new();
        let hub = Hub::new(script.checks().count());
        let (mut checks, mut targets) = (Vec::new(), Vec::new());
        let monitor = Monitor::new(script.monitor.clone()).clock(&clock);
        let monitor = Running::run(monitor, |monitor| {
            for (name, members) in groups(&script) {
                let mut target = Target::new(&name).expect("a name");
                for (index, check, config) in &members {
                    target = scripted(target, check, config, &hub, *index);
                }
                let id = monitor.add(target).expect("a valid target");
                let members = members.iter().enumerate();
                checks.extend(members.map(|(index, _)| ((id, index), name.clone())));
                targets.push(name);
            }
        });
        Self {
            control: script.control.iter().cloned().collect(),
            script,
            clock,
            monitor,
            hub,
            checks,
            targets,
            answers: Vec::new(),
            events: Vec::new(),
            attempts: Vec::new(),
        }
    }

    fn run(&mut self) {
        loop {
            let timer = idle(&self.clock).map(millis);
            self.drain();
            let control = self.control.front().map(|(at, _)| *at);
            let answer = self.answers.iter().map(|(at, ..)| *at).min();
            match self.script.next_step([control, answer, timer]) {
                Some(now) => self.step(now),
                None => return,
            }
        }
    }

    /// At equal times: control, then answers, then what is due.
    fn step(&mut self, now: u64) {
        self.clock.set(at(now));
        while self.control.front().is_some_and(|(at, _)| *at <= now) {
            let (_, op) = self.control.pop_front().expect("just seen");
            self.tell(&op);
            idle(&self.clock);
            self.drain();
        }
        // Answers that a stall has held up arrive in the order of their own times. One may be the end
        // of another attempt, so each is taken to its last consequence.
        while let Some((_, check, number)) = self.take_answer(now) {
            let answer = self.script.answer(check, number);
            if self.hub.answer(check, number, answer.outcome()) {
                let check = self.checks[check].0;
                self.see(|event| is_end(event, check, number));
                idle(&self.clock);
                self.drain();
            }
        }
        self.clock.advance_to(at(now));
    }

    fn take_answer(&mut self, now: u64) -> Option<(u64, usize, u64)> {
        let first = *self.answers.iter().filter(|(at, ..)| *at <= now).min()?;
        self.answers.retain(|it| *it != first);
        Some(first)
    }

    fn tell(&mut self, op: &str) {
        let tell: fn(&MonitorControl, &str) -> bool = match op {
            // It runs from the beginning.
            "start" => return,
            "stop" => return self.monitor.begin_stop(),
            "pause" => MonitorControl::pause,
            "resume" => MonitorControl::resume,
            "trigger" => MonitorControl::trigger,
            "instance_changed" => MonitorControl::instance_changed,
            "reactivate" => MonitorControl::reactivate,
            _ => panic!("unknown operation {op}"),
        };
        for name in &self.targets {
            assert!(tell(&self.monitor, name));
        }
    }

    /// Takes events up to the one that is waited for.
    fn see(&mut self, is_last: impl Fn(&MonitorEvent) -> bool) {
        loop {
            let event = self.monitor.next_event(LIMIT).expect("what is waited for");
            let is_last = is_last(&event);
            self.take(&event);
            if is_last {
                return;
            }
        }
    }

    fn drain(&mut self) {
        while let Some(event) = self.monitor.next_event(Duration::ZERO) {
            self.take(&event);
        }
    }

    fn take(&mut self, event: &MonitorEvent) {
        let now = millis(self.clock.now());
        if let MonitorEvent::Started { attempt, .. } = event {
            let index = self.index(attempt.check());
            self.hub.wait_for(index, attempt.number());
            let answer = self.script.answer(index, attempt.number());
            let after = answer.reaped_ms.unwrap_or(answer.ms);
            self.answers.push((now + after, index, attempt.number()));
        }
        if let MonitorEvent::Check {
            check,
            event: check::Event::Cancelled { attempt, .. },
            ..
        } = event
        {
            self.give_up(self.index(*check), *attempt);
        }
        if let MonitorEvent::Check {
            check,
            event: check::Event::Recorded(record),
            ..
        } = event
        {
            let index = self.index(*check);
            if let Some(attempt) = record.attempt() {
                self.give_up(index, attempt);
            }
            let kind = record.kind().map_or(record.message(), |kind| kind.as_str());
            let row = show::attempt(self.script.name(index), record, kind, &self.state(index));
            self.attempts.push(row);
        } else if self.script.is_group() || !matches!(event, MonitorEvent::Target { .. }) {
            // A check that stands alone is a target as well, but the vector does not say so.
            let row = show::event(now, event, |check| self.script.name(self.index(check)));
            self.events.extend(row);
        }
    }

    /// The attempt is over for the monitor. A future is dropped, sooner or later, and nobody hears
    /// its answer; what is to be reaped answers all the same.
    fn give_up(&mut self, check: usize, attempt: u64) {
        let needs_reap = |index| {
            let config = self.script.checks().nth(index).map(|it| it.1);
            config.is_some_and(|it| it.needs_reap)
        };
        self.answers
            .retain(|(_, of, number)| (*of, *number) != (check, attempt) || needs_reap(*of));
    }

    fn state(&self, index: usize) -> State {
        let ((_, position), target) = &self.checks[index];
        let target = self.monitor.target(target);
        let target = target.expect("a target of this vector");
        state_of(&target.checks[*position])
    }

    fn final_state(&self) -> Vec<Value> {
        let until = at(self.script.until);
        let states = (0..self.checks.len()).map(|index| {
            let name = self.script.name(index);
            show::final_state(name, &self.state(index), until)
        });
        states.collect()
    }

    fn index(&self, check: CheckId) -> usize {
        let position = self.checks.iter().position(|(it, _)| *it == place(check));
        position.expect("a check of this vector")
    }

    fn end(&self) {
        self.monitor.begin_stop();
        self.hub.release();
        assert!(self.monitor.stop(LIMIT));
    }
}

/// The targets: one with all checks, or one for each.
#[allow(
    clippy::type_complexity,
    reason = "a list of names, with lists of names"
)]
fn groups(script: &Script) -> Vec<(String, Vec<(usize, String, CheckConfig)>)> {
    let checks = script.checks().enumerate().map(|(index, (name, config))| {
        let name = name.unwrap_or("check").to_owned();
        (index, name, config.clone())
    });
    if script.is_group() {
        vec![("group".to_owned(), checks.collect())]
    } else {
        checks.map(|it| (it.1.clone(), vec![it])).collect()
    }
}

/// A check whose attempts the hub answers. One that needs to be reaped is a closure on a thread.
fn scripted(target: Target, name: &str, config: &CheckConfig, hub: &Hub, index: usize) -> Target {
    let (config, needs_reap, hub) = (config.clone(), config.needs_reap, hub.clone());
    let target = if needs_reap {
        target.self_check(name, config, move || hub.attempt(index).wait())
    } else {
        target.async_self_check(name, config, move || hub.attempt(index))
    };
    target.expect("a name")
}

/// Whether the attempt is over: judged, or nothing is left of it.
fn is_end(event: &MonitorEvent, of: Place, number: u64) -> bool {
    match event {
        MonitorEvent::Check { check, event, .. } if place(*check) == of => match event {
            check::Event::Recorded(record) => record.attempt() == Some(number),
            check::Event::Reaped { .. } => true,
            _ => false,
        },
        _ => false,
    }
}

fn state_of(view: &CheckView) -> State {
    State {
        status: view.status,
        mode: view.mode,
        streak: view.streak,
        is_degraded: view.is_degraded,
        is_stale: view.is_stale,
        next_due: view.next_due,
        attempts: view.attempts,
        skipped_slots: view.skipped_slots,
    }
}

fn at(millis: u64) -> Instant {
    Instant::from_micros(millis * 1_000)
}

fn millis(instant: Instant) -> u64 {
    instant.as_micros().div_ceil(1_000)
}
