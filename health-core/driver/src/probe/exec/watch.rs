//! Waiting for a process and for what it writes, both at once.

use std::os::fd::OwnedFd;
use std::time::Duration;

use health_core::Capture;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::Pid;

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
            process: descriptor(process),
            pipe: Some(pipe),
        }
    }

    /// Reads what has been written so far, at most a pipe full: a command that writes faster than it is
    /// read must not keep the deadline from being checked.
    pub(super) fn read(&mut self, output: &mut Capture) {
        const MOST: usize = 64 * 1024;
        let mut buffer = [0; 4 * 1024];
        let mut taken = 0;
        while let Some(pipe) = self.pipe.as_ref().filter(|_| taken < MOST) {
            match rustix::io::read(pipe, &mut buffer) {
                Ok(0) => self.pipe = None,
                Ok(count) => {
                    taken += count;
                    output.push(&buffer[..count]);
                }
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::AGAIN) => return,
                Err(_) => self.pipe = None,
            }
        }
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

/// `None`: not on Linux, before Linux 5.3, or no descriptor left.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn descriptor(process: Pid) -> Option<OwnedFd> {
    rustix::process::pidfd_open(process, rustix::process::PidfdFlags::empty()).ok()
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn descriptor(_: Pid) -> Option<OwnedFd> {
    None
}
