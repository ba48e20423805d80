//! Settings from bytes: few values of each, those near which rules change.

use std::time::Duration;

use arbitrary::{Arbitrary, Result, Unstructured};
use health_core::ProbeKind;
use health_core::Streak;
use health_core::UnixTime;
use health_core::check::{CheckConfig, CheckStatus, FirstCheck, OnUnhealthy};
use health_core::check::{Saved, Schedule};
use health_core::monitor::{MassFailure, MonitorConfig, Spread};

/// In milliseconds; the last one is for ever.
pub(super) const LENGTHS: [u64; 16] = [
    1,
    2,
    3,
    5,
    10,
    15,
    100,
    500,
    1_000,
    1_500,
    5_000,
    10_000,
    30_000,
    75_000,
    7_200_000,
    u64::MAX,
];

/// The checks of a target.
#[derive(Clone, Debug)]
pub(super) struct Checks(pub(super) Vec<(CheckConfig, Option<Saved>)>);

pub(super) fn length(byte: u8) -> Duration {
    Duration::from_millis(LENGTHS[usize::from(byte) % LENGTHS.len()])
}

/// An optional length: three bytes in four say there is none.
fn maybe(u: &mut Unstructured<'_>) -> Result<Option<Duration>> {
    let byte = u.arbitrary::<u8>()?;
    Ok((byte >= 192).then(|| length(byte)))
}

pub(super) fn monitor(u: &mut Unstructured<'_>) -> Result<MonitorConfig> {
    let limits = u.arbitrary::<u8>()?;
    let times = u.arbitrary::<u8>()?;
    let mut config = MonitorConfig::default();
    config.max_in_flight = usize::from(limits % 5);
    config.max_exec = usize::from(limits / 5 % 4);
    config.mass_failure = (limits >= 128).then(|| {
        let mut mass = MassFailure::default();
        mass.min_targets = usize::from(limits / 20 % 4);
        mass
    });
    config.tick = Duration::from_millis([0, 0, 10, 10, 7, 1_000][usize::from(times) % 6]);
    config.kill_after = length(times / 16);
    config.stop_timeout = length(times / 8);
    // Slots by hash and jitter are tested by their own; here every time is known.
    config.spread = Spread::AsConfigured;
    config.trace = true;
    Ok(config)
}

impl<'a> Arbitrary<'a> for Checks {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        use ProbeKind::{Health, Liveness, Readiness, Startup};
        let byte = u.arbitrary::<u8>()?;
        let kinds: &[ProbeKind] = match byte % 8 {
            0..4 => &[Health],
            4 => &[Startup, Liveness, Readiness],
            5 => &[Readiness, Startup],
            6 => &[Liveness, Health],
            _ => &[Startup, Startup, Readiness, Health],
        };
        let one_for_all = byte & 8 == 0;
        let is_restored = byte & 16 != 0;
        let mut checks = Vec::new();
        let first = check(u)?;
        for &kind in kinds {
            let mut config = if one_for_all {
                first.clone()
            } else {
                check(u)?
            };
            let one_success = matches!(kind, Startup | Liveness);
            let success_threshold = if one_success {
                1
            } else {
                config.success_threshold
            };
            config.kind = kind;
            config.success_threshold = success_threshold;
            let saved = if is_restored { Some(saved(u)?) } else { None };
            checks.push((config, saved));
        }
        Ok(Self(checks))
    }
}

fn check(u: &mut Unstructured<'_>) -> Result<CheckConfig> {
    let times = u.arbitrary::<u8>()?;
    let counts = u.arbitrary::<u8>()?;
    let what = u.arbitrary::<u8>()?;
    let mut config = CheckConfig::default();
    config.interval = length(times);
    config.timeout = length(times / 16);
    config.retries = 1 + u32::from(counts % 3);
    config.success_threshold = 1 + u32::from(counts / 3 % 3);
    config.indeterminate_limit = u32::from(counts / 9 % 4);
    config.unhealthy_backoff_factor = [1.0, 1.0, 1.5, 2.0][usize::from(counts / 36 % 4)];
    config.on_unhealthy = match what % 4 {
        0 | 1 => OnUnhealthy::Report,
        2 => OnUnhealthy::Restart,
        _ => OnUnhealthy::Deregister,
    };
    config.needs_reap = what & 4 != 0;
    config.schedule = if what & 8 == 0 {
        Schedule::FixedRate
    } else {
        Schedule::FixedDelay
    };
    config.first_check = if what & 16 == 0 {
        FirstCheck::Immediate
    } else {
        FirstCheck::AfterInterval
    };
    config.history = 1 + what / 128;
    if what & 64 != 0 {
        config.recheck_interval = Some(length(times / 4));
        config.auto_reactivate = counts & 128 != 0;
    }
    if what & 32 == 0 {
        return Ok(config);
    }
    config.start_period = maybe(u)?.unwrap_or_default();
    config.start_interval = maybe(u)?;
    config.initial_delay = maybe(u)?.unwrap_or_default();
    config.spread_offset = maybe(u)?.unwrap_or_default();
    config.edge_interval = maybe(u)?;
    config.unhealthy_interval = maybe(u)?;
    config.unhealthy_interval_max = maybe(u)?;
    config.lag_tolerance = maybe(u)?;
    Ok(config)
}

fn saved(u: &mut Unstructured<'_>) -> Result<Saved> {
    let byte = u.arbitrary::<u8>()?;
    let status = [
        CheckStatus::Unknown,
        CheckStatus::Starting,
        CheckStatus::Healthy,
        CheckStatus::Unhealthy,
    ][usize::from(byte % 4)];
    let mut streak = Streak::of_failures(u32::from(byte / 4 % 4));
    if byte & 16 != 0 {
        streak.success();
    }
    let mut saved = Saved::default();
    saved.status = status;
    saved.streak = streak;
    saved.deregistered = byte >= 192;
    saved.answers_since = (byte & 32 != 0).then(UnixTime::default);
    Ok(saved)
}
