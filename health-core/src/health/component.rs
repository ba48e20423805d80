//! Components: parts of a daemon that succeed or fail, with the thresholds that decide their status.

use core::time::Duration;

use super::{Change, Status};
use crate::base::Instant;
use crate::base::Name;
use crate::base::Streak;
use crate::base::Timing;
use crate::base::{Class, Message, Outcome};

/// Settings of a component: when its status changes, and what that means for the daemon.
///
/// ```
/// use health_core::health::{ComponentConfig};
/// use health_core::{Status};
///
/// // A steering daemon goes on without its link: five failures in a row are "degraded".
/// let config = ComponentConfig::new().retries(5).failing_is(Status::Degraded);
/// # let _ = config;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComponentConfig {
    retries: u32,
    success_threshold: u32,
    failing_is: Status,
    critical: bool,
    validity: Option<Duration>,
}

impl Default for ComponentConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl ComponentConfig {
    /// The defaults that stand at each setting.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            retries: 3,
            success_threshold: 1,
            failing_is: Status::Unhealthy,
            critical: true,
            validity: None,
        }
    }

    /// Failures in a row that make it fail. Default 3; 0 counts as 1.
    #[must_use]
    pub const fn retries(mut self, failures: u32) -> Self {
        self.retries = failures;
        self
    }

    /// Successes in a row that make it healthy again. Default 1; 0 counts as 1.
    #[must_use]
    pub const fn success_threshold(mut self, successes: u32) -> Self {
        self.success_threshold = successes;
        self
    }

    /// Its status when it fails. Default [`Status::Unhealthy`].
    #[must_use]
    pub const fn failing_is(mut self, status: Status) -> Self {
        self.failing_is = status;
        self
    }

    /// Whether the daemon needs it. Default true; a component that is not critical makes the daemon
    /// at most [`Status::Degraded`].
    #[must_use]
    pub const fn critical(mut self, critical: bool) -> Self {
        self.critical = critical;
        self
    }

    /// How long a result counts; after that the component is [`Status::Unknown`] until the next one.
    /// Default: without a limit.
    #[must_use]
    pub const fn validity(mut self, validity: Duration) -> Self {
        self.validity = Some(validity);
        self
    }
}

/// One component, as it stood when the snapshot was taken.
#[derive(Clone, Debug)]
pub struct ComponentState {
    name: Name,
    config: ComponentConfig,
    condition: Condition,
    streak: Streak,
    since: Instant,
    last: Option<(Instant, Outcome)>,
    changes: [u64; Status::ALL.len()],
    pub(super) timing: Timing,
}

/// What the thresholds have decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Condition {
    /// No decision yet, or none that still counts.
    Unknown,
    Passing,
    /// Passing, and the last result was a warning.
    Warned,
    Failing,
}

impl ComponentState {
    pub(super) fn new(name: Name, config: ComponentConfig, now: Instant) -> Self {
        let condition = Condition::Unknown;
        Self {
            name,
            config,
            condition,
            streak: Streak::of_failures(0),
            since: now,
            last: None,
            changes: [0; Status::ALL.len()],
            timing: Timing::default(),
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &Name {
        &self.name
    }

    /// Whether the daemon needs it: see [`ComponentConfig::critical`].
    #[must_use]
    pub(crate) const fn is_critical(&self) -> bool {
        self.config.critical
    }

    /// How it is: unknown until the thresholds have decided, and again when the decision is stale.
    #[must_use]
    pub const fn status(&self) -> Status {
        match self.condition {
            Condition::Unknown => Status::Unknown,
            Condition::Passing => Status::Healthy,
            Condition::Warned => Status::Degraded,
            Condition::Failing => self.config.failing_is,
        }
    }

    /// What it contributes to the daemon's status: its own status, at most degraded if it is not critical.
    #[must_use]
    pub(crate) fn contribution(&self) -> Status {
        let most = if self.config.critical {
            Status::Unhealthy
        } else {
            Status::Degraded
        };
        self.status().min(most)
    }

    /// Since when it has had this status.
    #[must_use]
    pub const fn since(&self) -> Instant {
        self.since
    }

    /// Results in a row.
    #[must_use]
    pub const fn streak(&self) -> Streak {
        self.streak
    }

    /// The latest result, and when it came.
    #[must_use]
    pub fn last(&self) -> Option<(Instant, &Outcome)> {
        self.last.as_ref().map(|(at, outcome)| (*at, outcome))
    }

    /// The public message of the latest result; empty if there is none.
    #[must_use]
    pub fn message(&self) -> &Message {
        const NONE: &Message = &Message::EMPTY;
        self.last
            .as_ref()
            .map_or(NONE, |(_, outcome)| &outcome.message)
    }

    /// How often its status has changed to `status`.
    #[must_use]
    pub(crate) const fn transitions_to(&self, status: Status) -> u64 {
        self.changes[status as usize]
    }

    /// How long checking it took, where the daemon has recorded that.
    #[must_use]
    pub const fn timing(&self) -> &Timing {
        &self.timing
    }

    /// Takes a result; says how the status changed, if it did.
    pub(super) fn record(&mut self, now: Instant, outcome: Outcome) -> Option<Change> {
        match outcome.class {
            Class::Success | Class::Warning => self.streak.success(),
            Class::Failure => self.streak.failure(),
            // It says nothing about the component, so it does not prolong the last result either.
            Class::Indeterminate => return None,
        }
        let passes = self.streak.successes() >= self.config.success_threshold.max(1);
        let condition = match outcome.class {
            Class::Success if passes => Condition::Passing,
            Class::Warning if passes => Condition::Warned,
            Class::Failure if self.streak.failures() >= self.config.retries.max(1) => {
                Condition::Failing
            }
            _ => self.condition,
        };
        self.last = Some((now, outcome));
        self.set_condition(now, condition)
    }

    /// Takes the number of failures in a row from a daemon that counts by itself.
    pub(super) fn set_failures(&mut self, now: Instant, failures: u32) -> Option<Change> {
        self.streak = Streak::of_failures(failures);
        let failing = failures >= self.config.retries.max(1);
        let outcome = if failures == 0 {
            Outcome::success()
        } else {
            Outcome::failure_with_message("")
        };
        self.last = Some((now, outcome));
        self.set_condition(
            now,
            if failing {
                Condition::Failing
            } else {
                Condition::Passing
            },
        )
    }

    /// Forgets its results: the daemon starts again.
    pub(super) fn restart(&mut self, now: Instant) -> Option<Change> {
        self.streak = Streak::of_failures(0);
        self.last = None;
        self.set_condition(now, Condition::Unknown)
    }

    /// When its last result stops counting, if that is still to come.
    pub(super) fn stale_at(&self) -> Option<Instant> {
        let (at, _) = self.last.as_ref()?;
        let validity = self.config.validity?;
        (self.condition != Condition::Unknown).then(|| *at + validity)
    }

    /// Sets the status to unknown if the last result has outlived its validity.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> Option<Change> {
        // Stamped with the deadline's own time: that is when it became unknown.
        let deadline = self.stale_at().filter(|deadline| *deadline <= now)?;
        self.set_condition(deadline, Condition::Unknown)
    }

    fn set_condition(&mut self, now: Instant, condition: Condition) -> Option<Change> {
        let from = self.status();
        self.condition = condition;
        let to = self.status();
        if from == to {
            return None;
        }
        self.since = now;
        self.changes[to as usize] += 1;
        Some(Change::Component { from, to })
    }
}
