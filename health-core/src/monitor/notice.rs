//! Who has to be told, and in how few words.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::mem;
use core::time::Duration;

use super::batch::{Change, Transition};
use super::guard::MassFailure;
use super::machine::Monitor;
use crate::base::Instant;
use crate::base::Name;
use crate::check::CheckStatus;

/// Turns transitions into notices: one for each change, one for many that come together, and a single
/// one for a mass failure, however many targets it takes.
///
/// One dead uplink has made a monitor send 28,000 text messages.
///
/// ```
/// use core::time::Duration;
/// use health_core::check::CheckStatus;
/// use health_core::monitor::{Change, NoticeKind, Notices, Transition};
/// use health_core::Name;
/// use health_core::Streak;
/// use health_core::{Instant, UnixTime};
///
/// let down = Transition {
///     target: Name::new("web-1")?,
///     check: Name::new("http")?,
///     at: UnixTime::default(),
///     change: Change::Status { from: CheckStatus::Healthy, to: CheckStatus::Unhealthy },
///     streak: Streak::of_failures(3),
///     record: None,
/// };
/// let mut notices = Notices::default();
/// let mut now = Instant::default();
/// notices.observe(now, &[down], false);
/// assert!(notices.poll(now).is_none(), "others may follow");
/// now = notices.poll_timeout().expect("a second later");
/// let notice = notices.poll(now).expect("none did");
/// assert_eq!((notice.kind, notice.transitions.len()), (NoticeKind::Unhealthy, 1));
/// # Ok::<(), health_core::NameError>(())
/// ```
#[derive(Debug)]
pub struct Notices {
    gather: Duration,
    waiting: BTreeMap<NoticeKind, Vec<Transition>>,
    /// When the oldest of them came.
    since: Option<Instant>,
    mass: Mass,
    /// Unhealthy since the mass failure began.
    down: BTreeMap<(Name, Name), Transition>,
}

/// What a [`Notice`] is about. Notices that are due together come in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoticeKind {
    /// So many targets fail that nothing is done about any, and nothing more is said of single ones.
    MassFailure,
    /// That is over; these are still unhealthy.
    MassFailureOver,
    /// These have turned unhealthy.
    Unhealthy,
    /// These were taken off the list.
    Deregistered,
    /// These are well again.
    Recovered,
}

/// Something to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What about.
    pub kind: NoticeKind,
    /// Whose changes, oldest first.
    pub transitions: Vec<Transition>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mass {
    No,
    /// Nobody has turned unhealthy by it, so nobody is told.
    Silent,
    /// It is to be told.
    Waiting,
    Told,
}

impl NoticeKind {
    /// The word: `mass_failure`, `mass_failure_over`, `unhealthy`, `deregistered`, `recovered`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MassFailure => "mass_failure",
            Self::MassFailureOver => "mass_failure_over",
            Self::Unhealthy => "unhealthy",
            Self::Deregistered => "deregistered",
            Self::Recovered => "recovered",
        }
    }

    /// What is worth a notice.
    fn of(change: Change) -> Option<Self> {
        match change {
            Change::Deregistered => Some(Self::Deregistered),
            Change::Status {
                to: CheckStatus::Unhealthy,
                ..
            } => Some(Self::Unhealthy),
            Change::Status {
                from: CheckStatus::Unhealthy,
                to: CheckStatus::Healthy,
            } => Some(Self::Recovered),
            _ => None,
        }
    }
}

impl Default for Notices {
    /// Changes within a second are told together.
    fn default() -> Self {
        Self::new(Duration::from_secs(1))
    }
}

impl Notices {
    /// Changes within `gather` are told together.
    #[must_use]
    pub const fn new(gather: Duration) -> Self {
        Self {
            gather,
            waiting: BTreeMap::new(),
            since: None,
            mass: Mass::No,
            down: BTreeMap::new(),
        }
    }

    /// These have happened, while there is a mass failure
    /// ([`Monitor::is_mass_failure`]) or not. Call it without any, too: a mass failure ends by itself.
    pub fn observe(&mut self, now: Instant, transitions: &[Transition], is_mass: bool) {
        match (self.mass, is_mass) {
            (Mass::No, true) => self.mass = Mass::Silent,
            (Mass::Silent, false) => self.mass = Mass::No,
            (Mass::Waiting | Mass::Told, false) => {
                self.mass = Mass::No;
                let still = mem::take(&mut self.down).into_values().collect();
                self.waiting.insert(NoticeKind::MassFailureOver, still);
                self.since.get_or_insert(now);
            }
            _ => {}
        }
        for transition in transitions {
            if let Some(kind) = NoticeKind::of(transition.change) {
                self.sort_in(now, kind, transition);
            }
        }
    }

    /// The next notice that is due; call until `None`.
    pub fn poll(&mut self, now: Instant) -> Option<Notice> {
        if self.poll_timeout()? > now {
            return None;
        }
        let (kind, transitions) = self.waiting.pop_first()?;
        if self.waiting.is_empty() {
            self.since = None;
        }
        if kind == NoticeKind::MassFailure && self.mass == Mass::Waiting {
            self.mass = Mass::Told;
        }
        Some(Notice { kind, transitions })
    }

    /// When to call [`poll`](Self::poll) next; `None` is after the next change.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.since.map(|since| since + self.gather)
    }

    fn sort_in(&mut self, now: Instant, kind: NoticeKind, transition: &Transition) {
        let place = (transition.target.clone(), transition.check.clone());
        match (self.mass, kind) {
            (Mass::Silent | Mass::Waiting, NoticeKind::Unhealthy) => {
                if self.mass == Mass::Silent {
                    // Whoever turned just before belongs to it.
                    let before = self.waiting.remove(&NoticeKind::Unhealthy);
                    let before = before.unwrap_or_default();
                    for it in &before {
                        let place = (it.target.clone(), it.check.clone());
                        self.down.insert(place, it.clone());
                    }
                    self.mass = Mass::Waiting;
                    self.wait(now, NoticeKind::MassFailure, before);
                }
                self.down.insert(place, transition.clone());
                self.wait(now, NoticeKind::MassFailure, [transition.clone()]);
            }
            (Mass::Told, NoticeKind::Unhealthy) => {
                self.down.insert(place, transition.clone());
            }
            (Mass::Waiting | Mass::Told, NoticeKind::Recovered) => {
                // Who was told that it is down is not told so by the mass failure's end.
                if self.down.remove(&place).is_none() {
                    self.wait(now, kind, [transition.clone()]);
                }
            }
            (_, kind) => {
                // It says that it was unhealthy.
                if kind == NoticeKind::Deregistered {
                    if let Some(waiting) = self.waiting.get_mut(&NoticeKind::Unhealthy) {
                        waiting.retain(|it| it.target != transition.target);
                        if waiting.is_empty() {
                            self.waiting.remove(&NoticeKind::Unhealthy);
                        }
                    }
                }
                self.wait(now, kind, [transition.clone()]);
            }
        }
    }

    fn wait(
        &mut self,
        now: Instant,
        kind: NoticeKind,
        transitions: impl IntoIterator<Item = Transition>,
    ) {
        self.waiting.entry(kind).or_default().extend(transitions);
        self.since.get_or_insert(now);
    }
}

impl Monitor {
    /// Whether so many targets fail that actions are withheld; see [`MassFailure`].
    #[must_use]
    pub fn is_mass_failure(&self) -> bool {
        let guard = self.config.mass_failure;
        guard.is_some_and(|guard: MassFailure| guard.is_on(self.tally))
    }
}
