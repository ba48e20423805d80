//! Logs each batch, in a bounded number of lines, and passes its notices to the actions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use health_core::Class;
use health_core::Name;
use health_core::check::{CheckStatus, Record};
use health_core::monitor::registry::{
    Batch, CheckChange, Notice, NoticeKind, Notices, ResultRow, TransitionRow,
};
use health_core::monitor::{MonitorStats, Summary};
use health_driver::monitor::MonitorControl;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};
use tracing::{debug, enabled, error, info, warn};

use super::actions::Actions;
use crate::config::Action;
use crate::text::millis;
use health_tokio::Health;

/// Lines of one kind for one batch; the others are counted.
const MAX_LINES: usize = 50;

/// Logs the batches and runs the actions, until there are no more batches.
pub(super) async fn run(
    mut announced: mpsc::Receiver<Arc<Batch>>,
    controls: MonitorControl,
    actions: Vec<Action>,
    clock: Health,
) {
    let mut notices = Notices::default();
    let (actions, mut acting) = Actions::new(actions);
    let mut second = interval(Duration::from_secs(1));
    second.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let news = tokio::select! {
            batch = announced.recv() => match batch {
                Some(batch) => Some(batch),
                None => break,
            },
            // So late, at most, is a notice after its time.
            _ = second.tick() => None,
        };
        let transitions = news.as_ref().map_or(&[][..], |it| &it.transitions);
        notices.observe(clock.now(), transitions, controls.is_mass_failure());
        while let Some(it) = notices.poll(clock.now()) {
            notice(&it);
            actions.take(&it, controls.summary());
        }
        if let Some(it) = news {
            batch(&it);
        }
    }
    // What has just turned would have waited for others; none will follow.
    while let Some(it) = notices.poll_timeout().and_then(|at| notices.poll(at)) {
        notice(&it);
        actions.take(&it, controls.summary());
    }
    drop(actions);
    while acting.join_next().await.is_some() {}
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
fn notice(notice: &Notice) {
    let count = notice.transitions.len();
    match notice.kind {
        NoticeKind::MassFailure => {
            error!(
                count,
                "mass failure: nothing is done about targets that fail together until it is over"
            );
        }
        NoticeKind::MassFailureUpdate => warn!(changed = count, "mass failure goes on"),
        NoticeKind::MassFailureOver => warn!(still_unhealthy = count, "mass failure over"),
        kind => debug!(count, kind = kind.as_str(), "notice"),
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

/// Logs each failing check at each failure, with its failures in a row.
fn failures(batch: &Batch) {
    let failed = batch.results.iter();
    let failed = failed.filter(|it| it.record.class() == Class::Failure);
    let last: BTreeMap<(&Name, &Name), &Record> = failed
        .map(|it| ((&it.target, &it.check), &it.record))
        .collect();
    let turned: BTreeSet<(&Name, &Name)> = batch
        .transitions
        .iter()
        .map(|it| (&it.target, &it.check))
        .collect();
    let rows = batch.checks.iter().filter_map(|row| {
        let failures = row.saved.streak.failures();
        if turned.contains(&(&row.target, &row.check)) {
            // The transition has a line of its own.
            return None;
        }
        let record = last.get(&(&row.target, &row.check))?;
        (failures > 0).then_some((row, failures, record))
    });
    for (index, (row, consecutive_failures, record)) in rows.enumerate() {
        if index == MAX_LINES {
            warn!(failing = last.len(), "more failing checks, see list");
            break;
        }
        warn!(
            target = %row.target,
            check = %row.check,
            consecutive_failures,
            status = row.saved.status.as_str(),
            reason = record.message(),
            ms = millis(record.duration()),
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
