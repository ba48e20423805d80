//! Shows a group of processes as one component of the daemon.

use std::collections::BTreeMap;
use std::time::Duration;

use health_core::health::ComponentConfig;
use health_core::supervise::GroupSummary;
use health_core::{Instant, Name, NameError, Outcome, Status};

use super::notes::Note;
use crate::monitor::declare;
use crate::{Component, Health, Stats};

/// The component is renewed this often.
const INTERVAL: Duration = Duration::from_secs(10);
/// A result of the component holds for so many intervals.
const VALIDITY: u32 = 3;

/// A group of processes as a component of a [`Health`], and their numbers as a stat of the same name:
/// `{"total":3,"healthy":2,"restarting":1,…}`.
///
/// It is healthy if all replicas are, degraded while at least
/// [`min_ready`](health_core::supervise::GroupConfig::min_ready) are, and unhealthy otherwise, from the
/// begin of a stop on as well. It is critical: the daemon is ready while enough replicas are. Its message
/// is the words of the group: `0/2 healthy, 2/2 restarting`.
///
/// What happens to its replicas stands in the history: from which state to which, by which rule, and why.
///
/// What it shows is renewed every 10 s and valid for 30 s: if the group's loop no longer runs, it becomes
/// unknown, and does not stay healthy.
#[derive(Debug)]
pub struct GroupHealth {
    component: Component,
    stats: Stats,
    shown: Option<(GroupSummary, Instant)>,
    /// The names of the replicas, by index.
    names: Box<[Name]>,
}

impl GroupHealth {
    /// Declares the component and the stat.
    ///
    /// # Errors
    ///
    /// The name is not allowed, or taken.
    pub fn new(health: &Health, name: &str) -> Result<Self, NameError> {
        // The machine has counted already.
        let config = ComponentConfig::new().retries(1);
        let config = config.validity(VALIDITY * INTERVAL);
        let (component, stats) = declare(health, name, config)?;
        Ok(Self {
            component,
            stats,
            shown: None,
            names: Box::default(),
        })
    }

    pub(super) fn of_replicas(mut self, names: Box<[Name]>) -> Self {
        self.names = names;
        self
    }

    /// Writes into the history what happened to replicas. As [`show`](Self::show).
    pub(crate) fn note(&self, notes: Vec<Note>) {
        let notes = notes.into_iter().filter_map(|note| {
            let name = self.names.get(usize::from(note.replica))?;
            Some((name, (note.from, note.to), note.message))
        });
        self.component.note_replicas(notes);
    }

    /// When it is to be shown next.
    pub(crate) fn due(&self, now: Instant, summary: &GroupSummary) -> Instant {
        match &self.shown {
            Some((shown, at)) if shown == summary => *at + INTERVAL,
            _ => now,
        }
    }

    /// Wakes readers of the health: not to be called under a lock of ours.
    pub(crate) fn show(&mut self, now: Instant, summary: GroupSummary) {
        let counts = summary.counts();
        let mut counts: BTreeMap<_, _> = counts.map(|(it, count)| (it.as_str(), count)).collect();
        counts.insert("total", summary.total);
        // Numbers can always be serialised.
        let _ = self.stats.set(&counts);
        if let Some(outcome) = outcome(&summary) {
            self.component.record(outcome);
        }
        self.shown = Some((summary, now));
    }
}

/// `None`: nobody was ever ready, which is no result.
fn outcome(summary: &GroupSummary) -> Option<Outcome> {
    let words = summary.to_string();
    match summary.status {
        Status::Healthy => {
            let mut outcome = Outcome::success();
            outcome.message = words.into();
            Some(outcome)
        }
        Status::Degraded => Some(Outcome::warning(words)),
        Status::Unhealthy => Some(Outcome::failure_with_message(words)),
        Status::Unknown => None,
    }
}
