//! What a check is made of, and how one comes into being.

use alloc::sync::Arc;

use super::config::{CheckConfig, OnUnhealthy};
use super::event::CheckStatus;
use super::history::History;
use super::judge::Judge;
use super::past::Past;
use crate::base::Streak;
use crate::base::{Instant, Moment, UnixTime};

/// One check on one instance of a target. See the [module](super) for its states and contract.
//
// `view.rs` reads the fields; after the check is built, only `machine.rs` and `member.rs` write them.
#[derive(Debug)]
pub struct Check {
    pub(super) config: Arc<CheckConfig>,
    pub(super) run: Run,
    pub(super) judge: Judge,
    /// What the last attempt left behind is not gone yet.
    pub(super) reaping: Option<Reaping>,
    pub(super) paused: bool,
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
    /// When a result was last counted.
    pub(super) judged_at: Option<Past>,
    /// When the status last changed.
    pub(super) turned: Option<Past>,
    pub(super) attempts: u64,
    pub(super) skipped_slots: u64,
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
            judge: Judge::default(),
            reaping: None,
            paused: false,
            gated: false,
            since: Instant::default(),
            slot: Instant::default(),
            clock: Instant::default(),
            judged_at: None,
            turned: None,
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

    /// Goes on from what a store has kept: the status holds, marked stale, until the next counted
    /// result.
    #[must_use]
    pub fn restored(mut self, saved: Saved) -> Self {
        self.judge.status = saved.status;
        self.judge.streak = saved.streak;
        self.turned = saved.since.map(Past::kept);
        self.judge.started = saved.status == CheckStatus::Healthy;
        self.judge.stale = saved.status != CheckStatus::Unknown;
        // T11: an action withheld before the restart is still owed.
        self.judge.action_pending = saved.status == CheckStatus::Unhealthy
            && !saved.deregistered
            && self.config.on_unhealthy != OnUnhealthy::Report;
        if saved.deregistered {
            let since = saved.deregistered_at.map(Past::kept);
            self.run = Run::Inactive { since };
        }
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

/// What a store keeps of a check, so that a new prober goes on where the old one ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Saved {
    /// The status.
    pub status: CheckStatus,
    /// The streak.
    pub streak: Streak,
    /// When the status last changed; `None` if that is not known.
    pub since: Option<UnixTime>,
    /// Deregistered: rests until it is reactivated.
    pub deregistered: bool,
    /// Since when; `None` if that is not known.
    pub deregistered_at: Option<UnixTime>,
}

/// What a store is to keep, before anybody has asked for the date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) status: CheckStatus,
    pub(crate) streak: Streak,
    pub(crate) turned: Option<Past>,
    /// Deregistered, and when.
    pub(crate) inactive: Option<Option<Past>>,
}

impl Standing {
    /// `moment` is now.
    pub(crate) fn saved(self, moment: Moment) -> Saved {
        let date = |at: Past| at.unix(moment);
        Saved {
            status: self.status,
            streak: self.streak,
            since: self.turned.map(date),
            deregistered: self.inactive.is_some(),
            deregistered_at: self.inactive.flatten().map(date),
        }
    }
}

/// Whose fault it is that something is left of the last attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reaping {
    /// It ran into its deadline.
    TimedOut,
    /// We gave it up.
    GivenUp,
}

/// The state.
///
/// Being paused and waiting for a process to be gone lie across it: a check can be both, and
/// still has its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Run {
    New,
    Idle { due: Instant },
    Running { begin: Instant },
    Gated,
    Held,
    Inactive { since: Option<Past> },
    Done,
    Stopping { until: Instant },
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
