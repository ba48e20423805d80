//! The instances of one group, as its supervisor and the thread that watches them both see them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use health_core::Instant;
use health_core::supervise::{InstanceId, ProcessOutput};
use rustix::process::{Pid, Signal, kill_process};

use super::host::{HostView, ProcessReport};
use super::output::{OutputStream, Sink};
use crate::process::signal_group;

/// How many ended instances of each replica have their output kept.
const KEPT: usize = 5;

/// What both sides share. Its lock is held for a moment only: longest while a leader is reaped that
/// has ended.
#[derive(Debug)]
pub(super) struct Instances {
    state: Mutex<State>,
    /// Only the watching thread takes it, so nobody waits for the author's code that it calls.
    sink: Mutex<Sink>,
    /// Lines dropped, by replica.
    dropped: Vec<AtomicU64>,
}

#[derive(Debug, Default)]
struct State {
    running: BTreeMap<InstanceId, Running>,
    reports: VecDeque<ProcessReport>,
    waker: Option<Waker>,
    outputs: BTreeMap<InstanceId, ProcessOutput>,
    is_abandoned: bool,
}

/// A process that is not reaped.
#[derive(Clone, Copy, Debug)]
pub(super) struct Running {
    leader: Pid,
    /// It was asked, or forced, to end.
    pub(super) is_signalled: bool,
    pub(super) is_killed: bool,
}

impl Instances {
    pub(super) fn new(sink: Sink, replicas: u16) -> Self {
        Self {
            state: Mutex::default(),
            sink: Mutex::new(sink),
            dropped: (0..replicas).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// A process runs for this instance.
    pub(super) fn begin(&self, id: InstanceId, leader: Pid) {
        let mut state = self.lock();
        let running = Running {
            leader,
            is_signalled: false,
            is_killed: false,
        };
        state.running.insert(id, running);
        state.outputs.insert(id, ProcessOutput::new());
        let first = InstanceId { number: 0, ..id };
        let mut kept: Vec<InstanceId> = state.outputs.range(first..=id).map(|it| *it.0).collect();
        kept.truncate(kept.len().saturating_sub(KEPT + 1));
        for old in kept {
            state.outputs.remove(&old);
        }
    }

    /// Signals the process group of this instance, if it is there.
    pub(super) fn signal(&self, id: InstanceId, signal: Signal) {
        if let Some(running) = self.lock().running.get_mut(&id) {
            running.signal(signal);
        }
    }

    /// Kills whatever runs: nobody takes reports any more.
    pub(super) fn abandon(&self) {
        let mut state = self.lock();
        state.is_abandoned = true;
        for running in state.running.values_mut() {
            running.signal(Signal::KILL);
        }
    }

    /// Whether nobody takes reports any more.
    pub(super) fn is_abandoned(&self) -> bool {
        self.lock().is_abandoned
    }

    pub(super) fn running(&self, id: InstanceId) -> Option<Running> {
        self.lock().running.get(&id).copied()
    }

    /// Reaps a leader that has ended: from then on nobody may signal its number.
    pub(super) fn reap(&self, id: InstanceId, reap: impl FnOnce()) {
        let mut state = self.lock();
        reap();
        state.running.remove(&id);
    }

    pub(super) fn report(&self, report: ProcessReport) {
        let mut state = self.lock();
        state.reports.push_back(report);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(super) fn poll_report(&self, waker: &Waker) -> Option<ProcessReport> {
        let mut state = self.lock();
        let report = state.reports.pop_front();
        let replaced = match &report {
            Some(_) => None,
            None => state.waker.replace(waker.clone()),
        };
        drop(state);
        drop(replaced);
        report
    }

    /// Keeps what an instance has written.
    pub(super) fn capture(&self, id: InstanceId, stream: OutputStream, bytes: &[u8]) {
        if let Some(output) = self.lock().outputs.get_mut(&id) {
            match stream {
                OutputStream::Stdout => output.push_stdout(bytes),
                OutputStream::Stderr => output.push_stderr(bytes),
            }
        }
    }

    /// Passes a line on, or drops it.
    pub(super) fn line(&self, now: Instant, id: InstanceId, stream: OutputStream, bytes: &[u8]) {
        let is_passed = self.sink().line(now, id, stream, bytes);
        if let Some(dropped) = self.dropped.get(usize::from(id.replica)) {
            dropped.fetch_add(u64::from(!is_passed), Ordering::Relaxed);
        }
    }

    pub(super) fn sink(&self) -> MutexGuard<'_, Sink> {
        self.sink.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// No author's code runs under the lock, so a poisoned one holds a state as good as any.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HostView for Instances {
    fn pid(&self, id: InstanceId) -> Option<u32> {
        let leader = self.running(id)?.leader.as_raw_nonzero();
        u32::try_from(leader.get()).ok()
    }

    fn output(&self, id: InstanceId) -> Option<ProcessOutput> {
        self.lock().outputs.get(&id).cloned()
    }

    fn dropped_lines(&self, replica: u16) -> u64 {
        let dropped = self.dropped.get(usize::from(replica));
        dropped.map_or(0, |dropped| dropped.load(Ordering::Relaxed))
    }

    fn signal_leader(&self, id: InstanceId, signal: i32) {
        let Some(signal) = Signal::from_named_raw(signal) else {
            return;
        };
        // Under the lock: until the leader is reaped, which takes it, no other process has its number.
        if let Some(running) = self.lock().running.get(&id) {
            let _ = kill_process(running.leader, signal);
        }
    }
}

impl Running {
    fn signal(&mut self, signal: Signal) {
        self.is_signalled = true;
        self.is_killed |= signal == Signal::KILL;
        signal_group(self.leader, signal);
    }
}
