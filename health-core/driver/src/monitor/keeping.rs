//! What whoever writes a monitor's results down has to do with it.

use std::sync::Arc;
use std::task::{Poll, Waker};

use super::controls::MonitorControl;
use super::look::MOST_LOOKED_AT;
use health_core::Name;
use health_core::check::CheckConfig;
use health_core::monitor::{Batch, JournalStats};

/// How a target was set.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TargetSettings {
    /// What it belongs to.
    pub group: Option<Name>,
    /// Its checks.
    pub checks: Vec<CheckSettings>,
}

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

impl MonitorControl {
    /// Gathers from now on what a [`TargetStore`](health_core::monitor::TargetStore) is to keep. Call it
    /// before the first target is added.
    pub fn keep_journal(&self) {
        self.change(|state, _| state.monitor.keep_journal());
    }

    /// The next batch to be kept; `None` once the monitor has stopped and all is handed out. While
    /// there is none, `waker` is kept until there may be.
    ///
    /// One reader takes batches, writes each where a slow disk holds nobody up, and answers by
    /// [`handle_stored`](Self::handle_stored). See [`Monitor::poll_batch`](health_core::monitor::Monitor::poll_batch).
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
    /// [`Monitor::poll_unkept`](health_core::monitor::Monitor::poll_unkept). While there is none, `waker` is
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

    /// Has the state of every check kept again, for a store that has lost it. Once the monitor is
    /// stopping, nothing is: its checks no longer say how they stood.
    pub fn journal_all(&self) {
        let mut last = None;
        loop {
            last = self.change(|state, now| {
                let monitor = &mut state.monitor;
                monitor.journal_again(now, last.as_ref(), MOST_LOOKED_AT)
            });
            if last.is_none() {
                return;
            }
        }
    }

    /// How a target was set, for who keeps that nowhere else; `None` if there is no such target, and
    /// once the monitor has stopped: it has let go of what its checks look at.
    #[must_use]
    pub fn settings(&self, name: &str) -> Option<TargetSettings> {
        let state = self.shared.lock();
        let id = state.monitor.find(name)?;
        let target = state.monitor.target(id)?;
        let checks = target.checks().enumerate().map(|(index, (name, check))| {
            let job = state.jobs.get(&id.check(index))?;
            Some(CheckSettings {
                name: name.clone(),
                target: job.to_string(),
                config: check.config().clone(),
            })
        });
        Some(TargetSettings {
            group: target.group().cloned(),
            checks: checks.collect::<Option<_>>()?,
        })
    }

    /// How keeping goes; `None` without a journal.
    #[must_use]
    pub fn journal_stats(&self) -> Option<JournalStats> {
        let now = self.shared.time.now();
        self.shared.lock().monitor.journal_stats(now)
    }
}
