//! What must hold of every run, told from the outputs alone.

use std::collections::BTreeMap;

use health_core::Class;
use health_core::check::{CheckStatus, OnUnhealthy};

use super::model::{Model, Order, Told, What, Who};

/// Notes who runs and what was said.
#[derive(Default)]
pub(super) struct Watch {
    checks: BTreeMap<Who, Seen>,
    /// Processes that were started and are not reported to be gone, and whether they were killed.
    processes: BTreeMap<(Who, u64), bool>,
}

#[derive(Clone, Default)]
struct Seen {
    running: Option<u64>,
    status: CheckStatus,
    /// Counted failures without a success between.
    failures: u32,
    has_acted: bool,
    /// The latest time told of.
    at: u64,
}

impl Watch {
    pub(super) fn restored(&mut self, who: Who, status: CheckStatus, failures: u32) {
        let seen = self.checks.entry(who).or_default();
        (seen.status, seen.failures) = (status, failures);
    }

    /// A check goes on as that of another target.
    pub(super) fn follows(&mut self, who: Who, before: Who) {
        if let Some(seen) = self.checks.get(&before) {
            // What runs of it was cancelled.
            let (running, seen) = (None, seen.clone());
            self.checks.insert(who, Seen { running, ..seen });
        }
    }

    pub(super) fn removed(&mut self, target: usize) {
        self.checks.retain(|who, _| who.0 != target);
    }

    pub(super) fn is_alive(&self, who: Who, attempt: u64) -> bool {
        self.processes.contains_key(&(who, attempt))
    }

    pub(super) fn gone(&mut self, who: Who, attempt: u64) {
        self.processes.remove(&(who, attempt));
    }

    pub(super) fn order(&mut self, order: Order, model: &Model, limits: (usize, usize)) {
        match order {
            Order::Start { who, attempt, .. } => {
                assert!(model.running() <= limits.0, "P12: {order:?}");
                let config = model.config_of(who);
                if config.is_some_and(|config| config.needs_reap) {
                    self.processes.insert((who, attempt), false);
                    let alive = self.processes.len();
                    assert!(alive <= limits.1, "P12: {alive} processes, {order:?}");
                }
            }
            Order::Cancel { who, attempt, kill } => {
                // One that waited while its process was reported to be gone may cross the report.
                if let Some(killed) = self.processes.get_mut(&(who, attempt)) {
                    assert!(!(kill && *killed), "killed twice: {order:?}");
                    *killed |= kill;
                }
            }
        }
    }

    pub(super) fn told(&mut self, told: Told, model: &Model) {
        let Some((target, Some(check))) = told.who else {
            return;
        };
        let who = (target, check);
        let seen = self.checks.entry(who).or_default();
        assert!(told.at >= seen.at, "events in order: {told:?}");
        seen.at = told.at;
        match told.what {
            What::Started { attempt, .. } => {
                assert_eq!(seen.running.replace(attempt), None, "P1: {told:?}");
            }
            What::Cancelled { attempt, .. } => {
                assert_eq!(seen.running.take(), Some(attempt), "{told:?}");
            }
            What::Recorded {
                attempt,
                class,
                counted,
                ..
            } => {
                if seen.running.is_some() {
                    assert_eq!(seen.running.take(), attempt, "{told:?}");
                }
                match class {
                    Class::Success | Class::Warning => seen.failures = 0,
                    Class::Failure if counted => seen.failures += 1,
                    _ => {}
                }
            }
            What::Status { from, to } => {
                assert!(from == seen.status && from != to, "P3: {told:?}");
                seen.status = to;
                if to == CheckStatus::Starting {
                    // A new instance.
                    (seen.failures, seen.has_acted) = (0, false);
                }
                let config = model
                    .config_of(who)
                    .filter(|_| to == CheckStatus::Unhealthy);
                if let Some(config) = config {
                    assert!(seen.failures >= config.retries, "P4: {told:?}");
                }
            }
            What::RestartRequested | What::Deregistered => {
                let config = model.config_of(who);
                let may = config.is_none_or(|it| it.on_unhealthy != OnUnhealthy::Report);
                assert!(may && !seen.has_acted, "P11: {told:?}");
                seen.has_acted = true;
            }
            _ => {}
        }
    }
}
