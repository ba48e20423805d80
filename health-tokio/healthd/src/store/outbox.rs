//! Notices in the registry: what was not delivered yet, and from what no notice was made yet.

use std::collections::BTreeSet;
use std::sync::Arc;

use health_core::check::{CheckStatus, Record};
use health_core::monitor::registry::{CheckChange, TransitionRow};
use health_core::{Kind, Name, Outcome, Streak, UnixTime};
use rusqlite::{Connection, Result, Row, Transaction as Tx, params};

use super::told::{self, ReceiverRow, Told, ToldRow};

/// A notice for one action that has not taken it yet, or (`is_done`) has, while another one has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OutboxRow {
    /// Of the notice: their order.
    pub(crate) number: u64,
    pub(crate) action: Arc<str>,
    /// The id that receivers see.
    pub(crate) notice: Arc<str>,
    pub(crate) event: Arc<str>,
    pub(crate) at: UnixTime,
    /// JSON, as it is sent.
    pub(crate) document: Arc<str>,
    pub(crate) attempts: u32,
    pub(crate) is_done: bool,
}

/// What has changed of the notices. It is written whole or not at all.
#[derive(Clone, Debug, Default)]
pub(crate) struct OutboxChange {
    /// The file is to hold these rows only: it may be another one.
    pub(crate) is_whole: bool,
    pub(crate) put: Vec<OutboxRow>,
    pub(crate) remove: Vec<(u64, Arc<str>)>,
    /// Notices were made from the transitions up to this one.
    pub(crate) noticed: i64,
    /// Targets of which notices are held back: their transitions stay among those that no notice was made
    /// from.
    pub(crate) held: BTreeSet<Name>,
    /// The last notice of a mass failure was of its beginning.
    pub(crate) is_mass_failure: bool,
    pub(crate) receivers: Vec<ReceiverRow>,
    /// Actions that there are no more.
    pub(crate) gone: Vec<Arc<str>>,
    /// Takes the place of what each was told of that target.
    pub(crate) told: Vec<Told>,
}

/// What an earlier process has left.
#[derive(Debug, Default)]
pub(crate) struct StoredNotices {
    pub(crate) outbox: Vec<OutboxRow>,
    /// Of each check of which a notice has said that it is unhealthy or deregistered: since when.
    pub(crate) sent: Vec<TransitionRow>,
    /// Transitions from which no notice was made, oldest first.
    pub(crate) unnoticed: Vec<TransitionRow>,
    /// The number of the last transition.
    pub(crate) last: i64,
    pub(crate) is_mass_failure: bool,
    /// The actions that were told by rules of their own.
    pub(crate) receivers: Vec<ReceiverRow>,
    pub(crate) told: Vec<ToldRow>,
}

pub(super) fn write(tx: &Tx<'_>, change: &OutboxChange) -> Result<()> {
    if change.is_whole {
        tx.execute_batch("DELETE FROM outbox; DELETE FROM told; DELETE FROM receivers;")?;
    }
    for (number, action) in &change.remove {
        tx.prepare_cached("DELETE FROM outbox WHERE number = ?1 AND action = ?2")?
            .execute(params![number, action])?;
    }
    for row in &change.put {
        tx.prepare_cached(
            "INSERT OR REPLACE INTO outbox
                (number, action, notice, event, at, document, attempts, is_done)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            row.number,
            row.action,
            row.notice,
            row.event,
            row.at.as_millis(),
            row.document,
            row.attempts,
            row.is_done,
        ])?;
    }
    told::write_receivers(tx, &change.receivers, &change.gone)?;
    told::write(tx, &change.told)?;
    let held: Vec<_> = change.held.iter().map(Name::as_str).collect();
    tx.prepare_cached(
        "UPDATE transitions SET noticed = 1
         WHERE noticed = 0 AND id <= ?1 AND target NOT IN (SELECT value FROM json_each(?2))",
    )?
    .execute(params![change.noticed, serde_json::json!(held).to_string()])?;
    if change.is_mass_failure {
        tx.execute("INSERT OR IGNORE INTO flags VALUES ('mass_failure')", ())?;
    } else {
        tx.execute("DELETE FROM flags WHERE name = 'mass_failure'", ())?;
    }
    Ok(())
}

/// The number of the last transition.
pub(super) fn last_transition(connection: &Connection) -> Result<i64> {
    connection
        .prepare_cached("SELECT coalesce(max(id), 0) FROM transitions")?
        .query_row((), |row| row.get(0))
}

pub(super) fn load(connection: &Connection) -> Result<StoredNotices> {
    let version: i32 = connection.query_row("PRAGMA user_version", (), |row| row.get(0))?;
    if version < 3 {
        let since = if version < 2 { "NULL" } else { "c.since" };
        let sent = rows(connection, &sent_sql(since, "0"), transition)?;
        return Ok(StoredNotices {
            sent,
            ..StoredNotices::default()
        });
    }
    let (receivers, told) = match version {
        7.. => told::load(connection)?,
        _ => Default::default(),
    };
    let outbox = "SELECT number, action, notice, event, at, document, attempts, is_done
         FROM outbox ORDER BY number, action";
    let unnoticed = "SELECT target, \"check\", at, change, from_status, to_status, failures,
                successes, kind, message
         FROM transitions WHERE noticed = 0 ORDER BY id";
    let is_mass_failure = "SELECT count(*) FROM flags WHERE name = 'mass_failure'";
    Ok(StoredNotices {
        outbox: rows(connection, outbox, outbox_row)?,
        sent: rows(
            connection,
            &sent_sql("c.since", "x.noticed = 0"),
            transition,
        )?,
        unnoticed: rows(connection, unnoticed, transition)?,
        last: last_transition(connection)?,
        is_mass_failure: connection.query_row(is_mass_failure, (), |row| row.get(0))?,
        receivers,
        told,
    })
}

/// Each check that was unhealthy, or that was so when it was reactivated and has no verdict yet, and each
/// that was deregistered or answered again, before the first transition that is `unnoticed`.
fn sent_sql(since: &str, unnoticed: &str) -> String {
    let of_check = "FROM transitions x WHERE x.target = t.name AND x.\"check\" = c.name";
    format!(
        "SELECT t.name, c.name, coalesce({since}, 0), 'status', 'healthy', 'unhealthy',
                c.consecutive_failures, 0, c.last_error_kind, coalesce(c.last_error, '')
         FROM targets t JOIN checks c ON c.target_id = t.id
         WHERE coalesce(
            (SELECT x.from_status {of_check} AND x.change = 'status' AND {unnoticed}
             ORDER BY x.id LIMIT 1), c.status) = 'unhealthy'
         UNION ALL
         SELECT t.name, c.name, coalesce(c.deactivated_at, 0), 'deregistered', '', '',
                c.consecutive_failures, 0, c.last_error_kind, coalesce(c.last_error, '')
         FROM targets t JOIN checks c ON c.target_id = t.id
         WHERE NOT c.is_active AND NOT EXISTS (
            SELECT 1 {of_check} AND x.change = 'deregistered' AND {unnoticed})
         UNION ALL
         SELECT x.target, x.\"check\", x.at, x.change, '', '', x.failures, x.successes, NULL, ''
         FROM transitions x JOIN targets t ON t.name = x.target
         JOIN checks c ON c.target_id = t.id AND c.name = x.\"check\"
         WHERE NOT c.is_active AND x.change = 'answers_again' AND x.at >= coalesce(c.deactivated_at, 0)
            AND NOT ({unnoticed})
         UNION ALL
         SELECT t.name, c.name, coalesce({since}, 0), 'status', 'healthy', 'unhealthy',
                1, 0, c.last_error_kind, coalesce(c.last_error, '')
         FROM targets t JOIN checks c ON c.target_id = t.id
         WHERE c.status NOT IN ('healthy', 'unhealthy') AND (
            SELECT x.to_status {of_check} AND x.to_status IN ('healthy', 'unhealthy')
               AND NOT ({unnoticed})
            ORDER BY x.id DESC LIMIT 1) = 'unhealthy'"
    )
}

pub(super) fn rows<R>(
    connection: &Connection,
    sql: &str,
    read: fn(&Row<'_>) -> Result<Option<R>>,
) -> Result<Vec<R>> {
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map((), read)?;
    rows.filter_map(Result::transpose).collect()
}

fn outbox_row(row: &Row<'_>) -> Result<Option<OutboxRow>> {
    let text = |index| -> Result<Arc<str>> { Ok(row.get_ref(index)?.as_str()?.into()) };
    Ok(Some(OutboxRow {
        number: row.get(0)?,
        action: text(1)?,
        notice: text(2)?,
        event: text(3)?,
        at: UnixTime::from_millis(row.get(4)?),
        document: text(5)?,
        attempts: row.get(6)?,
        is_done: row.get(7)?,
    }))
}

/// `None` for what no healthd has written.
pub(super) fn transition(row: &Row<'_>) -> Result<Option<TransitionRow>> {
    let text = |index| -> Result<&str> { Ok(row.get_ref(index)?.as_str()?) };
    let (Ok(target), Ok(check)) = (Name::new(text(0)?), Name::new(text(1)?)) else {
        return Ok(None);
    };
    let (from, to) = (text(4)?, text(5)?);
    let statuses = (!to.is_empty()).then_some((from, to));
    let Some(change) = CheckChange::from_words(text(3)?, statuses) else {
        return Ok(None);
    };
    let (failures, successes) = (row.get(6)?, row.get(7)?);
    let streak = if failures > 0 {
        Streak::of_failures(failures)
    } else {
        Streak::of_successes(successes)
    };
    let outcome = match change {
        CheckChange::Status {
            to: CheckStatus::Healthy,
            ..
        } => Outcome::success(),
        _ => Outcome::failure_with_message(text(9)?.to_owned()),
    };
    let kind: Option<String> = row.get(8)?;
    let outcome = match kind.as_deref().and_then(Kind::from_word) {
        Some(kind) => outcome.of_kind(kind),
        None => outcome,
    };
    Ok(Some(TransitionRow {
        target,
        check,
        at: UnixTime::from_millis(row.get(2)?),
        change,
        streak,
        record: Some(Record::stored(outcome)),
    }))
}
