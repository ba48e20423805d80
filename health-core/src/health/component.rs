//! Components: parts of a daemon that succeed or fail, and when that counts.

use core::time::Duration;

use super::{Change, Status};
use crate::base::Instant;
use crate::base::Name;
use crate::base::Streak;
use crate::base::Timing;
use crate::base::{Class, Message, Outcome};

/// When a component turns, and what that means for the whole.
///
/// ```
/// use health_core::health::{ComponentConfig};
/// use health_core::{Status};
///
/// // A steering daemon goes on without its link: three failures in a row are "degraded".
/// let config = ComponentConfig { failing_is: Status::Degraded, ..ComponentConfig::default() };
/// assert_eq!(config.retries, 3);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComponentConfig {
    /// Failures in a row that make it fail. Default 3; 0 counts as 1.
    pub retries: u32,
    /// Successes in a row that make it well again. Default 1; 0 counts as 1.
    pub success_threshold: u32,
    /// What it is when it fails. Default [`Status::Unhealthy`].
    pub failing_is: Status,
    /// Whether the daemon can do without it. Default true; a component that is not critical
    /// enters the whole as at most [`Status::Degraded`].
    pub critical: bool,
    /// How long a result counts; then the component is [`Status::Unknown`] until the next one.
    /// Default `None`: for ever.
    pub validity: Option<Duration>,
}

impl Default for ComponentConfig {
    fn default() -> Self {
        Self {
            retries: 3,
            success_threshold: 1,
            failing_is: Status::Unhealthy,
            critical: true,
            validity: None,
        }
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
    turns: [u64; Status::ALL.len()],
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
            turns: [0; Status::ALL.len()],
            timing: Timing::default(),
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &Name {
        &self.name
    }

    /// Its settings.
    #[must_use]
    pub const fn config(&self) -> &ComponentConfig {
        &self.config
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

    /// What it adds to the whole.
    #[must_use]
    pub fn contribution(&self) -> Status {
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

    /// How often it has turned to `status`.
    #[must_use]
    pub const fn transitions_to(&self, status: Status) -> u64 {
        self.turns[status as usize]
    }

    /// How long the looks at it took, as far as that was told.
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
        self.turn(now, condition)
    }

    /// Takes the number of failures in a row from a daemon that counts by itself.
    pub(super) fn set_failures(&mut self, now: Instant, failures: u32) -> Option<Change> {
        self.streak = Streak::of_failures(failures);
        let failing = failures >= self.config.retries.max(1);
        let outcome = if failures == 0 {
            Outcome::success()
        } else {
            Outcome::failure("")
        };
        self.last = Some((now, outcome));
        self.turn(
            now,
            if failing {
                Condition::Failing
            } else {
                Condition::Passing
            },
        )
    }

    /// When its last result stops counting, if that is still to come.
    pub(super) fn stale_at(&self) -> Option<Instant> {
        let (at, _) = self.last.as_ref()?;
        let validity = self.config.validity?;
        (self.condition != Condition::Unknown).then(|| *at + validity)
    }

    /// Lets go of a result that has outlived its validity.
    pub(super) fn handle_timeout(&mut self, now: Instant) -> Option<Change> {
        // Stamped with the deadline's own time: that is when it became unknown.
        let deadline = self.stale_at().filter(|deadline| *deadline <= now)?;
        self.turn(deadline, Condition::Unknown)
    }

    fn turn(&mut self, now: Instant, condition: Condition) -> Option<Change> {
        let from = self.status();
        self.condition = condition;
        let to = self.status();
        if from == to {
            return None;
        }
        self.since = now;
        self.turns[to as usize] += 1;
        Some(Change::Component { from, to })
    }
}
