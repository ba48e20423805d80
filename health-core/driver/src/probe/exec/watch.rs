//! Waiting for a process and for what it writes, both at once.

use std::os::fd::OwnedFd;
use std::time::Duration;

use health_core::Capture;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::Pid;

use crate::process;

/// How often the process is checked where the system cannot signal its end.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// The end of a process as something to wait for, and the reading end of its output.
///
/// The output alone does not do: a grandchild that left the group may hold the pipe for ever.
pub(super) struct Watch {
    process: Option<OwnedFd>,
    pipe: Option<OwnedFd>,
}

impl Watch {
    pub(super) fn new(process: Pid, pipe: OwnedFd) -> Self {
        Self {
            process: process::pidfd(process),
            pipe: Some(pipe),
        }
    }

    /// Reads what has been written so far, at most a pipe full: a command that writes faster than it is
    /// read must not keep the deadline from being checked.
    pub(super) fn read(&mut self, output: &mut Capture) {
        const MOST: usize = 64 * 1024;
        process::read(&mut self.pipe, MOST, |bytes| output.push(bytes));
    }

    /// Waits until there is something to read, the process has ended, or `limit` is over.
    pub(super) fn wait(&self, limit: Option<Duration>) {
        let limit = match (&self.process, limit) {
            (None, limit) => Some(limit.map_or(POLL_INTERVAL, |limit| limit.min(POLL_INTERVAL))),
            (Some(_), limit) => limit,
        };
        let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
        let both = [&self.process, &self.pipe].into_iter().flatten();
        let mut both: Vec<_> = both.map(|it| PollFd::new(it, PollFlags::IN)).collect();
        // It fails by a signal, after which the caller checks its clock, or for lack of memory.
        if poll(&mut both, limit.as_ref()).is_err() {
            std::thread::yield_now();
        }
    }
}
