//! Flapping: targets that turn so often that each notice of it would be one too many.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::batch::{Batch, CheckChange, TransitionRow};
use crate::base::Name;
use crate::check::CheckStatus;

/// The results of a check that are looked at.
const WINDOW: u32 = 20;
/// As many changes of status within them begin it: three outages, each with its end. Results that no
/// change of status comes from do not count: of them there is no notice to be saved. A check that needs
/// three failures in a row changes with every other result at most.
const BEGINS: u32 = 6;
/// So few end it: one outage and its end.
const ENDS: u32 = 2;

/// Finds targets that flap: a check of them has changed between healthy and unhealthy in at least 30 % of
/// its last 20 results, and since then not in 10 % or less.
#[derive(Debug, Default)]
pub struct Flapping {
    /// Those that have changed within their last results, or flap.
    targets: BTreeMap<Name, BTreeMap<Name, Window>>,
}

/// A target has begun to flap, or is steady again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FlappingChange {
    /// Which of the two.
    pub is_flapping: bool,
    /// The last change of its check.
    pub transition: TransitionRow,
}

#[derive(Debug)]
struct Window {
    /// A bit for each result, the last one lowest: whether the status changed with it.
    changes: u32,
    is_flapping: bool,
    last: TransitionRow,
}

impl Flapping {
    /// This has happened. Returns what has begun or ended with it.
    pub fn observe(&mut self, batch: &Batch) -> Vec<FlappingChange> {
        // Of each check: its results, and with how many of them the status has changed.
        let mut changes: BTreeMap<(&Name, &Name), (u32, u32)> = BTreeMap::new();
        for it in &batch.transitions {
            if it.change == CheckChange::Deregistered {
                // Nothing turns that is off the list.
                self.targets.remove(&it.target);
            }
            if is_turn(it.change) {
                changes.entry((&it.target, &it.check)).or_default().1 += 1;
                let checks = self.targets.entry(it.target.clone()).or_default();
                let window = checks.entry(it.check.clone()).or_insert_with(|| Window {
                    changes: 0,
                    is_flapping: false,
                    last: it.clone(),
                });
                window.last = it.clone();
            }
        }
        for it in batch.results.iter().filter(|it| it.record.is_counted()) {
            let checks = self.targets.get(&it.target);
            if checks.is_some_and(|checks| checks.contains_key(&it.check)) {
                changes.entry((&it.target, &it.check)).or_default().0 += 1;
            }
        }
        let mut turned = Vec::new();
        for ((target, check), (results, turns)) in changes {
            let Some(checks) = self.targets.get_mut(target) else {
                continue;
            };
            let was = checks.values().any(|it| it.is_flapping);
            let Some(window) = checks.get_mut(check) else {
                continue;
            };
            window.push(results, turns);
            let transition = window.last.clone();
            let is_flapping = checks.values().any(|it| it.is_flapping);
            checks.retain(|_, it| !it.is_over());
            if checks.is_empty() {
                self.targets.remove(target);
            }
            if was != is_flapping {
                turned.push(FlappingChange {
                    is_flapping,
                    transition,
                });
            }
        }
        turned
    }

    /// A target flapped when an earlier process ended: it is watched until it is steady.
    pub fn restore(&mut self, transition: TransitionRow) {
        let checks = self.targets.entry(transition.target.clone()).or_default();
        let window = Window {
            changes: MASK,
            is_flapping: true,
            last: transition.clone(),
        };
        checks.insert(transition.check, window);
    }

    /// Forgets targets that there are no more.
    pub fn retain(&mut self, mut is_known: impl FnMut(&Name) -> bool) {
        self.targets.retain(|target, _| is_known(target));
    }
}

const MASK: u32 = (1 << WINDOW) - 1;

impl Window {
    fn push(&mut self, results: u32, turns: u32) {
        for index in 0..results.max(turns) {
            let bit = u32::from(index < turns);
            self.changes = (self.changes << 1 | bit) & MASK;
        }
        let changes = self.changes.count_ones();
        self.is_flapping = match self.is_flapping {
            true => changes > ENDS,
            false => changes >= BEGINS,
        };
    }

    const fn is_over(&self) -> bool {
        self.changes == 0 && !self.is_flapping
    }
}

fn is_turn(change: CheckChange) -> bool {
    use CheckStatus::{Healthy, Unhealthy};
    matches!(
        change,
        CheckChange::Status {
            from: Healthy,
            to: Unhealthy
        } | CheckChange::Status {
            from: Unhealthy,
            to: Healthy
        }
    )
}
