//! The state of a check, and how one is made.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::num::NonZeroU64;

use super::config::CheckConfig;
use super::history::History;
use super::thresholds::Thresholds;
use crate::base::{Instant, Moment, UnixTime};

/// One check on one instance of a target. See the [module](super) for its states and contract.
//
// `view.rs` reads the fields; after the check is built, only `machine.rs` writes them.
#[derive(Debug)]
pub struct Check {
    pub(super) config: Arc<CheckConfig>,
    pub(super) run: Run,
    pub(super) thresholds: Thresholds,
    /// What the last attempt left behind is not gone yet.
    pub(super) reaping: Option<Reaping>,
    pub(super) paused: bool,
    /// Its target is deregistered: attempts are rechecks, and no result counts. In a box: few are.
    pub(super) inactive: Option<Box<Inactive>>,
    /// Waits for the target's startup checks.
    pub(super) gated: bool,
    /// Has a place of its own within the interval.
    pub(super) is_spread: bool,
    /// The start of the instance.
    pub(super) since: Instant,
    /// The place on the grid of the attempt that is due, or was the last to begin.
    pub(super) slot: Instant,
    /// The latest time seen: an earlier one is taken for it.
    pub(super) clock: Instant,
    /// A result of a slot before this does not lengthen a streak: it comes less than an interval after
    /// the last one that was counted.
    pub(super) counts_from: Instant,
    /// When a result was last counted.
    pub(super) judged_at: Option<Timestamp>,
    /// When the status last changed.
    pub(super) changed_at: Option<Timestamp>,
    pub(crate) attempts: u64,
    /// Not 64 bits: there are a hundred thousand checks.
    pub(crate) skipped_slots: u32,
    pub(super) seed: u64,
    pub(super) history: History,
}

impl Check {
    /// A check that was never started. `config` should be [valid](CheckConfig::validate).
    #[must_use]
    pub fn new(config: Arc<CheckConfig>) -> Self {
        debug_assert_eq!(config.validate(), Ok(()));
        Self {
            config,
            run: Run::New,
            thresholds: Thresholds::default(),
            reaping: None,
            paused: false,
            inactive: None,
            gated: false,
            since: Instant::default(),
            slot: Instant::default(),
            clock: Instant::default(),
            counts_from: Instant::default(),
            judged_at: None,
            changed_at: None,
            attempts: 0,
            skipped_slots: 0,
            is_spread: false,
            seed: 0,
            history: History::default(),
        }
    }

    /// Seeds the jitter; checks with different seeds do not move in step.
    #[must_use]
    pub const fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Shifts the grid by a place within the interval that the seed decides.
    #[cfg(feature = "monitor")]
    pub(crate) const fn with_spread(mut self) -> Self {
        self.is_spread = true;
        self
    }

    /// Puts the check behind the startup checks of its target.
    #[cfg(feature = "monitor")]
    pub(crate) const fn with_gate(mut self) -> Self {
        self.gated = true;
        self
    }
}

/// An attempt to begin: carry it out, and report by its number before the deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Start {
    /// Its number, from 1 on, never used again by this check.
    pub attempt: u64,
    /// When it should have begun; the time from here to the call is the slot's lag.
    pub due: Instant,
    /// When it will be given up.
    pub deadline: Instant,
}

/// Why something is left of the last attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reaping {
    /// It ran into its deadline.
    TimedOut,
    /// The prober gave it up.
    GivenUp {
        /// A slot has passed because of it.
        took_slot: bool,
    },
}

/// What is known of a check whose target is deregistered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Inactive {
    /// When it was deregistered; `None` if that is not known.
    pub(super) since: Option<Timestamp>,
    /// Since when its rechecks have succeeded; `None` if the last one did not.
    pub(super) answers_since: Option<Timestamp>,
}

/// The state.
///
/// Being paused, being deregistered and waiting for a process to be gone lie across it: a check can be
/// all of it, and still has its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Run {
    New,
    Idle {
        due: Instant,
    },
    Running {
        begin: Instant,
    },
    Gated,
    OnHold,
    /// Deregistered, and not checked again.
    Inactive,
    Done,
    Stopping {
        until: Instant,
    },
    Stopped,
}

/// When a check wants to be called, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wake {
    /// `handle_timeout`: needs no place.
    Timeout(Instant),
    /// `poll_start`: needs a place under the limits.
    Start(Instant),
}

impl Wake {
    pub(crate) const fn at(self) -> Instant {
        match self {
            Self::Timeout(at) | Self::Start(at) => at,
        }
    }
}

/// When something happened: by the prober's own clock or, if a store has kept it from an earlier
/// prober, by the wall clock.
///
/// One word, and so is an `Option` of it: there are a hundred thousand checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timestamp(NonZeroU64);

impl Timestamp {
    /// Set in one that a store has kept. Neither clock comes that far in 290,000 years.
    const STORED: u64 = 1 << 63;
    const MOST: u64 = Self::STORED - 2;

    /// When the prober saw it happen.
    pub(super) fn of(at: Instant) -> Self {
        Self(NonZeroU64::MIN.saturating_add(at.as_micros().min(Self::MOST)))
    }

    /// When it happened according to a store.
    #[cfg(any(test, feature = "registry"))]
    pub(super) fn stored(at: UnixTime) -> Self {
        Self(NonZeroU64::MIN.saturating_add(at.as_millis().min(Self::MOST)) | Self::STORED)
    }

    /// By the prober's own clock; `None` if it had not begun.
    pub(super) fn instant(self) -> Option<Instant> {
        let is_stored = self.0.get() & Self::STORED != 0;
        (!is_stored).then(|| Instant::from_micros(self.0.get() - 1))
    }

    /// By the wall clock.
    pub(crate) fn unix(self, moment: Moment) -> UnixTime {
        match self.instant() {
            Some(at) => moment.unix_at(at),
            None => UnixTime::from_millis((self.0.get() & !Self::STORED) - 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_clocks_are_one_word_and_none_is_mistaken_for_the_other() {
        assert_eq!(size_of::<Option<Timestamp>>(), 8);
        let moment = Moment {
            now: Instant::from_micros(5_000_000),
            unix: UnixTime::from_millis(1_769_164_200_123),
        };
        for micros in [0, 1, 4_000_000, u64::MAX >> 1] {
            let at = Instant::from_micros(micros);
            assert_eq!(Timestamp::of(at).unix(moment), moment.unix_at(at));
        }
        for millis in [0, 1, 1_769_164_200_123, 1 << 48] {
            let at = UnixTime::from_millis(millis);
            assert_eq!(Timestamp::stored(at).unix(moment), at);
            assert_eq!(Timestamp::stored(at).instant(), None);
        }
        let end = Timestamp::of(Instant::from_micros(u64::MAX));
        assert_eq!(end.instant(), Some(Instant::from_micros(Timestamp::MOST)));
    }
}
