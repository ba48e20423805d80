//! Starting the process of an instance, or a restart command.

use std::env;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use health_core::check::probe::ProbePhase;
use health_core::supervise::{EndReason, SpawnFailure};

use super::program::ReplicaProgram;
use crate::manager_variables::VARIABLES;
use crate::probe_error;
use crate::process::pipe;

/// A process that was started, and the reading ends of its output and its errors.
pub(super) struct Spawned {
    pub(super) child: Child,
    pub(super) pipes: [OwnedFd; 2],
}

/// What starts the process of an instance of this number.
pub(super) fn instance(replica: &ReplicaProgram, number: u64) -> Command {
    let mut argv = replica.argv().iter();
    let mut command = Command::new(argv.next().map_or("", |program| program));
    command.args(argv);
    let _ = variables(&mut command, replica, number);
    command
}

/// What runs the restart command for an instance of this number.
pub(super) fn restart(
    replica: &ReplicaProgram,
    number: u64,
    reason: EndReason,
    streak: u32,
) -> Command {
    let line = replica.restart_command().unwrap_or_default();
    let mut command = Command::new("/bin/sh");
    command.args(["-c", line]);
    variables(&mut command, replica, number)
        .env("HEALTHD_REASON", reason.as_str())
        .env("HEALTHD_STREAK", streak.to_string());
    command
}

/// Starts the command in a process group of its own. It blocks while the system reads the program: for
/// ever, if a network file system is dead.
pub(super) fn spawn(mut command: Command) -> Result<Spawned, SpawnFailure> {
    let mut start = || -> io::Result<Spawned> {
        let (output, their_output) = pipe()?;
        let (errors, their_errors) = pipe()?;
        command
            .stdin(Stdio::null())
            .stdout(their_output)
            .stderr(their_errors)
            .process_group(0);
        let child = command.spawn()?;
        let pipes = [output, errors];
        Ok(Spawned { child, pipes })
    };
    start().map_err(|error| {
        if probe_error(&error, ProbePhase::Spawn).is_ours() {
            SpawnFailure::Shortage
        } else {
            SpawnFailure::Missing
        }
    })
}

/// Inherits the environment without what is meant for this process alone, and adds what is the
/// instance's.
fn variables<'a>(
    command: &'a mut Command,
    replica: &ReplicaProgram,
    number: u64,
) -> &'a mut Command {
    for (name, _) in env::vars_os() {
        let is_ours = name
            .to_str()
            .is_some_and(|name| name.starts_with("HEALTHD_") || VARIABLES.contains(&name));
        if is_ours {
            command.env_remove(name);
        }
    }
    command
        .envs(replica.variables())
        .env("HEALTHD_INSTANCE", number.to_string())
}
