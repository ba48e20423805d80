//! The socket of a running group: takes what commands ask for, and carries it out.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use tokio::net::UnixListener;
use tokio::sync::mpsc;

use super::documents;
use super::group::RunningGroup;
use super::place;
use crate::config::{GroupSettings, RunSettings};
use crate::control::{self, Lock, PendingRequest, Reply, Request};

/// The socket of a group and its lock, if there is a place for them.
pub(super) struct Desk(Option<Socket>);

struct Socket {
    /// `RUN-DIR/NAME`, to which `.sock` and `.lock` are added.
    path: PathBuf,
    lock: Arc<OnceLock<Lock>>,
    listener: Option<UnixListener>,
}

impl Desk {
    /// One for each group, and what is to be said if there is no place for them.
    ///
    /// # Errors
    ///
    /// A group of this name runs already; one line for people.
    pub(super) fn open_all(settings: &RunSettings) -> Result<(Vec<Self>, Option<String>), String> {
        let (place, mut warning) = match place::prepare(settings.run_dir.as_deref()) {
            Ok(place) => (Some(place), None),
            Err(error) => (None, Some(error)),
        };
        let mut desks = Vec::new();
        for group in &settings.groups {
            let path = place.as_ref().map(|it| it.join(group.name.as_str()));
            desks.push(match path.map(|it| Socket::open(group, it)) {
                None => Self(None),
                Some(Ok(open)) => Self(Some(open)),
                Some(Err(Refused::Taken(line))) => return Err(line),
                Some(Err(Refused::Unusable(line))) => {
                    warning = Some(line);
                    Self(None)
                }
            });
        }
        let warning = warning.map(|it| format!("commands will not find this group: {it}"));
        Ok((desks, warning))
    }

    /// Answers, until the program ends.
    pub(super) async fn serve(mut self, group: Arc<RunningGroup>) {
        let Some(open) = &mut self.0 else {
            return;
        };
        let (path, lock) = (open.path.clone(), Arc::clone(&open.lock));
        let (ask, mut requests) = mpsc::channel::<PendingRequest>(16);
        let answers = async {
            while let Some((request, reply)) = requests.recv().await {
                // The client may have closed the connection.
                let _ = reply.send(answer(&group, &request));
            }
        };
        let served = control::serve(path, lock, open.listener.take(), ask);
        tokio::join!(served, answers);
    }
}

/// Why there is no socket.
enum Refused {
    /// By another process.
    Taken(String),
    Unusable(String),
}

impl Socket {
    fn open(group: &GroupSettings, path: PathBuf) -> Result<Self, Refused> {
        let unusable = |error: &dyn std::fmt::Display| Refused::Unusable(error.to_string());
        control::check_path(&path).map_err(|error| unusable(&error))?;
        let held = Lock::take(&path).map_err(|error| unusable(&error))?;
        let held = held
            .ok_or_else(|| Refused::Taken(format!("a group named {} runs already", group.name)))?;
        let listener = control::listen(&path, &held).map_err(|error| unusable(&error))?;
        Ok(Self {
            path,
            lock: Arc::new(OnceLock::from(held)),
            listener: Some(listener),
        })
    }
}

/// The file is of no use any more.
impl Drop for Socket {
    fn drop(&mut self) {
        control::remove_socket(&self.path);
    }
}

fn answer(group: &RunningGroup, request: &Request) -> Reply {
    let (name, control) = (&group.settings.name, group.control());
    let count = group.settings.config.replicas;
    let none = |index: u16| Reply::Refused(format!("{name}-{index}: no such replica"));
    match *request {
        Request::Status | Request::Inspect => Reply::Status(documents::inspect(group)),
        Request::Explain => Reply::Status(documents::explain(group)),
        Request::Restart(Some(index)) if index >= count => none(index),
        Request::ReactivateReplica(index) if index >= count => none(index),
        Request::Restart(index) => {
            control.restart(index);
            let what = index.map_or_else(|| name.to_string(), |it| format!("{name}-{it}"));
            Reply::Done(format!("{what} is restarted"))
        }
        Request::ReactivateReplica(index) => {
            let views = control.views();
            let state = views.get(usize::from(index)).map(|it| it.state);
            match state.filter(|it| !documents::is_over(*it)) {
                Some(state) => Reply::Done(format!("{name}-{index} is {}", state.as_str())),
                None => {
                    control.reactivate(index);
                    Reply::Done(format!("{name}-{index} reactivated"))
                }
            }
        }
        Request::Add(_)
        | Request::Remove(_)
        | Request::Reactivate(_)
        | Request::Origin(_)
        | Request::Reload => Reply::Refused(format!(
            "{name} is a group: allowed are inspect, explain, restart, reactivate"
        )),
    }
}
