//! Makes notices from how the targets are now.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::mem;

use super::super::batch::TransitionRow;
use super::super::notice::{Notice, NoticeKind};
use super::super::notified::{Next, Notified, Stage};
use super::{Notices, UPDATE_EVERY};
use crate::base::Instant;
use crate::base::UnixTime;

impl Notices {
    /// Makes the notices that are due from how the targets are now.
    pub(super) fn compose(&mut self, now: Instant) {
        self.since = None;
        let mass = &mut self.mass;
        let begins = |it: &Notified| it.begins_mass_failure() && !it.is_held(now);
        let stage = match (mass.is_sent, mass.is_on) {
            (true, false) => Stage::Ends,
            (true, true) => Stage::On {
                is_update: mass.update_at <= now,
            },
            (false, true) if self.targets.values().any(begins) => Stage::Begins,
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
        let mut since = None::<Instant>;
        let changed = &mut self.changed;
        if matches!(stage, Stage::Ends) {
            // Sent if nobody is unhealthy, too.
            found.insert(NoticeKind::MassFailureOver, Vec::new());
        }
        self.targets.retain(|name, target| {
            if target.is_held(now) {
                let held = target.held_until();
                since = since.into_iter().chain(held).min();
                return true;
            }
            let was = target.mark();
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
            if was != target.mark() {
                changed.insert(name.clone());
            }
            if target.has_more() {
                since = Some(since.map_or(now, |since| since.min(now)));
            }
            !target.is_over()
        });
        self.since = since;
        if found.contains_key(&NoticeKind::MassFailureUpdate) {
            mass.update_at = now + UPDATE_EVERY;
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
                open: 0,
                incident: UnixTime::default(),
                outages,
            };
            (first, notice)
        });
        let mut ready: Vec<_> = ready.collect();
        ready.sort_by_key(|(first, _)| *first);
        let ready = ready.into_iter().map(|(_, notice)| notice);
        self.ready.extend(ready);
        self.remind(now);
        self.count();
    }

    /// Names those that are open again, if that is due and nothing else is said.
    fn remind(&mut self, now: Instant) {
        let is_due = self.repeat_at.is_some_and(|at| at <= now);
        if is_due && self.ready.is_empty() {
            let open = self.targets.values();
            let mut open: Vec<_> = open
                .filter(|it| !it.is_quiet())
                .filter_map(|it| Some((it.order(), it.is_open().then(|| it.last_said())??)))
                .collect();
            open.sort_by_key(|(order, _)| *order);
            let transitions: Vec<_> = open.into_iter().map(|(_, it)| it.clone()).collect();
            if !transitions.is_empty() {
                self.ready.push_back(Notice {
                    kind: NoticeKind::Reminder,
                    transitions,
                    open: 0,
                    incident: UnixTime::default(),
                    outages: Vec::new(),
                });
            }
        }
        let repeat = self.config.repeat.filter(|_| self.open() > 0);
        match repeat {
            Some(repeat) if is_due || !self.ready.is_empty() => self.repeat_at = Some(now + repeat),
            Some(_) => {}
            None => self.repeat_at = None,
        }
    }

    /// Says in the notices that are ready which incident they are of, and what is left of it.
    fn count(&mut self) {
        if self.ready.is_empty() {
            return;
        }
        let open = self.open();
        let times = self.ready.iter().flat_map(|it| &it.transitions);
        let first = times.map(|it| it.at).min().unwrap_or_default();
        let incident = *self.incident.get_or_insert(first);
        for notice in &mut self.ready {
            (notice.open, notice.incident) = (open, incident);
        }
        if open == 0 && !self.mass.is_sent {
            self.incident = None;
        }
    }
}
