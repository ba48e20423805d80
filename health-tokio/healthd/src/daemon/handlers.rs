//! Carries an action out, once: runs its command, or posts to its webhook.
//!
//! A command that does not end within its timeout is ended, with all of its process group.

use std::fmt;
use std::process::Stdio;
use std::time::Duration;

use health_core::Class;
use health_core::check::probe::{HttpProbe, Probe};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

use crate::config::{Action, Handler};
use crate::store::OutboxRow;
use health_tokio::probe::Prober;

/// Delivers a notice. The error is for people.
pub(super) async fn deliver(action: &Action, row: &OutboxRow, attempt: u32) -> Result<(), String> {
    match &action.handler {
        Handler::Command(words) => match timeout(action.timeout, run(words, row, attempt)).await {
            Ok(done) => done.map_err(|error| error.to_string()),
            Err(_) => Err(format!("not done within {:?}", action.timeout)),
        },
        Handler::Webhook(url) => post(url, row, action.timeout).await,
    }
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

async fn run(words: &[String], row: &OutboxRow, attempt: u32) -> std::io::Result<()> {
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
        return Ok(());
    }
    Err(std::io::Error::other(status.to_string()))
}

/// A webhook is a probe that brings something.
async fn post(url: &str, row: &OutboxRow, timeout: Duration) -> Result<(), String> {
    let probe = HttpProbe::builder(url)
        .method("POST")
        .header("User-Agent", concat!("healthd/", env!("CARGO_PKG_VERSION")))
        .header("Content-Type", "application/json")
        .accept_status(200..=299)
        .header("Idempotency-Key", &*row.notice)
        .body(row.document.to_string())
        .build();
    let probe = Probe::Http(probe.map_err(|error| error.to_string())?);
    let outcome = Prober::new().probe(&probe, timeout).await.outcome;
    match outcome.class {
        Class::Success | Class::Warning => Ok(()),
        Class::Failure | Class::Indeterminate => Err(outcome.message.as_str().to_owned()),
    }
}

/// Without what may be a secret: arguments, paths, queries.
impl fmt::Display for Handler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command(words) => f.write_str(&words[0]),
            Self::Webhook(url) => {
                let end = url
                    .match_indices('/')
                    .nth(2)
                    .map_or(url.len(), |(at, _)| at);
                f.write_str(&url[..end])
            }
        }
    }
}
