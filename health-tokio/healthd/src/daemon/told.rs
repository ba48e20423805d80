//! What each action was told, as it is, and as it is in the registry.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use health_core::Name;

use super::receivers::Receivers;
use crate::store::{OutboxChange, ReceiverRow, Told, ToldRow};

/// See the [module](self).
#[derive(Debug, Default)]
pub(super) struct ToldState {
    receivers: BTreeMap<Arc<str>, Kept<ReceiverRow>>,
    /// Those that the registry is to forget.
    gone: BTreeSet<Arc<str>>,
    /// By action and target.
    told: BTreeMap<(Arc<str>, Name), Kept<Vec<ToldRow>>>,
}

/// Something, and whether the registry has it so.
#[derive(Debug)]
struct Kept<T> {
    it: T,
    is_stored: bool,
}

impl ToldState {
    /// This is in the registry.
    pub(super) fn restore(&mut self, receivers: &[ReceiverRow], told: &[ToldRow]) {
        for row in receivers {
            let kept = Kept {
                it: row.clone(),
                is_stored: true,
            };
            self.receivers.insert(Arc::clone(&row.action), kept);
        }
        for row in told {
            let key = (Arc::clone(&row.action), row.transition.target.clone());
            let kept = self.told.entry(key).or_insert_with(|| Kept {
                it: Vec::new(),
                is_stored: true,
            });
            kept.it.push(row.clone());
        }
    }

    /// Forgets actions that there are no more.
    pub(super) fn retain(&mut self, receivers: &Receivers) {
        let names = receivers.actions.iter().map(|it| &it.action.name);
        let names: BTreeSet<_> = names.collect();
        let gone = self.receivers.keys().filter(|name| !names.contains(name));
        self.gone.extend(gone.cloned());
        self.receivers.retain(|name, _| names.contains(name));
        self.told.retain(|(name, _), _| names.contains(name));
    }

    /// Takes over what the actions were told since the last call.
    pub(super) fn keep(&mut self, receivers: &mut Receivers) {
        for receiver in &mut receivers.actions {
            let row = receiver.row();
            let is_same = |kept: &Kept<ReceiverRow>| kept.it == row;
            if !self.receivers.get(&row.action).is_some_and(is_same) {
                self.gone.remove(&row.action);
                let name = Arc::clone(&row.action);
                let kept = Kept {
                    it: row,
                    is_stored: false,
                };
                self.receivers.insert(name, kept);
            }
            for told in receiver.take_told() {
                let key = (told.action, told.target);
                let is_same = match self.told.get(&key) {
                    Some(kept) => kept.it == told.rows,
                    None => told.rows.is_empty(),
                };
                if !is_same {
                    let kept = Kept {
                        it: told.rows,
                        is_stored: false,
                    };
                    self.told.insert(key, kept);
                }
            }
        }
    }

    /// Whether the registry has all of it.
    pub(super) fn is_stored(&self) -> bool {
        let receivers = self.receivers.values().all(|it| it.is_stored);
        receivers && self.told.values().all(|it| it.is_stored) && self.gone.is_empty()
    }

    /// What the registry lacks of the actions, or all of it.
    pub(super) fn receivers(&self, is_whole: bool) -> Vec<ReceiverRow> {
        let rows = self.receivers.values();
        let rows = rows.filter(|it| is_whole || !it.is_stored);
        rows.map(|kept| kept.it.clone()).collect()
    }

    /// The actions that it is to forget.
    pub(super) fn gone(&self) -> Vec<Arc<str>> {
        self.gone.iter().cloned().collect()
    }

    /// What the registry lacks of what was told, or all of it.
    pub(super) fn unstored(&self, is_whole: bool) -> Vec<Told> {
        let told = self.told.iter();
        let told = told.filter(|(_, kept)| is_whole || !kept.is_stored);
        let told = told.map(|((action, target), kept)| Told {
            action: Arc::clone(action),
            target: target.clone(),
            rows: kept.it.clone(),
        });
        told.collect()
    }

    /// This has been stored.
    pub(super) fn handle_stored(&mut self, change: &OutboxChange) {
        for row in &change.receivers {
            if let Some(kept) = self.receivers.get_mut(&row.action) {
                kept.is_stored = kept.it == *row;
            }
        }
        for name in &change.gone {
            self.gone.remove(name);
        }
        for told in &change.told {
            let key = (Arc::clone(&told.action), told.target.clone());
            if let Some(kept) = self.told.get_mut(&key) {
                kept.is_stored = kept.it == told.rows;
                if kept.is_stored && kept.it.is_empty() {
                    self.told.remove(&key);
                }
            }
        }
    }
}
