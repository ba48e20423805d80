//! Processes that were told to end: who is owed the harder signal, and who is still there.

use alloc::collections::{BTreeMap, VecDeque};
use core::time::Duration;

use super::id::{AttemptId, TargetId};
use crate::base::Instant;

/// Attempts given up and not reaped yet.
#[derive(Debug, Default)]
pub(super) struct Reaper {
    /// `true`: its target was removed, so that nobody else keeps count of it.
    dying: BTreeMap<AttemptId, bool>,
    /// In the order of time, since all wait equally long.
    kills: VecDeque<(Instant, AttemptId)>,
}

/// An attempt that was waited for is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reaped {
    /// Its target was removed meanwhile.
    pub(super) is_orphan: bool,
}

impl Reaper {
    /// The attempt was told to end.
    pub(super) fn watch(&mut self, now: Instant, attempt: AttemptId, kill_after: Duration) {
        self.dying.insert(attempt, false);
        self.kills.push_back((now + kill_after, attempt));
    }

    /// What is left of the target's attempts has nobody else; how many they are.
    pub(super) fn adopt(&mut self, target: TargetId) -> usize {
        let first = AttemptId {
            check: target.check(0),
            number: 0,
        };
        let last = AttemptId {
            check: target.check(usize::MAX),
            number: u64::MAX,
        };
        let left = self.dying.range_mut(first..=last);
        left.map(|(_, orphan)| *orphan = true).count()
    }

    /// The attempt is gone; `None` if it was not waited for.
    pub(super) fn reaped(&mut self, attempt: AttemptId) -> Option<Reaped> {
        let is_orphan = self.dying.remove(&attempt)?;
        self.drop_reaped();
        Some(Reaped { is_orphan })
    }

    /// The next attempt whose patience is over.
    pub(super) fn poll_kill(&mut self, now: Instant) -> Option<AttemptId> {
        let &(at, attempt) = self.kills.front()?;
        if at > now {
            return None;
        }
        self.kills.pop_front();
        self.drop_reaped();
        Some(attempt)
    }

    pub(super) fn next_kill(&self) -> Option<Instant> {
        self.kills.front().map(|(at, _)| *at)
    }

    pub(super) fn len(&self) -> usize {
        self.dying.len()
    }

    /// Keeps the front of the queue alive, so that nobody is woken for a process that ended nicely.
    fn drop_reaped(&mut self) {
        while let Some((_, attempt)) = self.kills.front() {
            if self.dying.contains_key(attempt) {
                break;
            }
            self.kills.pop_front();
        }
    }
}
