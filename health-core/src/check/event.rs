//! What a check says happened, and how it says it without a queue.

use super::history::Record;

/// Something a check did or decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The attempt is given up. Its I/O can be dropped; a process of it must be killed and reaped.
    Cancelled {
        /// Which attempt.
        attempt: u64,
        /// Why.
        reason: CancelReason,
    },
    /// What an attempt left behind is gone.
    Reaped {
        /// Which attempt.
        attempt: u64,
    },
    /// A result went into the history.
    Recorded(Record),
    /// The status changed. Exactly one per change; `from` is the `to` of the one before.
    Status {
        /// What it was.
        from: CheckStatus,
        /// What it is.
        to: CheckStatus,
    },
    /// The target should be restarted. Said once per instance; the check is held until it is told of
    /// a new one.
    RestartRequested,
    /// The target should be taken off the list. The check rests until it is reactivated.
    Deregistered,
    /// A restart or deregistration was due, and was withheld: too many targets fail at once.
    /// Said once per episode.
    ActionSuppressed,
    /// Result after result says nothing about the target: the prober itself is in trouble.
    ProberImpaired,
    /// The check has stopped for good.
    Stopped,
}

/// Why an attempt was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CancelReason {
    /// Its deadline passed.
    Timeout,
    /// The instance it was looking at is gone.
    InstanceChanged,
    /// Another check of the target asked for a restart.
    Restart,
    /// Another check of the target had it deregistered.
    Deregistered,
    /// The check was paused.
    Paused,
    /// The check was stopped.
    Stopped,
    /// The target was removed.
    Removed,
}

/// What a check holds its target for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CheckStatus {
    /// Never started.
    #[default]
    Unknown,
    /// No verdict about this instance yet.
    Starting,
    /// `success_threshold` successes in a row.
    Healthy,
    /// `retries` failures in a row.
    Unhealthy,
}

impl CheckStatus {
    /// The word shown: `unknown`, `starting`, `healthy`, `unhealthy`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Starting => "starting",
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
        }
    }

    /// The status of that word, as read from a store.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [
            Self::Unknown,
            Self::Starting,
            Self::Healthy,
            Self::Unhealthy,
        ]
        .into_iter()
        .find(|status| status.as_str() == word)
    }
}

/// Whether a check may act when it turns unhealthy: what a mass-failure guard says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// Query for the restart or the deregistration.
    Act,
    /// Not now; ask again at the next counted failure.
    Withhold,
}

/// Cancelled, recorded, status, and one of action, impaired or stopped.
const MOST: usize = 4;

/// What one call brought about, in order; at most four events.
///
/// A value instead of a queue: a check at rest holds no memory for what it might say.
#[derive(Debug, Default)]
#[must_use = "a cancelled attempt still runs until somebody ends it"]
pub struct Events {
    list: [Option<Event>; MOST],
}

impl Events {
    /// Nothing happened.
    pub const NONE: Self = Self {
        list: [const { None }; MOST],
    };

    /// What is in it, in order.
    #[cfg(feature = "registry")]
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Event> {
        self.list.iter().flatten()
    }

    pub(super) fn push(&mut self, event: Event) {
        let free = self.list.iter_mut().find(|place| place.is_none());
        debug_assert!(free.is_some(), "no room for {event:?}");
        if let Some(place) = free {
            *place = Some(event);
        }
    }
}

impl IntoIterator for Events {
    type Item = Event;
    type IntoIter = core::iter::Flatten<core::array::IntoIter<Option<Event>, MOST>>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter().flatten()
    }
}
