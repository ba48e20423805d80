//! Carries out what the configuration wants done when targets turn.
//!
//! Each action has a task of its own, which does one thing after the other, each within its timeout: what
//! hangs holds nobody else up. One that fails is tried again, twice. A notice is acted upon when its
//! transitions are on the disk, or cannot be kept. Who does not come to an end is ended, with all of its
//! process group.

use std::fmt;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use health_core::UnixTime;
use health_core::check::Record;
use health_core::check::probe::{HttpProbe, Probe};
use health_core::monitor::Summary;
use health_core::monitor::registry::{Notice, NoticeKind};
use health_core::{Class, Kind};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{debug, error, warn};

use crate::config::{Action, Handler};
use health_tokio::probe::Prober;

/// Notices that wait while an action takes its time. More are dropped, and said.
const MAX_QUEUED: usize = 64;
/// Changes a notice names; all are counted.
const MAX_NAMED: usize = 100;
/// After a failure, before the next try. Then it is given up.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(10)];

/// A notice as an action is given it.
type Notification = (NoticeKind, Arc<Value>);

/// Hands notices to the actions. Dropped, they do what they have, and then no more.
#[derive(Debug)]
pub(super) struct Actions {
    senders: Vec<(Action, mpsc::Sender<Notification>)>,
    /// Gone when there are no further notices.
    _going: watch::Sender<()>,
}

impl Actions {
    /// The actions of a configuration, and the tasks that carry them out.
    pub(super) fn new(actions: Vec<Action>) -> (Self, JoinSet<()>) {
        let mut tasks = JoinSet::new();
        let (going, end) = watch::channel(());
        let senders = actions.into_iter().map(|action| {
            let (sender, notices) = mpsc::channel(MAX_QUEUED);
            tasks.spawn(carry_out(action.clone(), notices, end.clone()));
            (action, sender)
        });
        let senders = senders.collect();
        let actions = Self {
            senders,
            _going: going,
        };
        (actions, tasks)
    }

    /// Has it done, some time soon.
    pub(super) fn take(&self, notice: &Notice, summary: Summary) {
        let wants = |action: &Action| action.wants(notice.kind);
        self.send(notice, summary, &wants);
        // An action on what is unhealthy has no other notice of what was deregistered at once.
        if let Some(unhealthy) = notice.as_unhealthy() {
            let wants = |action: &Action| action.wants(unhealthy.kind) && !wants(action);
            self.send(&unhealthy, summary, &wants);
        }
    }

    fn send(&self, notice: &Notice, summary: Summary, wants: &dyn Fn(&Action) -> bool) {
        let kind = notice.kind;
        let document = Arc::new(document(notice, summary));
        for (action, sender) in self.senders.iter().filter(|(it, _)| wants(it)) {
            if sender.try_send((kind, Arc::clone(&document))).is_err() {
                let kind = kind.as_str();
                error!(kind, action = %action.handler, "action is too slow: this notice is dropped");
            }
        }
    }
}

async fn carry_out(
    action: Action,
    mut notices: mpsc::Receiver<Notification>,
    mut end: watch::Receiver<()>,
) {
    let handler = &action.handler;
    while let Some((kind, notice)) = notices.recv().await {
        let kind = kind.as_str();
        let mut pauses = PAUSES.into_iter();
        while let Err(error) = attempt(&action, kind, &notice).await {
            // A monitor that stops waits for no further try.
            if let Some(pause) = pauses.next().filter(|_| !notices.is_closed()) {
                warn!(kind, action = %handler, error, again_in = ?pause, "action failed");
                if timeout(pause, end.changed()).await.is_err() {
                    continue;
                }
            }
            error!(kind, action = %handler, error, "action failed, given up");
            break;
        }
        debug!(kind, action = %handler, "action is over");
    }
}

async fn attempt(action: &Action, kind: &str, notice: &Value) -> Result<(), String> {
    match &action.handler {
        Handler::Command(words) => match timeout(action.timeout, run(words, kind, notice)).await {
            Ok(done) => done.map_err(|error| error.to_string()),
            Err(_) => Err(format!("not done within {:?}", action.timeout)),
        },
        Handler::Webhook(url) => post(url, notice, action.timeout).await,
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

async fn run(words: &[String], kind: &str, notice: &Value) -> std::io::Result<()> {
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]);
    // Ours, with our token among them; the rest of the environment is for it, too.
    let variables = std::env::vars_os().map(|(name, _)| name);
    for name in variables.filter(|it| it.as_encoded_bytes().starts_with(b"HEALTHD_")) {
        command.env_remove(name);
    }
    command.env("HEALTHD_EVENT", kind);
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

/// A webhook is a probe that brings something.
async fn post(url: &str, notice: &Value, timeout: Duration) -> Result<(), String> {
    let probe = HttpProbe::builder(url)
        .method("POST")
        .header("User-Agent", concat!("healthd/", env!("CARGO_PKG_VERSION")))
        .header("Content-Type", "application/json")
        .accept_status(200..=299)
        .body(notice.to_string())
        .build();
    let probe = Probe::Http(probe.map_err(|error| error.to_string())?);
    let outcome = Prober::new().probe(&probe, timeout).await.outcome;
    match outcome.class {
        Class::Success | Class::Warning => Ok(()),
        Class::Failure | Class::Indeterminate => Err(outcome.message.as_str().to_owned()),
    }
}

/// What an action is given.
fn document(notice: &Notice, summary: Summary) -> Value {
    let named = notice.transitions.iter().take(MAX_NAMED);
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
