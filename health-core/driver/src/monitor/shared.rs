//! The state that the loop, the handles and the attempts of a monitor share, under one lock.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use super::clock::Time;
use super::event_queue::EventQueue;
use super::job::Job;
use super::wait::{Readers, Wait};
#[cfg(feature = "supervise")]
use crate::supervise::GroupState;
use health_core::Instant;
use health_core::check::probe::Report;
use health_core::monitor::{CheckId, Monitor, MonitorEvent, TargetId};

pub(crate) struct Shared {
    pub(crate) clock: Time,
    /// Held by the thread that waits for the state next. Without it, a thread that copies a long list
    /// part by part would lock the state again and again before a prober that waits is awake.
    turn: Mutex<()>,
    state: Mutex<State>,
}

/// All of it changes together with the monitor.
pub(crate) struct State {
    pub(crate) monitor: Monitor,
    /// The processes that it checks, if it checks those of a group.
    #[cfg(feature = "supervise")]
    pub(crate) group: Option<Box<GroupState>>,
    /// Of each target, in the order of its checks.
    pub(super) work: BTreeMap<TargetId, Box<[Work]>>,
    pub(super) events: EventQueue<MonitorEvent>,
    /// The monitor has stopped and its events were collected, or its loop is gone.
    pub(crate) is_over: bool,
    /// The loop, while it waits.
    pub(super) task: Option<Waker>,
    pub(crate) readers: Readers,
}

/// What a driver knows of a check.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) job: Arc<Job>,
    /// What the last completed attempt saw; before the first one, the error that was stored.
    pub(super) report: Option<Arc<Report>>,
}

impl From<Arc<Job>> for Work {
    fn from(job: Arc<Job>) -> Self {
        Self { job, report: None }
    }
}

impl Shared {
    pub(super) const fn new(monitor: Monitor, clock: Time) -> Self {
        Self {
            clock,
            turn: Mutex::new(()),
            state: Mutex::new(State {
                monitor,
                #[cfg(feature = "supervise")]
                group: None,
                work: BTreeMap::new(),
                events: EventQueue::new(),
                is_over: false,
                task: None,
                readers: Readers::new(),
            }),
        }
    }

    /// Runs `change` under the lock and wakes the loop. What `change` returns is dropped outside, so
    /// that closures may do what they like when they go.
    pub(super) fn change<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let (result, task) = {
            let mut state = self.lock();
            if !state.is_over {
                self.clock.set_busy();
            }
            (change(&mut state), state.task.take())
        };
        task.into_iter().for_each(Waker::wake);
        result
    }

    /// What `read` finds in the state; while that is nothing, `waker` is woken by the next event, and at
    /// the end. After the end there is none.
    pub(crate) fn poll<R>(
        &self,
        waker: &Waker,
        wait: Option<&Wait>,
        read: impl FnOnce(&mut State) -> Option<R>,
    ) -> Poll<R> {
        let mut state = self.lock();
        if let Some(found) = read(&mut state) {
            return Poll::Ready(found);
        }
        if !state.is_over {
            let replaced = state.readers.add(waker, wait);
            drop(state);
            drop(replaced);
        }
        Poll::Pending
    }

    /// No user code runs under the lock, so a poisoned one is as good as any.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// When a batch is due, stored or not.
    #[cfg(feature = "registry")]
    pub(super) fn batches(&self) -> impl Iterator<Item = Instant> {
        let batch = self.monitor.batch_timeout();
        batch.into_iter().chain(self.monitor.unstored_timeout())
    }

    /// What carries a check out, unless its target was removed.
    pub(super) fn work_mut(&mut self, check: CheckId) -> Option<&mut Work> {
        self.work.get_mut(&check.target())?.get_mut(check.index())
    }

    /// Moves events to where readers find them, and returns the readers to wake if there is an event or
    /// a batch for them.
    #[cfg_attr(
        not(any(feature = "registry", feature = "supervise")),
        allow(unused_variables)
    )]
    pub(super) fn collect_events(&mut self, now: Instant) -> Vec<Waker> {
        let mut is_due = false;
        while self.take_events() {
            is_due = true;
            #[cfg(feature = "supervise")]
            self.change_group(|group, monitor| group.settle(now, monitor, true));
        }
        #[cfg(feature = "supervise")]
        {
            let group = self.change_group(|group, _| group.collect_events());
            is_due |= group.unwrap_or(false);
        }
        #[cfg(feature = "registry")]
        {
            is_due |= self.batches().any(|at| at <= now);
        }
        if is_due {
            self.readers.take()
        } else {
            Vec::new()
        }
    }

    /// Stops the monitor, or the group that it checks, which stops it at its own end.
    pub(super) fn stop(&mut self, now: Instant) {
        #[cfg(feature = "supervise")]
        if let Some(group) = &mut self.group {
            return group.stop(now, &mut self.monitor);
        }
        self.monitor.stop(now);
    }

    /// Whether the loop has nothing more to do.
    pub(super) fn is_stopped(&self) -> bool {
        #[cfg(feature = "supervise")]
        if self.group.as_ref().is_some_and(|group| !group.is_over()) {
            return false;
        }
        self.monitor.is_stopped()
    }

    /// When the loop has something to do.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let monitor = self.monitor.poll_timeout();
        #[cfg(feature = "supervise")]
        {
            let group = self.group.as_ref().and_then(|group| group.poll_timeout());
            monitor.into_iter().chain(group).min()
        }
        #[cfg(not(feature = "supervise"))]
        monitor
    }

    /// Changes the group with its monitor; `None` if there is none.
    #[cfg(feature = "supervise")]
    pub(crate) fn change_group<R>(
        &mut self,
        change: impl FnOnce(&mut GroupState, &mut Monitor) -> R,
    ) -> Option<R> {
        let group = self.group.as_mut()?;
        Some(change(group, &mut self.monitor))
    }

    fn take_events(&mut self) -> bool {
        let mut has_any = false;
        while let Some(event) = self.monitor.poll_event() {
            self.events.push(event);
            has_any = true;
        }
        has_any
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.lock().monitor.status(self.clock.moment());
        f.debug_struct("Monitor")
            .field("targets", &status.summary.total)
            .field("in_flight", &status.in_flight)
            .finish_non_exhaustive()
    }
}
