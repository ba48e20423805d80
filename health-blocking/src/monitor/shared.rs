//! What the handle, the monitor's thread and the workers share.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use health_core::monitor::{AttemptId, CheckId, Event, Monitor, MonitorConfig};

use super::job::{Control, Job};
use super::pool::Pool;
use super::rollup::Rollup;
use crate::probe::clock::Clock;
use crate::probe::{Prober, Report};

/// Events kept for a reader; the oldest make room.
const MOST_EVENTS: usize = 1_024;

pub(super) struct Shared {
    pub(super) clock: Clock,
    pub(super) prober: Prober,
    pub(super) rollup: Option<Rollup>,
    pub(super) sockets: Pool,
    pub(super) others: Pool,
    state: Mutex<State>,
    /// There is something for the monitor's thread to do.
    pub(super) work: Condvar,
    /// There is an event, or the end.
    pub(super) news: Condvar,
}

/// All of it changes together with the monitor.
pub(super) struct State {
    pub(super) monitor: Monitor,
    pub(super) jobs: BTreeMap<CheckId, Arc<Job>>,
    pub(super) running: BTreeMap<AttemptId, Arc<Control>>,
    pub(super) reports: BTreeMap<CheckId, Arc<Report>>,
    pub(super) events: VecDeque<Event>,
    pub(super) lost_events: u64,
    /// Something that the component shows may have changed.
    pub(super) is_dirty: bool,
}

impl Shared {
    pub(super) fn new(config: MonitorConfig, prober: Prober, rollup: Option<Rollup>) -> Self {
        Self {
            clock: Clock::start(),
            prober,
            rollup,
            sockets: Pool::new("probe", config.max_in_flight),
            others: Pool::new("probe-exec", config.max_exec),
            state: Mutex::new(State {
                monitor: Monitor::new(config),
                jobs: BTreeMap::new(),
                running: BTreeMap::new(),
                reports: BTreeMap::new(),
                events: VecDeque::new(),
                lost_events: 0,
                is_dirty: false,
            }),
            work: Condvar::new(),
            news: Condvar::new(),
        }
    }

    /// No code of users runs under the lock, so a poisoned one is as good as any.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The attempt is over, and nothing is left of it.
    pub(super) fn finish(&self, attempt: AttemptId, report: Report) {
        let mut state = self.lock();
        let now = self.clock.now();
        state.running.remove(&attempt);
        // One of the two is ignored, according to whether it was cancelled. If the command to cancel
        // is still on its way, its attempt will not be found.
        let outcome = report.outcome.clone();
        state.monitor.handle_outcome(now, attempt, outcome);
        state.monitor.handle_reaped(now, attempt);
        if state.jobs.contains_key(&attempt.check) {
            state.reports.insert(attempt.check, Arc::new(report));
        }
        state.is_dirty = true;
        drop(state);
        self.work.notify_one();
    }
}

impl State {
    /// Moves what has happened to where readers find it; true if there was anything.
    pub(super) fn collect_events(&mut self) -> bool {
        let before = self.events.len();
        while let Some(event) = self.monitor.poll_event() {
            if self.events.len() == MOST_EVENTS {
                self.events.pop_front();
                self.lost_events += 1;
            }
            self.events.push_back(event);
            self.is_dirty = true;
        }
        self.events.len() != before || self.is_dirty
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("Monitor")
            .field("targets", &state.monitor.len())
            .field("in_flight", &state.monitor.in_flight())
            .finish_non_exhaustive()
    }
}
