//! The settings of a group, their defaults and their limits.

use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use crate::base::{ConfigError, Name};
use crate::check::hash_bytes;

/// The settings of a [`Supervisor`](super::Supervisor).
///
/// ```
/// use core::time::Duration;
/// use health_core::supervise::GroupConfig;
///
/// let mut config = GroupConfig::default();
/// config.replicas = 3;
/// config.backoff = Duration::from_secs(5);
/// assert_eq!(config.validate(), Ok(()));
///
/// config.min_ready = 4;
/// let error = config.validate().unwrap_err();
/// assert_eq!(error.to_string(), "min_ready 4: allowed is 1 to the number of replicas");
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct GroupConfig {
    /// How many processes run the same command: 1 to 1,000. Default: 1.
    pub replicas: u16,
    /// Which ends of an instance are followed by a restart. Default: all.
    pub restart: RestartPolicy,
    /// Exit codes that mean success. Default: 0.
    pub success_exits: Vec<i32>,
    /// Exit codes after which a replica is given up, whatever the policy. Default: none.
    pub fatal_exits: Vec<i32>,
    /// What the second counted restart in a row waits; the first waits for nothing. Default: 10 s.
    pub backoff: Duration,
    /// What each further restart in a row waits longer than the one before: a factor of at least 1.
    /// Default: 2.
    pub backoff_factor: f64,
    /// The longest that a restart waits; at least `backoff`. Default: 300 s.
    pub backoff_max: Duration,
    /// After an instance has been running well for so long, its next restart is the first in a row
    /// again. Default: 600 s.
    pub backoff_reset: Duration,
    /// The most that is added to a wait, in percent of it: 0 to 50. Default: 0.
    pub backoff_jitter_percent: u8,
    /// What makes the jitter of this group differ from that of others. Default: 0.
    pub seed: u64,
    /// Restarts in a row after which a replica is given up. Default: no limit.
    pub max_restarts: Option<u32>,
    /// Restarts of all replicas within a period after which the group is given up. Default: no limit.
    pub budget: Option<RestartBudget>,
    /// How many replicas at once may be down because of a verdict or a request: 1 to `replicas`.
    /// Default (`None`): 20 % of the replicas, rounded down, at least 1.
    pub max_unavailable: Option<u16>,
    /// How many replicas have to be ready for the group to be ready: 1 to `replicas`. Default: 1.
    pub min_ready: u16,
    /// Whether only one replica at a time is restarted while more than half of them fail. Default: yes.
    pub canary: bool,
    /// How long an instance has to run before it counts as up. Default: 1 s.
    pub min_uptime: Duration,
    /// How long a restarted replica has to be ready before the next one is restarted. Default: 10 s.
    pub settle: Duration,
    /// How long the next one waits for a restarted replica that is not ready. Default: 300 s.
    pub ready_timeout: Duration,
    /// From `SIGTERM` to `SIGKILL`; 0 sends `SIGKILL` only. Default: 10 s.
    pub stop_grace: Duration,
    /// The same after a verdict. Default (`None`): `stop_grace`.
    pub failure_grace: Option<Duration>,
    /// From the end of readiness to `SIGTERM`, at a stop and at a requested restart. Default: 0.
    pub drain_delay: Duration,
    /// How long a stop waits for what is left after the last `SIGKILL`. Default: 5 s.
    pub kill_wait: Duration,
    /// When a start is tried again that failed because this machine was short of something.
    /// Default: 1 s.
    pub spawn_retry: Duration,
    /// Whether the instances belong to somebody else, who restarts them by a command. They have no
    /// exits, and a stop leaves them alone. Default: no.
    pub is_external: bool,
    /// How long that command may take before it gets `SIGTERM`. Default: 60 s.
    pub restart_timeout: Duration,
}

/// Which ends of an instance are followed by a restart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RestartPolicy {
    /// Every end.
    #[default]
    Always,
    /// A failure: another exit code than those of success, a signal, or a verdict.
    OnFailure,
    /// None.
    Never,
}

/// How many restarts of a whole group are allowed within a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RestartBudget {
    /// The most counted restarts of all replicas within any period; at least 1.
    pub restarts: u32,
    /// The length of the period; more than 0.
    pub period: Duration,
}

impl Default for GroupConfig {
    fn default() -> Self {
        Self {
            replicas: 1,
            restart: RestartPolicy::default(),
            success_exits: vec![0],
            fatal_exits: Vec::new(),
            backoff: Duration::from_secs(10),
            backoff_factor: 2.0,
            backoff_max: Duration::from_secs(300),
            backoff_reset: Duration::from_secs(600),
            backoff_jitter_percent: 0,
            seed: 0,
            max_restarts: None,
            budget: None,
            max_unavailable: None,
            min_ready: 1,
            canary: true,
            min_uptime: Duration::from_secs(1),
            settle: Duration::from_secs(10),
            ready_timeout: Duration::from_secs(300),
            stop_grace: Duration::from_secs(10),
            failure_grace: None,
            drain_delay: Duration::ZERO,
            kill_wait: Duration::from_secs(5),
            spawn_retry: Duration::from_secs(1),
            is_external: false,
            restart_timeout: Duration::from_secs(60),
        }
    }
}

impl GroupConfig {
    /// The [`seed`](Self::seed) for a group of this name: the same on every machine and in every version.
    #[must_use]
    pub fn seed_of(name: &Name) -> u64 {
        hash_bytes(name.as_str().bytes())
    }

    /// Checks every field.
    ///
    /// # Errors
    ///
    /// The first field that is out of its bounds, with its value and what is allowed.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let replicas = self.replicas;
        let of_replicas = "allowed is 1 to the number of replicas";
        if !(1..=1_000).contains(&replicas) {
            return ConfigError::refuse("replicas", replicas, "allowed is 1 to 1000");
        }
        let factor = self.backoff_factor;
        if !(factor.is_finite() && factor >= 1.0) {
            return ConfigError::refuse(
                "backoff_factor",
                factor,
                "allowed is a number of at least 1",
            );
        }
        if self.backoff > self.backoff_max {
            let backoff = self.backoff.as_secs_f64();
            return ConfigError::refuse("backoff", backoff, "allowed is at most backoff_max");
        }
        let percent = self.backoff_jitter_percent;
        if percent > 50 {
            return ConfigError::refuse("backoff_jitter_percent", percent, "allowed is 0 to 50");
        }
        if let Some(budget) = self.budget {
            if budget.restarts == 0 {
                return ConfigError::refuse("budget.restarts", 0, "allowed is at least 1");
            }
            if budget.period.is_zero() {
                return ConfigError::refuse("budget.period", 0, "allowed is more than 0");
            }
        }
        let most = self.max_unavailable.unwrap_or(1);
        if !(1..=replicas).contains(&most) {
            return ConfigError::refuse("max_unavailable", most, of_replicas);
        }
        if !(1..=replicas).contains(&self.min_ready) {
            return ConfigError::refuse("min_ready", self.min_ready, of_replicas);
        }
        Ok(())
    }

    /// How many places there are for restarts by verdict and by request.
    pub(super) fn places(&self) -> usize {
        let most = self.max_unavailable.unwrap_or(self.replicas / 5);
        usize::from(most.max(1))
    }

    /// The time from `SIGTERM` to `SIGKILL` after a verdict.
    pub(super) fn failure_grace(&self) -> Duration {
        self.failure_grace.unwrap_or(self.stop_grace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bound_and_what_lies_on_it() {
        #[track_caller]
        fn refused(field: &str, change: impl Fn(&mut GroupConfig)) {
            let mut config = GroupConfig::default();
            change(&mut config);
            let error = config.validate().expect_err("out of its bounds");
            assert_eq!(error.field(), field);
        }
        #[track_caller]
        fn allowed(change: impl Fn(&mut GroupConfig)) {
            let mut config = GroupConfig::default();
            change(&mut config);
            assert_eq!(config.validate(), Ok(()));
        }
        refused("replicas", |it| it.replicas = 0);
        refused("replicas", |it| it.replicas = 1_001);
        allowed(|it| it.replicas = 1_000);
        refused("backoff_factor", |it| it.backoff_factor = 0.99);
        refused("backoff_factor", |it| it.backoff_factor = f64::NAN);
        refused("backoff_factor", |it| it.backoff_factor = f64::INFINITY);
        allowed(|it| it.backoff_factor = 1.0);
        refused("backoff", |it| it.backoff_max = Duration::from_secs(9));
        allowed(|it| it.backoff_max = it.backoff);
        refused("backoff_jitter_percent", |it| {
            it.backoff_jitter_percent = 51;
        });
        allowed(|it| it.backoff_jitter_percent = 50);
        for (restarts, secs, field) in [(0, 1, "budget.restarts"), (1, 0, "budget.period")] {
            refused(field, |it| {
                let period = Duration::from_secs(secs);
                it.budget = Some(RestartBudget { restarts, period });
            });
        }
        refused("max_unavailable", |it| it.max_unavailable = Some(0));
        refused("max_unavailable", |it| it.max_unavailable = Some(2));
        allowed(|it| it.max_unavailable = Some(1));
        refused("min_ready", |it| it.min_ready = 0);
        refused("min_ready", |it| it.min_ready = 2);
    }

    #[test]
    fn a_fifth_of_the_replicas_rounded_down_and_at_least_one() {
        for (replicas, places) in [(1, 1), (4, 1), (9, 1), (10, 2), (14, 2), (1_000, 200)] {
            let config = GroupConfig {
                replicas,
                ..GroupConfig::default()
            };
            assert_eq!(config.places(), places, "{replicas}");
        }
    }
}
