//! When the next attempt is due: arithmetic on slots, nothing else.

use core::time::Duration;

use super::config::{CheckConfig, FirstCheck, Schedule};
use super::event::CheckStatus;
use super::thresholds::Thresholds;
use crate::base::Instant;

const HOUR: Duration = Duration::from_secs(3_600);

/// The next due time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Next {
    /// Its place on the grid.
    pub(super) slot: Instant,
    /// The slot, plus jitter.
    pub(super) due: Instant,
    /// Slots between the last one and this one.
    pub(super) skipped: u64,
    /// The interval in use.
    pub(super) interval: Duration,
}

/// The due time of an instance's first attempt; `spread` gives it a place within the interval.
pub(super) fn first_due(config: &CheckConfig, since: Instant, spread: Option<u64>) -> Instant {
    let own_offset = match config.first_check {
        FirstCheck::Immediate => config.spread_offset,
        FirstCheck::AfterInterval => Duration::ZERO,
    };
    let earliest = since + config.initial_delay + first_wait(config);
    earliest + own_offset + offset(config, spread)
}

/// What passes from the initial delay to the first attempt at least.
pub(super) fn first_wait(config: &CheckConfig) -> Duration {
    match config.first_check {
        FirstCheck::Immediate => Duration::ZERO,
        FirstCheck::AfterInterval if config.start_period.is_zero() => config.interval,
        FirstCheck::AfterInterval => config.interval_at_start(),
    }
}

/// How far `spread` shifts the first attempt, and the grid with it: by less than an interval.
pub(super) fn offset(config: &CheckConfig, spread: Option<u64>) -> Duration {
    spread.map_or(Duration::ZERO, |seed| place_within(config.interval, seed))
}

/// The longest that an attempt may follow on the one before, or may take.
#[cfg(feature = "monitor")]
pub(super) fn longest_pause(config: &CheckConfig) -> Duration {
    let grows = config.unhealthy_backoff_factor > 1.0;
    let longest = config.unhealthy_interval_max.unwrap_or(HOUR);
    let in_start_period = !config.start_period.is_zero();
    let pauses = [
        Some(config.timeout),
        in_start_period.then(|| config.interval_at_start()),
        config.edge_interval,
        config.unhealthy_interval,
        grows.then_some(longest),
    ];
    let pauses = pauses.into_iter().flatten();
    pauses.fold(config.interval, Duration::max)
}

/// The latest that an attempt may be due whose settings were changed `now` to these: a check that was
/// made every hour and now is every minute does not wait for the rest of its hour.
#[cfg(feature = "monitor")]
pub(super) fn latest(
    config: &CheckConfig,
    since: Instant,
    now: Instant,
    interval: Duration,
    spread: Option<u64>,
) -> Instant {
    let wait = spread.map_or(interval, |seed| place_within(interval, seed));
    first_due(config, since, spread).max(now + wait)
}

/// The slot after a result recorded at `end`, in an instance that started at `since`.
pub(super) fn next(
    config: &CheckConfig,
    thresholds: &Thresholds,
    since: Instant,
    slot: Instant,
    end: Instant,
    random: u64,
) -> Next {
    let interval = interval_in_use(config, thresholds, end.duration_since(since));
    let jitter = jitter(interval, config.jitter_percent, random);
    match config.schedule {
        Schedule::FixedDelay => Next {
            slot: end + interval,
            due: end + interval + jitter,
            skipped: 0,
            interval,
        },
        Schedule::FixedRate => {
            let (slot, skipped) = slot_after(slot, interval, end);
            Next {
                slot,
                due: slot + jitter,
                skipped,
                interval,
            }
        }
    }
}

/// The four rules of the interval in use, `age` being the time since the instance's start.
pub(super) fn interval_in_use(
    config: &CheckConfig,
    thresholds: &Thresholds,
    age: Duration,
) -> Duration {
    if thresholds.status == CheckStatus::Starting
        && !thresholds.started
        && age < config.start_period
    {
        config.interval_at_start()
    } else if thresholds.is_change_pending() {
        config.edge_interval.unwrap_or(config.interval)
    } else if thresholds.status == CheckStatus::Unhealthy {
        unhealthy_interval(config, thresholds.backoff())
    } else {
        config.interval
    }
}

fn unhealthy_interval(config: &CheckConfig, steps: u32) -> Duration {
    let base = config.unhealthy_interval.unwrap_or(config.interval);
    let most = config
        .unhealthy_interval_max
        .unwrap_or_else(|| HOUR.max(base));
    let factor = config.unhealthy_backoff_factor;
    let most_micros = most.as_micros() as f64;
    let mut micros = base.as_micros() as f64;
    for _ in 0..steps {
        // Without growth, or past the end of it, more steps change nothing, however many there are.
        if factor <= 1.0 || micros >= most_micros {
            break;
        }
        micros *= factor;
    }
    Duration::from_micros(micros as u64).min(most)
}

/// The smallest `slot + k * interval` after `end`, and the slots passed over on the way.
///
/// A slot that is itself still to come is the next one: that of a grid whose first attempt was
/// brought forward.
fn slot_after(slot: Instant, interval: Duration, end: Instant) -> (Instant, u64) {
    if slot > end {
        return (slot, 0);
    }
    let interval = u64::try_from(interval.as_micros())
        .unwrap_or(u64::MAX)
        .max(1);
    let skipped = (end.as_micros() - slot.as_micros()) / interval;
    let ahead = (skipped + 1).saturating_mul(interval);
    (slot + Duration::from_micros(ahead), skipped)
}

fn place_within(interval: Duration, seed: u64) -> Duration {
    let interval = u64::try_from(interval.as_micros()).unwrap_or(u64::MAX);
    Duration::from_micros(seed % interval.max(1))
}

fn jitter(interval: Duration, percent: u8, random: u64) -> Duration {
    if percent == 0 {
        return Duration::ZERO;
    }
    let most = interval.as_micros() as u64 / 100 * u64::from(percent);
    Duration::from_micros(random % (most + 1))
}

/// SplitMix64's finisher: every bit of the input moves every bit of the output.
pub(crate) const fn splitmix64(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// FNV-1a, finished by SplitMix64: the same on every machine and in every version.
#[cfg(any(feature = "monitor", feature = "supervise"))]
pub(crate) fn hash_bytes(bytes: impl Iterator<Item = u8>) -> u64 {
    splitmix64(bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Instant {
        Instant::from_micros(millis * 1_000)
    }

    #[test]
    fn the_next_slot_is_after_the_end_never_at_it() {
        let second = Duration::from_secs(1);
        assert_eq!(slot_after(ms(0), second, ms(0)), (ms(1_000), 0));
        assert_eq!(slot_after(ms(0), second, ms(999)), (ms(1_000), 0));
        assert_eq!(slot_after(ms(0), second, ms(1_000)), (ms(2_000), 1));
        assert_eq!(slot_after(ms(500), second, ms(75_000)), (ms(75_500), 74));
        assert_eq!(slot_after(ms(800), second, ms(3)), (ms(800), 0));
        let end_of_time = Instant::from_micros(u64::MAX);
        assert_eq!(slot_after(ms(0), second, end_of_time).0, end_of_time);
    }

    #[test]
    fn growth_ends_at_its_maximum_and_at_an_hour_without_one() {
        let mut config = CheckConfig {
            unhealthy_backoff_factor: 1.5,
            ..CheckConfig::default()
        };
        let secs = |config: &CheckConfig, steps| unhealthy_interval(config, steps).as_secs_f64();
        assert_eq!(secs(&config, 0), 30.0);
        assert_eq!(secs(&config, 2), 67.5);
        assert_eq!(secs(&config, u32::MAX), 3_600.0);
        config.unhealthy_interval_max = Some(Duration::from_secs(40));
        assert_eq!(secs(&config, 1), 40.0);
        config.unhealthy_interval_max = None;
        config.unhealthy_interval = Some(Duration::from_secs(7_200));
        assert_eq!(secs(&config, 9), 7_200.0);
    }

    #[test]
    fn seeds_fill_the_interval_evenly() {
        let mut tenths = [0; 10];
        for seed in 0..10_000 {
            let place = place_within(Duration::from_secs(10), splitmix64(seed));
            tenths[place.as_secs() as usize] += 1;
        }
        assert!(
            tenths.iter().all(|n| (900..1_100).contains(n)),
            "{tenths:?}"
        );
        assert_eq!(place_within(Duration::ZERO, 7), Duration::ZERO);
    }

    #[test]
    fn jitter_only_ever_delays() {
        let second = Duration::from_secs(1);
        for random in [0, 1, 499_999, 500_000, 500_001, u64::MAX] {
            assert!(jitter(second, 50, random) <= second / 2);
            assert_eq!(jitter(second, 0, random), Duration::ZERO);
        }
        assert_eq!(jitter(second, 50, 500_000), second / 2);
    }
}
