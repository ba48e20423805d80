//! The latest transitions, in bounded memory.

use alloc::collections::VecDeque;
use alloc::sync::Arc;

use super::{Phase, Status};
#[cfg(feature = "supervise")]
use crate::base::ReplicaState;
use crate::base::{Instant, Message, Name, UnixTime};

/// The latest transitions, newest last. Older ones are forgotten, their numbers are not.
///
/// Holds at most 256 transitions unless [set](super::Registry::set_history) otherwise, and never more
/// than 48 KiB, texts included.
///
/// ```
/// use health_core::health::{Change, Registry};
/// use health_core::{Instant, Status};
///
/// let now = Instant::default();
/// let mut registry = Registry::new("steering", "1.4.0", now);
/// let link = registry.component(now, "link", Default::default())?;
/// registry.success(now, link);
///
/// let snapshot = registry.snapshot(now);
/// let (id, transition) = snapshot.history().iter().last().unwrap();
/// assert_eq!(id, snapshot.history().last_id());
/// assert_eq!(transition.name().unwrap().as_str(), "link");
/// let change = Change::Component { from: Status::Unknown, to: Status::Healthy };
/// assert_eq!(transition.change(), change);
/// # Ok::<(), health_core::NameError>(())
/// ```
#[derive(Clone, Debug)]
pub struct History {
    ring: VecDeque<Transition>,
    /// The number before that of the first transition.
    start: u64,
    /// The number of the latest transition; `start` before the first.
    last: u64,
    /// What the ring's entries and their texts take.
    bytes: usize,
    most: usize,
}

impl History {
    /// Transitions kept unless set otherwise.
    pub(crate) const DEFAULT_ENTRIES: usize = 256;
    /// The most that all of them may take, texts included.
    pub(crate) const MOST_BYTES: usize = 48 * 1024;
    /// Leaves room below 2^53 for half of all numbers.
    const LAST_START: u64 = 1 << 52;

    pub(super) const fn new(most: usize) -> Self {
        let fitting = Self::MOST_BYTES / size_of::<Transition>();
        Self {
            ring: VecDeque::new(),
            start: 0,
            last: 0,
            bytes: 0,
            most: if most < fitting { most } else { fitting },
        }
    }

    /// An empty one that goes on counting where this one is.
    pub(super) const fn restarted(&self, most: usize) -> Self {
        let mut history = Self::new(most);
        (history.start, history.last) = (self.start, self.last);
        history
    }

    /// Begins behind the numbers that a process before this one can have given, which began at the time of
    /// its own start and gave fewer than a thousand in a second. It does nothing after the first
    /// transition, or a second time.
    pub(super) fn start_at(&mut self, unix: UnixTime) {
        if (self.start, self.last) == (0, 0) {
            self.start = unix.as_millis().min(Self::LAST_START);
            self.last = self.start;
        }
    }

    /// The transitions that are remembered, each with its number. Numbers have no gaps, so a reader that
    /// comes back knows whether it has missed any. The first is 1, or with a
    /// [wall clock](super::Registry::set_wall_clock) the milliseconds since 1970 at the daemon's start,
    /// and one: a reader that comes back after a restart does not take the new numbers for old ones. All
    /// are below 2^53, which every reader of JSON keeps.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &Transition)> {
        (self.before_ring() + 1..).zip(&self.ring)
    }

    /// The transitions after number `seen`. If its first number is not `seen + 1`, some are
    /// forgotten.
    pub fn after(&self, seen: u64) -> impl Iterator<Item = (u64, &Transition)> {
        self.iter().filter(move |(id, _)| *id > seen)
    }

    /// Whether a reader who has read up to number `seen` has missed transitions: some of those after it
    /// are forgotten, or there never was such a number in this process. With 0 it has read none.
    #[must_use]
    pub(crate) fn has_lost(&self, seen: u64) -> bool {
        let seen = if seen == 0 { self.start } else { seen };
        seen > self.last || seen < self.before_ring()
    }

    /// The number of the newest transition; before the first one, the number before its own.
    #[must_use]
    pub const fn last_id(&self) -> u64 {
        self.last
    }

    /// Transitions ever, those that are forgotten included.
    #[must_use]
    pub(crate) const fn count(&self) -> u64 {
        self.last - self.start
    }

    /// The number before that of the oldest transition that is remembered.
    fn before_ring(&self) -> u64 {
        self.last - self.ring.len() as u64
    }

    /// How many transitions are kept at most; 0 if none are.
    #[must_use]
    pub(crate) const fn capacity(&self) -> usize {
        self.most
    }

    /// Bytes that the transitions and their texts occupy now.
    #[must_use]
    #[cfg(feature = "test-util")]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    fn push(&mut self, transition: Transition) {
        self.last += 1;
        if self.most == 0 {
            return;
        }
        // All at once: from then on a transition needs no memory but its message's.
        self.ring.reserve_exact(self.most - self.ring.len());
        self.bytes += transition.bytes();
        while self.ring.len() == self.most || self.bytes > Self::MOST_BYTES {
            let Some(oldest) = self.ring.pop_front() else {
                break;
            };
            self.bytes -= oldest.bytes();
        }
        self.ring.push_back(transition);
    }
}

/// One change of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    name: Option<Name>,
    message: Option<Arc<str>>,
    at: Instant,
    change: Change,
}

impl Transition {
    /// The name of what changed; `None` for the daemon's phase.
    #[must_use]
    pub const fn name(&self) -> Option<&Name> {
        self.name.as_ref()
    }

    /// What changed, and how.
    #[must_use]
    pub const fn change(&self) -> Change {
        self.change
    }

    /// When: for what the clock decides, the deadline's own time.
    #[must_use]
    pub const fn at(&self) -> Instant {
        self.at
    }

    /// The public message of the result that made the change; empty if there was none.
    #[must_use]
    pub fn message(&self) -> &str {
        self.message.as_deref().unwrap_or_default()
    }

    /// Bytes that it occupies: its place, and its texts as if they were not shared.
    fn bytes(&self) -> usize {
        let name = self.name.as_ref().map_or(0, |name| name.as_str().len());
        size_of::<Self>() + name + self.message().len()
    }
}

/// What changed, from what to what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// The daemon entered another phase.
    Phase {
        /// Before.
        from: Phase,
        /// After.
        to: Phase,
    },
    /// A component's status changed.
    Component {
        /// Before.
        from: Status,
        /// After.
        to: Status,
    },
    /// A heartbeat was missed (unhealthy), or came back (healthy).
    Heartbeat {
        /// Before.
        from: Status,
        /// After.
        to: Status,
    },
    /// A gate was released.
    Gate,
    /// A flag went up or down.
    Flag {
        /// After.
        up: bool,
    },
    /// A component, heartbeat or flag was removed.
    Removed {
        /// Its status before.
        from: Status,
    },
    /// A process that is kept running went from one state to another.
    #[cfg(feature = "supervise")]
    Replica {
        /// Its state before.
        from: ReplicaState,
        /// Its state after.
        to: ReplicaState,
    },
}

impl Change {
    /// What changed: `phase`, `component`, `heartbeat`, `gate`, `flag`, `entry` or `replica`.
    #[must_use]
    pub const fn what(self) -> &'static str {
        match self {
            Self::Phase { .. } => "phase",
            Self::Component { .. } => "component",
            Self::Heartbeat { .. } => "heartbeat",
            Self::Gate => "gate",
            Self::Flag { .. } => "flag",
            Self::Removed { .. } => "entry",
            #[cfg(feature = "supervise")]
            Self::Replica { .. } => "replica",
        }
    }

    /// The state before, in one word.
    #[must_use]
    pub const fn from(self) -> &'static str {
        match self {
            Self::Phase { from, .. } => from.as_str(),
            Self::Component { from, .. }
            | Self::Heartbeat { from, .. }
            | Self::Removed { from } => from.as_str(),
            Self::Gate => "pending",
            Self::Flag { up } => flag_word(!up),
            #[cfg(feature = "supervise")]
            Self::Replica { from, .. } => from.as_str(),
        }
    }

    /// The state after, in one word.
    #[must_use]
    pub const fn to(self) -> &'static str {
        match self {
            Self::Phase { to, .. } => to.as_str(),
            Self::Component { to, .. } | Self::Heartbeat { to, .. } => to.as_str(),
            Self::Gate => "released",
            Self::Flag { up } => flag_word(up),
            Self::Removed { .. } => "removed",
            #[cfg(feature = "supervise")]
            Self::Replica { to, .. } => to.as_str(),
        }
    }
}

const fn flag_word(up: bool) -> &'static str {
    if up { "up" } else { "down" }
}

/// The history as the registry writes it. It is copied only when there is something to write down
/// while a snapshot still holds the one before.
pub(super) struct Log<'a>(pub(super) &'a mut Arc<History>);

impl Log<'_> {
    pub(super) fn push(&mut self, at: Instant, name: Option<&Name>, change: Change) {
        self.push_with(at, name, change, &Message::EMPTY);
    }

    /// Writes down a change, if there is one; true if there was.
    pub(super) fn note(&mut self, at: Instant, name: &Name, change: Option<Change>) -> bool {
        if let Some(change) = change {
            self.push(at, Some(name), change);
        }
        change.is_some()
    }

    pub(super) fn push_with(
        &mut self,
        at: Instant,
        name: Option<&Name>,
        change: Change,
        message: &Message,
    ) {
        let message = message.as_str();
        Arc::make_mut(self.0).push(Transition {
            name: name.cloned(),
            message: (!message.is_empty()).then(|| message.into()),
            at,
            change,
        });
    }
}
