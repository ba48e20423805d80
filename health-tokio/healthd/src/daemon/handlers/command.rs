//! Runs a command with the document of a notice on its standard input.
//!
//! One that does not end within its timeout is ended, with all of its process group.

use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::store::OutboxRow;

pub(super) async fn run(
    words: &[String],
    row: &OutboxRow,
    attempt: u32,
) -> std::io::Result<String> {
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]);
    // Ours, with our token among them; the rest of the environment is for it, too.
    let variables = std::env::vars_os().map(|(name, _)| name);
    for name in variables.filter(|it| it.as_encoded_bytes().starts_with(b"HEALTHD_")) {
        command.env_remove(name);
    }
    for name in health_tokio::systemd::VARIABLES {
        command.env_remove(name);
    }
    command
        .env("HEALTHD_EVENT", &*row.event)
        .env("HEALTHD_NOTICE", &*row.notice)
        .env("HEALTHD_ATTEMPT", attempt.to_string());
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.process_group(0).kill_on_drop(true);
    let mut child = command.spawn()?;
    let pid = child.id().and_then(|id| i32::try_from(id).ok());
    let mut group = Group(pid.and_then(Pid::from_raw));
    if let Some(mut stdin) = child.stdin.take() {
        // It need not read it.
        let _ = stdin
            .write_all(format!("{}\n", row.document).as_bytes())
            .await;
    }
    let status = child.wait().await?;
    // What it has left in the background is its own affair.
    group.0 = None;
    if status.success() {
        return Ok(status.to_string());
    }
    Err(std::io::Error::other(status.to_string()))
}

/// Ends the group of a command that is given up.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
