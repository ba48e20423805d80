//! The list of targets: what a file says, what was added, and what the monitor watches.

use std::collections::{BTreeMap, BTreeSet};

use health_core::check::{Mode, Saved};
use health_core::driver::monitor::{Controls, TargetView};
use health_core::monitor::{StoredCheck, StoredTarget};
use health_core::name::Name;
use tracing::{info, warn};

use super::keeper::{Order, Orders};
use crate::healthd::config::{Defaults, Source, TargetDef};

/// All targets that are watched. Changes go to the monitor and to the store.
#[derive(Debug)]
pub(super) struct Registry {
    controls: Controls,
    orders: Orders,
    targets: BTreeMap<Name, TargetDef>,
}

impl Registry {
    pub(super) const fn new(controls: Controls, orders: Orders) -> Self {
        Self {
            controls,
            orders,
            targets: BTreeMap::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.targets.len()
    }

    /// Begins to watch what the configuration says and what was added, going on from what was kept.
    pub(super) async fn begin(
        &mut self,
        configured: Vec<TargetDef>,
        stored: Vec<StoredTarget>,
        defaults: &Defaults,
    ) {
        let mut stored: BTreeMap<_, _> =
            stored.into_iter().map(|it| (it.name.clone(), it)).collect();
        let names: BTreeSet<_> = configured.iter().map(|it| it.name.clone()).collect();
        let mut all = configured;
        for (name, kept) in &stored {
            if names.contains(name) {
                continue;
            }
            match TargetDef::restore(kept, defaults) {
                Some(Ok(target)) => all.push(target),
                Some(Err(error)) => warn!(%name, %error, "a target cannot be watched any more"),
                None => {
                    info!(%name, "no longer in the configuration");
                    self.keep(Order::Remove(name.clone())).await;
                }
            }
        }
        let changed = all.iter().filter(|target| {
            let kept = stored.get(&target.name);
            kept.is_none_or(|kept| *kept.text != *target.text)
        });
        let changed: Vec<_> = changed.map(TargetDef::definition).collect();
        if !changed.is_empty() {
            self.keep(Order::Put(changed)).await;
        }
        for target in all {
            let kept = stored.remove(&target.name);
            // Another URL under the old name is another target.
            let kept = kept.filter(|kept| target.looks_at_what(kept));
            self.watch(target, kept.as_ref());
        }
    }

    /// Changes the configured targets to these; whoever stays keeps what is known of it.
    pub(super) async fn reload(&mut self, configured: Vec<TargetDef>) {
        let names: BTreeSet<_> = configured.iter().map(|it| it.name.clone()).collect();
        let gone = self
            .targets
            .values()
            .filter(|it| it.source == Source::Config);
        let gone = gone.filter(|it| !names.contains(&it.name));
        let gone: Vec<_> = gone.map(|it| it.name.clone()).collect();
        let (mut added, mut changed) = (0, 0);
        for name in &gone {
            self.remove(name).await;
        }
        for target in configured {
            match self.targets.get(&target.name) {
                Some(old) if old.is_unchanged(&target) && old.source == target.source => {}
                Some(_) => {
                    changed += 1;
                    self.replace(target).await;
                }
                None => {
                    added += 1;
                    // It cannot fail: the name is free and the settings were checked.
                    let _ = self.add(target).await;
                }
            }
        }
        info!(
            added,
            changed,
            removed = gone.len(),
            targets = self.len(),
            "configuration read"
        );
    }

    /// Adds a target.
    ///
    /// # Errors
    ///
    /// Its name is taken; a text for who asked.
    pub(super) async fn add(&mut self, target: TargetDef) -> Result<String, String> {
        let name = target.name.clone();
        if self.targets.contains_key(&name) {
            return Err(format!("{name}: there is a target of this name"));
        }
        let kept = self
            .orders
            .give(Order::Put(vec![target.definition()]))
            .await;
        self.watch(target, None);
        Ok(said(&format!("{name} added"), &kept))
    }

    /// Removes a target; `None` if there is none.
    pub(super) async fn remove(&mut self, name: &Name) -> Option<String> {
        self.targets.remove(name)?;
        self.controls.remove(name.as_str());
        let kept = self.orders.give(Order::Remove(name.clone())).await;
        Some(said(&format!("{name} removed"), &kept))
    }

    /// Puts a target back on the list; `None` if there is none.
    pub(super) fn reactivate(&self, name: &Name) -> Option<String> {
        let view = self.controls.target(name.as_str())?;
        if !view.is_deregistered {
            return Some(format!("{name} is active"));
        }
        self.controls.reactivate(name.as_str());
        Some(format!("{name} reactivated"))
    }

    async fn replace(&mut self, target: TargetDef) {
        let name = target.name.clone();
        let view = self.controls.target(name.as_str());
        let old = self.targets.remove(&name);
        let is_same = old.is_some_and(|old| old.is_same_as(&target));
        let stored = view.filter(|_| is_same).map(|view| stored(&view));
        self.controls.remove(name.as_str());
        self.keep(Order::Put(vec![target.definition()])).await;
        if stored.is_none() {
            self.keep(Order::Reset(name)).await;
        }
        self.watch(target, stored.as_ref());
    }

    fn watch(&mut self, target: TargetDef, stored: Option<&StoredTarget>) {
        match self.controls.add(target.target(stored)) {
            Ok(_) => {
                self.targets.insert(target.name.clone(), target);
            }
            Err(error) => warn!(name = %target.name, %error, "cannot be watched"),
        }
    }

    /// What cannot be kept now is made up for by the keeper, which says so.
    async fn keep(&self, order: Order) {
        let _ = self.orders.give(order).await;
    }
}

fn said(done: &str, kept: &Result<(), String>) -> String {
    match kept {
        Ok(()) => done.to_owned(),
        Err(error) => format!("{done}, but not kept yet: {error}"),
    }
}

/// How a target stands, as a store would have it.
fn stored(view: &TargetView) -> StoredTarget {
    let checks = view.checks.iter().map(|check| StoredCheck {
        name: check.name.clone(),
        saved: Saved {
            status: check.status,
            streak: check.streak,
            since: check.since,
            deregistered: check.mode == Mode::Inactive,
            deregistered_at: check.deregistered_at,
        },
    });
    StoredTarget {
        name: view.name.clone(),
        text: "".into(),
        checks: checks.collect(),
    }
}
