//! Cancelled attempts that are not reaped yet, and when each gets `SIGKILL`.

use alloc::collections::{BTreeMap, VecDeque};
use core::time::Duration;

use super::id::{AttemptId, TargetId};
use crate::base::Instant;

/// Cancelled attempts that are not reaped yet.
#[derive(Debug, Default)]
pub(super) struct Reaper {
    /// `true`: its target was removed, so that only this counts it.
    unreaped: BTreeMap<AttemptId, bool>,
    /// In the order of time, since all wait equally long for `SIGKILL`.
    kills: VecDeque<(Instant, AttemptId)>,
}

/// A cancelled attempt was reaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reaped {
    /// Its target was removed meanwhile.
    pub(super) is_orphan: bool,
}

impl Reaper {
    /// The attempt was cancelled now.
    pub(super) fn cancelled(&mut self, now: Instant, attempt: AttemptId, kill_after: Duration) {
        self.unreaped.insert(attempt, false);
        self.kills.push_back((now + kill_after, attempt));
    }

    /// The target was removed; returns how many of its attempts are not reaped yet.
    pub(super) fn target_removed(&mut self, target: TargetId) -> usize {
        let first = AttemptId::of(target.check(0), 0);
        let last = AttemptId::of(target.check(usize::MAX), u64::MAX);
        let left = self.unreaped.range_mut(first..=last);
        left.map(|(_, orphan)| *orphan = true).count()
    }

    /// The attempt is reaped; `None` if it was not cancelled before.
    pub(super) fn reaped(&mut self, attempt: AttemptId) -> Option<Reaped> {
        let is_orphan = self.unreaped.remove(&attempt)?;
        self.drop_reaped();
        Some(Reaped { is_orphan })
    }

    /// The next attempt that gets `SIGKILL` now.
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
        self.unreaped.len()
    }

    /// Removes what is reaped from the front, so that it causes no wake-up.
    fn drop_reaped(&mut self) {
        while let Some((_, attempt)) = self.kills.front() {
            if self.unreaped.contains_key(attempt) {
                break;
            }
            self.kills.pop_front();
        }
    }
}
