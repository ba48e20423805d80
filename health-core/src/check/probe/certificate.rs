//! Until when a target's certificates are valid, and when that is too soon.

use alloc::format;
use alloc::string::String;
use core::time::Duration;

use super::condition::Breach;
use crate::base::{Kind, UnixTime};

/// How long before it expires a certificate is a warning, and how long before a failure. Default: 21
/// days and 3 days.
///
/// Of the certificates that a server shows, the one that expires first counts. A certificate that has
/// expired fails the handshake already, unless [any certificate](super::Trust::Insecure) is believed.
///
/// ```
/// use core::time::Duration;
/// use health_core::check::probe::{CertificateLimits, HttpProbe, Tls};
///
/// let mut limits = CertificateLimits::default();
/// limits.warn = Duration::from_secs(30 * 24 * 3_600);
/// let mut tls = Tls::default();
/// tls.certificate = Some(limits);
/// let probe = HttpProbe::builder("https://db.example").tls(tls).build()?;
/// # Ok::<(), health_core::ConfigError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct CertificateLimits {
    /// With less than this left, an attempt that succeeds is a warning; zero for never.
    pub warn: Duration,
    /// With less than this left, an attempt that succeeds is a failure; zero for never.
    pub fail: Duration,
}

impl Default for CertificateLimits {
    fn default() -> Self {
        Self {
            warn: 21 * DAY,
            fail: 3 * DAY,
        }
    }
}

impl CertificateLimits {
    /// What is wrong at `now` with a certificate that is valid until `not_after`.
    pub(super) fn check(self, now: UnixTime, not_after: UnixTime) -> Option<Expiring> {
        let left = not_after.as_millis().checked_sub(now.as_millis());
        let left = left.map(Duration::from_millis);
        let is_within = |limit| left.is_none_or(|left| left < limit) && limit != Duration::ZERO;
        let (limit, is_soft) = match (is_within(self.fail), is_within(self.warn)) {
            (true, _) => (self.fail, false),
            (false, true) => (self.warn, true),
            (false, false) => return None,
        };
        let message = match left {
            Some(left) => format!(
                "certificate expires in {} (limit: {})",
                shown(left),
                shown(limit)
            ),
            None => {
                let ago = Duration::from_millis(now.as_millis() - not_after.as_millis());
                format!("certificate expired {} ago", shown(ago))
            }
        };
        let date = not_after.rfc3339();
        let date = String::from_utf8_lossy(&date);
        let breach = Breach {
            detail: Some(format!("not after {date}")),
            ..Breach::new(Kind::CertificateExpiry, message)
        };
        Some(Expiring { breach, is_soft })
    }
}

/// A certificate that expires too soon.
pub(super) struct Expiring {
    pub(super) breach: Breach,
    /// Whether it is a warning only.
    pub(super) is_soft: bool,
}

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// In the largest unit of which there are two, so that a message seldom changes.
fn shown(length: Duration) -> String {
    let secs = length.as_secs();
    for (unit, name) in [(24 * 3_600, "days"), (3_600, "hours"), (60, "minutes")] {
        if secs >= 2 * unit {
            return format!("{} {name}", secs / unit);
        }
    }
    format!("{secs} s")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_796_083_200_000;

    /// The message with so much left, and whether it is a warning.
    fn check(limits: CertificateLimits, left: i64) -> Option<(String, bool)> {
        let not_after = UnixTime::from_millis(NOW.saturating_add_signed(left * 1_000));
        let found = limits.check(UnixTime::from_millis(NOW), not_after);
        found.map(|it| (it.breach.message, it.is_soft))
    }

    #[test]
    fn both_limits_and_their_edges() {
        let limits = CertificateLimits::default();
        let day = 24 * 3_600;
        assert_eq!(check(limits, 21 * day), None);
        for (left, message, is_soft) in [
            (21 * day - 1, "in 20 days (limit: 21 days)", true),
            (10 * day, "in 10 days (limit: 21 days)", true),
            (3 * day, "in 3 days (limit: 21 days)", true),
            (3 * day - 1, "in 2 days (limit: 3 days)", false),
            (day, "in 24 hours (limit: 3 days)", false),
            (3_600, "in 60 minutes (limit: 3 days)", false),
            (0, "in 0 s (limit: 3 days)", false),
        ] {
            let message = format!("certificate expires {message}");
            assert_eq!(check(limits, left), Some((message, is_soft)), "{left}");
        }
        let expired = "certificate expired 2 days ago".into();
        assert_eq!(check(limits, -2 * day - 5), Some((expired, false)));
    }

    #[test]
    fn a_limit_of_zero_is_none() {
        let mut limits = CertificateLimits {
            fail: Duration::ZERO,
            ..CertificateLimits::default()
        };
        assert!(matches!(check(limits, 60), Some((_, true))));
        assert!(matches!(check(limits, -60), Some((_, true))));
        limits.warn = Duration::ZERO;
        assert_eq!(check(limits, -60), None);
        limits.fail = DAY;
        assert!(matches!(check(limits, 60), Some((_, false))));
    }

    /// A daemon without a wall clock passes 0, and a certificate may never expire.
    #[test]
    fn what_is_far_away_is_no_breach() {
        let limits = CertificateLimits::default();
        let never = UnixTime::from_millis(u64::MAX);
        assert!(limits.check(UnixTime::from_millis(0), never).is_none());
    }
}
