//! Changes the list of targets: at the start, at a reload, and by commands.

mod reload;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use health_core::Name;
use health_core::check::CheckStatus;
use health_core::monitor::registry::{Quiet, StoredTarget};
use health_core::server::Targets;
use serde_json::{Map, Value};
use tracing::{info, warn};

use super::list::List;
use super::store_writer::{MAX_TARGETS, StoreCommand, StoreHandle};
use crate::config::{Defaults, Found, HeaderFiles, Source, TargetDef, stored_list, updated};

use crate::update::done;

pub(in crate::daemon) use reload::Scope;

/// How long a command waits for the disk: it has to be answered before it gives the monitor up.
const COMMAND: Duration = Duration::from_secs(3);

/// The list of targets, what the monitor watches, and what is stored, changed together.
#[derive(Debug)]
pub(crate) struct Registry {
    list: List,
    commands: StoreHandle,
    /// Of the targets that are watched and have any.
    header_files: Mutex<BTreeMap<Name, (Source, Box<HeaderFiles>)>>,
    /// While what is stored was not read, or has just been.
    late: Mutex<Option<Late>>,
    /// What was stored of targets of lists that could not be read yet.
    waiting: Mutex<BTreeMap<Name, StoredTarget>>,
}

/// What is needed to take over late what is stored.
#[derive(Debug, Default)]
struct Late {
    /// What is watched meanwhile.
    watched: BTreeMap<Name, TargetDef>,
    /// What was stored of targets that are not watched yet.
    stored: BTreeMap<Name, StoredTarget>,
    is_merged: bool,
    /// All targets of the configuration are watched.
    has_begun: bool,
}

impl Registry {
    pub(crate) const fn new(list: List, commands: StoreHandle) -> Self {
        Self {
            list,
            commands,
            header_files: Mutex::new(BTreeMap::new()),
            late: Mutex::new(None),
            waiting: Mutex::new(BTreeMap::new()),
        }
    }

    /// For the endpoint.
    pub(super) fn shown(&self) -> Arc<dyn Targets> {
        Arc::new(self.list.clone())
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is a target of this name that no list has named.
    pub(super) fn is_outside_of_lists(&self, name: &Name) -> bool {
        let targets = self.list.lock();
        targets.get(name).is_some_and(|it| it.listing.is_none())
    }

    /// Begins to watch the configured and the added targets, with their stored state.
    pub(crate) async fn begin(
        &self,
        mut configured: Vec<TargetDef>,
        found: &Found,
        stored: Vec<StoredTarget>,
        defaults: &Defaults,
    ) {
        let stored = stored.into_iter().map(|it| (it.name.clone(), it));
        let mut stored: BTreeMap<_, _> = stored.collect();
        configured.retain(|target| {
            let kept = stored.get(&target.name);
            let added = kept.and_then(|kept| TargetDef::restore(kept, defaults));
            is_free(&target.name, added.is_some_and(|it| it.is_ok()))
        });
        let names: BTreeSet<_> = configured.iter().map(|it| it.name.clone()).collect();
        let mut all = configured;
        let mut gone = Vec::new();
        for (name, kept) in stored.iter().filter(|(name, _)| !names.contains(name)) {
            match TargetDef::restore(kept, defaults) {
                Some(Ok(target)) => all.push(target),
                Some(Err(error)) => warn!(%name, %error, "a target cannot be watched any more"),
                None if stored_list(kept).is_some_and(|it| found.lacks(&it)) => {
                    self.waiting().insert(name.clone(), kept.clone());
                }
                None => {
                    info!(%name, "no longer in the configuration");
                    gone.push(name.clone());
                }
            }
        }
        self.forget_quiet(&gone);
        self.keep(StoreCommand::Remove(gone)).await;
        let mut all = all.into_iter();
        while all.len() > 0 {
            let some: Vec<_> = all.by_ref().take(MAX_TARGETS).collect();
            // Another URL under the old name is another target. What was known of it goes first: a
            // process that is killed now must not leave it to the new one.
            let mut afresh = Vec::new();
            for target in &some {
                let kept = stored.get(&target.name);
                if kept.is_some_and(|kept| !target.probes_the_same_as(kept)) {
                    stored.remove(&target.name);
                    afresh.push(target.name.clone());
                }
            }
            self.keep(StoreCommand::Reset(afresh)).await;
            // First the disk: a result of a target that the file does not have would be lost.
            let definitions = some.iter().map(TargetDef::definition);
            let changed = definitions.filter(|it| {
                let kept = stored.get(&it.name);
                kept.is_none_or(|kept| kept.text != it.text)
            });
            self.keep(StoreCommand::Put(changed.collect())).await;
            for target in some {
                let late = || self.late().as_mut()?.stored.remove(&target.name);
                let late = || late().filter(|kept| target.probes_the_same_as(kept));
                let kept = stored.remove(&target.name).or_else(late);
                self.watch(&target, kept.as_ref());
            }
        }
        let mut late = self.late();
        if let Some(it) = late.as_mut() {
            it.has_begun = true;
        }
        late.take_if(|it| it.is_merged);
    }

    /// What is stored could not be read: it is [merged](Self::merge) when it can be.
    pub(super) fn expect_late(&self) {
        *self.late() = Some(Late::default());
    }

    /// Takes over what the registry holds, which could not be read at the start. It is right about
    /// targets that were added, deregistrations and streaks; but a target that has become unhealthy since
    /// the start stays so.
    pub(super) fn merge(&self, stored: Vec<StoredTarget>, defaults: &Defaults) {
        let Some(late) = self.late().take() else {
            return;
        };
        let mut unwatched = BTreeMap::new();
        for kept in stored {
            if let Some(target) = late.watched.get(&kept.name) {
                let view = self.list.controls.target(kept.name.as_str());
                let is_down = view.is_some_and(|it| {
                    let mut checks = it.checks.iter();
                    it.is_deregistered || checks.any(|it| it.status == CheckStatus::Unhealthy)
                });
                let was_deregistered = kept.checks.iter().any(|it| it.saved.deregistered);
                if target.probes_the_same_as(&kept) && (was_deregistered || !is_down) {
                    self.forget(&kept.name);
                    self.watch(target, Some(&kept));
                }
                continue;
            }
            match TargetDef::restore(&kept, defaults) {
                Some(Ok(target)) => self.watch(&target, Some(&kept)),
                Some(Err(error)) => {
                    warn!(name = %kept.name, %error, "a target cannot be watched any more");
                }
                // Of a configuration: perhaps of this one, which is not read to its end.
                None => drop(unwatched.insert(kept.name.clone(), kept)),
            }
        }
        *self.late() = (!late.has_begun).then(|| Late {
            stored: unwatched,
            is_merged: true,
            ..Late::default()
        });
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<Name, StoredTarget>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn late(&self) -> MutexGuard<'_, Option<Late>> {
        self.late.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a target.
    ///
    /// # Errors
    ///
    /// Its name is taken; a text for the user.
    pub(super) async fn add(&self, target: TargetDef) -> Result<String, String> {
        let name = &target.name;
        if self.list.lock().contains_key(name) {
            return Err(format!("{name}: there is a target of this name"));
        }
        let put = StoreCommand::Put(vec![target.definition()]);
        let kept = self.commands.send_for(COMMAND, put).await;
        self.watch(&target, None);
        Ok(message(&format!("{name} added"), &kept))
    }

    /// Removes a target; `None` if there is none.
    pub(super) async fn remove(&self, name: &Name) -> Option<String> {
        if !self.forget(name) {
            return None;
        }
        self.forget_quiet(std::slice::from_ref(name));
        let kept = self
            .commands
            .send_for(COMMAND, StoreCommand::Remove(vec![name.clone()]))
            .await;
        Some(message(&format!("{name} removed"), &kept))
    }

    /// Changes keys of an added target; `None` if there is none. Its state stays if it is still checked in
    /// the same place.
    pub(super) async fn update(
        &self,
        name: &Name,
        changes: &Map<String, Value>,
        defaults: &Defaults,
    ) -> Option<Result<String, String>> {
        let settings = self.list.controls.settings(name.as_str())?;
        let definition = self.list.lock().get(name)?.definition(name, &settings);
        let stored = StoredTarget {
            name: definition.name,
            text: definition.text,
            checks: Vec::new(),
        };
        let (target, keeps_state) = match updated(&stored, changes, defaults) {
            Ok(updated) => updated,
            Err(error) => return Some(Err(error)),
        };
        let mut kept = Ok(());
        if !keeps_state {
            // First: killed in between, the new place must not be left deregistered for what the old was.
            let reset = StoreCommand::Reset(vec![name.clone()]);
            kept = self.commands.send_for(COMMAND, reset).await;
        }
        let put = StoreCommand::Put(vec![target.definition()]);
        let put = self.commands.send_for(COMMAND, put).await;
        kept = kept.and(put);
        if !keeps_state {
            self.forget(name);
        }
        self.watch(&target, None);
        Some(Ok(message(&done(name.as_str(), keeps_state), &kept)))
    }

    /// Puts those of these targets back on the list that are deregistered; returns them.
    pub(super) async fn reactivate_all(&self, names: &[&Name]) -> (Vec<Name>, Result<(), String>) {
        let controls = &self.list.controls;
        let is_gone = |it: &&&Name| {
            let view = controls.target(it.as_str());
            view.is_some_and(|it| it.is_deregistered)
        };
        let gone: Vec<Name> = names
            .iter()
            .filter(is_gone)
            .map(|it| (*it).clone())
            .collect();
        for name in &gone {
            controls.reactivate(name.as_str());
        }
        if gone.is_empty() {
            return (gone, Ok(()));
        }
        let reset = StoreCommand::Reset(gone.clone());
        let kept = self.commands.send_for(COMMAND, reset).await;
        (gone, kept)
    }

    /// Has the monitor go by this, and keeps it.
    pub(super) async fn set_quiet(&self, quiet: Quiet) -> Result<(), String> {
        let quiet = Arc::new(quiet);
        self.list.controls.set_quiet(Arc::clone(&quiet));
        let keep = StoreCommand::Quiet(quiet);
        self.commands.send_for(COMMAND, keep).await
    }

    /// These targets are removed; in the file, with them.
    fn forget_quiet(&self, names: &[Name]) {
        let quiet = self.list.controls.quiet();
        if !quiet.is_empty() && !names.is_empty() {
            let mut quiet = (*quiet).clone();
            names.iter().for_each(|it| quiet.forget(it));
            self.list.controls.set_quiet(Arc::new(quiet));
        }
    }

    /// Takes over what the files of headers hold, where they have changed. While one cannot be read, the
    /// checks that need it say nothing.
    pub(super) fn read_header_files(&self, defaults: &Defaults) {
        let mut changed = Vec::new();
        for (name, (source, files)) in &mut *self.files() {
            if files.has_changed() {
                changed.push((name.clone(), files.read_again(defaults, *source)));
            }
        }
        for (name, read) in changed {
            let listed = |new: &TargetDef| {
                let targets = self.list.lock();
                targets.get(&name).is_some_and(|old| old.is_unchanged(new))
            };
            match read {
                Ok(target) if listed(&target) => {}
                Ok(target) => {
                    self.watch(&target, None);
                    if target.header_problem().is_none() {
                        info!(%name, "a header has been read again from its file");
                    }
                }
                Err(error) => warn!(%name, %error, "a header cannot be read again from its file"),
            }
        }
    }

    fn files(&self) -> MutexGuard<'_, BTreeMap<Name, (Source, Box<HeaderFiles>)>> {
        self.header_files
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Watches a target from now on, going on from what is `stored` of it; one that is watched already
    /// goes on with these settings.
    fn watch(&self, target: &TargetDef, stored: Option<&StoredTarget>) {
        let controls = &self.list.controls;
        let watched = match stored {
            Some(_) => controls.add(target.target(stored)),
            None => controls.replace(target.target(None)),
        };
        match watched {
            Ok(_) => {
                if let Some(error) = target.header_problem() {
                    let name = &target.name;
                    warn!(%name, error, "the file of a header cannot be read: no checks with it");
                }
                let mut targets = self.list.lock();
                targets.insert(target.name.clone(), target.listed());
                if let Some(late) = &mut *self.late() {
                    late.watched.insert(target.name.clone(), target.clone());
                }
                let mut files = self.files();
                files.remove(&target.name);
                if let Some(its) = &target.header_files {
                    files.insert(target.name.clone(), (target.source, its.clone()));
                }
            }
            Err(error) => warn!(name = %target.name, %error, "cannot be watched"),
        }
    }

    /// False if it was not watched.
    fn forget(&self, name: &Name) -> bool {
        self.list.controls.remove(name.as_str());
        self.files().remove(name);
        if let Some(late) = &mut *self.late() {
            late.watched.remove(name);
        }
        self.list.lock().remove(name).is_some()
    }

    /// What cannot be stored now is stored later by the writer, which reports it.
    async fn keep(&self, command: StoreCommand) {
        if !command.is_empty() {
            let _ = self.commands.send(command).await;
        }
    }
}

/// Whether the configuration may have a target of this name. It may not where one was added, as `add` is
/// refused a name of the configuration: who has come second would end what the other one watches.
fn is_free(name: &Name, is_added: bool) -> bool {
    if is_added {
        let text = "a target of this name was added, and counts; `healthd remove` leaves it to the configuration";
        warn!(%name, "{text}");
    }
    !is_added
}

/// What is said of something that is done, whether or not it could be kept.
pub(super) fn message(done: &str, kept: &Result<(), String>) -> String {
    match kept {
        Ok(()) => done.to_owned(),
        Err(error) => format!("{done}, but not kept yet: {error}"),
    }
}
