//! Starting a command.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use health_core::check::probe::ExecProbe;

/// A process that was started, and the reading end of its output.
pub(super) type Spawned = (Child, OwnedFd);

/// Starts the command in a process group of its own. It blocks while the system reads the program: for
/// ever, if a network file system is dead.
pub(super) fn spawn(probe: &ExecProbe) -> io::Result<Spawned> {
    // One pipe for both streams keeps the order in which they were written.
    let (ours, theirs) = pipe()?;
    rustix::io::ioctl_fionbio(&ours, true)?;
    let mut command = Command::new(probe.program());
    command
        .args(probe.argv().skip(1))
        .env_clear()
        .envs(probe.env())
        .current_dir(probe.dir())
        .stdin(Stdio::null())
        .stdout(theirs.try_clone()?)
        .stderr(theirs)
        .process_group(0);
    if let Some(uid) = probe.uid() {
        command.uid(uid);
    }
    if let Some(gid) = probe.gid() {
        command.gid(gid);
    }
    Ok((command.spawn()?, ours))
}

/// A pipe that no other child inherits.
#[cfg(not(target_vendor = "apple"))]
pub(super) fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    use rustix::pipe::{PipeFlags, pipe_with};

    Ok(pipe_with(PipeFlags::CLOEXEC)?)
}

/// There it takes two calls. A child that is started in between keeps the pipe, which delays nobody:
/// the end of a command is seen without the end of its output.
#[cfg(target_vendor = "apple")]
pub(super) fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let (ours, theirs) = rustix::pipe::pipe()?;
    for end in [&ours, &theirs] {
        rustix::io::fcntl_setfd(end, rustix::io::FdFlags::CLOEXEC)?;
    }
    Ok((ours, theirs))
}
