//! Logs each batch, and passes the notices that it brings to the actions.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use health_core::monitor::registry::{Batch, Notice, NoticeKind};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval};
use tracing::error;

use super::actions::Actions;
use super::documents::Documents;
use super::list::List;
use super::log_lines;
use super::outbox::Outbox;
use super::receivers::{Receiver, Receivers};
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
        let mut receivers = Receivers::new(self.actions.all());
        let is_mass = stored.is_mass_failure;
        // Of all that was stored before.
        let mut last = stored.last;
        // Which groups the targets are of is known when all are watched.
        let mut stored = Some(stored);
        let mut waiting = Vec::new();
        let (mut has_begun, mut is_restored_mass) = (false, is_mass);
        let mut targets = 0;
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
                    receivers.replace(self.actions.all());
                    self.outbox.keep_receivers(&mut receivers);
                    None
                }
                // So late, at most, is a notice after its time.
                _ = second.tick() => None,
            };
            // A mass failure is not over because nothing is known yet.
            is_restored_mass &= !has_begun || !controls.first_results().is_complete();
            let is_mass = is_restored_mass || controls.is_mass_failure();
            if let Some(received) = received {
                last = last.max(received.last);
                log_lines::batch(&received.batch);
                received
                    .batch
                    .transitions
                    .iter()
                    .for_each(|it| documents.observe(it));
                waiting.push(received);
            }
            if !has_begun {
                continue;
            }
            let now = self.clock.now();
            if let Some(stored) = stored.take() {
                receivers.restore(now, stored, is_mass, &documents);
                self.outbox.keep_receivers(&mut receivers);
            }
            if waiting.is_empty() {
                receivers.observe(now, None, is_mass, &documents);
            }
            for received in waiting.drain(..) {
                receivers.observe(now, Some(&received.batch), is_mass, &documents);
                if let Some(mut late) = received.late {
                    let outbox = std::mem::take(&mut late.outbox);
                    receivers.restore(now, late, is_mass, &documents);
                    self.outbox.keep_receivers(&mut receivers);
                    self.actions.restore(outbox, &self.outbox);
                }
            }
            let is_due = receivers.is_due(now);
            if is_due || targets != self.list.len() {
                targets = self.list.len();
                receivers.retain(|name| self.list.has(name));
            }
            self.send(&mut receivers, &mut documents, last);
        }
        let now = self.clock.now();
        if let Some(stored) = stored.take() {
            receivers.restore(now, stored, is_mass, &documents);
        }
        for received in waiting {
            receivers.observe(now, Some(&received.batch), is_mass, &documents);
        }
        receivers.flush(now);
        self.send(&mut receivers, &mut documents, last);
        self.actions.finish().await;
        self.outbox.close();
    }

    /// Puts the notices that are due into the outbox, and hands them to the actions.
    fn send(&self, receivers: &mut Receivers, documents: &mut Documents, last: i64) {
        let now = self.clock.now();
        let summary = self.list.controls.summary();
        let controls = &self.list.controls;
        let is_any = !controls.quiet().is_empty();
        receivers.hold(now, |name| is_any && controls.is_quiet(name));
        while let Some(it) = receivers.poll_log(now) {
            log_lines::notice(&it, &documents.of(&it, summary, "log").0);
        }
        // The same notice for several actions has one number.
        let mut numbers = BTreeMap::new();
        let mut rows = Vec::new();
        for receiver in &mut receivers.actions {
            while let Some(it) = receiver.poll(now) {
                let Some(it) = self.as_wanted(receiver, it) else {
                    continue;
                };
                let name = &receiver.action.name;
                let (id, document) = documents.of(&it, summary, name);
                let next = || self.outbox.next_number();
                rows.push(OutboxRow {
                    number: *numbers.entry(Arc::clone(&id)).or_insert_with(next),
                    action: Arc::clone(name),
                    notice: id,
                    event: it.kind.as_str().into(),
                    at: super::documents::now(),
                    document,
                    attempts: 0,
                    is_done: false,
                });
            }
        }
        let noticed = if receivers.is_gathering() {
            // Of some of the transitions no notice is made yet.
            0
        } else {
            documents.clear();
            last
        };
        let is_mass_failure = receivers.is_mass_failure_sent();
        let held = receivers.held();
        self.outbox
            .post_all(rows.clone(), noticed, held, is_mass_failure, receivers);
        rows.into_iter().for_each(|row| self.actions.take(row));
    }

    /// The notice as the action wants it, if it does.
    fn as_wanted(&self, receiver: &Receiver, notice: Notice) -> Option<Notice> {
        let action = &receiver.action;
        // Who has not taken what stands before needs no reminder of it.
        let is_vain = notice.kind == NoticeKind::Reminder && self.outbox.has_waiting(&action.name);
        if action.wants(notice.kind) {
            return (!is_vain).then_some(notice);
        }
        // An action on what is unhealthy has no other notice of what was deregistered in the same step.
        let unhealthy = notice.as_unhealthy()?;
        action.wants(unhealthy.kind).then_some(unhealthy)
    }
}
