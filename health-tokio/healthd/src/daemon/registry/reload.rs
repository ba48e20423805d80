//! Changes the configured targets to what was read again.

use std::collections::BTreeSet;
use std::fmt;

use tracing::info;

use super::{MAX_TARGETS, Registry, StoreCommand, is_free};
use crate::config::{Found, Source, TargetDef, stored_list};
use crate::store::Limits;

/// Which of the configured targets a reading has in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::daemon) enum Scope {
    All,
    /// Those of lists.
    Lists,
}

/// What a reading has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::daemon) struct Reloaded {
    pub(in crate::daemon) added: usize,
    pub(in crate::daemon) changed: usize,
    pub(in crate::daemon) removed: usize,
    /// Of all that are watched now.
    pub(in crate::daemon) targets: usize,
}

impl fmt::Display for Reloaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            added,
            changed,
            removed,
            targets,
        } = self;
        write!(
            f,
            "{added} added, {changed} changed, {removed} removed, {targets} in all"
        )
    }
}

impl Reloaded {
    pub(in crate::daemon) fn log(self, what: &'static str) {
        let Self {
            added,
            changed,
            removed,
            targets,
        } = self;
        info!(added, changed, removed, targets, "{what}");
    }
}

impl Registry {
    /// Keeps so much of each check from now on.
    pub(in crate::daemon) async fn set_limits(&self, limits: Limits) {
        self.keep(StoreCommand::Limits(limits)).await;
    }

    /// Changes the configured targets, as far as they were read, to these; a target that stays keeps what
    /// is known of it, and so does one of a list that could not be read.
    pub(in crate::daemon) async fn reload(
        &self,
        configured: Vec<TargetDef>,
        found: &Found,
        scope: Scope,
    ) -> Reloaded {
        let names: BTreeSet<_> = configured.iter().map(|it| it.name.clone()).collect();
        let (mut gone, mut changed, mut afresh) = (Vec::new(), Vec::new(), Vec::new());
        let mut added = 0;
        {
            let (targets, waiting) = (self.list.lock(), self.waiting());
            for (name, target) in &*targets {
                let listing = target.listing.as_ref();
                let is_read = match listing {
                    Some(listing) => !found.lacks(&listing.file),
                    None => scope == Scope::All,
                };
                if target.source == Source::Config && is_read && !names.contains(name) {
                    gone.push(name.clone());
                }
            }
            for target in configured {
                let old = targets.get(&target.name);
                let is_added = old.is_some_and(|old| old.source == Source::Added);
                if !is_free(&target.name, is_added) {
                    continue;
                }
                if old.is_some_and(|old| old.is_unchanged(&target)) {
                    continue;
                }
                let is_other = match (old, waiting.get(&target.name)) {
                    (Some(old), _) => !old.probes_the_same_as(&target),
                    (None, Some(kept)) => !target.probes_the_same_as(kept),
                    (None, None) => false,
                };
                if is_other {
                    afresh.push(target.name.clone());
                }
                added += usize::from(old.is_none());
                changed.push(target);
            }
        }
        for name in &gone {
            self.forget(name);
        }
        let removed = gone.len();
        self.waiting().retain(|name, kept| {
            let stays = stored_list(kept).is_some_and(|it| found.lacks(&it));
            if !stays && !names.contains(name) {
                gone.push(name.clone());
                return false;
            }
            true
        });
        self.forget_quiet(&gone);
        self.keep(StoreCommand::Remove(gone)).await;
        let is_new: BTreeSet<_> = afresh.iter().cloned().collect();
        // First: killed in between, a new address must not be left deregistered for what the old was.
        self.keep(StoreCommand::Reset(afresh)).await;
        for some in changed.chunks(MAX_TARGETS) {
            let definitions = some.iter().map(TargetDef::definition);
            self.keep(StoreCommand::Put(definitions.collect())).await;
        }
        for target in &changed {
            let mut kept = self.waiting().remove(&target.name);
            if is_new.contains(&target.name) {
                kept = None;
                self.forget(&target.name);
            }
            self.watch(target, kept.as_ref());
        }
        Reloaded {
            added,
            changed: changed.len() - added,
            removed,
            targets: self.len(),
        }
    }
}
