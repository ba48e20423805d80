//! Answers what the endpoint is asked about one target, and carries out what it is told to do with it.
//!
//! ```text
//!  endpoint ─► RequestReceiver ─► serve ─┬─ GET history ─► a thread that may wait for a disk ─┐
//!                                        └─ POST action ─► the daemon, as for a command ──────┴─► answer
//! ```

use std::path::{Path, PathBuf};
use std::sync::Arc;

use health_core::server::{TargetAnswer, TargetRequest, TargetRoutes};
use health_driver::monitor::{IncomingRequest, MonitorControl, RequestReceiver};
use health_tokio::Health;
use serde_json::json;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::{JoinSet, spawn_blocking};
use tracing::info;

use super::now;
use crate::control::{PendingRequest, Reply, Request};
use crate::quiet::{self, Act, Of, Verb};
use crate::store::read::Reader;

/// Requests that wait at once.
const MOST_WAITING: usize = 16;
/// Readers of the registry at once: they share its disk with the writer.
const MOST_READERS: usize = 2;

/// What a target can be told.
const ACTIONS: [&str; 6] = [
    "reactivate",
    "check-now",
    "pause",
    "resume",
    "silence",
    "unsilence",
];

/// What can be asked. What a new action needs of the daemon is in [`command`].
pub(super) fn routes() -> TargetRoutes {
    let routes = TargetRoutes::new().read("history");
    ACTIONS.iter().fold(routes, |routes, it| routes.action(it))
}

pub(super) fn receiver(health: &Health) -> RequestReceiver {
    RequestReceiver::new(health, MOST_WAITING)
}

/// Answers all of them, each at its own pace. Does not return.
pub(super) async fn serve(
    mut requests: RequestReceiver,
    monitor: MonitorControl,
    db: PathBuf,
    daemon: mpsc::Sender<PendingRequest>,
) {
    let desk = Arc::new(Desk {
        monitor,
        db,
        daemon,
        readers: Semaphore::new(MOST_READERS),
    });
    // Dropped, it ends those that are under way.
    let mut answering = JoinSet::new();
    loop {
        let request = requests.next().await;
        while answering.try_join_next().is_some() {}
        let desk = Arc::clone(&desk);
        answering.spawn(async move { desk.answer(request).await });
    }
}

struct Desk {
    monitor: MonitorControl,
    db: PathBuf,
    daemon: mpsc::Sender<PendingRequest>,
    readers: Semaphore,
}

impl Desk {
    async fn answer(&self, request: IncomingRequest) {
        let answer = if self.monitor.target(request.target().as_str()).is_none() {
            TargetAnswer::not_found()
        } else if request.path() == "history" {
            self.history(&request).await
        } else {
            self.act(&request).await
        };
        request.answer(answer);
    }

    async fn history(&self, request: &IncomingRequest) -> TargetAnswer {
        let _place = self.readers.acquire().await;
        // It may have waited for its turn.
        if !request.is_awaited() {
            return TargetAnswer::not_found();
        }
        let (db, name) = (self.db.clone(), request.target().to_string());
        let read = spawn_blocking(move || history(&db, &name)).await;
        read.unwrap_or_else(|_| TargetAnswer::unavailable("the registry was not read"))
    }

    async fn act(&self, request: &TargetRequest) -> TargetAnswer {
        let command = match command(request) {
            Ok(command) => command,
            Err(error) => return TargetAnswer::bad_request(&error),
        };
        let (target, by) = (request.target(), request.peer());
        info!(action = request.path(), %target, %by, "asked over HTTP");
        let (reply, replied) = oneshot::channel();
        if self.daemon.send((command, reply)).await.is_err() {
            return TargetAnswer::unavailable("the monitor ends");
        }
        match replied.await {
            Ok(Reply::Done(done)) => TargetAnswer::json(json!({ "done": done }).to_string()),
            Ok(Reply::Refused(why)) => TargetAnswer::conflict(&why),
            Ok(_) | Err(_) => TargetAnswer::unavailable("the monitor ends"),
        }
    }
}

/// What the daemon is asked to do; the error says what is wrong with the query.
fn command(request: &TargetRequest) -> Result<Request, String> {
    let known: &[&str] = match request.path() {
        "pause" => &["why"],
        "silence" => &["for", "why"],
        _ => &[],
    };
    allow(request, known)?;
    let why = request.parameter("why").unwrap_or_default().to_owned();
    let verb = match request.path() {
        "reactivate" => Verb::Reactivate,
        "check-now" => Verb::CheckNow,
        "pause" => Verb::Pause { why },
        "resume" => Verb::Resume,
        "silence" => {
            let length = request.parameter("for");
            let length = length.ok_or("for is missing: allowed is a time such as 2h")?;
            let length =
                quiet::length(length).map_err(|error| format!("for = {length:?}: {error}"))?;
            Verb::Silence { length, why }
        }
        "unsilence" => Verb::Unsilence,
        path => return Err(format!("{path}: no such action")),
    };
    let act = Act {
        verb,
        of: Of::Target(request.target().to_string()),
        by: request.peer().to_string(),
    };
    act.check().map_err(|refusal| refusal.to_string())?;
    Ok(Request::Act(act))
}

/// Refuses parameters that an action does not have.
fn allow(request: &TargetRequest, known: &[&str]) -> Result<(), String> {
    let unknown = request.parameters().find(|(name, _)| !known.contains(name));
    let Some((name, value)) = unknown else {
        return Ok(());
    };
    let allowed = match known {
        [] => "no parameters are allowed".to_owned(),
        known => format!("allowed are {}", known.join(", ")),
    };
    Err(format!("{name} {value:?}: {allowed}"))
}

/// The history of a target, as the registry has it.
fn history(db: &Path, name: &str) -> TargetAnswer {
    let read = Reader::open(db).and_then(|reader| reader.history_document(name, now()));
    match read {
        Ok(document) => TargetAnswer::json(document.to_string()),
        Err(error) => TargetAnswer::unavailable(&error.to_string()),
    }
}
