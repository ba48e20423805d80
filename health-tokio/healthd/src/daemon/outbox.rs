//! The notices that are not delivered yet, shared by the tasks that deliver them and the one that stores
//! them.
//!
//! They are here at once and in the registry a moment later, so that a registry in trouble holds no
//! notice up. A process that is killed in between delivers a notice once more, under the same id.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use health_core::Name;
use tokio::sync::Notify;

use super::receivers::Receivers;
use super::told::ToldState;
use crate::store::{OutboxChange, OutboxRow, StoredNotices};

/// See the [module](self).
#[derive(Clone, Debug, Default)]
pub(crate) struct Outbox(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// By the notice's number and the action's name.
    rows: BTreeMap<Key, OutboxRow>,
    noticed: i64,
    /// Targets of which notices are held back.
    held: BTreeSet<Name>,
    is_mass_failure: bool,
    /// What is in the registry: how often each was tried, and whether it is done.
    stored: BTreeMap<Key, (u32, bool)>,
    stored_noticed: i64,
    stored_held: BTreeSet<Name>,
    is_stored_mass_failure: bool,
    /// The file may hold others.
    is_new_file: bool,
    /// The number of the last notice.
    last: u64,
    /// What each action was told.
    told: ToldState,
    /// There is nothing more to come.
    is_closed: bool,
}

type Key = (u64, Arc<str>);

impl Outbox {
    /// Goes on from what the registry holds.
    pub(super) fn restore(&self, stored: &StoredNotices) {
        let is_mass_failure = stored.is_mass_failure;
        let mut state = self.lock();
        state.told.restore(&stored.receivers, &stored.told);
        for row in &stored.outbox {
            let key = key(row);
            state
                .stored
                .insert(key.clone(), (row.attempts, row.is_done));
            state.last = state.last.max(row.number);
            state.rows.insert(key, row.clone());
        }
        state.is_mass_failure = is_mass_failure;
        state.is_stored_mass_failure = is_mass_failure;
    }

    /// Adds what another process has left to what there is, under numbers of this one. Returns it so.
    pub(super) fn adopt(&self, mut rows: Vec<OutboxRow>) -> Vec<OutboxRow> {
        let mut numbers = BTreeMap::new();
        for row in &mut rows {
            let next = || self.next_number();
            row.number = *numbers.entry(row.number).or_insert_with(next);
        }
        self.post(rows.clone());
        rows
    }

    /// The number of the next notice.
    pub(crate) fn next_number(&self) -> u64 {
        let mut state = self.lock();
        state.last += 1;
        state.last
    }

    /// Adds notices.
    pub(crate) fn post(&self, rows: Vec<OutboxRow>) {
        self.lock()
            .rows
            .extend(rows.into_iter().map(|it| (key(&it), it)));
        self.0.changed.notify_one();
    }

    /// Adds notices, which were all that were due up to the transition of this number, but for those of the
    /// targets that are `held`.
    pub(super) fn post_all(
        &self,
        rows: Vec<OutboxRow>,
        noticed: i64,
        held: BTreeSet<Name>,
        is_mass_failure: bool,
        receivers: &mut Receivers,
    ) {
        let mut state = self.lock();
        state.held = held;
        state.told.keep(receivers);
        state.rows.extend(rows.into_iter().map(|it| (key(&it), it)));
        state.noticed = state.noticed.max(noticed);
        state.is_mass_failure = is_mass_failure;
        drop(state);
        self.0.changed.notify_one();
    }

    /// From now on these are the actions.
    pub(super) fn keep_receivers(&self, receivers: &mut Receivers) {
        let mut state = self.lock();
        state.told.retain(receivers);
        state.told.keep(receivers);
        drop(state);
        self.0.changed.notify_one();
    }

    /// Whether an action has not taken all notices.
    pub(super) fn has_waiting(&self, action: &str) -> bool {
        let state = self.lock();
        let mut rows = state.rows.iter();
        rows.any(|((_, name), row)| &**name == action && !row.is_done)
    }

    /// An attempt has failed, and is made again.
    pub(super) fn handle_attempt(&self, row: &OutboxRow, attempts: u32) {
        if let Some(row) = self.lock().rows.get_mut(&key(row)) {
            row.attempts = attempts;
        }
        self.0.changed.notify_one();
    }

    /// The action has taken it, or it is given up.
    pub(super) fn handle_done(&self, row: &OutboxRow) {
        let mut state = self.lock();
        if let Some(row) = state.rows.get_mut(&key(row)) {
            row.is_done = true;
        }
        let of_notice = |(number, _): &Key| *number == row.number;
        let mut others = state.rows.iter().filter(|(key, _)| of_notice(key));
        if others.all(|(_, row)| row.is_done) {
            state.rows.retain(|key, _| !of_notice(key));
        }
        drop(state);
        self.0.changed.notify_one();
    }

    /// What was not delivered, in its order.
    pub(crate) fn undelivered(&self) -> Vec<OutboxRow> {
        let state = self.lock();
        let rows = state.rows.values().filter(|it| !it.is_done);
        rows.cloned().collect()
    }

    /// Nothing more is posted or delivered.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.0.changed.notify_one();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    /// Whether a later process finds in the registry what is not delivered.
    pub(super) fn is_stored(&self) -> bool {
        self.unstored()
            .is_none_or(|it| it.put.is_empty() && !it.is_whole)
    }

    /// Waits for a change.
    pub(super) async fn changed(&self) {
        self.0.changed.notified().await;
    }

    /// The next file that is written may be another one.
    pub(super) fn handle_new_file(&self) {
        let mut state = self.lock();
        state.is_new_file = true;
        // Of the old one.
        state.noticed = 0;
        state.stored_noticed = 0;
    }

    /// What the registry lacks; `None`: nothing.
    pub(super) fn unstored(&self) -> Option<OutboxChange> {
        let state = self.lock();
        let is_stored = |key: &Key, row: &OutboxRow| {
            let stored = state.stored.get(key);
            !state.is_new_file && stored == Some(&(row.attempts, row.is_done))
        };
        let put = state.rows.iter().filter(|(key, row)| !is_stored(key, row));
        let put: Vec<_> = put.map(|(_, row)| row.clone()).collect();
        let gone = state
            .stored
            .keys()
            .filter(|key| !state.rows.contains_key(key));
        let remove: Vec<_> = gone.cloned().collect();
        let is_unchanged = put.is_empty()
            && remove.is_empty()
            && state.noticed == state.stored_noticed
            && state.held == state.stored_held
            && state.is_mass_failure == state.is_stored_mass_failure
            && !state.is_new_file
            && state.told.is_stored();
        (!is_unchanged).then(|| OutboxChange {
            receivers: state.told.receivers(state.is_new_file),
            gone: state.told.gone(),
            told: state.told.unstored(state.is_new_file),
            is_whole: state.is_new_file,
            put,
            remove,
            noticed: state.noticed,
            held: state.held.clone(),
            is_mass_failure: state.is_mass_failure,
        })
    }

    /// This has been stored.
    pub(super) fn handle_stored(&self, change: &OutboxChange) {
        let mut state = self.lock();
        if change.is_whole {
            state.stored.clear();
            state.is_new_file = false;
        }
        for key in &change.remove {
            state.stored.remove(key);
        }
        for row in &change.put {
            state.stored.insert(key(row), (row.attempts, row.is_done));
        }
        state.told.handle_stored(change);
        state.stored_noticed = change.noticed;
        state.stored_held.clone_from(&change.held);
        state.is_stored_mass_failure = change.is_mass_failure;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(row: &OutboxRow) -> Key {
    (row.number, Arc::clone(&row.action))
}
