//! The events of a check, and the list of those of one call.

use super::history::Record;

/// Something that a check did or decided.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
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
    /// The target should be restarted. Given once per instance; the check is on hold until there is
    /// a new one.
    RestartRequested,
    /// The target should be deregistered. Until it is reactivated, no result counts.
    Deregistered,
    /// Each check of a deregistered target has succeeded at its last recheck.
    AnswersAgain,
    /// A restart or deregistration was due, and was withheld: too many targets fail at once.
    /// Given once until the check is healthy again.
    ActionSuppressed,
    /// Too many indeterminate results in a row: the prober itself has an error.
    ProberImpaired,
    /// The check has stopped for good.
    Stopped,
}

/// Why an attempt was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CancelReason {
    /// Its deadline passed.
    Timeout,
    /// There is a new instance of the target.
    InstanceChanged,
    /// Another check of the target requested a restart.
    Restart,
    /// Another check of the target had it deregistered.
    Deregistered,
    /// The check was paused.
    Paused,
    /// The check was stopped.
    Stopped,
    /// The target was removed.
    Removed,
    /// The settings were changed.
    Replaced,
}

/// The status of a target according to one check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
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
    #[cfg(any(feature = "registry", test))]
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

/// Whether a check may request its restart or deregistration; a mass-failure guard decides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// It may.
    Act,
    /// It may not now; the question comes again at the next counted failure.
    Withhold,
}

/// Cancelled, recorded, status, and one of action, impaired or stopped.
const MOST: usize = 4;

/// What one call brought about, in order; at most four events.
///
/// A value instead of a queue: an idle check holds no memory for events.
#[derive(Debug, Default)]
#[must_use = "a cancelled attempt runs on until the driver ends it"]
pub struct Events {
    list: [Option<Event>; MOST],
}

impl Events {
    /// Nothing happened.
    pub(crate) const NONE: Self = Self {
        list: [const { None }; MOST],
    };

    /// Whether nothing happened.
    #[cfg(feature = "monitor")]
    pub(crate) const fn is_empty(&self) -> bool {
        self.list[0].is_none()
    }

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
