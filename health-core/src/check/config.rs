//! The settings of one check: schedule, timeout, thresholds.

use core::time::Duration;

use crate::base::ProbeKind;

/// The settings of one check.
///
/// A plain value: take the [default](CheckConfig::default) or a profile, set what differs, then
/// [`validate`](CheckConfig::validate) it once. Checks share it behind an `Arc`.
///
/// ```
/// use core::time::Duration;
/// use health_core::check::{CheckConfig, OnUnhealthy};
///
/// let mut config = CheckConfig::default();
/// config.interval = Duration::from_secs(60);
/// config.on_unhealthy = OnUnhealthy::Deregister;
/// assert_eq!(config.validate(), Ok(()));
/// assert_eq!((config.timeout, config.retries), (Duration::from_secs(10), 3));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CheckConfig {
    /// Which question the verdict answers. Default: [`ProbeKind::Health`].
    pub kind: ProbeKind,
    /// From one attempt to the next, at least 1 ms. Default: 30 s.
    pub interval: Duration,
    /// What one attempt may take in total, at least 1 ms. Default: 10 s. It may exceed the
    /// interval; the slots an attempt covers are skipped, never made up.
    pub timeout: Duration,
    /// Failures in a row that turn the check unhealthy, at least 1. Default: 3.
    pub retries: u32,
    /// Successes in a row that turn it healthy, at least 1. Default: 1; startup and liveness checks
    /// allow nothing else, as in Kubernetes.
    pub success_threshold: u32,
    /// How long after the instance's start failures do not count, ended early by the first success.
    /// Default: 0.
    pub start_period: Duration,
    /// The interval during the start period, at least 1 ms. Default: `None`, the smaller of
    /// 5 s and `interval`.
    pub start_interval: Option<Duration>,
    /// How long after the instance's start nothing is attempted at all. Default: 0.
    pub initial_delay: Duration,
    /// When the first attempt is due after that. Default: [`FirstCheck::Immediate`].
    pub first_check: FirstCheck,
    /// Shifts an immediate first attempt, and the grid with it. Default: 0. A monitor that
    /// spreads its targets adds its own offset to it.
    pub spread_offset: Duration,
    /// What the interval is counted from. Default: [`Schedule::FixedRate`].
    pub schedule: Schedule,
    /// Delays each attempt by a random part of the interval, at most this many per cent of it,
    /// 0 to 50. Default: 0. The grid does not move.
    pub jitter_percent: u8,
    /// The interval while a change is pending (a streak has begun, its threshold is not reached), at
    /// least 1 ms. Default: `None`, `interval`.
    pub edge_interval: Option<Duration>,
    /// The interval while steadily unhealthy, at least 1 ms. Default: `None`, `interval`.
    pub unhealthy_interval: Option<Duration>,
    /// What `unhealthy_interval` is multiplied by at each further failure, at least 1.
    /// Default: 1, no growth.
    pub unhealthy_backoff_factor: f64,
    /// Where that growth ends. Default: `None`, one hour: a check that is never made again would
    /// never see its target recover.
    pub unhealthy_interval_max: Option<Duration>,
    /// What the check requests when it turns unhealthy. Default: [`OnUnhealthy::Report`].
    pub on_unhealthy: OnUnhealthy,
    /// The interval of a check whose target is deregistered, at least 1 ms. Its results are shown, and
    /// do not count. Default: `None`, it is not checked until it is reactivated.
    pub recheck_interval: Option<Duration>,
    /// Whether a deregistered target is reactivated as soon as each of its checks succeeds again; one of
    /// them has to say so. Default: false.
    pub auto_reactivate: bool,
    /// Indeterminate results in a row after which the prober counts as impaired and the status as
    /// stale. Default: 10; 0 switches that off.
    pub indeterminate_limit: u32,
    /// How late a deadline may be handled and still count against the target. Default: `None`, any
    /// delay counts. With a limit, a prober that was starved itself records an indeterminate result.
    pub lag_tolerance: Option<Duration>,
    /// Whether an attempt that was given up leaves something behind (a process, a blocked thread)
    /// that must be gone before the next one starts. Default: false.
    pub needs_reap: bool,
    /// Results kept, at least 1. Default: 5, as in Docker.
    pub history: u8,
}

impl CheckConfig {
    /// Docker's `HEALTHCHECK`: the next attempt an interval after the end of the last one, the first
    /// after an interval, timeout 30 s.
    #[must_use]
    pub fn docker() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            schedule: Schedule::FixedDelay,
            first_check: FirstCheck::AfterInterval,
            ..Self::default()
        }
    }

    /// The kubelet's probes: every 10 s, timeout 1 s.
    #[must_use]
    pub fn kubelet() -> Self {
        Self {
            interval: Duration::from_secs(10),
            timeout: Duration::from_secs(1),
            ..Self::default()
        }
    }

    /// The interval in use during the start period.
    pub(super) fn interval_at_start(&self) -> Duration {
        self.start_interval
            .unwrap_or_else(|| self.interval.min(Duration::from_secs(5)))
    }
}

impl Default for CheckConfig {
    fn default() -> Self {
        Self {
            kind: ProbeKind::Health,
            interval: Duration::from_secs(30),
            timeout: Duration::from_secs(10),
            retries: 3,
            success_threshold: 1,
            start_period: Duration::ZERO,
            start_interval: None,
            initial_delay: Duration::ZERO,
            first_check: FirstCheck::Immediate,
            spread_offset: Duration::ZERO,
            schedule: Schedule::FixedRate,
            jitter_percent: 0,
            edge_interval: None,
            unhealthy_interval: None,
            unhealthy_backoff_factor: 1.0,
            unhealthy_interval_max: None,
            on_unhealthy: OnUnhealthy::Report,
            recheck_interval: None,
            auto_reactivate: false,
            indeterminate_limit: 10,
            lag_tolerance: None,
            needs_reap: false,
            history: 5,
        }
    }
}

/// When the first attempt is due, counted from the start of the instance and its initial delay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FirstCheck {
    /// At once.
    #[default]
    Immediate,
    /// After an interval (inside a start period, a start interval), as Docker does.
    AfterInterval,
}

/// What the interval is counted from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Schedule {
    /// From slot to slot on a fixed grid. No drift; slots an attempt or a stall covers are skipped.
    #[default]
    FixedRate,
    /// From the end of one attempt to the begin of the next, as Docker does.
    FixedDelay,
}

/// What a check requests when it turns unhealthy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnUnhealthy {
    /// Nothing: the status changes, and that is all.
    #[default]
    Report,
    /// A restart. The target is on hold until
    /// [`instance_changed`](crate::check::Check::instance_changed) is called.
    Restart,
    /// That the target be deregistered. Until it is reactivated, it is checked only every
    /// [`recheck_interval`](CheckConfig::recheck_interval), and no result counts.
    Deregister,
}
