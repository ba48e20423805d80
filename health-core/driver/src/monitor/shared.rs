//! What the handle, the loop and the attempts share.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::mem;
use std::sync::Arc;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use super::job::Job;
use super::manual::Time;
use health_core::Instant;
use health_core::check::probe::Report;
use health_core::monitor::{CheckId, Event, Monitor, Summary};

/// Events kept for a reader; the oldest make room.
const MOST_EVENTS: usize = 1_024;

pub(super) struct Shared {
    pub(super) time: Time,
    /// Held by the one who waits for the state next. Without it, whoever copies a long list part by part
    /// would have the state again and again before a prober that waits is awake.
    turn: Mutex<()>,
    state: Mutex<State>,
    /// How many targets were how well, and when, if there are too many to count at every look.
    counted: Mutex<Option<(Instant, Summary)>>,
}

/// All of it changes together with the monitor.
pub(super) struct State {
    pub(super) monitor: Monitor,
    pub(super) jobs: BTreeMap<CheckId, Arc<Job>>,
    pub(super) reports: BTreeMap<CheckId, Arc<Report>>,
    pub(super) events: VecDeque<Event>,
    pub(super) lost_events: u64,
    /// Something that the component shows may have changed.
    pub(super) is_dirty: bool,
    /// The monitor has stopped and all is told, or its loop is gone.
    pub(super) is_over: bool,
    /// The loop, while it waits.
    pub(super) task: Option<Waker>,
    /// Those who wait for an event or the end.
    pub(super) readers: Vec<Waker>,
}

impl Shared {
    pub(super) const fn new(monitor: Monitor, time: Time) -> Self {
        Self {
            time,
            turn: Mutex::new(()),
            state: Mutex::new(State {
                monitor,
                jobs: BTreeMap::new(),
                reports: BTreeMap::new(),
                events: VecDeque::new(),
                lost_events: 0,
                is_dirty: false,
                is_over: false,
                task: None,
                readers: Vec::new(),
            }),
            counted: Mutex::new(None),
        }
    }

    /// Runs `change` under the lock and wakes the loop. What `change` returns is dropped outside, so
    /// that closures may do what they like when they go.
    pub(super) fn change<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let (result, task) = {
            let mut state = self.lock();
            state.is_dirty = true;
            if !state.is_over {
                self.time.set_busy();
            }
            (change(&mut state), state.task.take())
        };
        task.into_iter().for_each(Waker::wake);
        result
    }

    /// It is locked before the state, never behind it.
    pub(super) fn counted(&self) -> MutexGuard<'_, Option<(Instant, Summary)>> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// No user code runs under the lock, so a poisoned one is as good as any.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Has the waker woken with the next event, or at the end.
    pub(super) fn keep(&mut self, waker: &Waker) {
        if !self.readers.iter().any(|kept| kept.will_wake(waker)) {
            self.readers.push(waker.clone());
        }
    }

    /// When there is something for who keeps or tells what has happened.
    pub(super) fn reading(&self) -> impl Iterator<Item = Instant> {
        let batch = self.monitor.batch_timeout();
        batch.into_iter().chain(self.monitor.unkept_timeout())
    }

    /// Moves what has happened to where readers find it, and gives those who wait for it, or for a
    /// batch to keep.
    pub(super) fn collect_events(&mut self, now: Instant) -> Vec<Waker> {
        let mut has_news = false;
        while let Some(event) = self.monitor.poll_event() {
            if self.events.len() == MOST_EVENTS {
                self.events.pop_front();
                self.lost_events += 1;
            }
            self.events.push_back(event);
            has_news = true;
        }
        self.is_dirty |= has_news;
        if has_news || self.reading().any(|at| at <= now) {
            mem::take(&mut self.readers)
        } else {
            Vec::new()
        }
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
