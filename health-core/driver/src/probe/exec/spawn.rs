//! Starting a command.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use health_core::check::probe::ExecProbe;

use crate::process::pipe;

/// A process that was started, and the reading end of its output.
pub(super) type Spawned = (Child, OwnedFd);

/// Starts the command in a process group of its own, with `variables` besides its environment. It blocks
/// while the system reads the program: for ever, if a network file system is dead.
pub(super) fn spawn(probe: &ExecProbe, variables: &[(&str, String)]) -> io::Result<Spawned> {
    // One pipe for both streams keeps the order in which they were written.
    let (ours, theirs) = pipe()?;
    let mut command = Command::new(probe.program());
    command
        .args(probe.argv().skip(1))
        .env_clear()
        .envs(probe.env())
        .envs(variables.iter().map(|(name, value)| (*name, value)))
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
