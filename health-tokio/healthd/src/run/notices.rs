//! Tells the actions of the configuration what happens to groups, in the form in which they are told of
//! targets.
//!
//! Nothing is stored: a notice that is not delivered when the program ends is lost. So the end waits for
//! a while, and says of each that is lost what it was.

use std::sync::Arc;
use std::time::Duration;

use health_core::monitor::registry::NoticeKind;
use health_core::supervise::{GroupCommand, GroupEvent};
use health_tokio::Health;
use serde_json::{Value, json};
use tokio::time::sleep;
use tracing::warn;

use super::events::reason_words;
use super::group::RunningGroup;
use crate::config::{Action, fingerprint};
use crate::daemon::{Actions, AtEnd, Outbox, now, rfc3339, severity, source, title};
use crate::store::OutboxRow;

/// The actions that run.
pub(super) struct Notices {
    actions: Actions,
    outbox: Outbox,
}

impl Notices {
    /// Starts the tasks of these actions.
    ///
    /// # Errors
    ///
    /// Never, if called once; one line for people.
    pub(super) fn new(actions: Vec<Action>, health: &Health) -> Result<Self, String> {
        let outbox = Outbox::default();
        let actions = Actions::new(actions, &outbox, health, AtEnd::TriedToTheLast);
        let actions = actions.map_err(|error| error.to_string())?;
        Ok(Self { actions, outbox })
    }

    /// Makes a notice of what is one.
    pub(super) fn observe(&self, group: &RunningGroup, event: &GroupEvent) {
        let Some((kind, targets)) = notice(group, event) else {
            return;
        };
        let number = self.outbox.next_number();
        let (at, name) = (now(), group.settings.name.as_str());
        let summary = group.control().summary();
        let place = number.to_string();
        let mark = fingerprint([kind.as_str(), name, &*place]);
        let id: Arc<str> = format!("{:x}-{mark:016x}", at.as_millis()).into();
        let names = targets.iter().filter_map(|it| it["name"].as_str());
        let names: Vec<_> = names.collect();
        let open = match kind {
            NoticeKind::MassFailureOver => targets.len(),
            _ => summary.total.saturating_sub(summary.healthy).max(1),
        };
        // What was restarted is over at once.
        let lasts = kind != NoticeKind::Restarted;
        let document = json!({
            "id": &*id,
            "event": kind.as_str(),
            "at": rfc3339(at),
            "summary": title(kind, &names, targets.len(), open),
            "severity": severity(kind, targets.len()),
            "source": source(),
            "incident": lasts.then(|| format!("run-{name}")),
            "since": rfc3339(at),
            "open": open,
            "group": name,
            "health": summary.to_string(),
            "count": targets.len(),
            "targets": targets,
            "healthy": summary.healthy,
            "total": summary.total,
        });
        let document: Arc<str> = document.to_string().into();
        let actions = self.actions.that_want(kind);
        let actions = actions.filter(|action| action.is_for(Some(name)));
        let rows = actions.map(|action| OutboxRow {
            number,
            action: Arc::clone(&action.name),
            notice: Arc::clone(&id),
            event: kind.as_str().into(),
            at,
            document: Arc::clone(&document),
            attempts: 0,
            is_done: false,
        });
        let rows: Vec<_> = rows.collect();
        self.outbox.post(rows.clone());
        rows.into_iter().for_each(|row| self.actions.take(row));
    }

    /// Delivers what can be delivered within so long, or until `enough` is ready, and says what cannot.
    pub(super) async fn finish(self, limit: Duration, enough: impl Future<Output = ()>) {
        tokio::select! {
            biased;
            () = self.actions.finish() => {}
            () = enough => {}
            () = sleep(limit) => {}
        }
        for row in self.outbox.undelivered() {
            let (id, event, attempts) = (&*row.notice, &*row.event, row.attempts);
            let targets = targets(&row.document);
            warn!(id, event, targets, attempts, "notice not delivered");
        }
    }
}

/// The names in a notice.
fn targets(document: &str) -> String {
    let document: Value = serde_json::from_str(document).unwrap_or_default();
    let targets = document["targets"].as_array().into_iter().flatten();
    let names = targets.filter_map(|it| it["name"].as_str());
    names.collect::<Vec<_>>().join(", ")
}

/// What the event is to whoever is told of it, and of which replicas.
fn notice(group: &RunningGroup, event: &GroupEvent) -> Option<(NoticeKind, Vec<Value>)> {
    let group_name = group.settings.name.as_str();
    let replica = |index: u16, reason: String| {
        let views = group.control().views();
        let view = views.get(usize::from(index));
        json!({
            "name": format!("{group_name}-{index}"),
            "group": group_name,
            "status": view.map(|it| it.state.as_str()),
            "since": view.map(|it| rfc3339(it.since)),
            "instance": view.map(|it| it.instance),
            "restarts": view.map(|it| it.restarts),
            "reason": reason,
        })
    };
    match *event {
        GroupEvent::Command {
            command: GroupCommand::Start(instance) | GroupCommand::Restart(instance),
            ..
        } => {
            let views = group.control().views();
            let ended = views.get(usize::from(instance.replica))?.last_end();
            let is_external = matches!(
                event,
                GroupEvent::Command {
                    command: GroupCommand::Restart(_),
                    ..
                }
            );
            if instance.number == 1 && !is_external {
                return None;
            }
            let reason = ended.map_or("a check has failed", |it| it.reason.as_str());
            Some((
                NoticeKind::Restarted,
                vec![replica(instance.replica, reason.to_owned())],
            ))
        }
        GroupEvent::GivenUp {
            replica: index,
            reason,
            ..
        } => {
            let all = 0..group.settings.config.replicas;
            let those = index.map_or(all, |index| index..index + 1);
            let text = reason_words(reason);
            let targets = those.map(|it| replica(it, text.to_owned())).collect();
            Some((NoticeKind::GivenUp, targets))
        }
        GroupEvent::MassFailure { on, .. } => {
            let views = group.control().views().into_iter();
            let failing = views.filter(|it| it.shown != health_core::supervise::Shown::Healthy);
            let targets = failing.map(|it| replica(it.index, it.shown.as_str().to_owned()));
            let kind = if on {
                NoticeKind::MassFailure
            } else {
                NoticeKind::MassFailureOver
            };
            Some((kind, targets.collect()))
        }
        _ => None,
    }
}
