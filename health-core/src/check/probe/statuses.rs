//! The statuses that a probe accepts.

use alloc::boxed::Box;
use alloc::format;
use core::fmt;
use core::ops::RangeInclusive;

use crate::base::ConfigError;

/// Ranges of statuses, at least one. Displayed as they would be typed: `200, 204, 300-399`.
#[derive(Clone)]
pub(super) struct Statuses(Box<[(u16, u16)]>);

impl Statuses {
    /// These ranges, or if there are none, 200 to 399.
    pub(super) fn new(ranges: &[RangeInclusive<u16>]) -> Result<Self, ConfigError> {
        for range in ranges {
            let (first, last) = (*range.start(), *range.end());
            if first < 200 || last > 599 || first > last {
                let allowed = "allowed are ranges within 200-599, the lower end first";
                let value = format!("{first}-{last}");
                return Err(ConfigError::new("status", &value, allowed));
            }
        }
        if ranges.len() > MAX_RANGES {
            let (value, allowed) = (ranges.len(), "allowed are at most 400 ranges");
            return Err(ConfigError::of_number("status ranges", value, allowed));
        }
        if ranges.is_empty() {
            return Ok(Self([(200, 399)].into()));
        }
        let ranges = ranges.iter().map(|it| (*it.start(), *it.end()));
        Ok(Self(ranges.collect()))
    }

    pub(super) fn contain(&self, status: u16) -> bool {
        let mut ranges = self.0.iter();
        ranges.any(|(first, last)| (*first..=*last).contains(&status))
    }
}

impl fmt::Display for Statuses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (first, last)) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{first}")?;
            if last != first {
                write!(f, "-{last}")?;
            }
        }
        Ok(())
    }
}

/// As many as there are statuses.
const MAX_RANGES: usize = 400;
