//! What there is to a process of ours: its pipes, its end, and signals to its group.
//!
//! Commands of checks ([`probe::exec`](crate::probe::exec)) and supervised processes are both started
//! as the leader of a process group of their own, are watched by a thread for all of them, and are
//! reaped last: as long as the leader is a zombie, its number, which is its group's, is no other
//! process's.

mod watcher;

use std::io;
use std::os::fd::OwnedFd;

use health_core::check::probe::Exit;
use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, getpgid, kill_process, kill_process_group, waitid,
};

pub(crate) use watcher::{SharedWatcher, Watched, Watcher};

/// How a process came to its end.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    By(Exit),
    /// Somebody else reaped it: a process that ignores `SIGCHLD`, or waits for any child.
    Unseen,
}

/// Whether `leader` has ended, without reaping it.
pub(crate) fn has_ended(leader: Pid) -> Option<End> {
    wait(leader, WaitIdOptions::NOHANG)
}

/// Waits for the end of `leader`, without reaping it.
fn wait_for_end(leader: Pid) -> End {
    loop {
        if let Some(end) = wait(leader, WaitIdOptions::empty()) {
            return end;
        }
    }
}

fn wait(leader: Pid, how: WaitIdOptions) -> Option<End> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | how;
    match waitid(WaitId::Pid(leader), options) {
        Ok(status) => {
            let status = status?;
            let signal = status.terminating_signal().map(Exit::Signal);
            let exit = signal.or_else(|| status.exit_status().map(Exit::Code));
            exit.map(End::By)
        }
        Err(Errno::INTR) => None,
        Err(_) => Some(End::Unseen),
    }
}

/// A descriptor that becomes readable when `process` ends. `None`: not on Linux, before Linux 5.3, or
/// no descriptor left.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn pidfd(process: Pid) -> Option<OwnedFd> {
    rustix::process::pidfd_open(process, rustix::process::PidfdFlags::empty()).ok()
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn pidfd(_: Pid) -> Option<OwnedFd> {
    None
}

/// Signals the group of `leader`, and the leader itself if it has left its group. Processes that have
/// ended already are no error.
pub(crate) fn signal_group(leader: Pid, signal: Signal) {
    let _ = kill_process_group(leader, signal);
    // In its group, its handler would run twice.
    if signal == Signal::KILL || getpgid(Some(leader)) != Ok(leader) {
        let _ = kill_process(leader, signal);
    }
}

/// Takes what has been written so far, at most `most` bytes and a buffer more: who writes faster than
/// it is read must not hold up everything else. The pipe is closed at its end.
pub(crate) fn read(pipe: &mut Option<OwnedFd>, most: usize, mut take: impl FnMut(&[u8])) {
    let mut buffer = [0; 4 * 1024];
    let mut taken = 0;
    while let Some(from) = pipe.as_ref().filter(|_| taken < most) {
        match rustix::io::read(from, &mut buffer) {
            Ok(0) => *pipe = None,
            Ok(count) => {
                taken += count;
                take(&buffer[..count]);
            }
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return,
            Err(_) => *pipe = None,
        }
    }
}

/// A pipe that no other child inherits, with its reading end, which never waits, first.
pub(crate) fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let (ours, theirs) = closed_on_exec()?;
    rustix::io::ioctl_fionbio(&ours, true)?;
    Ok((ours, theirs))
}

/// The same, both ends of which wait.
#[cfg(not(target_vendor = "apple"))]
pub(crate) fn closed_on_exec() -> io::Result<(OwnedFd, OwnedFd)> {
    use rustix::pipe::{PipeFlags, pipe_with};

    Ok(pipe_with(PipeFlags::CLOEXEC)?)
}

/// There it takes two calls. A child that is started in between keeps the pipe, which delays nobody:
/// the end of a command is seen without the end of its output.
#[cfg(target_vendor = "apple")]
pub(crate) fn closed_on_exec() -> io::Result<(OwnedFd, OwnedFd)> {
    let (ours, theirs) = rustix::pipe::pipe()?;
    for end in [&ours, &theirs] {
        rustix::io::fcntl_setfd(end, rustix::io::FdFlags::CLOEXEC)?;
    }
    Ok((ours, theirs))
}
