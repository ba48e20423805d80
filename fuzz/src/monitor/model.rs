//! A monitor by the book: the same questions and answers, found by looking at everything.
//!
//! Written from the rules, not from the machine: no timers, no queue, no sums. Whoever is next is
//! looked for among all.

mod check;
mod mass_failure;
mod queue;
mod replace;
mod target;
mod words;

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use health_core::Class;
use health_core::check::{CancelReason, CheckConfig, Saved};
use health_core::monitor::MonitorConfig;

pub(super) use check::Check;
use target::Target;
pub(super) use words::{Order, Told, What, Who};

pub(super) struct Model {
    config: MonitorConfig,
    life: Life,
    pub(super) clock: u64,
    /// By registration; `None` once removed.
    pub(super) targets: Vec<Option<Target>>,
    /// What was told to end and is not reaped, and when it is to be killed.
    dying: Vec<(Who, u64, Option<u64>)>,
    orders: VecDeque<Order>,
    told: VecDeque<Told>,
    /// The scopes of which so many targets fail: `None` is all of them, the others are groups.
    mass_failures: BTreeSet<Option<u8>>,
}

#[derive(Clone, Copy, PartialEq)]
enum Life {
    New,
    Running,
    Stopping { until: u64 },
    Stopped,
}

impl Model {
    pub(super) fn new(config: MonitorConfig) -> Self {
        Self {
            config,
            life: Life::New,
            clock: 0,
            targets: Vec::new(),
            dying: Vec::new(),
            orders: VecDeque::new(),
            told: VecDeque::new(),
            mass_failures: BTreeSet::new(),
        }
    }

    pub(super) fn start(&mut self, now: u64) {
        self.control(now);
        if self.life == Life::New {
            self.life = Life::Running;
            for index in 0..self.targets.len() {
                self.start_target(index);
            }
        }
    }

    pub(super) fn stop(&mut self, now: u64) {
        self.control(now);
        if matches!(self.life, Life::New | Life::Running) {
            let until = self.clock.saturating_add(micros(self.config.stop_timeout));
            self.life = Life::Stopping { until };
            for index in 0..self.targets.len() {
                self.each(index, |check, out| check.stop(until, out));
            }
            self.settle_mass_failure();
            self.finish();
        }
    }

    /// Its number; `None` if it is refused.
    pub(super) fn add(
        &mut self,
        now: u64,
        name: u8,
        group: Option<u8>,
        checks: Vec<(CheckConfig, Option<Saved>)>,
    ) -> Option<usize> {
        self.control(now);
        if self.find(name).is_some() || !self.takes_targets() {
            return None;
        }
        Some(self.insert(Target::new(name, group, checks)))
    }

    /// The number of the target of that name.
    pub(super) fn find(&self, name: u8) -> Option<usize> {
        let is_it = |it: &Option<Target>| it.as_ref().is_some_and(|it| it.name == name);
        self.targets.iter().position(is_it)
    }

    fn takes_targets(&self) -> bool {
        matches!(self.life, Life::New | Life::Running)
    }

    pub(super) fn is_new(&self) -> bool {
        self.life == Life::New
    }

    fn insert(&mut self, target: Target) -> usize {
        let index = self.targets.len();
        self.targets.push(Some(target));
        if self.life == Life::Running {
            self.start_target(index);
        }
        index
    }

    pub(super) fn remove(&mut self, now: u64, index: usize) {
        self.control(now);
        let now = self.clock;
        self.each(index, |check, out| {
            check.hold(now, CancelReason::Removed, out)
        });
        self.targets[index] = None;
        self.settle_mass_failure();
    }

    /// A control operation for each check of a target.
    pub(super) fn tell(
        &mut self,
        now: u64,
        index: usize,
        tell: impl Fn(&mut Check, u64, &mut Vec<What>),
    ) {
        self.control(now);
        let now = self.clock;
        self.each(index, |check, out| tell(check, now, out));
        self.settle(index);
    }

    pub(super) fn set_max_in_flight(&mut self, most: usize) {
        self.config.max_in_flight = most;
    }

    pub(super) fn answer(&mut self, now: u64, who: Who, attempt: u64, class: Class) {
        self.tick(now);
        self.ring((self.clock, who), false);
        let answered = self.answers_again(who.0);
        let is_taken = self.judge(who, |check, now, out| {
            check.answer(now, attempt, class, out)
        });
        if is_taken && self.answers_again(who.0) {
            if !answered {
                self.report(who, vec![What::AnswersAgain]);
            }
            let target = self.targets[who.0].as_ref();
            if target.is_some_and(Target::is_reactivated_by_itself) {
                let now = self.clock;
                self.each(who.0, |check, out| check.reactivate(now, out));
                self.settle(who.0);
            }
        }
    }

    fn answers_again(&self, index: usize) -> bool {
        let target = self.targets.get(index).and_then(Option::as_ref);
        target.is_some_and(Target::answers_again)
    }

    pub(super) fn reaped(&mut self, now: u64, who: Who, attempt: u64) {
        self.tick(now);
        self.ring((self.clock, who), false);
        let is_it = |it: &(Who, u64, Option<u64>)| (it.0, it.1) == (who, attempt);
        if let Some(index) = self.dying.iter().position(is_it) {
            self.dying.remove(index);
            let now = self.clock;
            if let Some(check) = self.check(who) {
                let mut out = Vec::new();
                check.reaped(now, attempt, &mut out);
                self.report(who, out);
            }
            self.finish();
        }
    }

    pub(super) fn poll_told(&mut self) -> Option<Told> {
        self.told.pop_front()
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.life == Life::Stopped
    }

    pub(super) fn running(&self) -> usize {
        let checks = self.checks();
        checks.filter(|(_, check)| check.is_running()).count()
    }

    pub(super) fn config_of(&self, who: Who) -> Option<&CheckConfig> {
        let target = self.targets.get(who.0)?.as_ref()?;
        Some(&target.checks.get(who.1)?.config)
    }

    /// Whether the attempt was answered or is reaped.
    pub(super) fn is_over(&self, who: Who, attempt: u64) -> bool {
        let is_it = |it: &&Check| it.attempts == attempt && it.is_running();
        let target = self.targets.get(who.0).and_then(Option::as_ref);
        let runs = target.and_then(|it| it.checks.get(who.1)).filter(is_it);
        runs.is_none() && !self.dying.iter().any(|it| (it.0, it.1) == (who, attempt))
    }

    fn tick(&mut self, now: u64) {
        self.clock = self.clock.max(now);
        self.settle_mass_failure();
    }

    /// Deadlines before a control operation come before it.
    fn control(&mut self, now: u64) {
        self.tick(now);
        self.ring((self.clock, (0, 0)), false);
    }

    /// Handles what the clock has decided before `until` (or also at it), one after the other.
    fn ring(&mut self, until: (u64, Who), or_at: bool) {
        loop {
            let alarms = self.checks();
            let alarms = alarms.filter_map(|(who, check)| Some((check.alarm()?, who)));
            match alarms.min() {
                Some(first) if first < until || (or_at && first == until) => {
                    let _ = self.judge(first.1, Check::ring);
                }
                _ => return,
            }
        }
    }

    /// Lets something happen to a check that may lead to T11, and to what follows for its target; whether
    /// there is a result.
    fn judge(
        &mut self,
        who: Who,
        happen: impl Fn(&mut Check, u64, &mut Vec<What>) -> bool,
    ) -> bool {
        let now = self.clock;
        let mut is_taken = false;
        if let Some(check) = self.check(who) {
            let mut out = Vec::new();
            let wants_action = happen(check, now, &mut out);
            is_taken = out.iter().any(|it| matches!(it, What::Recorded { .. }));
            let is_withheld = wants_action && self.withholds(who.0);
            if let Some(check) = self.check(who).filter(|_| wants_action) {
                if is_withheld {
                    check.withhold(now, &mut out);
                } else {
                    check.act(now, &mut out);
                }
            }
            self.report(who, out);
        }
        self.settle(who.0);
        is_taken
    }

    fn start_target(&mut self, index: usize) {
        let now = self.clock;
        self.each(index, |check, out| check.start(now, out));
        self.settle(index);
    }

    fn each(&mut self, index: usize, tell: impl Fn(&mut Check, &mut Vec<What>)) {
        let count = self.targets[index].as_ref().map_or(0, |it| it.checks.len());
        for place in 0..count {
            let mut out = Vec::new();
            if let Some(check) = self.check((index, place)) {
                tell(check, &mut out);
            }
            self.report((index, place), out);
        }
    }

    fn report(&mut self, who: Who, out: Vec<What>) {
        let at = self.clock;
        for what in out {
            self.tell_of(Some((who.0, Some(who.1))), what);
            let hold = match what {
                What::Cancelled { attempt, .. } => {
                    let kill_at = at.saturating_add(micros(self.config.kill_after));
                    if self.check(who).is_some_and(|it| it.config.needs_reap) {
                        self.dying.push((who, attempt, Some(kill_at)));
                    }
                    let kill = false;
                    self.orders.push_back(Order::Cancel { who, attempt, kill });
                    continue;
                }
                What::RestartRequested => CancelReason::Restart,
                What::Deregistered => CancelReason::Deregistered,
                _ => continue,
            };
            self.each(who.0, |check, out| check.hold(at, hold, out));
        }
    }

    /// "Phases of one target."
    fn settle(&mut self, index: usize) {
        let now = self.clock;
        let Some(Some(target)) = self.targets.get_mut(index) else {
            return;
        };
        let standing = (target.is_started(), target.is_ready());
        if standing.0 {
            target.checks.iter_mut().for_each(|check| check.open(now));
        }
        self.settle_mass_failure();
        let Some(Some(target)) = self.targets.get_mut(index) else {
            return;
        };
        if self.life == Life::Running && target.announced != Some(standing) {
            target.announced = Some(standing);
            let (started, ready) = standing;
            self.tell_of(Some((index, None)), What::Target { started, ready });
        }
    }

    fn tell_of(&mut self, who: Option<(usize, Option<usize>)>, what: What) {
        let at = self.clock;
        self.told.push_back(Told { at, who, what });
    }

    fn finish(&mut self) {
        if let Life::Stopping { until } = self.life {
            let left = self.dying.len();
            if left == 0 || self.clock >= until {
                self.life = Life::Stopped;
                self.tell_of(None, What::AllStopped { left });
            }
        }
    }

    fn check(&mut self, who: Who) -> Option<&mut Check> {
        let target = self.targets.get_mut(who.0)?.as_mut()?;
        target.checks.get_mut(who.1)
    }

    fn checks(&self) -> impl Iterator<Item = (Who, &Check)> {
        let targets = self.targets.iter().enumerate();
        targets.flat_map(|(index, target)| {
            let checks = target.iter().flat_map(|it| it.checks.iter().enumerate());
            checks.map(move |(place, check)| ((index, place), check))
        })
    }
}

fn micros(length: Duration) -> u64 {
    u64::try_from(length.as_micros()).unwrap_or(u64::MAX)
}
