//! Writes to the log what batches hold, in a bounded number of lines, and what a cycle came to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use health_core::check::{CheckStatus, Record};
use health_core::monitor::registry::{
    Batch, CheckChange, Notice, NoticeKind, ResultRow, TransitionRow,
};
use health_core::monitor::{MonitorStats, Summary};
use health_core::{Class, Name};
use tracing::{debug, enabled, error, info, warn};

use super::documents::rfc3339;
use crate::text::{REACTIVATE, millis};

/// Lines of one kind for one batch; the others are counted.
const MAX_LINES: usize = 50;

/// Logs what a batch holds.
pub(super) fn batch(batch: &Arc<Batch>) {
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
pub(super) fn notice(notice: &Notice, id: &str) {
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
            inactive = summary.inactive(),
            answers_again = summary.answers_again,
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
    debug!(%target, %check, class = ?record.class(), ms, reason = record.message(), "attempted");
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
    let worse = batch.transitions.iter().filter(|it| {
        let to = CheckStatus::Unhealthy;
        matches!(it.change, CheckChange::Status { to: is, .. } if is == to)
    });
    let worse: BTreeSet<_> = worse.map(|it| (&it.target, &it.check)).collect();
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
        let was_unhealthy = !worse.contains(&(&row.target, &row.check));
        if *status == CheckStatus::Unhealthy.as_str() && was_unhealthy {
            // It was said when it turned so, and would be said at each attempt until somebody comes.
            debug!(target = %row.target, check = %row.check, consecutive_failures, "still failing");
            continue;
        }
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
            warn!(%target, %check, "answers again; `{REACTIVATE} {target}` brings it back");
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
