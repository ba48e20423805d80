//! One vector, run through the monitor in virtual time.

pub(crate) mod file;
mod read;
mod show;

use std::collections::VecDeque;

use health_core::Instant;
use health_core::check::{self, Check};
use health_core::monitor::{AttemptId, CheckId, Command, Monitor, MonitorEvent, TargetId};
use serde_json::Value;

use read::{Answer, Script};
use show::State;

/// Runs the vector and compares everything; `Err` is the first difference, for people.
pub(crate) fn replay(vector: &Value) -> Result<(), String> {
    let mut world = World::new(vector);
    world.run();
    file::compare("event", &vector["expect"]["events"], &world.events)?;
    file::compare("attempt", &vector["expect"]["attempts"], &world.attempts)?;
    file::compare(
        "final state",
        &vector["expect"]["final"],
        &world.final_state(),
    )
}

/// The monitor, the targets it probes, and a clock.
struct World {
    script: Script,
    monitor: Monitor,
    targets: Vec<TargetId>,
    /// The k-th check of the vector.
    checks: Vec<CheckId>,
    control: VecDeque<(u64, String)>,
    /// What will be reported: when, for which check, whether reaped.
    answers: Vec<(u64, CheckId, AttemptId, Report)>,
    events: Vec<Value>,
    attempts: Vec<Value>,
}

#[derive(Clone, Debug, PartialEq)]
enum Report {
    Answer(Answer),
    Reaped,
}

impl World {
    fn new(vector: &Value) -> Self {
        let script = Script::read(vector);
        let mut monitor = Monitor::new(script.monitor.clone());
        let targets: Vec<_> = script
            .targets()
            .into_iter()
            .map(|spec| {
                monitor
                    .add(Instant::default(), spec)
                    .expect("a valid target")
            })
            .collect();
        let mut checks = Vec::new();
        for &id in &targets {
            checks.extend(monitor.checks(id));
        }
        Self {
            control: script.control.iter().cloned().collect(),
            script,
            monitor,
            targets,
            checks,
            answers: Vec::new(),
            events: Vec::new(),
            attempts: Vec::new(),
        }
    }

    /// At equal times: control, then answers and deadlines, then new attempts.
    fn run(&mut self) {
        loop {
            let control = self.control.front().map(|(at, _)| *at);
            let answer = self.answers.iter().map(|(at, ..)| *at).min();
            let timer = self.monitor.poll_timeout().map(millis);
            match self.script.next_step([control, answer, timer]) {
                Some(now) => self.step(now),
                None => return,
            }
        }
    }

    fn step(&mut self, now: u64) {
        while self.control.front().is_some_and(|(at, _)| *at <= now) {
            let (_, op) = self.control.pop_front().expect("just seen");
            self.tell(now, &op);
            self.drain(now);
        }
        // Answers that a stall has held up arrive in the order of their own times.
        self.answers.sort_by_key(|(at, check, ..)| (*at, *check));
        let to_come = self.answers.partition_point(|(at, ..)| *at <= now);
        let come: Vec<_> = self.answers.drain(..to_come).collect();
        for (_, _, attempt, report) in come {
            match report {
                Report::Answer(answer) => {
                    self.monitor
                        .handle_outcome(at(now), attempt, answer.outcome());
                }
                Report::Reaped => self.monitor.handle_reaped(at(now), attempt),
            }
            self.drain(now);
        }
        while let Some(command) = self.monitor.poll(at(now)) {
            self.carry_out(now, command);
            self.drain(now);
        }
        self.drain(now);
    }

    fn tell(&mut self, now: u64, op: &str) {
        let now = at(now);
        match op {
            "start" => self.monitor.start(now),
            "stop" => self.monitor.stop(now),
            _ => {
                for &id in &self.targets {
                    match op {
                        "pause" => self.monitor.pause(now, id),
                        "resume" => self.monitor.resume(now, id),
                        "trigger" => self.monitor.trigger(now, id),
                        "instance_changed" => self.monitor.instance_changed(now, id),
                        "reactivate" => self.monitor.reactivate(now, id),
                        _ => panic!("unknown operation {op}"),
                    }
                }
            }
        }
    }

    fn carry_out(&mut self, now: u64, command: Command) {
        let Command::Start { attempt, .. } = command else {
            return;
        };
        let answer = self
            .script
            .answer(self.index(attempt.check()), attempt.number());
        if let Some(reaped) = answer.reaped_ms {
            let report = Report::Reaped;
            self.answers
                .push((now + reaped, attempt.check(), attempt, report));
        }
        // Late ones are sent as well: the machine has to ignore them.
        let report = Report::Answer(answer.clone());
        self.answers
            .push((now + answer.ms, attempt.check(), attempt, report));
    }

    fn drain(&mut self, now: u64) {
        while let Some(event) = self.monitor.poll_event() {
            if let MonitorEvent::Check {
                check,
                event: check::Event::Recorded(record),
                ..
            } = &event
            {
                let state = self.monitor.check(*check).expect("a check of this vector");
                let name = self.script.name(self.index(*check));
                let kind = record.kind().map_or(record.message(), |kind| kind.as_str());
                let row = show::attempt(name, record, kind, &state_of(state));
                self.attempts.push(row);
            } else {
                // A check that stands alone is a target as well, but the vector does not say so.
                let told = self.script.is_group() || !matches!(event, MonitorEvent::Target { .. });
                if told {
                    self.events.extend(show::event(now, &event, |check| {
                        self.script.name(self.index(check))
                    }));
                }
            }
        }
    }

    fn final_state(&self) -> Vec<Value> {
        let checks = self.checks.iter().enumerate();
        let states = checks.filter_map(|(index, &id)| {
            let check: &Check = self.monitor.check(id)?;
            let until = at(self.script.until);
            Some(show::final_state(
                self.script.name(index),
                &state_of(check),
                until,
            ))
        });
        states.collect()
    }

    fn index(&self, check: CheckId) -> usize {
        let position = self.checks.iter().position(|it| *it == check);
        position.expect("a check of this vector")
    }
}

fn state_of(check: &Check) -> State {
    State {
        status: check.status(),
        mode: check.mode(),
        streak: check.streak(),
        is_degraded: check.is_degraded(),
        is_stale: check.is_stale(),
        next_due: check.next_due(),
        attempts: check.attempts(),
        skipped_slots: check.skipped_slots(),
    }
}

fn at(millis: u64) -> Instant {
    Instant::from_micros(millis * 1_000)
}

fn millis(instant: Instant) -> u64 {
    instant.as_micros().div_ceil(1_000)
}
