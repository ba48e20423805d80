//! Durations as people write them on a command line and in a configuration file.

use core::fmt;
use core::time::Duration;

/// Reads a duration: a number of seconds, or a number with `ms`, `s`, `m` or `h` behind it.
///
/// The number is decimal and may have a fraction (`0.5`, `1.5h`), of which nanoseconds are kept.
/// Zero is a duration; whether it makes sense is for the setting to say.
///
/// # Errors
///
/// Anything else: an empty text, a sign, spaces, another unit, more than [`Duration`] can hold.
///
/// ```
/// use core::time::Duration;
/// use health_core::parse_duration;
///
/// assert_eq!(parse_duration("30"), Ok(Duration::from_secs(30)));
/// assert_eq!(parse_duration("250ms"), Ok(Duration::from_millis(250)));
/// assert_eq!(parse_duration("1.5h"), Ok(Duration::from_secs(5_400)));
/// assert_eq!(
///     parse_duration("5 min").unwrap_err().to_string(),
///     "a duration is a number of seconds, or a number with ms, s, m or h behind it (30, 250ms, 1.5h)",
/// );
/// ```
pub fn parse_duration(text: &str) -> Result<Duration, ParseDurationError> {
    let unit_at = text
        .find(|c: char| c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let nanos_per_unit: u128 = match unit {
        "ms" => 1_000_000,
        "" | "s" => 1_000_000_000,
        "m" => 60 * 1_000_000_000,
        "h" => 3_600 * 1_000_000_000,
        _ => return Err(ParseDurationError(())),
    };
    let (whole, fraction) = match number.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (number, None),
    };
    let nanos = decimal(whole)
        .and_then(|whole| whole.checked_mul(nanos_per_unit))
        .and_then(|nanos| match fraction {
            Some(digits) => nanos.checked_add(decimal_fraction(digits, nanos_per_unit)?),
            None => Some(nanos),
        })
        .ok_or(ParseDurationError(()))?;
    let secs = u64::try_from(nanos / 1_000_000_000).map_err(|_| ParseDurationError(()))?;
    Ok(Duration::new(secs, (nanos % 1_000_000_000) as u32))
}

/// What [`parse_duration`] was given is not a duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseDurationError(());

impl fmt::Display for ParseDurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a duration is a number of seconds, or a number with ms, s, m or h behind it \
             (30, 250ms, 1.5h)",
        )
    }
}

impl core::error::Error for ParseDurationError {}

fn decimal(digits: &str) -> Option<u128> {
    let only_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    only_digits.then(|| digits.parse().ok()).flatten()
}

/// `0.digits` of `unit`, rounded down.
fn decimal_fraction(digits: &str, unit: u128) -> Option<u128> {
    let only_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !only_digits {
        return None;
    }
    // Twelve places of an hour are nanoseconds; what lies behind them cannot be held anyway.
    let kept = &digits[..digits.len().min(18)];
    Some(decimal(kept)? * unit / 10_u128.pow(kept.len() as u32))
}

#[cfg(test)]
mod tests {
    use alloc::borrow::ToOwned;

    use super::*;

    #[track_caller]
    fn reads(text: &str, nanos: u128) {
        assert_eq!(
            parse_duration(text).map(|length| length.as_nanos()),
            Ok(nanos),
            "{text}"
        );
    }

    #[test]
    fn units_and_fractions() {
        reads("0", 0);
        reads("7", 7_000_000_000);
        reads("0.5", 500_000_000);
        reads("1ms", 1_000_000);
        reads("1.25ms", 1_250_000);
        reads("2s", 2_000_000_000);
        reads("3m", 180_000_000_000);
        reads("1h", 3_600_000_000_000);
        reads("0.0000000019", 1);
        reads(&("0.5".to_owned() + &"0".repeat(60)), 500_000_000);
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            " ",
            "s",
            "ms",
            "-1",
            "+1",
            "1 s",
            " 1",
            "1 ",
            "1d",
            "1S",
            "1us",
            "1.",
            ".5",
            "1.2.3",
            "1e3",
            "0x10",
            "1h30m",
            "٣",
            "1٣",
            "99999999999999999999999999999999999999999",
            "18446744073709551616",
            "1.٣",
            // Cut between the bytes of a character.
            "1.0€€€€€€",
            "1.00000000000000000€",
            "1.€",
        ] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
