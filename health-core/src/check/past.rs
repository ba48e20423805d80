//! When something happened that may have been before the prober's own clock began.

use core::num::NonZeroU64;

use crate::base::{Instant, Moment, UnixTime};

/// A time by the prober's own clock or, if a store has kept it, by the wall clock.
///
/// One word, and so is an `Option` of it: there are a hundred thousand checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Past(NonZeroU64);

impl Past {
    /// Set in one that was kept. Neither clock comes that far in 290,000 years.
    const KEPT: u64 = 1 << 63;
    const MOST: u64 = Self::KEPT - 2;

    /// What was seen to happen.
    pub(super) fn seen(at: Instant) -> Self {
        Self(NonZeroU64::MIN.saturating_add(at.as_micros().min(Self::MOST)))
    }

    /// What a store says has happened.
    pub(super) fn kept(at: UnixTime) -> Self {
        Self(NonZeroU64::MIN.saturating_add(at.as_millis().min(Self::MOST)) | Self::KEPT)
    }

    /// By the prober's own clock; `None` if it had not begun.
    pub(super) fn instant(self) -> Option<Instant> {
        let is_kept = self.0.get() & Self::KEPT != 0;
        (!is_kept).then(|| Instant::from_micros(self.0.get() - 1))
    }

    /// By the wall clock.
    pub(crate) fn unix(self, moment: Moment) -> UnixTime {
        match self.instant() {
            Some(at) => moment.unix_at(at),
            None => UnixTime::from_millis((self.0.get() & !Self::KEPT) - 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_clocks_are_one_word_and_none_is_mistaken_for_the_other() {
        assert_eq!(size_of::<Option<Past>>(), 8);
        let moment = Moment {
            now: Instant::from_micros(5_000_000),
            unix: UnixTime::from_millis(1_769_164_200_123),
        };
        for micros in [0, 1, 4_000_000, u64::MAX >> 1] {
            let at = Instant::from_micros(micros);
            assert_eq!(Past::seen(at).unix(moment), moment.unix_at(at));
        }
        for millis in [0, 1, 1_769_164_200_123, 1 << 48] {
            let at = UnixTime::from_millis(millis);
            assert_eq!(Past::kept(at).unix(moment), at);
            assert_eq!(Past::kept(at).instant(), None);
        }
        let end = Past::seen(Instant::from_micros(u64::MAX));
        assert_eq!(end.instant(), Some(Instant::from_micros(Past::MOST)));
    }
}
