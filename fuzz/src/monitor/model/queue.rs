//! What is to be done next, and when: whoever is first among all.

use super::{Check, Life, Model, Order, What, Who, micros};

impl Model {
    pub(in super::super) fn poll(&mut self, now: u64) -> Option<Order> {
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

    /// When something is to be done next.
    pub(in super::super) fn next(&self) -> Option<u64> {
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
        let running = self.checks().filter(|(_, it)| it.is_running());
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
}
