//! What the writer of a store calls on a monitor: takes batches, and reports what came of them.
//!
//! What waits, and when it is due, is in `journal.rs`.

use alloc::sync::Arc;
use core::time::Duration;

use super::batch::Batch;
use super::journal::Journal;
use crate::base::Name;
use crate::base::{Instant, Moment};
use crate::monitor::Monitor;
use crate::monitor::machine::Life;

impl Monitor {
    /// Gathers from now on what is to be stored.
    pub fn enable_journal(&mut self) {
        self.journal.get_or_insert_with(Journal::default);
    }

    /// Adds the state of checks to the journal again, for a store that has lost it: those of the first
    /// `most` targets whose names come after `after`. Returns after which name to go on, `None` at the
    /// end.
    ///
    /// Adds nothing once the monitor is stopping: the state of its checks is lost by then.
    pub fn journal_state(
        &mut self,
        now: Instant,
        after: Option<&Name>,
        most: usize,
    ) -> Option<Name> {
        let journal = self.journal.as_mut()?;
        let mut last = None;
        for (id, target) in self.targets.after(after).take(most) {
            for (index, (name, check)) in target.checks.iter().enumerate() {
                let names = (target.name().clone(), name.clone());
                journal.note(now, id.check(index), names, check);
            }
            last = Some(target.name());
        }
        last.cloned()
    }

    /// The next batch to be stored, if one is due: at once after a transition and while the monitor
    /// stops, else a second after the first result.
    ///
    /// Report each by [`handle_stored`](Self::handle_stored); there is no other before. One that failed
    /// comes again after 1 s at first, then after twice as long each time, up to 30 s. While the monitor
    /// stops it comes again at once, and once.
    pub fn poll_batch(&mut self, moment: Moment) -> Option<Arc<Batch>> {
        let is_last = self.is_last();
        let journal = self.journal.as_mut()?;
        journal.poll(moment, is_last, &self.targets, &self.quiet)
    }

    /// When to call [`poll_batch`](Self::poll_batch) next, if nothing else happens before; `None` is
    /// after the next change, or after the last batch is reported. In the past if one is due.
    #[must_use]
    pub fn batch_timeout(&self) -> Option<Instant> {
        self.journal.as_ref()?.timeout(self.is_last())
    }

    /// The batch is stored, or could not be.
    pub fn handle_stored(&mut self, now: Instant, stored: bool) {
        if let Some(journal) = &mut self.journal {
            journal.handle_stored(now, stored);
        }
    }

    /// While the store fails: what has happened since the last call, at most once a second.
    ///
    /// It is for live notification, and not to be reported by [`handle_stored`](Self::handle_stored):
    /// the same rows come again in a later batch that has [`is_reported`](Batch::is_reported) set.
    pub fn poll_unstored(&mut self, moment: Moment) -> Option<Arc<Batch>> {
        let is_last = self.is_last();
        let journal = self.journal.as_mut()?;
        journal.poll_unstored(moment, is_last, &self.targets, &self.quiet)
    }

    /// When to call [`poll_unstored`](Self::poll_unstored) next, if nothing else happens before.
    #[must_use]
    pub fn unstored_timeout(&self) -> Option<Instant> {
        self.journal.as_ref()?.unstored_timeout(self.is_last())
    }

    /// What was stored and what waits for it; `None` without a journal.
    pub(in crate::monitor) fn journal_stats(&self, now: Instant) -> Option<JournalStats> {
        self.journal.as_ref().map(|journal| journal.stats(now))
    }

    /// Whether it is too late to wait with anything.
    const fn is_last(&self) -> bool {
        matches!(self.life, Life::Stopping { .. } | Life::Stopped)
    }
}

/// What was stored and what waits for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct JournalStats {
    /// Batches that were stored.
    pub batches: u64,
    /// Failures to store one, since the last that was stored.
    pub failures: u32,
    /// The age of the oldest change that is not stored. More than a few seconds mean that the store is
    /// slow or fails.
    pub lag: Duration,
    /// Results and transitions that were dropped because too many waited.
    pub lost: u64,
}
