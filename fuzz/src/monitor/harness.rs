//! The driver and the operator around one monitor, and around the model of one.

mod register;

use health_core::monitor::{AttemptId, CheckId, Command, Monitor, MonitorConfig, MonitorEvent};
use health_core::monitor::{Signal, Summary, TargetId, TargetStatus};
use health_core::{Class, Outcome};
use health_core::{Instant, Moment};

use super::model::{Check, Model, Order, Told, What, Who};
use super::settings::length;
use super::translate::{look_alike, what};
use super::watch::Watch;
use super::{Control, Operation};

/// Whatever an operation brings about is over after so many commands.
const MOST_COMMANDS: usize = 10_000;
/// Targets in a run: the model looks at all of them, all the time.
const MOST_TARGETS: usize = 24;

pub(super) struct Harness {
    machine: Monitor,
    model: Model,
    watch: Watch,
    /// `max_in_flight`, `max_exec`.
    limits: (usize, usize),
    now: u64,
    /// By registration, removed ones too.
    targets: Vec<TargetId>,
    /// Of each target.
    checks: Vec<Vec<CheckId>>,
    /// Every attempt that was begun.
    attempts: Vec<(Who, u64)>,
}

impl Harness {
    pub(super) fn new(config: MonitorConfig) -> Self {
        Self {
            limits: (config.max_in_flight, config.max_exec),
            machine: Monitor::new(config.clone()),
            model: Model::new(config),
            watch: Watch::default(),
            now: 0,
            targets: Vec::new(),
            checks: Vec::new(),
            attempts: Vec::new(),
        }
    }

    pub(super) fn apply(&mut self, operation: &Operation) {
        let (now, at) = (self.now, Instant::from_micros(self.now));
        match operation {
            Operation::Add(registration) => self.add(registration),
            Operation::Replace(registration) => self.replace(registration),
            Operation::Remove(nth) => {
                if let Some(index) = nth_last(self.targets.len(), *nth) {
                    let was_there = self.model.targets[index].is_some();
                    self.model.remove(now, index);
                    let is_removed = self.machine.remove(at, self.targets[index]);
                    assert_eq!(is_removed, was_there);
                    self.compare();
                    self.watch.removed(index);
                }
            }
            Operation::Tell(control, nth) => {
                if let Some(index) = nth_last(self.targets.len(), *nth) {
                    self.tell(*control, index);
                }
            }
            Operation::Start => {
                self.model.start(now);
                self.machine.start(at);
            }
            Operation::Stop => {
                self.model.stop(now);
                self.machine.stop(at);
            }
            Operation::Limit(most) => {
                let most = usize::from(most % 5);
                self.limits.0 = most;
                self.model.set_max_in_flight(most);
                self.machine.set_max_in_flight(most);
            }
            Operation::Poll(most) => self.poll(match most {
                0 => MOST_COMMANDS,
                most => usize::from(*most),
            }),
            Operation::Wait { length: by, back } => {
                let by = length(*by % 15).as_micros() as u64;
                self.now = if *back {
                    now.saturating_sub(by)
                } else {
                    now + by
                };
            }
            Operation::WaitForNext(off) => {
                if let Some(next) = self.machine.poll_timeout() {
                    let next = next.as_micros().saturating_add_signed(i64::from(*off));
                    // For ever is not waited for.
                    if next < u64::MAX / 4 {
                        self.now = now.max(next);
                    }
                }
            }
            Operation::Answer { attempt, class } => {
                if let Some(nth) = nth_last(self.attempts.len(), *attempt) {
                    let (who, number) = self.attempts[nth];
                    self.answer(who, number, *class);
                }
            }
            Operation::Reaped(nth) => {
                if let Some(nth) = nth_last(self.attempts.len(), *nth) {
                    let (who, number) = self.attempts[nth];
                    self.reaped(who, number);
                }
            }
            Operation::Invented {
                target,
                check,
                number,
            } => {
                if let Some(index) = nth_last(self.targets.len(), *target) {
                    // No identifier names a check that its target does not have.
                    let check = usize::from(*check) % self.checks[index].len();
                    let (who, number) = ((index, check), u64::from(*number));
                    let known = |it: &(Who, u64)| *it == (who, number);
                    if !self.attempts.iter().any(known) {
                        self.answer(who, number, Class::Failure);
                        self.reaped(who, number);
                    }
                }
            }
        }
        self.compare();
    }

    /// Everything is stopped and reaped, and time passes until it is over.
    pub(super) fn finish(mut self) {
        self.poll(MOST_COMMANDS);
        self.apply(&Operation::Stop);
        self.poll(MOST_COMMANDS);
        for (who, number) in self.attempts.clone() {
            self.reaped(who, number);
        }
        self.compare();
        self.poll(MOST_COMMANDS);
        assert!(self.machine.is_stopped(), "nothing is left, and no end");
        assert_eq!(self.machine.poll_timeout(), None, "after the end");
        assert_eq!(self.machine.in_flight(), 0);
    }

    fn tell(&mut self, control: Control, index: usize) {
        let (now, at, id) = (
            self.now,
            Instant::from_micros(self.now),
            self.targets[index],
        );
        match control {
            Control::Pause => {
                self.model.tell(now, index, Check::pause);
                self.machine.pause(at, id);
            }
            Control::Resume => {
                let resume = |check: &mut Check, now, _: &mut Vec<What>| check.resume(now);
                self.model.tell(now, index, resume);
                self.machine.resume(at, id);
            }
            Control::Trigger => {
                let trigger = |check: &mut Check, now, _: &mut Vec<What>| check.trigger(now);
                self.model.tell(now, index, trigger);
                self.machine.trigger(at, id);
            }
            Control::InstanceChanged => {
                self.model.tell(now, index, Check::instance_changed);
                self.machine.instance_changed(at, id);
            }
            Control::Reactivate => {
                self.model.tell(now, index, Check::reactivate);
                self.machine.reactivate(at, id);
            }
        }
    }

    fn answer(&mut self, who: Who, number: u64, class: Class) {
        let outcome = match class {
            Class::Success => Outcome::success(),
            Class::Warning => Outcome::warning("slow"),
            Class::Failure => Outcome::failure_with_message("503"),
            Class::Indeterminate => Outcome::indeterminate("no descriptors"),
        };
        self.model.answer(self.now, who, number, class);
        let (at, attempt) = (Instant::from_micros(self.now), self.attempt(who, number));
        self.machine.handle_outcome(at, attempt, outcome);
        // Its answer was taken: the process has ended. Otherwise the driver reports that as well.
        self.compare();
        if self.model.is_over(who, number) {
            self.watch.gone(who, number);
        }
    }

    fn reaped(&mut self, who: Who, number: u64) {
        if self.watch.is_alive(who, number) {
            // It may be gone by itself: the driver answers first.
            self.answer(who, number, Class::Success);
        }
        self.model.reaped(self.now, who, number);
        let (at, attempt) = (Instant::from_micros(self.now), self.attempt(who, number));
        self.machine.handle_reaped(at, attempt);
        if self.model.is_over(who, number) {
            self.watch.gone(who, number);
        }
    }

    fn poll(&mut self, most: usize) {
        let at = Instant::from_micros(self.now);
        for nth in 0..=most {
            if nth == most {
                assert!(most < MOST_COMMANDS, "no end of commands");
                return;
            }
            let command = self.machine.poll(at).map(|it| self.order(it));
            let expected = self.model.poll(self.now);
            assert_eq!(command, expected, "at {}", self.now);
            let Some(order) = command else { break };
            self.watch.order(order, &self.model, self.limits);
            if let Order::Start { who, attempt, .. } = order {
                self.attempts.push((who, attempt));
            }
        }
        let next = self.machine.poll_timeout();
        assert!(next.is_none_or(|next| next > at), "asks to be called again");
    }

    /// Both have told the same, and look the same.
    fn compare(&mut self) {
        while let Some(event) = self.machine.poll_event() {
            let told = self.told(&event);
            assert_eq!(Some(told), self.model.poll_told());
            self.watch.told(told, &self.model);
        }
        assert_eq!(self.model.poll_told(), None, "it was not told");
        let next = self.machine.poll_timeout().map(Instant::as_micros);
        assert_eq!(next, self.model.next(), "when to call next, {}", self.now);
        assert_eq!(self.machine.in_flight(), self.model.running());
        assert_eq!(self.machine.is_stopped(), self.model.is_stopped());
        let targets = self.machine.targets(None);
        let now = Instant::from_micros(self.model.clock);
        let moment = Moment {
            now,
            ..Moment::default()
        };
        let walked: Summary = targets.map(|(_, it)| it.status_at(now)).collect();
        let status = self.machine.status(moment);
        assert_eq!(status.is_mass_failure, self.model.is_mass_failure());
        let sums = status.summary;
        assert_eq!(sums, walked, "sums at {now:?}");
        for (id, expected) in self.targets.iter().zip(&self.model.targets) {
            let target = self.machine.target(*id);
            assert_eq!(target.is_some(), expected.is_some());
            let (Some(target), Some(expected)) = (target, expected) else {
                continue;
            };
            let standing = (target.is_started(), target.is_ready());
            assert_eq!(standing, (expected.is_started(), expected.is_ready()));
            let answers = target.status_at(now) == TargetStatus::AnswersAgain;
            assert_eq!(answers, expected.answers_again());
            for ((_, check), expected) in target.checks().zip(&expected.checks) {
                look_alike(check, expected);
            }
        }
    }

    fn attempt(&self, who: Who, number: u64) -> AttemptId {
        AttemptId::new(self.checks[who.0][who.1], number)
    }

    fn who(&self, check: CheckId) -> Who {
        (self.index(check.target()), check.index())
    }

    fn index(&self, target: TargetId) -> usize {
        let position = self.targets.iter().position(|id| *id == target);
        position.unwrap_or(self.targets.len())
    }

    fn order(&self, command: Command) -> Order {
        match command {
            Command::Start {
                attempt,
                due,
                deadline,
            } => Order::Start {
                who: self.who(attempt.check()),
                attempt: attempt.number(),
                due: due.as_micros(),
                deadline: deadline.as_micros(),
            },
            Command::Cancel { attempt, signal } => Order::Cancel {
                who: self.who(attempt.check()),
                attempt: attempt.number(),
                kill: signal == Signal::Kill,
            },
            _ => panic!("unknown {command:?}"),
        }
    }

    fn told(&self, event: &MonitorEvent) -> Told {
        let (at, who, what) = match event {
            MonitorEvent::Check { at, check, event } => (at, Some(*check), what(event)),
            MonitorEvent::Started {
                at,
                attempt,
                deadline,
            } => {
                let what = What::Started {
                    attempt: attempt.number(),
                    deadline: deadline.as_micros(),
                };
                (at, Some(attempt.check()), what)
            }
            MonitorEvent::Target {
                at,
                target,
                started,
                ready,
            } => {
                let index = self.index(*target);
                let (started, ready) = (*started, *ready);
                return Told {
                    at: at.as_micros(),
                    who: Some((index, None)),
                    what: What::Target { started, ready },
                };
            }
            MonitorEvent::Stopped { at, left } => (at, None, What::AllStopped { left: *left }),
            _ => panic!("unknown {event:?}"),
        };
        let who = who.map(|check| self.who(check));
        Told {
            at: at.as_micros(),
            who: who.map(|(index, place)| (index, Some(place))),
            what,
        }
    }
}

/// The place of the `nth` from behind, going round; `None` if there is none at all.
fn nth_last(count: usize, nth: u8) -> Option<usize> {
    (count > 0).then(|| count - 1 - usize::from(nth) % count)
}
