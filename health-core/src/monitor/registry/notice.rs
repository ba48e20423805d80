//! Notices: groups transitions into few messages for people.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::mem;
use core::time::Duration;

use super::batch::{CheckChange, TransitionRow};
use crate::base::Instant;
use crate::base::Name;
use crate::check::CheckStatus;

/// Groups transitions into notices: one for each change, one for many that come together, and a single
/// one for a mass failure, however many targets fail.
///
/// One broken uplink has made a monitor send 28,000 text messages.
///
/// ```
/// use core::time::Duration;
/// use health_core::check::CheckStatus;
/// use health_core::monitor::registry::{CheckChange, NoticeKind, Notices, TransitionRow};
/// use health_core::Name;
/// use health_core::Streak;
/// use health_core::{Instant, UnixTime};
///
/// let down = TransitionRow {
///     target: Name::new("web-1")?,
///     check: Name::new("http")?,
///     at: UnixTime::default(),
///     change: CheckChange::Status { from: CheckStatus::Healthy, to: CheckStatus::Unhealthy },
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
    waiting: BTreeMap<NoticeKind, Vec<TransitionRow>>,
    /// When the oldest of them came.
    since: Option<Instant>,
    mass: Mass,
    /// Unhealthy since the mass failure began.
    down: BTreeMap<(Name, Name), TransitionRow>,
}

/// What a [`Notice`] is about. Notices that are due together come in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum NoticeKind {
    /// So many checks fail that actions are withheld; no notices of single checks follow.
    MassFailure,
    /// The mass failure is over; these checks are still unhealthy.
    MassFailureOver,
    /// These checks became unhealthy.
    Unhealthy,
    /// These checks had their targets deregistered.
    Deregistered,
    /// These checks are healthy again.
    Recovered,
}

/// A message to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// What it is about.
    pub kind: NoticeKind,
    /// The changes, oldest first.
    pub transitions: Vec<TransitionRow>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mass {
    No,
    /// No check became unhealthy by it, so no notice is sent.
    Silent,
    /// Its notice is due.
    Waiting,
    Sent,
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

    /// The kind of notice that a change is sent in; `None` for no notice.
    fn of(change: CheckChange) -> Option<Self> {
        match change {
            CheckChange::Deregistered => Some(Self::Deregistered),
            CheckChange::Status {
                to: CheckStatus::Unhealthy,
                ..
            } => Some(Self::Unhealthy),
            CheckChange::Status {
                from: CheckStatus::Unhealthy,
                to: CheckStatus::Healthy,
            } => Some(Self::Recovered),
            _ => None,
        }
    }
}

impl Default for Notices {
    /// Gathers changes for a second.
    fn default() -> Self {
        Self::new(Duration::from_secs(1))
    }
}

impl Notices {
    /// Changes within `gather` come in one notice.
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

    /// These transitions have happened, while there is a mass failure
    /// ([`MonitorStatus::is_mass_failure`](crate::monitor::MonitorStatus::is_mass_failure)) or not. Call it without
    /// transitions, too: a mass failure ends without one.
    pub fn observe(&mut self, now: Instant, transitions: &[TransitionRow], is_mass: bool) {
        match (self.mass, is_mass) {
            (Mass::No, true) => self.mass = Mass::Silent,
            (Mass::Silent, false) => self.mass = Mass::No,
            (Mass::Waiting | Mass::Sent, false) => {
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
            self.mass = Mass::Sent;
        }
        Some(Notice { kind, transitions })
    }

    /// When to call [`poll`](Self::poll) next; `None` is after the next change.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.since.map(|since| since + self.gather)
    }

    fn sort_in(&mut self, now: Instant, kind: NoticeKind, transition: &TransitionRow) {
        let place = (transition.target.clone(), transition.check.clone());
        match (self.mass, kind) {
            (Mass::Silent | Mass::Waiting, NoticeKind::Unhealthy) => {
                if self.mass == Mass::Silent {
                    // What became unhealthy just before belongs to it.
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
            (Mass::Sent, NoticeKind::Unhealthy) => {
                self.down.insert(place, transition.clone());
            }
            (Mass::Waiting | Mass::Sent, NoticeKind::Recovered) => {
                // Of a check that is in no notice as unhealthy, none says that it recovered.
                if self.down.remove(&place).is_none() {
                    self.wait(now, kind, [transition.clone()]);
                }
            }
            (_, kind) => {
                // A notice of the deregistration says that it was unhealthy.
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
        transitions: impl IntoIterator<Item = TransitionRow>,
    ) {
        self.waiting.entry(kind).or_default().extend(transitions);
        self.since.get_or_insert(now);
    }
}
