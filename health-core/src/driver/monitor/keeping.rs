//! What whoever writes a monitor's results down has to do with it.

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::task::{Poll, Waker};

use super::controls::Controls;
use crate::check::CheckConfig;
use crate::monitor::{Batch, JournalStats};
use crate::name::Name;

/// How a check was set.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CheckSettings {
    /// Its name.
    pub name: Name,
    /// What it looks at, without secrets.
    pub target: String,
    /// When, and what follows.
    pub config: CheckConfig,
}

impl Controls {
    /// Gathers from now on what a [`TargetStore`](crate::monitor::TargetStore) is to keep. Call it
    /// before the first target is added.
    pub fn keep_journal(&self) {
        self.change(|state, _| state.monitor.keep_journal());
    }

    /// The next batch to be kept; `None` once the monitor has stopped and all is handed out. While
    /// there is none, `waker` is kept until there may be.
    ///
    /// One reader takes batches, writes each where a slow disk holds nobody up, and answers by
    /// [`handle_stored`](Self::handle_stored). See [`Monitor::poll_batch`](crate::monitor::Monitor::poll_batch).
    pub fn poll_batch(&self, waker: &Waker) -> Poll<Option<Arc<Batch>>> {
        let moment = self.shared.time.moment();
        let mut state = self.shared.lock();
        match state.monitor.poll_batch(moment) {
            None if !state.is_over => {
                state.keep(waker);
                Poll::Pending
            }
            batch => Poll::Ready(batch),
        }
    }

    /// What has happened while nothing can be kept, as a batch that is not to be answered. See
    /// [`Monitor::poll_unkept`](crate::monitor::Monitor::poll_unkept). While there is none, `waker` is
    /// kept until there may be; after the end there is none any more.
    pub fn poll_unkept(&self, waker: &Waker) -> Poll<Arc<Batch>> {
        let moment = self.shared.time.moment();
        let mut state = self.shared.lock();
        if let Some(batch) = state.monitor.poll_unkept(moment) {
            return Poll::Ready(batch);
        }
        if !state.is_over {
            state.keep(waker);
        }
        Poll::Pending
    }

    /// The last batch is kept, or could not be.
    pub fn handle_stored(&self, stored: bool) {
        self.change(|state, now| state.monitor.handle_stored(now, stored));
    }

    /// Has the state of every check kept again, for a store that has lost it.
    pub fn journal_all(&self) {
        self.change(|state, now| state.monitor.journal_all(now));
    }

    /// How a target's checks were set, for who keeps that nowhere else; none if there is no such target.
    #[must_use]
    pub fn settings(&self, name: &str) -> Vec<CheckSettings> {
        let state = self.shared.lock();
        let id = state.monitor.find(name);
        let found = id.and_then(|id| Some((id, state.monitor.target(id)?)));
        let Some((id, target)) = found else {
            return Vec::new();
        };
        let checks = target.checks().enumerate();
        let settings = checks.map(|(index, (name, check))| CheckSettings {
            name: name.clone(),
            target: state
                .jobs
                .get(&id.check(index))
                .map(ToString::to_string)
                .unwrap_or_default(),
            config: check.config().clone(),
        });
        settings.collect()
    }

    /// How keeping goes; `None` without a journal.
    #[must_use]
    pub fn journal_stats(&self) -> Option<JournalStats> {
        let now = self.shared.time.now();
        self.shared.lock().monitor.journal_stats(now)
    }
}
