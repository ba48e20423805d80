//! Logs each batch, and passes the notices that it brings to the actions.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use health_core::Instant;
use health_core::monitor::registry::{Batch, NoticeKind, Notices};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval};
use tracing::error;

use super::actions::Actions;
use super::documents::{Documents, now};
use super::list::List;
use super::log_lines;
use super::outbox::Outbox;
use crate::config::Action;
use crate::store::{OutboxRow, StoredNotices};
use health_tokio::Health;

/// A batch that was stored, or cannot be for now.
#[derive(Debug)]
pub(crate) struct StoredBatch {
    pub(super) batch: Arc<Batch>,
    /// The number of the last transition in the registry; 0 if it was not stored.
    pub(super) last: i64,
    /// What an earlier process has left, if it could not be read at the start.
    pub(super) late: Option<StoredNotices>,
}

/// Logs the batches, makes notices of them and has the actions take those, until there are no more
/// batches.
pub(super) struct Reporter {
    pub(super) list: List,
    pub(super) actions: Actions,
    /// The actions of a configuration that was read again.
    pub(super) changed: mpsc::UnboundedReceiver<Vec<Action>>,
    pub(super) outbox: Outbox,
    pub(super) clock: Health,
    /// Resolves when all targets are watched.
    pub(super) begun: oneshot::Receiver<()>,
}

impl Reporter {
    /// Goes on from what an earlier process has left.
    pub(super) async fn run(
        mut self,
        mut stored_batches: mpsc::Receiver<StoredBatch>,
        stored: StoredNotices,
    ) {
        let controls = self.list.controls.clone();
        let mut documents = Documents::new(self.list.clone());
        let mut notices = Notices::default();
        notices.restore(stored.sent, stored.is_mass_failure);
        let is_mass = stored.is_mass_failure;
        notices.observe(self.clock.now(), &stored.unnoticed, is_mass);
        // Of all that was stored before.
        let mut last = stored.last;
        let (mut has_begun, mut is_restored_mass) = (false, is_mass);
        let mut second = interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let received = tokio::select! {
                received = stored_batches.recv() => match received {
                    Some(received) => Some(received),
                    None => break,
                },
                begun = &mut self.begun, if !has_begun => {
                    has_begun = begun.is_ok();
                    None
                }
                Some(actions) = self.changed.recv() => {
                    if let Err(error) = self.actions.replace(actions) {
                        error!(%error, "the actions stay as they were");
                    }
                    None
                }
                // So late, at most, is a notice after its time.
                _ = second.tick() => None,
            };
            let transitions = received
                .as_ref()
                .map_or(&[][..], |it| &it.batch.transitions);
            transitions.iter().for_each(|it| documents.observe(it));
            // A mass failure is not over because nothing is known yet.
            is_restored_mass &= !has_begun || !controls.first_results().is_complete();
            let is_mass = is_restored_mass || controls.is_mass_failure();
            notices.observe(self.clock.now(), transitions, is_mass);
            if let Some(received) = received {
                last = last.max(received.last);
                log_lines::batch(&received.batch);
                if let Some(late) = received.late {
                    notices.restore(late.sent, notices.is_mass_failure_sent());
                    notices.observe(self.clock.now(), &late.unnoticed, is_mass);
                    self.actions.restore(late.outbox, &self.outbox);
                }
            }
            if has_begun {
                let is_due = notices
                    .poll_timeout()
                    .is_some_and(|at| at <= self.clock.now());
                if is_due {
                    notices.retain(|name| self.list.has(name));
                }
                let now = self.clock.now();
                self.send(&mut notices, now, &mut documents, last);
            }
        }
        // What has just turned would have waited for others; none will follow.
        while let Some(at) = notices.poll_timeout().filter(|_| notices.is_gathering()) {
            self.send(&mut notices, at, &mut documents, last);
        }
        self.actions.finish().await;
        self.outbox.close();
    }

    /// Puts the notices that are due into the outbox, and hands them to the actions.
    fn send(&self, notices: &mut Notices, until: Instant, documents: &mut Documents, last: i64) {
        let mut rows = Vec::new();
        while let Some(it) = notices.poll(until) {
            let number = self.outbox.next_number();
            let (id, document) = documents.of(&it, self.list.controls.summary());
            log_lines::notice(&it, &id);
            let row =
                |action: &Arc<str>, kind: NoticeKind, (id, document): (&Arc<str>, &Arc<str>)| {
                    OutboxRow {
                        number,
                        action: Arc::clone(action),
                        notice: Arc::clone(id),
                        event: kind.as_str().into(),
                        at: now(),
                        document: Arc::clone(document),
                        attempts: 0,
                        is_done: false,
                    }
                };
            let wanting: BTreeSet<_> = self.actions.that_want(it.kind).collect();
            rows.extend(wanting.iter().map(|to| row(to, it.kind, (&id, &document))));
            // An action on what is unhealthy has no other notice of what was deregistered in the same step.
            if let Some(it) = it.as_unhealthy() {
                let (id, document) = documents.of(&it, self.list.controls.summary());
                let others = self.actions.that_want(it.kind);
                let others = others.filter(|to| !wanting.contains(to));
                rows.extend(others.map(|to| row(to, it.kind, (&id, &document))));
            }
        }
        let noticed = if notices.is_gathering() {
            // Of some of the transitions no notice is made yet.
            0
        } else {
            documents.clear();
            last
        };
        let is_mass_failure = notices.is_mass_failure_sent();
        self.outbox.post_all(rows.clone(), noticed, is_mass_failure);
        rows.into_iter().for_each(|row| self.actions.take(row));
    }
}
