//! How much is kept of results, transitions and rollups, and the deletion of what is beyond that.

use std::time::Duration;

use health_core::{Name, UnixTime};
use rusqlite::{Result, Transaction as Tx};

use super::{rollup, write};

/// Transitions that one call deletes by their age.
const MAX_DELETED: usize = 4_096;
/// Checks that one call goes through.
const MAX_CHECKS: usize = 512;

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Results of each check.
    pub(crate) results: u32,
    /// Transitions of each check.
    pub(crate) transitions: u32,
    /// The age of both.
    pub(crate) keep: Duration,
}

impl Limits {
    /// How often what is too old is deleted.
    pub(crate) fn sweep_every(&self) -> Duration {
        const HOUR: Duration = Duration::from_secs(3_600);
        (self.keep / 10).clamp(Duration::from_secs(1), HOUR)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            results: 50,
            transitions: 1_000,
            keep: Duration::from_secs(90 * 24 * 3_600),
        }
    }
}

/// Deletes the oldest transitions of a check, beyond the number that is kept.
pub(super) fn transitions(tx: &Tx<'_>, target: &Name, check: &Name, kept: u32) -> Result<()> {
    tx.prepare_cached(
        "DELETE FROM transitions WHERE target = ?1 AND \"check\" = ?2 AND id <= (
            SELECT id FROM transitions WHERE target = ?1 AND \"check\" = ?2
            ORDER BY id DESC LIMIT 1 OFFSET ?3)",
    )?
    .execute((target.as_str(), check.as_str(), kept))?;
    Ok(())
}

/// Deletes what is too old: of so many transitions, and of the next checks after the one that `cursor` has
/// come to. Returns whether there may be more of it.
pub(super) fn sweep(tx: &Tx<'_>, limits: Limits, now: UnixTime, cursor: &mut i64) -> Result<bool> {
    let now = now.as_millis();
    let age = u64::try_from(limits.keep.as_millis()).unwrap_or(u64::MAX);
    let before = now.saturating_sub(age);
    let deleted = tx
        .prepare_cached(
            "DELETE FROM transitions WHERE id IN (
                SELECT id FROM transitions WHERE at < ?1 ORDER BY at LIMIT ?2)",
        )?
        .execute((before, MAX_DELETED))?;
    let checks: Vec<(i64, i64, i64, i64)> = tx
        .prepare_cached(
            "SELECT id, rolled_up, results, ring FROM checks WHERE id > ?1 ORDER BY id LIMIT ?2",
        )?
        .query_map((*cursor, MAX_CHECKS), |row| row.try_into())?
        .collect::<Result<_>>()?;
    let is_last = checks.len() < MAX_CHECKS;
    *cursor = checks.last().filter(|_| !is_last).map_or(0, |it| it.0);
    for (id, rolled_up, last, ring) in checks {
        results(tx, id, (rolled_up, last, ring), limits.results, before)?;
        rollup::forget(tx, id, now)?;
    }
    Ok(deleted >= MAX_DELETED || !is_last)
}

/// Deletes the results of a check that are too old, and those beyond the number, of a time when more were
/// kept. They go into the rollups before.
fn results(
    tx: &Tx<'_>,
    id: i64,
    (rolled_up, last, ring): (i64, i64, i64),
    kept: u32,
    before: u64,
) -> Result<()> {
    let is_gone = "check_id = ?1 AND (begin_at < ?2 OR slot >= ?3)";
    let waits: bool = tx
        .prepare_cached(&format!(
            "SELECT EXISTS (SELECT 1 FROM results WHERE {is_gone} AND number > ?4)"
        ))?
        .query_row((id, before, kept, rolled_up), |row| row.get(0))?;
    if waits || ring != i64::from(kept) {
        write::roll_up(tx, id, (rolled_up, last), kept)?;
    }
    tx.prepare_cached(&format!("DELETE FROM results WHERE {is_gone}"))?
        .execute((id, before, kept))?;
    Ok(())
}
