//! What each action was told, in the registry: so that the next process tells nothing twice, and the end of
//! everything.

use std::sync::Arc;

use health_core::monitor::registry::TransitionRow;
use health_core::{Kind, Name, UnixTime};
use rusqlite::{Connection, Result, Row, Transaction as Tx, params};

use super::outbox::{rows, transition};

/// An action, and where it is with what it was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReceiverRow {
    pub(crate) action: Arc<str>,
    /// Its last notice of a mass failure was of the beginning.
    pub(crate) is_mass_failure: bool,
    /// When the outage began that it was told of, if that is not over.
    pub(crate) incident: Option<UnixTime>,
    /// When it was told something last.
    pub(crate) last_at: UnixTime,
}

/// A change of which an action was told that it is so still.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ToldRow {
    pub(crate) action: Arc<str>,
    /// It was told that the target is flapping.
    pub(crate) is_flapping: bool,
    pub(crate) transition: TransitionRow,
}

/// All that an action was told of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) action: Arc<str>,
    pub(crate) target: Name,
    pub(crate) rows: Vec<ToldRow>,
}

pub(super) fn write_receivers(tx: &Tx<'_>, put: &[ReceiverRow], gone: &[Arc<str>]) -> Result<()> {
    for action in gone {
        tx.execute("DELETE FROM told WHERE action = ?1", [action])?;
        tx.execute("DELETE FROM receivers WHERE action = ?1", [action])?;
    }
    for row in put {
        tx.prepare_cached("INSERT OR REPLACE INTO receivers VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![
                row.action,
                row.is_mass_failure,
                row.incident.map(UnixTime::as_millis),
                row.last_at.as_millis(),
            ])?;
    }
    Ok(())
}

pub(super) fn write(tx: &Tx<'_>, told: &[Told]) -> Result<()> {
    for told in told {
        tx.prepare_cached("DELETE FROM told WHERE action = ?1 AND target = ?2")?
            .execute(params![told.action, told.target.as_str()])?;
        for row in &told.rows {
            let it = &row.transition;
            let (change, statuses) = it.change.words();
            let (from, to) = statuses.unwrap_or_default();
            let record = it.record.as_ref();
            tx.prepare_cached(
                "INSERT OR REPLACE INTO told
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )?
            .execute(params![
                row.action,
                it.target.as_str(),
                it.check.as_str(),
                row.is_flapping,
                it.at.as_millis(),
                change,
                from,
                to,
                it.streak.failures(),
                it.streak.successes(),
                record.and_then(|it| it.kind()).map(Kind::as_str),
                record.map_or("", |it| it.message()),
            ])?;
        }
    }
    Ok(())
}

pub(super) fn load(connection: &Connection) -> Result<(Vec<ReceiverRow>, Vec<ToldRow>)> {
    let receivers = "SELECT action, is_mass_failure, incident, last_at FROM receivers";
    let told =
        "SELECT target, \"check\", at, change, from_status, to_status, failures, successes, kind,
                message, action, is_flapping
         FROM told
         ORDER BY at, change <> 'status'"; // What follows from a change comes behind it.
    Ok((
        rows(connection, receivers, receiver)?,
        rows(connection, told, told_row)?,
    ))
}

fn receiver(row: &Row<'_>) -> Result<Option<ReceiverRow>> {
    let incident: Option<u64> = row.get(2)?;
    Ok(Some(ReceiverRow {
        action: row.get_ref(0)?.as_str()?.into(),
        is_mass_failure: row.get(1)?,
        incident: incident.map(UnixTime::from_millis),
        last_at: UnixTime::from_millis(row.get(3)?),
    }))
}

fn told_row(row: &Row<'_>) -> Result<Option<ToldRow>> {
    let Some(transition) = transition(row)? else {
        return Ok(None);
    };
    Ok(Some(ToldRow {
        action: row.get_ref(10)?.as_str()?.into(),
        is_flapping: row.get(11)?,
        transition,
    }))
}
