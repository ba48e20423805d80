//! Writes the registry, inside of a transaction.

use health_core::Name;
use health_core::UnixTime;
use health_core::check::Record;
use health_core::monitor::registry::{
    Batch, CheckChange, CheckRow, Definition, ResultRow, TransitionRow,
};
use health_core::{Cause, Class, Kind};
use rusqlite::{OptionalExtension, Result, Transaction as Tx, params};

use super::quiet;
use super::rollup::{self, LeftOut};
use super::sweep::{self, Limits};
use crate::text::millis;

pub(super) fn put(tx: &Tx<'_>, targets: &[Definition]) -> Result<()> {
    for Definition { name, checks, text } in targets {
        let id: i64 = tx
            .prepare_cached(
                "INSERT INTO targets (name, definition, added_at)
                 VALUES (?1, ?2, unixepoch('subsec') * 1000)
                 ON CONFLICT (name) DO UPDATE SET definition = excluded.definition
                 RETURNING id",
            )?
            .query_row((name.as_str(), &**text), |row| row.get(0))?;
        let known: Vec<String> = tx
            .prepare_cached("SELECT name FROM checks WHERE target_id = ?1")?
            .query_map([id], |row| row.get(0))?
            .collect::<Result<_>>()?;
        for gone in known
            .iter()
            .filter(|it| !checks.iter().any(|name| name.as_str() == *it))
        {
            tx.prepare_cached("DELETE FROM checks WHERE target_id = ?1 AND name = ?2")?
                .execute((id, gone))?;
        }
        for check in checks {
            tx.prepare_cached("INSERT OR IGNORE INTO checks (target_id, name) VALUES (?1, ?2)")?
                .execute((id, check.as_str()))?;
        }
    }
    Ok(())
}

pub(super) fn reset(tx: &Tx<'_>, names: &[Name]) -> Result<()> {
    let reset = "UPDATE checks SET status = 'unknown', is_active = 1, consecutive_failures = 0,
                           consecutive_successes = 0, since = NULL, deactivated_at = NULL,
                           deactivated_reason = NULL, answers_since = NULL,
                           restart_requested = 0
         WHERE target_id = (SELECT id FROM targets WHERE name = ?1)";
    each(tx, reset, names)
}

pub(super) fn remove(tx: &Tx<'_>, names: &[Name]) -> Result<()> {
    each(tx, "DELETE FROM targets WHERE name = ?1", names)?;
    each(tx, "DELETE FROM transitions WHERE target = ?1", names)?;
    quiet::forget(tx, names)
}

fn each(tx: &Tx<'_>, sql: &str, names: &[Name]) -> Result<()> {
    let mut statement = tx.prepare_cached(sql)?;
    for name in names {
        statement.execute([name.as_str()])?;
    }
    Ok(())
}

pub(super) fn batch(tx: &Tx<'_>, batch: &Batch, limits: Limits, is_noticed: bool) -> Result<()> {
    if !has_results(tx, batch)? {
        for row in &batch.results {
            if let Some(id) = find(tx, &row.target, &row.check)? {
                result(tx, id, row, limits.results.max(1))?;
            }
        }
    }
    for row in &batch.checks {
        if let Some(id) = find(tx, &row.target, &row.check)? {
            state(tx, id, row)?;
        }
    }
    for row in &batch.transitions {
        // That of a target that was removed meanwhile has gone with it.
        if find(tx, &row.target, &row.check)?.is_some() {
            transition(tx, row, is_noticed)?;
            sweep::transitions(tx, &row.target, &row.check, limits.transitions)?;
        }
    }
    Ok(())
}

/// Whether they were written before. A batch is written whole or not at all, so its last result speaks
/// for all of them; those before it may have left the ring.
fn has_results(tx: &Tx<'_>, batch: &Batch) -> Result<bool> {
    for row in batch.results.iter().rev() {
        if let Some(id) = find(tx, &row.target, &row.check)? {
            // Of one check, attempts never begin at the same moment.
            return tx
                .prepare_cached("SELECT last_checked_at IS ?2 FROM checks WHERE id = ?1")?
                .query_row((id, row.begin.as_millis()), |row| row.get(0));
        }
    }
    Ok(false)
}

/// `None` if the target was removed meanwhile.
fn find(tx: &Tx<'_>, target: &Name, check: &Name) -> Result<Option<i64>> {
    tx.prepare_cached(
        "SELECT c.id FROM targets t JOIN checks c ON c.target_id = t.id
         WHERE t.name = ?1 AND c.name = ?2",
    )?
    .query_row((target.as_str(), check.as_str()), |row| row.get(0))
    .optional()
}

fn result(tx: &Tx<'_>, id: i64, row: &ResultRow, kept: u32) -> Result<()> {
    let ResultRow { begin, record, .. } = row;
    let begin = begin.as_millis();
    let kind = record.kind().map(Kind::as_str);
    let is_success = matches!(record.class(), Class::Success | Class::Warning);
    let (count, rolled_up, ring, is_active): (i64, i64, i64, bool) = tx
        .prepare_cached(
            "UPDATE checks SET
                results = results + 1,
                last_checked_at = ?2,
                last_response_ms = ?3,
                last_success_at = iif(?4, ?2, last_success_at),
                last_error_kind = iif(?4, last_error_kind, ?5),
                last_error = iif(?4, last_error, ?6),
                last_evidence = iif(?4, last_evidence, ?7)
             WHERE id = ?1
             RETURNING results, rolled_up, ring, is_active",
        )?
        .query_row(
            params![
                id,
                begin,
                millis(record.duration()),
                is_success,
                kind,
                record.message(),
                record.cause().map(Cause::reveal),
            ],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )?;
    // Once for each time round, not of all checks at once, and before one is overwritten.
    let is_due = ring == 0 || (count + id) % ring == 0 || count - rolled_up > ring;
    let ring = match is_due {
        true => roll_up(tx, id, (rolled_up, count - 1), kept)?,
        false => ring,
    };
    tx.prepare_cached(
        "INSERT OR REPLACE INTO results
            (check_id, slot, begin_at, took_us, class, kind, message, counted, number, left_out)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute(params![
        id,
        count % ring,
        begin,
        i64::try_from(record.duration().as_micros()).unwrap_or(i64::MAX),
        record.class().as_str(),
        kind,
        record.message(),
        record.is_counted(),
        count,
        left_out(row, is_active).map(LeftOut::as_str),
    ])?;
    Ok(())
}

/// Rolls up the results after the first number, up to the second; from then on the ring has that much room,
/// since all that is in it may be overwritten. Returns the room.
pub(super) fn roll_up(
    tx: &Tx<'_>,
    id: i64,
    (rolled_up, last): (i64, i64),
    kept: u32,
) -> Result<i64> {
    if last > rolled_up {
        rollup::roll_up(tx, id, rolled_up)?;
    }
    tx.prepare_cached("UPDATE checks SET rolled_up = ?2, ring = ?3 WHERE id = ?1")?
        .execute((id, last, kept))?;
    Ok(i64::from(kept))
}

/// Why a result is no part of the uptime. One of a deregistered target moves no streak, but says whether it
/// is up.
fn left_out(row: &ResultRow, is_active: bool) -> Option<LeftOut> {
    if row.record.class() == Class::Indeterminate {
        return Some(LeftOut::Own);
    }
    if row.silenced {
        return Some(LeftOut::Silenced);
    }
    let is_early = is_active && !row.record.is_counted();
    is_early.then_some(LeftOut::Early)
}

fn state(tx: &Tx<'_>, id: i64, row: &CheckRow) -> Result<()> {
    let saved = row.saved;
    tx.prepare_cached(
        "UPDATE checks SET
            status = ?2,
            consecutive_failures = ?3,
            consecutive_successes = ?4,
            is_active = ?5,
            since = ?6,
            deactivated_at = iif(?5, NULL, coalesce(?7, deactivated_at)),
            deactivated_reason = iif(?5, NULL, deactivated_reason),
            answers_since = ?8,
            restart_requested = ?9
         WHERE id = ?1",
    )?
    .execute(params![
        id,
        saved.status.as_str(),
        saved.streak.failures(),
        saved.streak.successes(),
        !saved.deregistered,
        saved.since.map(UnixTime::as_millis),
        saved.deregistered_at.map(UnixTime::as_millis),
        saved.answers_since.map(UnixTime::as_millis),
        saved.restart_requested,
    ])?;
    Ok(())
}

fn transition(tx: &Tx<'_>, row: &TransitionRow, is_noticed: bool) -> Result<()> {
    let (change, statuses) = row.change.words();
    let (from, to) = statuses.unwrap_or_default();
    let record = row.record.as_ref();
    let message = record.map_or("", Record::message);
    let at = row.at.as_millis();
    tx.prepare_cached(
        "INSERT OR IGNORE INTO transitions
            (at, target, \"check\", change, from_status, to_status, failures, successes, kind, message,
             noticed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?
    .execute(params![
        at,
        row.target.as_str(),
        row.check.as_str(),
        change,
        from,
        to,
        row.streak.failures(),
        row.streak.successes(),
        record.and_then(Record::kind).map(Kind::as_str),
        message,
        is_noticed,
    ])?;
    if row.change == CheckChange::Deregistered {
        let failures = row.streak.failures();
        let reason = format!("{failures} failures in a row, the last one: {message}");
        tx.prepare_cached(
            "UPDATE checks SET deactivated_at = ?2, deactivated_reason = ?3
             WHERE is_active = 0 AND target_id = (SELECT id FROM targets WHERE name = ?1)",
        )?
        .execute(params![row.target.as_str(), at, reason])?;
    }
    Ok(())
}
