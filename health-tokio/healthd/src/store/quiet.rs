//! Which targets are paused and silenced, in the registry: over restarts, and while no monitor runs.

use std::path::Path;

use health_core::monitor::registry::{Quiet, QuietReason, QuietScope};
use health_core::{Name, UnixTime};
use rusqlite::{Connection, Result, Row, Transaction as Tx, params};

use super::StoreError;
use super::schema::open_to_read;

/// The schema's version that has the table.
const SINCE: i32 = 6;

/// Reads it for a command that only shows.
///
/// # Errors
///
/// There is no registry, or it cannot be read.
pub(crate) fn read(path: &Path) -> std::result::Result<Quiet, StoreError> {
    let loaded = load(&open_to_read(path, SINCE)?);
    loaded.map_err(|error| StoreError::new(path, error))
}

/// Writes all of it instead of what was there.
pub(super) fn write(tx: &Tx<'_>, quiet: &Quiet) -> Result<()> {
    tx.execute("DELETE FROM quiet", ())?;
    for (target, reason) in quiet.pauses() {
        insert(tx, "pause", ("target", target.as_str()), reason)?;
    }
    for (scope, reason) in quiet.silences() {
        insert(tx, "silence", words(scope), reason)?;
    }
    for (scope, reason) in quiet.windows() {
        insert(tx, "window", words(scope), reason)?;
    }
    Ok(())
}

/// The target was removed.
pub(super) fn forget(tx: &Tx<'_>, names: &[Name]) -> Result<()> {
    let mut statement = tx.prepare_cached(
        "DELETE FROM quiet WHERE kind <> 'window' AND scope = 'target' AND name = ?1",
    )?;
    for name in names {
        statement.execute([name.as_str()])?;
    }
    Ok(())
}

/// Nothing, where the schema is older.
pub(super) fn load(connection: &Connection) -> Result<Quiet> {
    let version: i32 = connection.query_row("PRAGMA user_version", (), |row| row.get(0))?;
    let mut quiet = Quiet::default();
    if version < SINCE {
        return Ok(quiet);
    }
    let mut statement =
        connection.prepare("SELECT kind, scope, name, since, until, why, by FROM quiet")?;
    let mut rows = statement.query(())?;
    let mut windows = Vec::new();
    while let Some(row) = rows.next()? {
        let (Some(scope), reason) = (scope(row)?, reason(row)?) else {
            continue;
        };
        match (row.get_ref(0)?.as_str()?, scope) {
            ("pause", QuietScope::Target(name)) => quiet.pause(name, reason),
            ("silence", scope) => quiet.silence(scope, reason),
            ("window", scope) => windows.push((scope, reason)),
            _ => {}
        }
    }
    quiet.set_windows(windows);
    Ok(quiet)
}

fn insert(tx: &Tx<'_>, kind: &str, scope: (&str, &str), reason: &QuietReason) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO quiet (kind, scope, name, since, until, why, by)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        kind,
        scope.0,
        scope.1,
        reason.since.as_millis(),
        reason.until.map(UnixTime::as_millis),
        reason.why,
        reason.by,
    ])?;
    Ok(())
}

fn words(scope: &QuietScope) -> (&'static str, &str) {
    match scope {
        QuietScope::All => ("all", ""),
        QuietScope::Group(name) => ("group", name.as_str()),
        QuietScope::Target(name) => ("target", name.as_str()),
    }
}

/// `None` for what no healthd has written.
fn scope(row: &Row<'_>) -> Result<Option<QuietScope>> {
    let name = Name::new(row.get_ref(2)?.as_str()?);
    Ok(match (row.get_ref(1)?.as_str()?, name) {
        ("all", _) => Some(QuietScope::All),
        ("group", Ok(name)) => Some(QuietScope::Group(name)),
        ("target", Ok(name)) => Some(QuietScope::Target(name)),
        _ => None,
    })
}

fn reason(row: &Row<'_>) -> Result<QuietReason> {
    Ok(QuietReason {
        since: UnixTime::from_millis(row.get(3)?),
        until: row.get::<_, Option<u64>>(4)?.map(UnixTime::from_millis),
        why: row.get_ref(5)?.as_str()?.into(),
        by: row.get_ref(6)?.as_str()?.into(),
    })
}
