//! How much is kept of results and transitions, and the deletion of what is beyond that.

use std::time::Duration;

use health_core::{Name, UnixTime};
use rusqlite::{Result, Transaction as Tx};

/// Transitions that one call deletes by their age.
const MAX_DELETED: usize = 4_096;

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
            results: 10,
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

/// Deletes what is too old. Returns whether there may be more of it.
pub(super) fn sweep(tx: &Tx<'_>, limits: Limits, now: UnixTime) -> Result<bool> {
    let age = u64::try_from(limits.keep.as_millis()).unwrap_or(u64::MAX);
    let before = now.as_millis().saturating_sub(age);
    let deleted = tx
        .prepare_cached(
            "DELETE FROM transitions WHERE id IN (
                SELECT id FROM transitions WHERE at < ?1 ORDER BY at LIMIT ?2)",
        )?
        .execute((before, MAX_DELETED))?;
    // Those beyond the number are of a time when more were kept.
    tx.prepare_cached("DELETE FROM results WHERE begin_at < ?1 OR slot >= ?2")?
        .execute((before, limits.results))?;
    Ok(deleted >= MAX_DELETED)
}
