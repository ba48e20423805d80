//! Time as the core sees it: numbers handed in by the caller, never fetched.
//!
//! [`Instant`] orders events and carries deadlines; [`UnixTime`] is for people and headers only.
//! A [`Moment`] is both, taken together. The core's own instant exists because `std`'s cannot be
//! constructed: a core that uses it ends up asking the clock, and its tests end up sleeping.

mod calendar;
mod duration;

use core::ops::Add;
use core::time::Duration;

pub use duration::{ParseDurationError, parse_duration};

/// A point on the caller's monotonic clock, in microseconds since an arbitrary start.
///
/// Two instants may be compared only if the same clock made them. Arithmetic saturates: a deadline
/// beyond the end of time (584,942 years) is the end of time, not a panic.
///
/// ```
/// use core::time::Duration;
/// use health_core::Instant;
///
/// let accepted = Instant::from_micros(1_000);
/// let deadline = accepted + Duration::from_secs(10);
/// assert_eq!(deadline.duration_since(accepted), Duration::from_secs(10));
/// assert_eq!(accepted.duration_since(deadline), Duration::ZERO);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The instant `micros` microseconds after the clock's start.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since the clock's start.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// The time from `earlier` to `self`; zero if `earlier` is the later one.
    #[must_use]
    pub const fn duration_since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, length: Duration) -> Self {
        let micros = u64::try_from(length.as_micros()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(micros))
    }
}

/// Wall-clock time in milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// For people (`Date`, `timestamp`), since wall clocks jump; compared only with what an earlier process
/// has stored, which has no other clock in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(u64);

impl UnixTime {
    /// The wall-clock time `millis` milliseconds after the epoch. A daemon without a clock passes 0.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// RFC 3339 in UTC with milliseconds: `2026-01-23T10:30:00.123Z`.
    ///
    /// Years after 9999 do not fit the format and are shown as its last instant.
    #[must_use]
    pub fn rfc3339(self) -> [u8; 24] {
        calendar::rfc3339(self.0)
    }

    /// The `IMF-fixdate` of RFC 9110 §5.6.7: `Fri, 23 Jan 2026 10:30:00 GMT`.
    ///
    /// Years after 9999 do not fit the format and are shown as its last second.
    #[must_use]
    pub(crate) fn http_date(self) -> [u8; 29] {
        calendar::http_date(self.0)
    }
}

/// Now, on both clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// The monotonic reading: deadlines and ages are made from it.
    pub now: Instant,
    /// The wall-clock reading: dates are made from it.
    pub unix: UnixTime,
}

impl Moment {
    /// The wall-clock time of `instant`, reckoned back or forth from this moment.
    #[must_use]
    pub fn unix_at(self, instant: Instant) -> UnixTime {
        let millis = |length: Duration| u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
        let since = millis(instant.duration_since(self.now));
        let before = millis(self.now.duration_since(instant));
        UnixTime(self.unix.0.saturating_add(since).saturating_sub(before))
    }
}
