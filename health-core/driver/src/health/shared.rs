//! What the clones of a [`Health`] share, and how it is changed: under one lock, and whoever waits for
//! changes is woken after it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use health_core::health::{HeartbeatId, Phase, Registry};
use health_core::{Instant, Moment};

use super::Health;
use super::last_beat::LastBeat;
use super::start_date::StartDate;
use crate::Clock;
use crate::waiters::Waiters;

pub(super) struct Shared {
    pub(super) clock: Clock,
    start: StartDate,
    inner: Mutex<Inner>,
}

pub(super) struct Inner {
    pub(super) registry: Registry,
    /// The tasks that wait for changes; with `true`, for published values too.
    pub(super) waiters: Waiters<bool>,
    /// Where each heartbeat's handle stores its last beat, read for every snapshot.
    pub(super) beats: Vec<(HeartbeatId, Arc<LastBeat>)>,
    /// Servers that detect a stall of the host.
    stall_detectors: usize,
    /// Since when it drains, if it does.
    drain_began: Instant,
}

impl Health {
    /// One whose transitions are numbered from 1, as they are in the conformance table.
    pub(crate) fn without_wall_clock(service: &str, version: &str) -> Self {
        let clock = Clock::start();
        let moment = clock.moment();
        let inner = Mutex::new(Inner {
            // It starts with its clock, as its date does, however late this thread goes on.
            registry: Registry::new(service, version, Instant::default()),
            waiters: Waiters::default(),
            beats: Vec::new(),
            stall_detectors: 0,
            drain_began: moment.now,
        });
        let start = StartDate::new(moment);
        Self {
            shared: Arc::new(Shared {
                clock,
                start,
                inner,
            }),
        }
    }

    /// A machine without a battery starts in 1970, and learns the time later: then the daemon has
    /// started at another date.
    pub(super) fn follow_wall_clock(&self, moment: Moment) {
        if self.shared.start.has_moved(moment) {
            self.update(|inner| inner.registry.set_wall_clock(moment));
        }
    }

    /// Begins to drain at `now`, unless it drains already; since when it does.
    pub(crate) fn drain_since(&self, now: Instant) -> Instant {
        self.update(|inner| {
            if inner.registry.phase() != Phase::Draining {
                inner.drain_began = now;
                inner.registry.begin_drain(now);
            }
            inner.drain_began
        })
    }

    /// Applies what the passing of time changes, as [`Registry::handle_timeout`] does, and returns when
    /// to call it next; `None` is after the next change.
    pub(crate) fn handle_timeout(&self, now: Instant) -> Option<Instant> {
        self.update(|inner| {
            inner.read_beats();
            inner.registry.handle_timeout(now);
            inner.registry.poll_timeout()
        })
    }

    /// The same for callers that are not called regularly: a late call does not mean that the host has
    /// stalled.
    pub(crate) fn apply_time(&self, now: Instant) -> Option<Instant> {
        self.update(|inner| {
            inner.read_beats();
            let _ = inner.registry.snapshot(now);
            inner.registry.poll_timeout()
        })
    }

    /// A request that was handed over has got its answer.
    #[cfg(feature = "registry")]
    pub(crate) fn note_answer(&self) {
        self.update(|inner| inner.registry.note_answer());
    }

    pub(crate) fn end_stall_detection(&self) {
        let mut inner = self.lock();
        inner.stall_detectors -= 1;
        // Another server goes on calling in time.
        if inner.stall_detectors == 0 {
            inner.registry.end_stall_detection();
        }
    }

    /// A server begins to call [`handle_timeout`](Self::handle_timeout) in time.
    pub(crate) fn begin_stall_detection(&self) {
        self.lock().stall_detectors += 1;
    }

    pub(super) fn remove_heartbeat(&self, id: HeartbeatId) {
        let now = self.now();
        self.update(|inner| {
            inner.beats.retain(|(other, _)| *other != id);
            inner.registry.remove_heartbeat(now, id);
        });
    }

    pub(super) fn change<R>(&self, change: impl FnOnce(&mut Registry, Instant) -> R) -> R {
        let now = self.now();
        self.update(|inner| change(&mut inner.registry, now))
    }

    /// Runs `update` under the lock, then wakes the tasks that wait for what it has changed.
    pub(super) fn update<R>(&self, update: impl FnOnce(&mut Inner) -> R) -> R {
        let mut inner = self.lock();
        let before = inner.registry.revision();
        let result = update(&mut inner);
        let after = inner.registry.revision();
        if after != before {
            let only_published = after.as_u64() == before.as_u64();
            let wakers = inner
                .waiters
                .take(|published| *published || !only_published);
            drop(inner);
            wakers.into_iter().for_each(Waker::wake);
        }
        result
    }

    /// No user code runs under the lock, so a poisoned one holds a state as good as any.
    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.shared
            .inner
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    pub(super) fn read_beats(&mut self) {
        for (id, last) in &self.beats {
            self.registry.beat(last.load(), *id);
        }
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.lock().registry, f)
    }
}
