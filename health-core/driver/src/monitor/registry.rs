//! What a registry reads from a running monitor: batches to store, settings, groups, progress.
//!
//! ```text
//!   MonitorControl ── poll_batch ──► Batch ──► TargetStore::write
//!         ▲   └─── poll_unstored ──► Batch ──► Notices             │
//!         └──────────────────── handle_stored ◄────────────────────┘
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Poll, Waker};

use super::control::MonitorControl;
use super::shared::State;
use super::targets::MOST_VISITED;
use health_core::Name;
use health_core::check::CheckConfig;
use health_core::monitor::registry::{Batch, FirstResults, JournalStats, Quiet};
use health_core::monitor::{Down, MassFailure, Summary, Target};

/// The settings of a target.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TargetSettings {
    /// The group it belongs to, if it has one.
    pub group: Option<Name>,
    /// Its checks.
    pub checks: Vec<CheckSettings>,
}

/// The settings of a check.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CheckSettings {
    /// Its name.
    pub name: Name,
    /// What it probes, without secrets.
    pub target: String,
    /// Schedule, timeout, thresholds.
    pub config: CheckConfig,
}

impl MonitorControl {
    /// Gathers from now on what a [`TargetStore`](health_core::monitor::registry::TargetStore) is to
    /// write. Call it before the first target is added.
    pub fn enable_journal(&self) {
        self.change(|state, _| state.monitor.enable_journal());
    }

    /// The next batch to be stored; `None` once the monitor has stopped and every batch was taken.
    /// While there is none, `waker` is woken when there may be.
    ///
    /// One reader takes batches, writes each on a thread that may wait for a slow disk, and reports by
    /// [`handle_stored`](Self::handle_stored). See
    /// [`Monitor::poll_batch`](health_core::monitor::Monitor::poll_batch).
    pub fn poll_batch(&self, waker: &Waker) -> Poll<Option<Arc<Batch>>> {
        let moment = self.shared.clock.moment();
        self.shared.poll(waker, None, |state| {
            let batch = state.monitor.poll_batch(moment);
            (batch.is_some() || state.is_over).then_some(batch)
        })
    }

    /// What has happened while the store fails, as a batch that is not to be reported. See
    /// [`Monitor::poll_unstored`](health_core::monitor::Monitor::poll_unstored). While there is none,
    /// `waker` is woken when there may be; after the end there is none any more.
    pub fn poll_unstored(&self, waker: &Waker) -> Poll<Arc<Batch>> {
        let moment = self.shared.clock.moment();
        let unstored = |state: &mut State| state.monitor.poll_unstored(moment);
        self.shared.poll(waker, None, unstored)
    }

    /// The last batch is stored, or could not be.
    pub fn handle_stored(&self, stored: bool) {
        self.change(|state, now| state.monitor.handle_stored(now, stored));
    }

    /// Adds the state of every check to the journal again, for a store that has lost it. Adds nothing
    /// once the monitor is stopping: the state of its checks is lost by then.
    pub fn journal_state(&self) {
        let mut last = None;
        loop {
            last = self.change(|state, now| {
                let monitor = &mut state.monitor;
                monitor.journal_state(now, last.as_ref(), MOST_VISITED)
            });
            if last.is_none() {
                return;
            }
        }
    }

    /// Changes how many attempts run at most at once, from now on.
    pub fn set_max_in_flight(&self, most: usize) {
        self.change(|state, _| state.monitor.set_max_in_flight(most));
    }

    /// Changes when so many failures are a mass failure, from now on; `None` is never.
    pub fn set_mass_failure(&self, mass_failure: Option<MassFailure>) {
        self.change(|state, now| state.monitor.set_mass_failure(now, mass_failure));
    }

    /// The settings of a target; `None` if there is none, and once the monitor has stopped: it has
    /// dropped the probes by then.
    #[must_use]
    pub fn settings(&self, name: &str) -> Option<TargetSettings> {
        let state = self.shared.lock();
        let id = state.monitor.find(name)?;
        let target = state.monitor.target(id)?;
        let work = state.work.get(&id)?;
        let checks = target.checks().zip(work);
        let checks = checks.map(|((name, check), work)| CheckSettings {
            name: name.clone(),
            target: work.job.to_string(),
            config: check.config().clone(),
        });
        Some(TargetSettings {
            group: target.group().cloned(),
            checks: checks.collect(),
        })
    }

    /// Which targets are paused and silenced from now on. See
    /// [`Monitor::set_quiet`](health_core::monitor::Monitor::set_quiet).
    pub fn set_quiet(&self, quiet: Arc<Quiet>) {
        self.change(|state, now| state.monitor.set_quiet(now, quiet));
    }

    /// Which targets are paused and silenced.
    #[must_use]
    pub fn quiet(&self) -> Arc<Quiet> {
        Arc::clone(self.shared.lock().monitor.quiet())
    }

    /// Whether no notices are to be sent about the target of that name: it is paused or silenced.
    #[must_use]
    pub fn is_quiet(&self, name: &Name) -> bool {
        let now = self.shared.clock.moment().unix;
        let state = self.shared.lock();
        let target = state.monitor.find(name.as_str());
        let target = target.and_then(|id| state.monitor.target(id));
        let group = target.and_then(Target::group);
        state.monitor.quiet().is_quiet(now, name, group)
    }

    /// How many targets had their first result.
    #[must_use]
    pub fn first_results(&self) -> FirstResults {
        self.shared.lock().monitor.first_results()
    }

    /// How many targets of each group have which status, and which of them are down; `None` is the group
    /// of those without one.
    ///
    /// Visits all targets, a part of them at a time.
    #[must_use]
    pub fn groups(&self) -> BTreeMap<Option<Name>, (Summary, Down)> {
        let now = self.shared.clock.now();
        let mut groups: BTreeMap<Option<Name>, (Summary, Down)> = BTreeMap::new();
        let mut after = None;
        loop {
            let page = self.visit(after.as_ref(), |_, _, target| {
                let (summary, down) = groups.entry(target.group().cloned()).or_default();
                summary.extend([target.status_at(now)]);
                down.add(now, target);
                None::<()>
            });
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let state = self.shared.lock();
        for (_, down) in groups.values_mut() {
            state.explain(self.shared.clock.moment(), down);
        }
        groups
    }

    /// What was stored and what waits for it; `None` without a journal.
    #[must_use]
    pub fn journal_stats(&self) -> Option<JournalStats> {
        self.status().journal
    }
}
