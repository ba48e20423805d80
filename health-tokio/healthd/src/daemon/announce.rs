//! Logs each batch, in a bounded number of lines, and passes its notices to the actions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use health_core::Class;
use health_core::Instant as CoreInstant;
use health_core::Name;
use health_core::check::{CheckStatus, Record};
use health_core::monitor::registry::{
    Batch, CheckChange, Notice, NoticeKind, Notices, ResultRow, TransitionRow,
};
use health_core::monitor::{MonitorStats, Summary};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval};
use tracing::{debug, enabled, error, info, warn};

use super::actions::Actions;
use super::documents::{Documents, now, rfc3339};
use super::list::List;
use super::outbox::Outbox;
use crate::store::{OutboxRow, StoredNotices};
use crate::text::millis;
use health_tokio::Health;

/// Lines of one kind for one batch; the others are counted.
const MAX_LINES: usize = 50;

/// A batch that was stored, or cannot be for now.
#[derive(Debug)]
pub(crate) struct Announcement {
    pub(super) batch: Arc<Batch>,
    /// The number of the last transition in the registry; 0 if it was not stored.
    pub(super) last: i64,
    /// What an earlier process has left, if it could not be read at the start.
    pub(super) late: Option<StoredNotices>,
}

/// Logs the batches, makes notices of them and has the actions take those, until there are no more
/// batches.
pub(super) struct Announcer {
    pub(super) list: List,
    pub(super) actions: Actions,
    pub(super) outbox: Outbox,
    pub(super) clock: Health,
    /// Resolves when all targets are watched.
    pub(super) begun: oneshot::Receiver<()>,
}

impl Announcer {
    /// Goes on from what an earlier process has left.
    pub(super) async fn run(
        mut self,
        mut announced: mpsc::Receiver<Announcement>,
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
            let news = tokio::select! {
                news = announced.recv() => match news {
                    Some(news) => Some(news),
                    None => break,
                },
                begun = &mut self.begun, if !has_begun => {
                    has_begun = begun.is_ok();
                    None
                }
                // So late, at most, is a notice after its time.
                _ = second.tick() => None,
            };
            let transitions = news.as_ref().map_or(&[][..], |it| &it.batch.transitions);
            transitions.iter().for_each(|it| documents.observe(it));
            // A mass failure is not over because nothing is known yet.
            is_restored_mass &= !has_begun || !controls.first_results().is_complete();
            let is_mass = is_restored_mass || controls.is_mass_failure();
            notices.observe(self.clock.now(), transitions, is_mass);
            if let Some(news) = news {
                last = last.max(news.last);
                batch(&news.batch);
                if let Some(late) = news.late {
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
    fn send(
        &self,
        notices: &mut Notices,
        until: CoreInstant,
        documents: &mut Documents,
        last: i64,
    ) {
        let mut rows = Vec::new();
        while let Some(it) = notices.poll(until) {
            let number = self.outbox.next_number();
            let (id, document) = documents.of(&it, self.list.controls.summary());
            notice(&it, &id);
            for action in self.actions.that_want(it.kind) {
                rows.push(OutboxRow {
                    number,
                    action: Arc::clone(action),
                    notice: Arc::clone(&id),
                    event: it.kind.as_str().into(),
                    at: now(),
                    document: Arc::clone(&document),
                    attempts: 0,
                    is_done: false,
                });
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

/// Logs what a batch holds.
fn batch(batch: &Arc<Batch>) {
    if enabled!(tracing::Level::DEBUG) {
        batch.results.iter().for_each(attempt);
    }
    failures(batch);
    let mut rest = 0_usize;
    for (index, it) in batch.transitions.iter().enumerate() {
        // What is taken off the list is always worth its line.
        if index < MAX_LINES || it.change == CheckChange::Deregistered {
            transition(it);
        } else {
            rest += 1;
        }
    }
    if rest > 0 {
        warn!(transitions = rest, "more transitions, see explain");
    }
}

/// Logs a notice. Single targets have lines of their own, so notices about them are at level debug.
fn notice(notice: &Notice, id: &str) {
    let count = notice.transitions.len();
    match notice.kind {
        NoticeKind::MassFailure => {
            error!(
                count,
                "mass failure: nothing is done about any target until it is over"
            );
        }
        NoticeKind::MassFailureUpdate => warn!(changed = count, "mass failure goes on"),
        NoticeKind::MassFailureOver => warn!(still_unhealthy = count, "mass failure over"),
        kind => debug!(id, count, kind = kind.as_str(), "notice"),
    }
}

/// The figures of a cycle.
pub(super) struct Cycle {
    since: Instant,
    before: MonitorStats,
}

impl Cycle {
    pub(super) fn begin(stats: MonitorStats) -> Self {
        Self {
            since: Instant::now(),
            before: stats,
        }
    }

    /// Logs what has happened since the last call.
    pub(super) fn end(&mut self, stats: MonitorStats, summary: Summary) {
        let before = std::mem::replace(&mut self.before, stats);
        let seconds = self.since.elapsed().as_secs_f64();
        self.since = Instant::now();
        info!(
            checked = stats.attempts - before.attempts,
            targets = summary.total,
            healthy = summary.healthy(),
            unhealthy = summary.unhealthy,
            inactive = summary.unjudged,
            failures = stats.failures - before.failures,
            indeterminate = stats.indeterminate - before.indeterminate,
            lag_p99_ms = millis(stats.lag_quantile(0.99)),
            skipped_slots = stats.skipped_slots - before.skipped_slots,
            deregistered = stats.deregistered - before.deregistered,
            suppressed = stats.suppressed - before.suppressed,
            seconds = (seconds * 10.0).round() / 10.0,
            "cycle"
        );
    }
}

fn attempt(row: &ResultRow) {
    let ResultRow {
        target,
        check,
        record,
        ..
    } = row;
    let ms = millis(record.duration());
    debug!(%target, %check, class = ?record.class(), ms, message = record.message());
}

/// A failing check is logged at each failure that counts, with how far it has come.
fn failures(batch: &Batch) {
    let states = batch.checks.iter();
    let mut states: BTreeMap<(&Name, &Name), (u32, &str)> = states
        .map(|row| {
            let state = (row.saved.streak.failures(), row.saved.status.as_str());
            ((&row.target, &row.check), state)
        })
        .collect();
    // A transition has a line of its own.
    let turned = batch.transitions.iter();
    let turned: BTreeSet<_> = turned
        .filter_map(|it| Some((&it.target, &it.check, it.record.as_ref()?.begin())))
        .collect();
    let mut lines = Vec::new();
    // The state is that after the last result: the one before has one failure less.
    for row in batch
        .results
        .iter()
        .rev()
        .filter(|it| it.record.is_counted())
    {
        let Some((streak, status)) = states.get_mut(&(&row.target, &row.check)) else {
            continue;
        };
        if row.record.class() != Class::Failure {
            *streak = 0;
            continue;
        }
        let consecutive_failures = (*streak).max(1);
        *streak = streak.saturating_sub(1);
        if !turned.contains(&(&row.target, &row.check, row.record.begin())) {
            lines.push((row, consecutive_failures, *status));
        }
    }
    for (index, (row, consecutive_failures, status)) in lines.iter().rev().enumerate() {
        if index == MAX_LINES {
            warn!(failing = lines.len(), "more failing checks, see list");
            break;
        }
        let record = &row.record;
        warn!(
            target = %row.target,
            check = %row.check,
            consecutive_failures,
            status,
            reason = record.message(),
            ms = millis(record.duration()),
            at = rfc3339(row.begin),
            "failed"
        );
    }
}

fn transition(it: &TransitionRow) {
    let TransitionRow { target, check, .. } = it;
    let consecutive_failures = it.streak.failures();
    let reason = it.record.as_ref().map_or("", Record::message);
    match it.change {
        CheckChange::Status { from, to } => {
            let was = from.as_str();
            match to {
                CheckStatus::Unhealthy => {
                    warn!(%target, %check, was, consecutive_failures, reason, "unhealthy");
                }
                _ => info!(%target, %check, was, "{}", to.as_str()),
            }
        }
        CheckChange::Deregistered => {
            error!(%target, %check, consecutive_failures, reason, "deregistered");
        }
        CheckChange::AnswersAgain => {
            warn!(%target, %check, "answers again; `healthd reactivate {target}` brings it back");
        }
        CheckChange::RestartRequested => {
            error!(%target, %check, consecutive_failures, reason, "restart requested");
        }
        CheckChange::ActionSuppressed => {
            warn!(%target, %check, "too many targets fail at once: nothing is done about it");
        }
        CheckChange::ProberImpaired => {
            warn!(%target, %check, reason, "the prober itself is in trouble");
        }
    }
}
