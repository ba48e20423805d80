//! Reads when a group is restarted, how it is stopped, and when it is given up.

use std::time::Duration;

use health_core::supervise::{GroupConfig, RestartBudget, RestartPolicy};

use crate::config::reader::{Item, Result, Table};

const POLICIES: [(&str, RestartPolicy); 3] = [
    ("always", RestartPolicy::Always),
    ("on-failure", RestartPolicy::OnFailure),
    ("never", RestartPolicy::Never),
];

/// The settings of the group's supervisor.
pub(super) fn config(table: &Table<'_>) -> Result<GroupConfig> {
    let mut config = GroupConfig::default();
    if let Some(item) = table.get("replicas") {
        config.replicas = small(&item, 1, 1_000)?;
    }
    if let Some(item) = table.get("restart") {
        config.restart = item.word(&POLICIES)?;
    }
    if let Some(item) = table.either(&["success_exit", "success_exits"])? {
        config.success_exits = codes(&item)?;
    }
    if let Some(item) = table.either(&["fatal_exit", "fatal_exits"])? {
        config.fatal_exits = codes(&item)?;
    }
    if let Some(item) = table.get("backoff_factor") {
        let factor = item.value().as_f64();
        config.backoff_factor = factor.ok_or_else(|| item.wrong("allowed is a number"))?;
    }
    if let Some(item) = table.either(&["backoff_jitter", "backoff_jitter_percent"])? {
        config.backoff_jitter_percent = u8::try_from(item.integer(0, 50)?).unwrap_or(50);
    }
    if let Some(item) = table.get("max_restarts") {
        let most = item.integer(0, 1_000_000)?;
        config.max_restarts = Some(u32::try_from(most).unwrap_or(u32::MAX));
    }
    if let Some(item) = table.either(&["restart_budget", "budget"])? {
        config.budget = Some(budget(&item)?);
    }
    if let Some(item) = table.get("max_unavailable") {
        config.max_unavailable = Some(share(&item, config.replicas)?);
    }
    if let Some(item) = table.get("min_ready") {
        config.min_ready = small(&item, 1, 1_000)?;
    }
    config.canary = match (table.get("canary"), table.get("no_canary")) {
        (Some(_), Some(second)) => return Err(second.wrong("allowed is one of: canary, no_canary")),
        (Some(item), None) => item.flag()?,
        (None, Some(item)) => !item.flag()?,
        (None, None) => config.canary,
    };
    durations(table, &mut config)?;
    if let Err(error) = config.validate() {
        let is_default = table.get("backoff").is_none();
        let backoff_max = table.get("backoff_max").filter(|_| is_default);
        return Err(match (table.get(error.field()), backoff_max) {
            (Some(item), _) => item.wrong(error.allowed()),
            // Whoever has written only the one does not know of the other.
            (None, Some(item)) if error.field() == "backoff" => {
                let backoff = config.backoff;
                item.wrong(format_args!("allowed is at least backoff, {backoff:?}"))
            }
            (None, _) => table.lacks(error),
        });
    }
    Ok(config)
}

fn durations(table: &Table<'_>, config: &mut GroupConfig) -> Result<()> {
    for (key, value) in [
        ("backoff", &mut config.backoff),
        ("backoff_max", &mut config.backoff_max),
        ("backoff_reset", &mut config.backoff_reset),
        ("min_uptime", &mut config.min_uptime),
        ("settle", &mut config.settle),
        ("ready_timeout", &mut config.ready_timeout),
        ("stop_grace", &mut config.stop_grace),
        ("drain_delay", &mut config.drain_delay),
        ("restart_timeout", &mut config.restart_timeout),
    ] {
        if let Some(item) = table.get(key) {
            *value = item.duration()?;
        }
    }
    let failure_grace = table.get("failure_grace").map(|it| it.duration());
    config.failure_grace = failure_grace.transpose()?;
    Ok(())
}

fn small(item: &Item<'_>, least: u64, most: u16) -> Result<u16> {
    let number = item.integer(least, u64::from(most))?;
    Ok(u16::try_from(number).unwrap_or(most))
}

/// `0,143` or a list of numbers.
fn codes(item: &Item<'_>) -> Result<Vec<i32>> {
    let allowed = "allowed are exit codes, 0 to 255, such as 0,143";
    let codes: Option<Vec<u8>> = match (item.value().as_str(), item.value().as_u64()) {
        (Some(text), _) => text.split(',').map(|it| it.trim().parse().ok()).collect(),
        (None, Some(code)) => u8::try_from(code).ok().map(|code| vec![code]),
        (None, None) => {
            let codes = item.list()?.into_iter().map(|it| it.integer(0, 255));
            let codes = codes.collect::<Result<Vec<_>>>()?.into_iter();
            codes.map(|it| u8::try_from(it).ok()).collect()
        }
    };
    let codes = codes.ok_or_else(|| item.wrong(allowed))?;
    Ok(codes.into_iter().map(i32::from).collect())
}

/// `3`, or `20%` of the replicas, rounded down, at least 1.
fn share(item: &Item<'_>, replicas: u16) -> Result<u16> {
    let percent = item.value().as_str().and_then(|it| it.strip_suffix('%'));
    let Some(percent) = percent else {
        let allowed = "allowed is 1 to the number of replicas, or 1% to 100%";
        return small(item, 1, replicas).map_err(|_| item.wrong(allowed));
    };
    let percent = percent
        .parse::<u8>()
        .ok()
        .filter(|it| (1..=100).contains(it));
    let percent = percent.ok_or_else(|| item.wrong("allowed is 1% to 100%"))?;
    let share = u32::from(replicas) * u32::from(percent) / 100;
    Ok(u16::try_from(share).unwrap_or(replicas).max(1))
}

/// `5/10m`, or a table.
fn budget(item: &Item<'_>) -> Result<RestartBudget> {
    let (restarts, period) = if item.is_table() {
        let table = item.table()?;
        let restarts = table.need("restarts")?.integer(1, 1_000_000)?;
        let period = table.need("period")?.duration()?;
        table.finish()?;
        (restarts, period)
    } else {
        rate(item)?
    };
    let restarts = u32::try_from(restarts).unwrap_or(u32::MAX);
    if restarts == 0 || period.is_zero() {
        return Err(item.wrong("allowed is NUMBER/TIME, both above 0"));
    }
    Ok(RestartBudget { restarts, period })
}

/// `NUMBER/TIME`.
pub(super) fn rate(item: &Item<'_>) -> Result<(u64, Duration)> {
    let read = || {
        let (number, period) = item.value().as_str()?.split_once('/')?;
        let is_number = number.bytes().all(|it| it.is_ascii_digit());
        let number = number
            .parse()
            .ok()
            .filter(|it| is_number && *it <= 1_000_000_000)?;
        Some((number, health_core::parse_duration(period).ok()?))
    };
    read().ok_or_else(|| item.wrong("allowed is NUMBER/TIME, such as 5/10m"))
}
