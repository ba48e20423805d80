//! How long a restart waits: arithmetic, nothing else.

use core::time::Duration;

use super::config::GroupConfig;
use crate::base::Instant;
use crate::check::splitmix64;

/// From the begin of an instance that has exited to the earliest begin of the next one.
const LEAST: Duration = Duration::from_millis(10);

impl GroupConfig {
    /// R9: the wait of the `nth` counted restart in a row of the replica, jitter included.
    pub(super) fn wait(&self, replica: u16, nth: u32) -> Duration {
        if nth <= 1 {
            return Duration::ZERO;
        }
        let wait = self.grown(nth - 2);
        let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        let most = u128::from(millis) * u128::from(self.backoff_jitter_percent) / 100;
        let most = u64::try_from(most).unwrap_or(u64::MAX);
        let key = (u64::from(replica) << 32) + u64::from(nth);
        let random = splitmix64(self.seed ^ splitmix64(key));
        wait + Duration::from_millis(random.checked_rem(most.saturating_add(1)).unwrap_or(0))
    }

    /// The back-off after so many steps of growth, in whole milliseconds.
    pub(super) fn grown(&self, steps: u32) -> Duration {
        let most = self.backoff_max.as_micros() as f64;
        let mut micros = self.backoff.as_micros() as f64;
        for _ in 0..steps {
            // Beyond these, more steps change nothing, however many there are.
            if micros >= most || micros == 0.0 || self.backoff_factor <= 1.0 {
                break;
            }
            micros *= self.backoff_factor;
        }
        Duration::from_millis((micros / 1e3) as u64).min(self.backoff_max)
    }
}

/// R9: when the next instance may begin after an exit, the last one having begun at `begun`.
pub(super) fn after_exit(exited: Instant, wait: Duration, begun: Instant) -> Instant {
    (exited + wait).max(begun + LEAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_from_ten_seconds_to_five_minutes() {
        let config = GroupConfig::default();
        let secs = |nth| config.wait(0, nth).as_secs();
        let waits: [u64; 8] = core::array::from_fn(|index| secs(index as u32 + 1));
        assert_eq!(waits, [0, 10, 20, 40, 80, 160, 300, 300]);
        assert_eq!(secs(u32::MAX), 300);
    }

    #[test]
    fn a_wait_is_whole_milliseconds_and_ends_however_long_the_row_is() {
        let mut config = GroupConfig {
            backoff_factor: 1.5,
            ..GroupConfig::default()
        };
        assert_eq!(config.wait(0, 7), Duration::from_millis(75_937));
        config.backoff_factor = 1.0;
        assert_eq!(config.wait(0, u32::MAX), config.backoff);
        config.backoff_factor = 2.0;
        config.backoff = Duration::ZERO;
        assert_eq!(config.wait(0, u32::MAX), Duration::ZERO);
        config.backoff = Duration::MAX;
        config.backoff_max = Duration::MAX;
        config.backoff_jitter_percent = 50;
        assert!(config.wait(0, 2) >= Duration::from_millis(u64::MAX));
    }

    #[test]
    fn jitter_adds_at_most_its_share() {
        let config = GroupConfig {
            backoff_jitter_percent: 20,
            ..GroupConfig::default()
        };
        let waits = (0..1_000).map(|replica| config.wait(replica, 2).as_millis());
        let (least, most) = waits.fold((u128::MAX, 0), |(least, most), wait| {
            (wait.min(least), wait.max(most))
        });
        assert!((10_000..10_100).contains(&least), "{least}");
        assert!((11_900..=12_000).contains(&most), "{most}");
    }
}
