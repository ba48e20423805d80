//! When a check is made more or less often than at its interval, by what it has found, and how punctually.

use std::time::Duration;

use health_core::check::CheckConfig;

use super::check::{MIN_INTERVAL, at_least};
use super::reader::{Result, Table};

/// Reads it from the table of a check, or of a whole file.
pub(super) fn read(table: &Table<'_>, config: &mut CheckConfig) -> Result<()> {
    let interval = |name| -> Result<Option<Duration>> {
        let item = table.get(name);
        let read = item.map(|item| {
            at_least(MIN_INTERVAL, item.duration()?).map_err(|allowed| item.wrong(allowed))
        });
        read.transpose()
    };
    if let Some(edge) = interval("edge_interval")? {
        config.edge_interval = Some(edge);
    }
    if let Some(down) = interval("down_interval")? {
        config.unhealthy_interval = Some(down);
    }
    if let Some(most) = interval("down_interval_max")? {
        config.unhealthy_interval_max = Some(most);
    }
    if let Some(item) = table.get("down_backoff") {
        let factor = item
            .value()
            .as_f64()
            .filter(|it| (1.0..=100.0).contains(it));
        let factor = factor.ok_or_else(|| item.wrong("allowed is 1 to 100"))?;
        config.unhealthy_backoff_factor = factor;
    }
    if let Some(item) = table.get("jitter") {
        config.jitter_percent = u8::try_from(item.integer(0, 50)?).unwrap_or(50);
    }
    Ok(())
}

/// What differs from one check after the other at the interval, in words.
pub(super) fn words(config: &CheckConfig) -> Option<String> {
    let mut words = Vec::new();
    if let Some(edge) = config.edge_interval {
        words.push(format!("every {edge:?} while a change is pending"));
    }
    let (down, factor) = (config.unhealthy_interval, config.unhealthy_backoff_factor);
    if down.is_some() || factor > 1.0 {
        let down = down.unwrap_or(config.interval);
        let mut text = format!("every {down:?} while unhealthy");
        if factor > 1.0 {
            let most = config.unhealthy_interval_max.unwrap_or(LONGEST);
            text += &format!(", times {factor} at each failure up to {most:?}");
        }
        words.push(text);
    }
    if config.jitter_percent > 0 {
        words.push(format!("late by up to {} %", config.jitter_percent));
    }
    (!words.is_empty()).then(|| words.join("; "))
}

/// Where a growing interval ends if nothing else is said.
const LONGEST: Duration = Duration::from_secs(3_600);
