//! Notices: groups transitions into few messages for people.
//!
//! People act on the last message that they have read. So a notice says how a target is, compared with
//! what they were last sent, and not each change in between.

mod compose;
mod config;

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::mem;
use core::time::Duration;

pub use config::{NoticeConfig, Told};

use super::batch::{CheckChange, TransitionRow};
use super::flapping::FlappingChange;
use super::notice::{Notice, NoticeKind};
use super::notified::Notified;
use crate::base::Instant;
use crate::base::Name;
use crate::base::UnixTime;
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
/// There is one of them for each receiver that is told by rules of its own ([`NoticeConfig`]). What it has
/// said of a target ([`told`](Self::told)) outlives the process, so that nothing is said twice.
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
    config: NoticeConfig,
    /// Those that are not healthy, or that no notice has said yet to be healthy again.
    targets: BTreeMap<Name, Notified>,
    /// From when on changes are gathered that no notice was made from.
    since: Option<Instant>,
    /// Orders changes.
    order: u64,
    mass: Mass,
    /// See [`Notice::incident`].
    incident: Option<UnixTime>,
    /// When those that are open are named again.
    repeat_at: Option<Instant>,
    /// See [`take_changed`](Self::take_changed).
    changed: BTreeSet<Name>,
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

impl Default for Notices {
    /// Gathers changes for a second.
    fn default() -> Self {
        Self::with_config(NoticeConfig::default())
    }
}

impl Notices {
    /// Changes within `gather` come in one notice.
    #[must_use]
    pub fn new(gather: Duration) -> Self {
        Self::with_config(NoticeConfig {
            gather,
            ..NoticeConfig::default()
        })
    }

    /// For a receiver that is told by these rules.
    #[must_use]
    pub fn with_config(config: NoticeConfig) -> Self {
        Self {
            config,
            targets: BTreeMap::new(),
            since: None,
            order: 0,
            mass: Mass::default(),
            incident: None,
            repeat_at: None,
            changed: BTreeSet::new(),
            ready: VecDeque::new(),
        }
    }

    /// Tells by these rules from now on.
    pub const fn set_config(&mut self, config: NoticeConfig) {
        self.config = config;
        if config.repeat.is_none() {
            self.repeat_at = None;
        }
    }

    /// Goes on from what an earlier process has sent: for each check of which a notice has said that it
    /// is unhealthy or deregistered, that change; and whether the last notice of a mass failure was of
    /// its beginning. Transitions of which nothing was sent are to be [observed](Self::observe) then.
    pub fn restore(&mut self, sent: impl IntoIterator<Item = TransitionRow>, is_mass_sent: bool) {
        for transition in sent {
            self.order += 1;
            let first = self.incident.unwrap_or(transition.at);
            self.incident = Some(first.min(transition.at));
            self.changed.insert(transition.target.clone());
            let known = self.targets.entry(transition.target.clone()).or_default();
            known.restore(self.order, transition, is_mass_sent);
        }
        self.mass.is_sent = is_mass_sent;
        // Until it is observed to be over.
        self.mass.is_on = is_mass_sent;
    }

    /// A notice of an earlier process has said that its target is flapping.
    pub fn restore_flapping(&mut self, transition: TransitionRow) {
        self.order += 1;
        self.incident.get_or_insert(transition.at);
        self.changed.insert(transition.target.clone());
        let known = self.targets.entry(transition.target.clone()).or_default();
        known.restore_flapping(self.order, transition);
    }

    /// The incident that the last notice of an earlier process was of, which is so old; call it after the
    /// others.
    pub fn restore_incident(&mut self, now: Instant, incident: UnixTime, age: Duration) {
        self.incident = Some(incident);
        let repeat = self.config.repeat;
        self.repeat_at = repeat.map(|repeat| now + repeat.saturating_sub(age));
    }

    /// Whether the last notice of a mass failure was of its beginning; for [`restore`](Self::restore).
    #[must_use]
    pub const fn is_mass_failure_sent(&self) -> bool {
        self.mass.is_sent
    }

    /// The incident that is not over; for [`restore_incident`](Self::restore_incident).
    #[must_use]
    pub const fn incident(&self) -> Option<UnixTime> {
        self.incident
    }

    /// What was said of a target; empty if it is healthy, as far as the receiver knows.
    #[must_use]
    pub fn told(&self, target: &Name) -> Told {
        let target = self.targets.get(target);
        target.map(Notified::told).unwrap_or_default()
    }

    /// The targets of which [something else](Self::told) may be said since the last call.
    pub fn take_changed(&mut self) -> BTreeSet<Name> {
        mem::take(&mut self.changed)
    }

    /// These transitions have happened, while there is a mass failure
    /// ([`MonitorStatus::is_mass_failure`](crate::monitor::MonitorStatus::is_mass_failure)) or not. Call it without
    /// transitions, too: a mass failure ends without one.
    pub fn observe(&mut self, now: Instant, transitions: &[TransitionRow], is_mass: bool) {
        self.observe_late(now, UnixTime::default(), transitions, is_mass);
    }

    /// As [`observe`](Self::observe), of transitions that may be older than this process: of the delay,
    /// what has passed before `wall`, which is the present time, is over.
    pub fn observe_late(
        &mut self,
        now: Instant,
        wall: UnixTime,
        transitions: &[TransitionRow],
        is_mass: bool,
    ) {
        for transition in transitions {
            self.order += 1;
            let age = wall.as_millis().saturating_sub(transition.at.as_millis());
            let delay = self.config.delay;
            let delay = delay.saturating_sub(Duration::from_millis(age));
            if let Some(from) = self.change(transition, now + delay, now) {
                self.gather_from(from);
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
                self.gather_from(now);
            }
        }
    }

    /// A target has begun to flap, or is steady again.
    pub fn observe_flapping(&mut self, now: Instant, change: &FlappingChange) {
        self.order += 1;
        let name = change.transition.target.clone();
        let known = self.targets.entry(name).or_default();
        if known.flap(self.order, change) {
            self.gather_from(now);
        }
    }

    /// Forgets targets that there are no more, so that no notice names them. If there is nothing else
    /// that is not healthy, a notice says that all is over.
    pub fn retain(&mut self, mut is_known: impl FnMut(&Name) -> bool) {
        let changed = &mut self.changed;
        self.targets.retain(|name, _| {
            let is_known = is_known(name);
            if !is_known {
                changed.insert(name.clone());
            }
            is_known
        });
        let is_over = self.open() == 0 && !self.mass.is_sent;
        if let Some(incident) = self.incident.take_if(|_| is_over) {
            self.repeat_at = None;
            self.ready.push_back(Notice {
                kind: NoticeKind::Recovered,
                transitions: Vec::new(),
                open: 0,
                incident,
                outages: Vec::new(),
            });
        }
    }

    /// Holds back what there is to say of targets that are paused or silenced, see
    /// [`Quiet::is_quiet`](super::Quiet::is_quiet); of the others it is due. Call it before
    /// [`poll`](Self::poll).
    ///
    /// What came and went meanwhile is never said. If a target is not as the last notice has said when this
    /// ends, one notice is due, and says how it is then.
    pub fn hold(&mut self, now: Instant, mut is_quiet: impl FnMut(&Name) -> bool) {
        let mut is_over = false;
        for (name, target) in &mut self.targets {
            is_over |= target.hold(is_quiet(name));
        }
        if is_over {
            self.gather_from(now);
        }
    }

    /// The targets of which something may be held back: their transitions count as those that no notice
    /// was made from, for the process that goes on after this one.
    pub fn held(&self) -> impl Iterator<Item = &Name> {
        let held = self.targets.iter().filter(|(_, it)| it.is_quiet());
        held.map(|(name, _)| name)
    }

    /// The next notice that is due; call until `None`. Notices that are due together come in the order
    /// in which the first change of each has happened.
    pub fn poll(&mut self, now: Instant) -> Option<Notice> {
        if self.ready.is_empty() && self.poll_timeout()? <= now {
            self.compose(now);
        }
        self.ready.pop_front()
    }

    /// When to call [`poll`](Self::poll) next; `None` is after the next change.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let gathered = self.since.map(|since| since + self.config.gather);
        let update = self.mass.has_update.then_some(self.mass.update_at);
        let ready = (!self.ready.is_empty()).then_some(Instant::default());
        let times = [gathered, update, self.repeat_at, ready];
        times.into_iter().flatten().min()
    }

    /// Whether changes were observed that [`poll`](Self::poll) has not made notices from yet.
    #[must_use]
    pub fn is_gathering(&self) -> bool {
        self.since.is_some() || !self.ready.is_empty()
    }

    /// Has [`poll`](Self::poll) wait for no others: of the process's last notices. What is [to be
    /// told](NoticeConfig::delay) later is left to the next process.
    pub fn flush(&mut self, now: Instant) {
        if self.ready.is_empty() && self.since.is_some_and(|since| since <= now) {
            self.compose(now);
        }
    }

    fn gather_from(&mut self, from: Instant) {
        self.since = Some(self.since.map_or(from, |since| since.min(from)));
    }

    fn open(&self) -> usize {
        self.targets.values().filter(|it| it.is_open()).count()
    }

    /// From when on there may be something to send of it. An outage is told from `due` on.
    fn change(
        &mut self,
        transition: &TransitionRow,
        due: Instant,
        now: Instant,
    ) -> Option<Instant> {
        let name = &transition.target;
        match transition.change {
            CheckChange::Status {
                to: CheckStatus::Unhealthy,
                ..
            }
            | CheckChange::Deregistered => {
                let known = self.targets.entry(name.clone()).or_default();
                known.fail(self.order, transition.clone(), due);
                Some(known.held_until().unwrap_or(now))
            }
            CheckChange::AnswersAgain => {
                let known = self.targets.entry(name.clone()).or_default();
                known.answer(self.order, transition.clone());
                Some(known.held_until().unwrap_or(now))
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
                let known = self.targets.get_mut(name)?;
                known.succeed(self.order, transition.clone());
                Some(now)
            }
            CheckChange::Status { .. } => {
                if let Some(known) = self.targets.get_mut(name) {
                    known.start_afresh(&transition.check);
                }
                None
            }
            _ => None,
        }
    }
}
