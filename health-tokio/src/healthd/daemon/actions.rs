//! Carries out what the configuration wants done when targets turn.
//!
//! One after the other, each within its timeout, in a task that nobody waits for. A notice is acted
//! upon once, when its transitions are on the disk: a monitor that is killed in between may do it
//! again, and never leaves it out silently. Who does not come to an end is ended, with all of its
//! process group.

use std::fmt;
use std::process::Stdio;
use std::sync::Arc;
use std::time::SystemTime;

use health_core::check::Record;
use health_core::monitor::{Notice, Summary};
use health_core::outcome::Kind;
use health_core::time::UnixTime;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tracing::{debug, error};

use crate::healthd::config::{Action, Deed};

/// Notices that wait while an action takes its time. More are dropped, and said.
const MOST: usize = 64;
/// Changes a notice names; all are counted.
const NAMED: usize = 100;

/// Hands notices to the actions.
#[derive(Clone, Debug)]
pub(super) struct Actions(mpsc::Sender<Arc<Value>>);

impl Actions {
    /// The actions of a configuration, and the task that carries them out.
    pub(super) fn new(actions: Vec<Action>) -> (Self, impl Future<Output = ()>) {
        let (sender, notices) = mpsc::channel(MOST);
        (Self(sender), carry_out(actions, notices))
    }

    /// Has it done, some time soon.
    pub(super) fn take(&self, notice: &Notice, summary: Summary) {
        if self
            .0
            .try_send(Arc::new(document(notice, summary)))
            .is_err()
        {
            error!(
                kind = notice.kind.as_str(),
                "actions are too slow: this notice is dropped"
            );
        }
    }
}

async fn carry_out(actions: Vec<Action>, mut notices: mpsc::Receiver<Arc<Value>>) {
    while let Some(notice) = notices.recv().await {
        let kind = notice["event"].as_str().unwrap_or_default();
        for action in actions.iter().filter(|it| it.wants(kind)) {
            match timeout(action.timeout, act(&action.deed, kind, &notice)).await {
                Ok(Ok(())) => debug!(kind, action = %action.deed, "done"),
                Ok(Err(error)) => error!(kind, action = %action.deed, %error, "action failed"),
                Err(_) => {
                    error!(kind, action = %action.deed, timeout = ?action.timeout, "action not done in time");
                }
            }
        }
    }
}

async fn act(deed: &Deed, kind: &str, notice: &Value) -> Result<(), String> {
    match deed {
        Deed::Command(words) => run(words, kind, notice).await,
        Deed::Webhook { .. } => post(deed, notice).await,
    }
    .map_err(|error| error.to_string())
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

async fn run(words: &[String], kind: &str, notice: &Value) -> std::io::Result<()> {
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).env("HEALTHD_EVENT", kind);
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
        let _ = stdin.write_all(format!("{notice}\n").as_bytes()).await;
    }
    let status = child.wait().await?;
    // What it has left in the background is its own affair.
    group.0 = None;
    if status.success() {
        return Ok(());
    }
    Err(std::io::Error::other(status.to_string()))
}

async fn post(deed: &Deed, notice: &Value) -> std::io::Result<()> {
    let Deed::Webhook {
        endpoint,
        path,
        host,
    } = deed
    else {
        return Ok(());
    };
    let body = notice.to_string();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: healthd/{}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        env!("CARGO_PKG_VERSION"),
        body.len(),
    );
    let mut stream = TcpStream::connect(endpoint.to_string()).await?;
    stream.write_all(request.as_bytes()).await?;
    // The status line is all that matters; the rest is read so that the server can write it.
    let mut answer = Vec::new();
    (&mut stream)
        .take(64 * 1_024)
        .read_to_end(&mut answer)
        .await?;
    let line = answer
        .split(|byte| *byte == b'\r')
        .next()
        .unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let code = line.strip_prefix("HTTP/1.").and_then(|it| it.get(2..5));
    if code.is_some_and(|code| code.starts_with('2')) {
        return Ok(());
    }
    let line: String = line.chars().take(80).collect();
    Err(std::io::Error::other(format!("answered {line:?}")))
}

/// What an action is given.
fn document(notice: &Notice, summary: Summary) -> Value {
    let named = notice.transitions.iter().take(NAMED);
    let named = named.map(|it| {
        json!({
            "name": it.target.as_str(),
            "check": it.check.as_str(),
            "at": rfc3339(it.at),
            "consecutive_failures": it.streak.failures(),
            "kind": it.record.as_ref().and_then(Record::kind).map(Kind::as_str),
            "message": it.record.as_ref().map(Record::message),
        })
    });
    let named: Vec<_> = named.collect();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = u64::try_from(now.unwrap_or_default().as_millis()).unwrap_or_default();
    json!({
        "event": notice.kind.as_str(),
        "at": rfc3339(UnixTime::from_millis(now)),
        "count": notice.transitions.len(),
        "targets": named,
        "healthy": summary.healthy(),
        "total": summary.total,
    })
}

fn rfc3339(time: UnixTime) -> String {
    String::from_utf8_lossy(&time.rfc3339()).into_owned()
}

/// Without what may be a secret: arguments, paths, queries.
impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command(words) => f.write_str(&words[0]),
            Self::Webhook { endpoint, .. } => write!(f, "http://{endpoint}"),
        }
    }
}
