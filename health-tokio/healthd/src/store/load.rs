//! Reads what an earlier process has left.

use std::path::Path;

use health_core::check::{CheckStatus, Saved};
use health_core::monitor::registry::{Quiet, StoredCheck, StoredTarget};
use health_core::{Kind, Name, Outcome, Streak, UnixTime};
use rusqlite::{Connection, Row};

use super::outbox;
use super::quiet;
use super::schema::open_to_read;
use super::{StoreError, StoredNotices};

/// What an earlier process has left.
#[derive(Debug, Default)]
pub(crate) struct Stored {
    pub(crate) targets: Vec<StoredTarget>,
    pub(crate) notices: StoredNotices,
    /// Which targets are paused and silenced.
    pub(crate) quiet: Quiet,
    /// It is empty because it could not be read.
    pub(crate) is_unread: bool,
}

impl Stored {
    pub(super) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            targets: targets(connection)?,
            notices: outbox::load(connection)?,
            quiet: quiet::load(connection)?,
            is_unread: false,
        })
    }
}

/// Reads all targets from a file that cannot be written now, and so cannot be upgraded.
///
/// # Errors
///
/// It cannot be read either.
pub(crate) fn peek(path: &Path) -> Result<Stored, StoreError> {
    let loaded = Stored::load(&open_to_read(path, 1)?);
    loaded.map_err(|error| StoreError::new(path, error))
}

/// All targets with their checks; the columns that an older schema lacks are empty.
pub(super) fn targets(connection: &Connection) -> rusqlite::Result<Vec<StoredTarget>> {
    let version: i32 = connection.query_row("PRAGMA user_version", (), |row| row.get(0))?;
    let since = if version < 2 { "NULL" } else { "c.since" };
    let answers = if version < 3 {
        "NULL"
    } else {
        "c.answers_since"
    };
    let restart = if version < 4 {
        "0"
    } else {
        "c.restart_requested"
    };
    let mut statement = connection.prepare(&format!(
        "SELECT t.name, t.definition, c.name, c.status, c.consecutive_failures,
                c.consecutive_successes, c.is_active, {since}, c.deactivated_at,
                CASE WHEN c.consecutive_failures > 0 OR c.status <> 'healthy' THEN
                    (SELECT max(r.begin_at) FROM results r WHERE r.check_id = c.id AND r.counted)
                END,
                {answers},
                c.last_success_at IS NOT NULL, {restart},
                CASE WHEN c.consecutive_failures > 0 OR c.status = 'unhealthy' OR NOT c.is_active
                    THEN c.last_error END,
                c.last_error_kind
         FROM targets t JOIN checks c ON c.target_id = t.id ORDER BY t.name, c.id",
    ))?;
    let mut rows = statement.query(())?;
    let mut targets: Vec<StoredTarget> = Vec::new();
    while let Some(row) = rows.next()? {
        let Ok(name) = Name::new(row.get_ref(0)?.as_str()?) else {
            continue;
        };
        let Ok(check) = Name::new(row.get_ref(2)?.as_str()?) else {
            continue;
        };
        if targets.last().is_none_or(|last| last.name != name) {
            targets.push(StoredTarget {
                name,
                text: row.get_ref(1)?.as_str()?.into(),
                checks: Vec::new(),
            });
        }
        let (failures, successes) = (row.get(4)?, row.get(5)?);
        let mut saved = Saved::default();
        saved.status = CheckStatus::from_word(row.get_ref(3)?.as_str()?).unwrap_or_default();
        saved.streak = if failures > 0 {
            Streak::of_failures(failures)
        } else {
            Streak::of_successes(successes)
        };
        saved.since = row.get::<_, Option<u64>>(7)?.map(UnixTime::from_millis);
        // What was counted before a reset is no part of a streak.
        saved.counted_at = row.get::<_, Option<u64>>(9)?.map(UnixTime::from_millis);
        saved.counted_at = saved
            .counted_at
            .filter(|_| saved.streak != Streak::default());
        let has_begun = matches!(saved.status, CheckStatus::Starting | CheckStatus::Unhealthy);
        saved.was_healthy = has_begun && row.get(11)?;
        saved.restart_requested = row.get(12)?;
        saved.deregistered = !row.get::<_, bool>(6)?;
        saved.deregistered_at = row.get::<_, Option<u64>>(8)?.map(UnixTime::from_millis);
        saved.answers_since = row.get::<_, Option<u64>>(10)?.map(UnixTime::from_millis);
        if let Some(target) = targets.last_mut() {
            target.checks.push(StoredCheck {
                name: check,
                saved,
                last_error: last_error(row)?,
            });
        }
    }
    Ok(targets)
}

/// Of a check that fails or is deregistered: for the others it is no news.
fn last_error(row: &Row<'_>) -> rusqlite::Result<Option<Outcome>> {
    let Some(message) = row.get::<_, Option<String>>(13)? else {
        return Ok(None);
    };
    let kind = row.get_ref(14)?.as_str_or_null()?.and_then(Kind::from_word);
    let outcome = Outcome::failure_with_message(message);
    Ok(Some(match kind {
        Some(kind) => outcome.of_kind(kind),
        None => outcome,
    }))
}
