//! The arguments of `history`.

use std::time::Duration;

use clap::Args;
use health_core::parse_duration;

use super::Registry;

/// A day.
const DAY: Duration = Duration::from_secs(24 * 3_600);

#[derive(Args, Debug)]
pub(crate) struct HistoryArgs {
    /// The target
    pub(crate) name: String,
    /// How far back the table goes, by the day beyond three days, by the hour beyond three hours, else by the
    /// minute: 90m, 24h, 7d; at most two years
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = since)]
    pub(crate) since: Duration,
    #[command(flatten)]
    pub(crate) registry: Registry,
    /// Print JSON, the same as /targets/NAME/history: all windows, whatever --since says
    #[arg(long)]
    pub(crate) json: bool,
}

/// A duration, in days too.
fn since(text: &str) -> Result<Duration, String> {
    let days = text.strip_suffix('d').map(str::parse::<u32>);
    let since = match days {
        Some(Ok(days)) => DAY * days,
        _ => parse_duration(text)
            .map_err(|_| "allowed is a number followed by s, m, h or d".to_owned())?,
    };
    if since.is_zero() || since > 2 * 365 * DAY {
        return Err("allowed is at most 730d, and more than 0".to_owned());
    }
    Ok(since)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_back_is_a_duration_in_days_too() {
        for (text, days) in [("7d", Some(7)), ("48h", Some(2)), ("730d", Some(730))] {
            assert_eq!(since(text).ok(), days.map(|it| DAY * it), "{text}");
        }
        for text in ["", "d", "0d", "731d", "-1d", "1w", "99999999999d"] {
            assert!(since(text).is_err(), "{text}");
        }
    }
}
