//! The date of a daemon's start, as far as the wall clock is right.

use std::sync::atomic::{AtomicUsize, Ordering};

use health_core::Moment;

/// The date of a daemon's start by the wall clock, in whole seconds since 1970.
///
/// Small steps of the clock do not move it: for Prometheus another start is a restart.
#[derive(Debug)]
pub(super) struct StartDate(AtomicUsize);

impl StartDate {
    /// A clock that is wrong by more was not set when the daemon started.
    const LARGEST_STEP: u64 = 24 * 60 * 60;

    pub(super) fn new(moment: Moment) -> Self {
        Self(AtomicUsize::new(date(moment)))
    }

    /// Whether the wall clock has been set to another day since the last date. The new one counts from
    /// now on.
    pub(super) fn has_moved(&self, moment: Moment) -> bool {
        let (known, date) = (self.0.load(Ordering::Relaxed), date(moment));
        let has_moved = date.abs_diff(known) as u64 > Self::LARGEST_STEP;
        if has_moved {
            self.0.store(date, Ordering::Relaxed);
        }
        has_moved
    }
}

fn date(moment: Moment) -> usize {
    let begun = moment.unix_at(health_core::Instant::default());
    (begun.as_millis() / 1_000) as usize
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use health_core::server::{Peer, Service};
    use health_core::{Instant, UnixTime};

    use super::super::Health;
    use super::*;

    const HOUR: u64 = 3_600;
    const IN_2026: u64 = 1_769_164_200;

    fn moment(uptime: u64, unix: u64) -> Moment {
        Moment {
            now: Instant::default() + Duration::from_secs(uptime),
            unix: UnixTime::from_millis(unix * 1_000),
        }
    }

    #[test]
    fn it_moves_when_the_clock_is_set_and_not_when_it_is_corrected() {
        let start = StartDate::new(moment(0, 5));
        assert!(!start.has_moved(moment(40, 46)));
        assert!(!start.has_moved(moment(HOUR, 2 * HOUR)));
        assert!(start.has_moved(moment(60, IN_2026)));
        assert!(!start.has_moved(moment(61, IN_2026 + 1)));
        assert!(!start.has_moved(moment(90 * HOUR, IN_2026 + 89 * HOUR)));
        assert!(start.has_moved(moment(62, 7)), "it was set back");
    }

    /// The date that is shown, before and after NTP has answered.
    #[test]
    fn a_daemon_that_starts_in_1970_shows_its_date_when_the_clock_is_set() {
        let health = Health::new("svc", "1");
        let service = Service::new();
        let started = |moment: Moment| {
            let query = service.query(Peer::Unix, "GET", "/version", |_| None);
            let mut body = Vec::new();
            service.answer(moment, &query, &health.snapshot(), &mut body);
            String::from_utf8(body).expect("UTF-8")
        };
        health.follow_wall_clock(moment(0, 5));
        let before = started(moment(1, 6));
        assert!(
            before.contains(r#""started":"1970-01-01T00:00:05.000Z""#),
            "{before}"
        );
        health.follow_wall_clock(moment(60, IN_2026));
        let after = started(moment(60, IN_2026));
        assert!(
            after.contains(r#""started":"2026-01-23T10:29:00.000Z""#),
            "{after}"
        );
        health.follow_wall_clock(moment(60, IN_2026 + HOUR));
        assert_eq!(started(moment(60, IN_2026 + HOUR)), after);
    }
}
