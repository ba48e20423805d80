//! What each action is told, and when: a [`Notices`] for each, one more for the log, and what was said by
//! each in the registry.

use std::collections::BTreeSet;
use std::time::Duration;

use health_core::Instant;
use health_core::monitor::registry::{Batch, Flapping, Notice, Notices, TransitionRow};
use health_core::{Name, UnixTime};

use super::documents::{Documents, now};
use crate::config::Action;
use crate::store::{ReceiverRow, StoredNotices, Told, ToldRow};

/// See the [module](self).
pub(super) struct Receivers {
    log: Notices,
    pub(super) actions: Vec<Receiver>,
    flapping: Flapping,
}

/// An action and what it is told.
pub(super) struct Receiver {
    pub(super) action: Action,
    pub(super) notices: Notices,
    /// When it was told something last.
    last_at: UnixTime,
}

impl Receivers {
    pub(super) fn new<'a>(actions: impl Iterator<Item = &'a Action>) -> Self {
        let actions = actions.map(Receiver::new);
        Self {
            log: Notices::default(),
            actions: actions.collect(),
            flapping: Flapping::default(),
        }
    }

    /// Changes the actions to these. One of a known name knows what it was told, whatever else of it is new.
    pub(super) fn replace<'a>(&mut self, actions: impl Iterator<Item = &'a Action>) {
        let mut known = std::mem::take(&mut self.actions);
        for action in actions {
            let same = known.iter().position(|it| it.action.name == action.name);
            let receiver = match same.map(|at| known.swap_remove(at)) {
                Some(mut receiver) => {
                    receiver.notices.set_config(action.rules);
                    receiver.action = action.clone();
                    receiver
                }
                None => Receiver::new(action),
            };
            self.actions.push(receiver);
        }
    }

    /// Goes on from what an earlier process has said. An action of which it did not know is taken to know
    /// what all others do: most likely it is one of them, with a mistake mended.
    pub(super) fn restore(
        &mut self,
        now: Instant,
        stored: StoredNotices,
        is_mass: bool,
        documents: &Documents,
    ) {
        let StoredNotices {
            sent,
            unnoticed,
            receivers,
            told,
            is_mass_failure,
            ..
        } = stored;
        for it in &mut self.actions {
            let known = receivers.iter().find(|row| row.action == it.action.name);
            let Some(known) = known else {
                let is_for = |row: &TransitionRow| is_for(&it.action, documents, row);
                let sent = sent.iter().filter(|row| is_for(row)).cloned();
                let is_sent = is_mass_failure || it.notices.is_mass_failure_sent();
                it.notices.restore(sent, is_sent);
                continue;
            };
            let own = told.iter().filter(|row| row.action == it.action.name);
            let (flapping, sent): (Vec<_>, Vec<_>) = own.partition(|row| row.is_flapping);
            let is_sent = known.is_mass_failure || it.notices.is_mass_failure_sent();
            let sent = sent.into_iter().map(|row| row.transition.clone());
            it.notices.restore(sent, is_sent);
            for row in flapping {
                it.notices.restore_flapping(row.transition.clone());
                self.flapping.restore(row.transition.clone());
            }
            if let Some(incident) = known.incident {
                let age = self::now()
                    .as_millis()
                    .saturating_sub(known.last_at.as_millis());
                let age = Duration::from_millis(age);
                it.notices.restore_incident(now, incident, age);
            }
            it.last_at = known.last_at;
        }
        let is_sent = is_mass_failure || self.log.is_mass_failure_sent();
        self.log.restore(sent, is_sent);
        self.observe_all(now, &unnoticed, is_mass, documents);
    }

    /// This has happened. Call it without a batch, too.
    pub(super) fn observe(
        &mut self,
        now: Instant,
        batch: Option<&Batch>,
        is_mass: bool,
        documents: &Documents,
    ) {
        let turned = batch.map(|it| self.flapping.observe(it));
        for change in turned.iter().flatten() {
            self.log.observe_flapping(now, change);
            for it in &mut self.actions {
                if it.action.has_flapping() && is_for(&it.action, documents, &change.transition) {
                    it.notices.observe_flapping(now, change);
                }
            }
        }
        let transitions = batch.map_or(&[][..], |it| &it.transitions);
        self.observe_all(now, transitions, is_mass, documents);
    }

    fn observe_all(
        &mut self,
        now: Instant,
        transitions: &[TransitionRow],
        is_mass: bool,
        documents: &Documents,
    ) {
        let wall = self::now();
        self.log.observe(now, transitions, is_mass);
        for it in &mut self.actions {
            let own = transitions.iter();
            let own = own.filter(|row| is_for(&it.action, documents, row));
            let own: Vec<_> = own.cloned().collect();
            it.notices.observe_late(now, wall, &own, is_mass);
        }
    }

    /// Forgets targets that there are no more.
    pub(super) fn retain(&mut self, is_known: impl Fn(&Name) -> bool) {
        self.flapping.retain(&is_known);
        self.log.retain(&is_known);
        for it in &mut self.actions {
            it.notices.retain(&is_known);
        }
    }

    /// Holds back what there is to say of targets that are paused or silenced.
    pub(super) fn hold(&mut self, now: Instant, is_quiet: impl Fn(&Name) -> bool) {
        self.log.hold(now, &is_quiet);
        for it in &mut self.actions {
            it.notices.hold(now, &is_quiet);
        }
    }

    /// The targets of which something may be held back.
    pub(super) fn held(&self) -> BTreeSet<Name> {
        self.all().flat_map(Notices::held).cloned().collect()
    }

    /// Whether one of them has something to say by then.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        let times = self.all().filter_map(Notices::poll_timeout);
        times.min().is_some_and(|at| at <= now)
    }

    /// Whether of some of the transitions no notice is made yet.
    pub(super) fn is_gathering(&self) -> bool {
        self.all().any(Notices::is_gathering)
    }

    /// What has just turned would have waited for others; none will follow.
    pub(super) fn flush(&mut self, now: Instant) {
        self.log.flush(now);
        self.actions.iter_mut().for_each(|it| it.notices.flush(now));
    }

    /// The next notice for the log.
    pub(super) fn poll_log(&mut self, now: Instant) -> Option<Notice> {
        self.log.poll(now)
    }

    pub(super) const fn is_mass_failure_sent(&self) -> bool {
        self.log.is_mass_failure_sent()
    }

    fn all(&self) -> impl Iterator<Item = &Notices> {
        let actions = self.actions.iter().map(|it| &it.notices);
        std::iter::once(&self.log).chain(actions)
    }
}

impl Receiver {
    fn new(action: &Action) -> Self {
        Self {
            action: action.clone(),
            notices: Notices::with_config(action.rules),
            last_at: UnixTime::default(),
        }
    }

    /// The next notice for it.
    pub(super) fn poll(&mut self, now: Instant) -> Option<Notice> {
        let notice = self.notices.poll(now)?;
        self.last_at = self::now();
        Some(notice)
    }

    /// What is to be kept of it.
    pub(super) fn row(&self) -> ReceiverRow {
        ReceiverRow {
            action: self.action.name.clone(),
            is_mass_failure: self.notices.is_mass_failure_sent(),
            incident: self.notices.incident(),
            last_at: self.last_at,
        }
    }

    /// What it was told, of each target of which that has changed.
    pub(super) fn take_told(&mut self) -> Vec<Told> {
        let changed = self.notices.take_changed().into_iter();
        let told = changed.map(|target| {
            let told = self.notices.told(&target);
            let row = |transition, is_flapping| ToldRow {
                action: self.action.name.clone(),
                is_flapping,
                transition,
            };
            let sent = told.sent.into_iter().map(|it| row(it, false));
            let rows = sent.chain(told.flapping.map(|it| row(it, true)));
            Told {
                rows: rows.collect(),
                action: self.action.name.clone(),
                target,
            }
        });
        told.collect()
    }
}

/// Whether the action is for targets of that group, which is looked up only if it matters.
fn is_for(action: &Action, documents: &Documents, row: &TransitionRow) -> bool {
    action.groups.is_empty() || action.is_for(documents.group(row).as_deref())
}
