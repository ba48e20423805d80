//! Delivers notices to the actions of the configuration.
//!
//! Each action has a task and an outbox of its own: an action that hangs or fails delays no other one.
//! What is not delivered is in the registry, too, and goes on at the next start.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use health_core::health::ComponentConfig;
use health_core::monitor::registry::{DeliveryFailure, NoticeKind, Outbox as Queue};
use health_core::{NameError, Outcome};
use health_driver::Component;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tracing::{debug, error, warn};

use super::documents::now;
use super::handlers::{Refusal, deliver};
use super::outbox::Outbox;
use crate::config::Action;
use crate::store::OutboxRow;
use health_tokio::Health;

/// From one try to the next when nobody goes on later: the end is near.
const LAST_PAUSE: Duration = Duration::from_secs(1);

/// What becomes at the end of what is not delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AtEnd {
    /// The next process finds it in the registry.
    LeftToNext,
    /// Nobody else would deliver it: it is tried for as long as this process waits.
    TriedToTheLast,
}

/// The actions that run. See the [module](self).
pub(crate) struct Actions {
    senders: BTreeMap<Arc<str>, (Action, mpsc::UnboundedSender<Order>)>,
    tasks: JoinSet<()>,
    outbox: Outbox,
    health: Health,
    at_end: AtEnd,
    /// Once there are any.
    status: Option<Arc<Status>>,
}

/// What the task of an action is told.
enum Order {
    Deliver(OutboxRow),
    /// Its settings are others from now on.
    Change(Box<Action>),
}

impl Actions {
    /// Starts the tasks of these actions.
    ///
    /// # Errors
    ///
    /// Never, if called once.
    pub(crate) fn new(
        actions: Vec<Action>,
        outbox: &Outbox,
        health: &Health,
        at_end: AtEnd,
    ) -> Result<Self, NameError> {
        let mut new = Self {
            senders: BTreeMap::new(),
            tasks: JoinSet::new(),
            outbox: outbox.clone(),
            health: health.clone(),
            at_end,
            status: None,
        };
        new.replace(actions)?;
        Ok(new)
    }

    /// Changes the actions to these. One of a known name goes on with what it has not taken yet, by its new
    /// settings; what one that is gone has not taken stays in the registry, for the next start.
    ///
    /// # Errors
    ///
    /// Never.
    pub(crate) fn replace(&mut self, actions: Vec<Action>) -> Result<(), NameError> {
        let mut old = std::mem::take(&mut self.senders);
        for action in actions {
            let sender = match old.remove(&action.name) {
                Some((same, sender)) => {
                    if same != action {
                        let _ = sender.send(Order::Change(Box::new(action.clone())));
                    }
                    sender
                }
                None => self.start(&action)?,
            };
            self.senders
                .insert(Arc::clone(&action.name), (action, sender));
        }
        if let Some(status) = &self.status {
            old.keys().for_each(|gone| status.set(gone, None));
        }
        Ok(())
    }

    fn start(&mut self, action: &Action) -> Result<mpsc::UnboundedSender<Order>, NameError> {
        let status = match &self.status {
            Some(status) => Arc::clone(status),
            None => Arc::clone(self.status.insert(Status::new(&self.health)?)),
        };
        let (sender, orders) = mpsc::unbounded_channel();
        let delivery = Delivery {
            queue: Queue::new(action.give_up_after),
            action: action.clone(),
            outbox: self.outbox.clone(),
            status,
            clock: self.health.clone(),
            at_end: self.at_end,
        };
        self.tasks.spawn(delivery.run(orders));
        Ok(sender)
    }

    /// The actions.
    pub(super) fn all(&self) -> impl Iterator<Item = &Action> {
        self.senders.values().map(|(action, _)| action)
    }

    /// The names of the actions on notices of this kind.
    pub(crate) fn that_want(&self, kind: NoticeKind) -> impl Iterator<Item = &Action> {
        let actions = self.senders.values().map(|(action, _)| action);
        actions.filter(move |action| action.wants(kind))
    }

    /// Delivers it as soon as the action has taken all before it.
    pub(crate) fn take(&self, row: OutboxRow) {
        if let Some((_, sender)) = self.senders.get(&row.action) {
            let _ = sender.send(Order::Deliver(row));
        }
    }

    /// Goes on with what an earlier process has left. What was for an action that is no longer there is
    /// for those that are new and want it: most likely the same one, with a mistake mended.
    pub(super) fn restore(&self, rows: Vec<OutboxRow>, outbox: &Outbox) {
        let mut of_notice: BTreeMap<u64, Vec<OutboxRow>> = BTreeMap::new();
        for row in rows {
            of_notice.entry(row.number).or_default().push(row);
        }
        for rows in of_notice.into_values() {
            let waiting = rows.iter().filter(|row| !row.is_done);
            let gone = waiting.filter(|row| !self.senders.contains_key(&row.action));
            for row in gone {
                let kind = NoticeKind::from_word(&row.event);
                let wanting = kind.into_iter().flat_map(|kind| self.that_want(kind));
                let wanting = wanting.map(|action| &action.name);
                let is_new = |name: &Arc<str>| rows.iter().all(|row| row.action != *name);
                let new: Vec<_> = wanting.filter(|name| is_new(name)).collect();
                if new.is_empty() {
                    error!(event = %row.event, "a notice of an action that is not configured any more is given up");
                }
                let new = new.into_iter().map(|name| OutboxRow {
                    action: Arc::clone(name),
                    attempts: 0,
                    ..row.clone()
                });
                let new: Vec<_> = new.collect();
                outbox.post(new.clone());
                outbox.handle_done(row);
                new.into_iter().for_each(|row| self.take(row));
            }
            for row in rows.into_iter().filter(|row| !row.is_done) {
                self.take(row);
            }
        }
    }

    /// Tries what is [to be tried](AtEnd) now, at least what was not tried yet, and ends the tasks.
    pub(crate) async fn finish(mut self) {
        self.senders.clear();
        while self.tasks.join_next().await.is_some() {}
    }
}

/// One action, and what it has not taken yet.
struct Delivery {
    action: Action,
    queue: Queue<Arc<OutboxRow>>,
    outbox: Outbox,
    status: Arc<Status>,
    clock: Health,
    at_end: AtEnd,
}

impl Delivery {
    async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        let mut is_open = true;
        loop {
            while let Ok(order) = orders.try_recv() {
                self.take(order);
            }
            let due = self.queue.poll(self.clock.now());
            if let Some((row, attempt)) = due.map(|(row, attempt)| (Arc::clone(row), attempt)) {
                let delivered = deliver(&self.action, &row, attempt).await;
                self.handle_result(&row, attempt, delivered);
                if !is_open {
                    self.hurry(LAST_PAUSE);
                }
                continue;
            }
            let has_time = self.at_end == AtEnd::TriedToTheLast && !self.queue.is_empty();
            if !is_open && !has_time {
                break;
            }
            let pause = self.queue.poll_timeout();
            let pause = pause.map(|at| at.duration_since(self.clock.now()));
            tokio::select! {
                order = orders.recv(), if is_open => match order {
                    Some(order) => self.take(order),
                    None => {
                        is_open = false;
                        self.hurry(Duration::ZERO);
                    }
                },
                () = sleep(pause.unwrap_or(Duration::MAX)), if pause.is_some() => {}
            }
        }
        if !self.queue.is_empty() {
            let (action, waiting) = (&self.action.handler, self.queue.len());
            if self.outbox.is_stored() {
                warn!(%action, waiting, "action failed; tried again at the next start");
            } else {
                error!(%action, waiting, "action failed, given up");
            }
        }
    }

    /// The end is near: the next try is so soon, if nobody goes on later.
    fn hurry(&mut self, pause: Duration) {
        if self.at_end == AtEnd::TriedToTheLast {
            self.queue.hurry(self.clock.now() + pause);
        }
    }

    fn take(&mut self, order: Order) {
        match order {
            Order::Deliver(row) => self.push(row),
            Order::Change(action) => {
                self.queue.set_give_up_after(action.give_up_after);
                self.action = *action;
            }
        }
    }

    fn push(&mut self, row: OutboxRow) {
        let age = now().as_millis().saturating_sub(row.at.as_millis());
        let (age, attempts) = (Duration::from_millis(age), row.attempts);
        let now = self.clock.now();
        if let Some(lost) = self.queue.restore(now, Arc::new(row), age, attempts) {
            let action = &self.action.handler;
            error!(event = %lost.event, %action, "too many notices wait: the oldest is given up");
            self.outbox.handle_done(&lost);
        }
    }

    fn handle_result(&mut self, row: &OutboxRow, attempt: u32, delivered: Result<String, Refusal>) {
        let (event, action) = (&row.event, &self.action.handler);
        let refusal = match delivered {
            Ok(answer) => {
                self.queue.handle_success();
                self.outbox.handle_done(row);
                self.status.set(&self.action.name, None);
                return debug!(%event, %action, attempt, answer, "notice delivered");
            }
            Err(refusal) => refusal,
        };
        let error = refusal.text;
        let text = format!("{action}: {error}");
        self.status.set(&self.action.name, Some(text));
        let now = self.clock.now();
        if let Some(pause) = refusal.retry_after {
            self.queue.wait_until(now + pause);
        }
        match self.queue.handle_failure(now) {
            DeliveryFailure::Retry { at } => {
                let again_in = at.duration_since(now);
                warn!(%event, %action, error, attempt, ?again_in, "action failed");
                self.outbox.handle_attempt(row, attempt);
            }
            DeliveryFailure::GivenUp(row) => {
                error!(%event, %action, error, attempt, "action failed, given up");
                self.outbox.handle_done(&row);
            }
        }
    }
}

/// The component `actions`: well while the last attempt of each action was.
struct Status {
    component: Component,
    failing: Mutex<BTreeMap<Arc<str>, String>>,
}

impl Status {
    fn new(health: &Health) -> Result<Arc<Self>, NameError> {
        // Targets are watched all the same.
        let config = ComponentConfig::new().retries(1).critical(false);
        let component = health.component_with("actions", config)?;
        component.success();
        Ok(Arc::new(Self {
            component,
            failing: Mutex::default(),
        }))
    }

    fn set(&self, action: &Arc<str>, failure: Option<String>) {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        match failure {
            Some(text) => drop(failing.insert(Arc::clone(action), text)),
            None => drop(failing.remove(action)),
        }
        self.component.record(match failing.values().next() {
            Some(text) => Outcome::failure_with_message(text.clone()),
            None => Outcome::success(),
        });
    }
}
