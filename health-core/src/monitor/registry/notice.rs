//! Notices: groups transitions into few messages for people.
//!
//! People act on the last message that they have read. So a notice says how a target is, compared with
//! what they were last sent, and not each change in between.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::mem;
use core::time::Duration;

use super::batch::{CheckChange, TransitionRow};
use super::notified::{Next, Notified, Stage};
use crate::base::Instant;
use crate::base::Name;
use crate::check::CheckStatus;

/// From one notice of what happens during a mass failure to the next.
const UPDATE_EVERY: Duration = Duration::from_secs(300);

/// Groups transitions into notices: one for each change, one for many that come together, and a single
/// one for a mass failure, however many targets fail.
///
/// One broken uplink has made a monitor send 28,000 text messages.
///
/// Each notice says the net change of each target since the notice before: a target that was unhealthy
/// for less than the time of gathering is in none, one that is unhealthy again after a moment is never
/// in a last notice as recovered. A target has recovered when none of its checks is unhealthy.
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
    /// Those that are not healthy, or that no notice has said yet to be healthy again.
    targets: BTreeMap<Name, Notified>,
    /// When the oldest change came that no notice was made from.
    since: Option<Instant>,
    /// Orders changes.
    order: u64,
    mass: Mass,
    ready: VecDeque<Notice>,
}

/// The mass failure, if there is one.
#[derive(Debug, Default)]
struct Mass {
    is_on: bool,
    /// A notice of its beginning was sent, and none of its end.
    is_sent: bool,
    /// When it began or ended, among the changes.
    order: u64,
    /// Before this, no update is sent.
    update_at: Instant,
    /// There is something for an update.
    has_update: bool,
}

/// What a [`Notice`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum NoticeKind {
    /// So many targets fail that actions are withheld. These are unhealthy; what follows comes in updates.
    MassFailure,
    /// The mass failure goes on, and these targets became unhealthy, or healthy again, since the notice
    /// before. At most one in five minutes.
    MassFailureUpdate,
    /// The mass failure is over; these targets, and no others of it, are still unhealthy.
    MassFailureOver,
    /// These targets became unhealthy.
    Unhealthy,
    /// These targets were deregistered.
    Deregistered,
    /// These targets were deregistered, and answer again: they can be reactivated. Sent once until they
    /// are.
    AnswersAgain,
    /// These targets are healthy again.
    Recovered,
    /// These replicas of a group were restarted. No [`Notices`] make it: a supervisor's driver does.
    Restarted,
    /// These replicas of a group were given up. No [`Notices`] make it: a supervisor's driver does.
    GivenUp,
}

/// A message to send.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notice {
    /// What it is about.
    pub kind: NoticeKind,
    /// For each target the change that has brought it to where it is, oldest first.
    pub transitions: Vec<TransitionRow>,
    outages: Vec<TransitionRow>,
}

impl Notice {
    /// For those who read notices of [`NoticeKind::Unhealthy`] only: those targets of this notice that
    /// became unhealthy and were deregistered in one step, of which no such notice was made.
    #[must_use]
    pub fn as_unhealthy(&self) -> Option<Self> {
        (!self.outages.is_empty()).then(|| Self {
            kind: NoticeKind::Unhealthy,
            transitions: self.outages.clone(),
            outages: Vec::new(),
        })
    }
}

impl NoticeKind {
    /// Every kind.
    const ALL: [Self; 9] = [
        Self::MassFailure,
        Self::MassFailureUpdate,
        Self::MassFailureOver,
        Self::Unhealthy,
        Self::Deregistered,
        Self::AnswersAgain,
        Self::Recovered,
        Self::Restarted,
        Self::GivenUp,
    ];

    /// The kind whose [word](Self::as_str) this is.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The word: `mass_failure`, `mass_failure_update`, `mass_failure_over`, `unhealthy`,
    /// `deregistered`, `answers_again`, `recovered`, `restarted`, `given_up`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MassFailure => "mass_failure",
            Self::MassFailureUpdate => "mass_failure_update",
            Self::MassFailureOver => "mass_failure_over",
            Self::Unhealthy => "unhealthy",
            Self::Deregistered => "deregistered",
            Self::AnswersAgain => "answers_again",
            Self::Recovered => "recovered",
            Self::Restarted => "restarted",
            Self::GivenUp => "given_up",
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
            targets: BTreeMap::new(),
            since: None,
            order: 0,
            mass: Mass {
                is_on: false,
                is_sent: false,
                order: 0,
                update_at: Instant::from_micros(0),
                has_update: false,
            },
            ready: VecDeque::new(),
        }
    }

    /// Goes on from what an earlier process has sent: for each check of which a notice has said that it
    /// is unhealthy or deregistered, that change; and whether the last notice of a mass failure was of
    /// its beginning. Transitions of which nothing was sent are to be [observed](Self::observe) then.
    pub fn restore(&mut self, sent: impl IntoIterator<Item = TransitionRow>, is_mass_sent: bool) {
        for transition in sent {
            self.order += 1;
            let known = self.targets.entry(transition.target.clone()).or_default();
            known.restore(self.order, transition, is_mass_sent);
        }
        self.mass.is_sent = is_mass_sent;
        // Until it is observed to be over.
        self.mass.is_on = is_mass_sent;
    }

    /// Whether the last notice of a mass failure was of its beginning; for [`restore`](Self::restore).
    #[must_use]
    pub const fn is_mass_failure_sent(&self) -> bool {
        self.mass.is_sent
    }

    /// These transitions have happened, while there is a mass failure
    /// ([`MonitorStatus::is_mass_failure`](crate::monitor::MonitorStatus::is_mass_failure)) or not. Call it without
    /// transitions, too: a mass failure ends without one.
    pub fn observe(&mut self, now: Instant, transitions: &[TransitionRow], is_mass: bool) {
        for transition in transitions {
            self.order += 1;
            if self.change(transition) {
                self.since.get_or_insert(now);
            }
        }
        if self.mass.is_on != is_mass {
            self.order += 1;
            self.mass.order = self.order;
            self.mass.is_on = is_mass;
            let is_due = || match is_mass {
                true => self.targets.values().any(Notified::begins_mass_failure),
                false => true,
            };
            if self.mass.is_sent != is_mass && is_due() {
                self.since.get_or_insert(now);
            }
        }
    }

    /// Forgets targets that there are no more, so that no notice names them.
    pub fn retain(&mut self, mut is_known: impl FnMut(&Name) -> bool) {
        self.targets.retain(|name, _| is_known(name));
    }

    /// Holds back what there is to say of targets that are paused or silenced, see
    /// [`Quiet::is_quiet`](super::Quiet::is_quiet); of the others it is due. Call it before
    /// [`poll`](Self::poll).
    ///
    /// What came and went meanwhile is never said. If a target is not as the last notice has said when this
    /// ends, one notice is due, and says how it is then.
    pub fn hold(&mut self, now: Instant, mut is_quiet: impl FnMut(&Name) -> bool) {
        for (name, target) in &mut self.targets {
            if target.hold(is_quiet(name)) {
                self.since.get_or_insert(now);
            }
        }
    }

    /// The targets of which something may be held back: their transitions count as those that no notice
    /// was made from, for the process that goes on after this one.
    pub fn held(&self) -> impl Iterator<Item = &Name> {
        let held = self.targets.iter().filter(|(_, it)| it.is_held());
        held.map(|(name, _)| name)
    }

    /// The next notice that is due; call until `None`. Notices that are due together come in the order
    /// in which the first change of each has happened.
    pub fn poll(&mut self, now: Instant) -> Option<Notice> {
        if self.ready.is_empty() && self.poll_timeout()? <= now {
            self.since = None;
            self.compose(now);
        }
        self.ready.pop_front()
    }

    /// When to call [`poll`](Self::poll) next; `None` is after the next change.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let gathered = self.since.map(|since| since + self.gather);
        let update = self.mass.has_update.then_some(self.mass.update_at);
        [gathered, update].into_iter().flatten().min()
    }

    /// Whether changes were observed that [`poll`](Self::poll) has not made notices from yet.
    #[must_use]
    pub fn is_gathering(&self) -> bool {
        self.since.is_some() || !self.ready.is_empty()
    }

    /// Whether there may be something to send of it.
    fn change(&mut self, transition: &TransitionRow) -> bool {
        let name = &transition.target;
        match transition.change {
            CheckChange::Status {
                to: CheckStatus::Unhealthy,
                ..
            }
            | CheckChange::Deregistered => {
                let known = self.targets.entry(name.clone()).or_default();
                known.fail(self.order, transition.clone());
                true
            }
            CheckChange::AnswersAgain => {
                let known = self.targets.entry(name.clone()).or_default();
                known.answer(self.order, transition.clone());
                true
            }
            CheckChange::Status {
                from,
                to: CheckStatus::Healthy,
            } => {
                if from == CheckStatus::Unhealthy && !self.targets.contains_key(name) {
                    // Of one of which nothing is known, something was sent before.
                    let mut known = Notified::default();
                    known.restore(self.order, transition.clone(), false);
                    self.targets.insert(name.clone(), known);
                }
                let Some(known) = self.targets.get_mut(name) else {
                    return false;
                };
                known.succeed(self.order, transition.clone());
                true
            }
            CheckChange::Status { .. } => {
                if let Some(known) = self.targets.get_mut(name) {
                    known.start_afresh(&transition.check);
                }
                false
            }
            _ => false,
        }
    }

    /// Makes the notices that are due from how the targets are now.
    fn compose(&mut self, now: Instant) {
        let mass = &mut self.mass;
        let stage = match (mass.is_sent, mass.is_on) {
            (true, false) => Stage::Ends,
            (true, true) => Stage::On {
                is_update: mass.update_at <= now,
            },
            (false, true) if self.targets.values().any(Notified::begins_mass_failure) => {
                Stage::Begins
            }
            (false, _) => Stage::Off,
        };
        match stage {
            Stage::Begins => {
                mass.is_sent = true;
                mass.update_at = now + UPDATE_EVERY;
            }
            Stage::Ends => mass.is_sent = false,
            Stage::On { .. } | Stage::Off => {}
        }
        mass.has_update = false;
        let mut found: BTreeMap<NoticeKind, Vec<(u64, TransitionRow)>> = BTreeMap::new();
        let mut outages = Vec::new();
        let mut has_more = false;
        if matches!(stage, Stage::Ends) {
            // Sent if nobody is unhealthy, too.
            found.insert(NoticeKind::MassFailureOver, Vec::new());
        }
        self.targets.retain(|_, target| {
            match target.next(stage) {
                Next::Nothing => {}
                Next::Later => mass.has_update = true,
                Next::Send(kind, transition) => {
                    let of_kind = found.entry(kind).or_default();
                    of_kind.push((target.order(), transition));
                    let outage = target.take_outage().map(|it| (target.order(), it));
                    outages.extend(outage);
                }
            }
            has_more |= target.has_more();
            !target.is_over()
        });
        if found.contains_key(&NoticeKind::MassFailureUpdate) {
            mass.update_at = now + UPDATE_EVERY;
        }
        if has_more {
            self.since = Some(now);
        }
        outages.sort_by_key(|(order, _)| *order);
        let ended = mass.order;
        let ready = found.into_iter().map(|(kind, mut changes)| {
            changes.sort_by_key(|(order, _)| *order);
            let first = match kind {
                NoticeKind::MassFailureOver => ended,
                _ => changes.first().map_or(0, |(order, _)| *order),
            };
            let transitions = changes.into_iter().map(|(_, it)| it).collect();
            let of_outages = match kind {
                NoticeKind::Deregistered => mem::take(&mut outages),
                _ => Vec::new(),
            };
            let outages = of_outages.into_iter().map(|(_, it)| it).collect();
            let notice = Notice {
                kind,
                transitions,
                outages,
            };
            (first, notice)
        });
        let mut ready: Vec<_> = ready.collect();
        ready.sort_by_key(|(first, _)| *first);
        self.ready
            .extend(ready.into_iter().map(|(_, notice)| notice));
    }
}
