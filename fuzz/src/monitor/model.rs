//! A monitor by the book: the same questions and answers, found by looking at everything.
//!
//! Written from the rules, not from the machine: no timers, no queue, no sums. Whoever is next is
//! looked for among all.

mod check;
mod target;
mod words;

use std::collections::VecDeque;
use std::time::Duration;

use health_core::Class;
use health_core::ProbeKind;
use health_core::check::{CancelReason, CheckConfig, Mode, Saved};
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
    pub(super) is_mass_failure: bool,
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
            is_mass_failure: false,
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

    /// False if it is refused.
    pub(super) fn add(
        &mut self,
        now: u64,
        name: u8,
        checks: Vec<(CheckConfig, Option<Saved>)>,
    ) -> bool {
        self.control(now);
        let is_taken = self.targets.iter().flatten().any(|it| it.name == name);
        if is_taken || !matches!(self.life, Life::New | Life::Running) {
            return false;
        }
        let mut kinds = checks.iter().map(|(config, _)| config.kind);
        let has_startup = kinds.any(|kind| kind == ProbeKind::Startup);
        let checks = checks.into_iter().map(|(config, saved)| {
            let waits = matches!(config.kind, ProbeKind::Liveness | ProbeKind::Readiness);
            Check::new(config, waits && has_startup, saved)
        });
        self.targets.push(Some(Target {
            name,
            checks: checks.collect(),
            announced: None,
        }));
        if self.life == Life::Running {
            self.start_target(self.targets.len() - 1);
        }
        true
    }

    pub(super) fn remove(&mut self, now: u64, index: usize) {
        self.control(now);
        self.each(index, |check, out| check.hold(CancelReason::Removed, out));
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
        self.judge(who, |check, now, out| {
            check.answer(now, attempt, class, out)
        });
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

    pub(super) fn poll(&mut self, now: u64) -> Option<Order> {
        self.tick(now);
        if let Some(order) = self.orders.pop_front() {
            return Some(order);
        }
        self.ring((self.clock, (usize::MAX, usize::MAX)), true);
        for (who, attempt, kill_at) in &mut self.dying {
            if kill_at.is_some_and(|at| at <= self.clock) {
                *kill_at = None;
                let (who, attempt, kill) = (*who, *attempt, true);
                self.orders.push_back(Order::Cancel { who, attempt, kill });
            }
        }
        self.finish();
        let order = self.orders.pop_front();
        order.or_else(|| self.begin())
    }

    pub(super) fn poll_told(&mut self) -> Option<Told> {
        self.told.pop_front()
    }

    /// When something is to be done next.
    pub(super) fn next(&self) -> Option<u64> {
        if !self.orders.is_empty() {
            return Some(self.clock);
        }
        let alarms = self.checks().filter_map(|(_, check)| check.alarm());
        let kills = self.dying.iter().filter_map(|&(_, _, kill_at)| kill_at);
        let until = match self.life {
            Life::Stopping { until } => Some(until),
            _ => None,
        };
        let starts = self.candidates().map(|(due, _)| self.gathered(due));
        alarms.chain(kills).chain(until).chain(starts).min()
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.life == Life::Stopped
    }

    pub(super) fn running(&self) -> usize {
        let checks = self.checks();
        let running = checks.filter(|(_, check)| check.mode() == Mode::Running);
        running.count()
    }

    pub(super) fn config_of(&self, who: Who) -> Option<&CheckConfig> {
        let target = self.targets.get(who.0)?.as_ref()?;
        Some(&target.checks.get(who.1)?.config)
    }

    /// Whether the attempt was answered or is reaped.
    pub(super) fn is_over(&self, who: Who, attempt: u64) -> bool {
        let is_it = |it: &&Check| it.attempts == attempt && it.mode() == Mode::Running;
        let target = self.targets.get(who.0).and_then(Option::as_ref);
        let runs = target.and_then(|it| it.checks.get(who.1)).filter(is_it);
        runs.is_none() && !self.dying.iter().any(|it| (it.0, it.1) == (who, attempt))
    }

    fn begin(&mut self) -> Option<Order> {
        let (due, who) = self.candidates().min()?;
        if self.gathered(due) > self.clock {
            return None;
        }
        let now = self.clock;
        let check = self.check(who)?;
        let deadline = check.begin(now);
        let attempt = check.attempts;
        self.report(who, vec![What::Started { attempt, deadline }]);
        Some(Order::Start {
            who,
            attempt,
            due,
            deadline,
        })
    }

    /// Who may begin, once it is time, as the limits stand.
    fn candidates(&self) -> impl Iterator<Item = (u64, Who)> {
        let exec = |check: &Check| check.config.needs_reap;
        let running = self.checks().filter(|(_, it)| it.mode() == Mode::Running);
        let processes = running.filter(|(_, it)| exec(it)).count() + self.dying.len();
        let may_run = self.life == Life::Running && self.running() < self.config.max_in_flight;
        let may_exec = processes < self.config.max_exec;
        self.checks().filter_map(move |(who, check)| {
            let may = may_run && (may_exec || !exec(check));
            check.due().filter(|_| may).map(|due| (due, who))
        })
    }

    /// The end of the tick.
    fn gathered(&self, due: u64) -> u64 {
        match micros(self.config.tick) {
            0 => due,
            tick => due.div_ceil(tick).saturating_mul(tick),
        }
    }

    fn tick(&mut self, now: u64) {
        self.clock = self.clock.max(now);
        self.settle_mass_failure();
    }

    /// What is over lets the streaks of those that still fail begin anew.
    fn settle_mass_failure(&mut self) {
        let was_on = self.is_mass_failure;
        self.is_mass_failure = self.is_mass_failure_now();
        if was_on && !self.is_mass_failure {
            for target in self.targets.iter_mut().flatten() {
                if target
                    .checks
                    .iter()
                    .any(|it| it.is_active() && it.is_failing())
                {
                    target.checks.iter_mut().for_each(Check::forget_failures);
                }
            }
            self.settle_mass_failure();
        }
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
                    self.judge(first.1, Check::ring);
                }
                _ => return,
            }
        }
    }

    /// Lets something happen to a check that may lead to T11, and to what follows for its target.
    fn judge(&mut self, who: Who, happen: impl Fn(&mut Check, u64, &mut Vec<What>) -> bool) {
        let now = self.clock;
        if let Some(check) = self.check(who) {
            let mut out = Vec::new();
            let wants_action = happen(check, now, &mut out);
            let is_withheld = wants_action && self.is_mass_failure_now();
            if let Some(check) = self.check(who).filter(|_| wants_action) {
                if is_withheld {
                    check.withhold(now, &mut out);
                } else {
                    check.act(&mut out);
                }
            }
            self.report(who, out);
        }
        self.settle(who.0);
    }

    fn is_mass_failure_now(&self) -> bool {
        let Some(guard) = self.config.mass_failure else {
            return false;
        };
        // For each target of which an active check was healthy once, and that has not been unhealthy for
        // too long: whether such a check fails.
        let judged = self.targets.iter().flatten().filter_map(|target| {
            let judged = target.checks.iter();
            let judged = judged.filter(|it| it.is_active() && it.was_healthy);
            let judged: Vec<_> = judged.collect();
            let is_long = |it: &&Check| it.long_unhealthy_at().is_some_and(|at| at <= self.clock);
            if judged.iter().any(is_long) {
                return None;
            }
            judged.iter().map(|it| it.is_failing()).max()
        });
        let judged: Vec<_> = judged.collect();
        let failing = judged.iter().filter(|&&failing| failing).count();
        judged.len() >= guard.min_targets
            && failing as f64 / judged.len() as f64 >= guard.failed_fraction
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
            self.each(who.0, |check, out| check.hold(hold, out));
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
