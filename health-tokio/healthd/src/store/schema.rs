//! The schema, its upgrades, and whose file it is.
//!
//! `user_version` is the version of the schema, `application_id` says whose file it is; a file of a newer
//! healthd, or of another program, is refused and left alone.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::StoreError;
use super::error::Problem;

/// "hlth".
pub(super) const APPLICATION: i32 = 0x686C_7468;
pub(super) const VERSION: i32 = 7;
const SCHEMA: &str = include_str!("schema.sql");
/// The statements that upgrade each earlier version to the next.
const UPGRADES: [(i32, &str); 6] = [
    (1, include_str!("to-2.sql")),
    (2, include_str!("to-3.sql")),
    (3, include_str!("to-4.sql")),
    (4, include_str!("to-5.sql")),
    (5, include_str!("to-6.sql")),
    (6, include_str!("to-7.sql")),
];
/// A file that is read whole within a second or so, in bytes.
const SMALL: u64 = 256 << 20;
/// How long a reader or a backup may lock the file.
pub(super) const BUSY: Duration = Duration::from_secs(5);

/// Whether SQLite finds the file whole. Of a large one all but the rollups are read: with years of those of
/// many targets, reading them takes minutes, in which nothing would be watched. What is wrong with them shows
/// when they are written.
pub(super) fn quick_check(connection: &Connection) -> Result<(), Problem> {
    let size = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
    let size: u64 = connection.query_row(size, (), |row| row.get(0))?;
    if size <= SMALL {
        return verdict(connection, "1");
    }
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'rollups'";
    let mut tables = connection.prepare(tables)?;
    let tables = tables.query_map((), |row| row.get::<_, String>(0))?;
    for table in tables {
        verdict(connection, &format!("'{}'", table?.replace('\'', "''")))?;
    }
    Ok(())
}

/// What SQLite finds, of all or of a table.
fn verdict(connection: &Connection, what: &str) -> Result<(), Problem> {
    let check = format!("PRAGMA quick_check({what})");
    let verdict: String = connection.query_row(&check, (), |row| row.get(0))?;
    if verdict == "ok" {
        return Ok(());
    }
    Err(Problem::Damaged(verdict))
}

/// Creates the schema in an empty file, and upgrades that of an earlier version.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), Problem> {
    let number = |name| connection.query_row(&format!("PRAGMA {name}"), (), |row| row.get(0));
    let (owner, version): (i32, i32) = (number("application_id")?, number("user_version")?);
    let is_empty = || -> rusqlite::Result<bool> {
        let count = "SELECT count(*) FROM sqlite_schema";
        connection.query_row(count, (), |row| Ok(row.get::<_, i64>(0)? == 0))
    };
    match (owner, version) {
        (APPLICATION, VERSION) => Ok(()),
        (APPLICATION, newer) if newer > VERSION => Err(Problem::Newer(newer)),
        (APPLICATION, 1..) => upgrade(connection),
        (0, 0) if is_empty()? => {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            // Another process may have made it meanwhile.
            let made = "SELECT count(*) FROM sqlite_schema WHERE name = 'targets'";
            let made: i64 = transaction.query_row(made, (), |row| row.get(0))?;
            if made == 0 {
                transaction.execute_batch(SCHEMA)?;
                transaction.pragma_update(None, "application_id", APPLICATION)?;
                transaction.pragma_update(None, "user_version", VERSION)?;
            }
            Ok(transaction.commit()?)
        }
        _ => Err(Problem::Foreign),
    }
}

fn upgrade(connection: &mut Connection) -> Result<(), Problem> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have done it meanwhile.
    let version: i32 = transaction.query_row("PRAGMA user_version", (), |row| row.get(0))?;
    for (_, script) in UPGRADES.iter().filter(|(from, _)| *from >= version) {
        transaction.execute_batch(script)?;
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    Ok(transaction.commit()?)
}

/// Opens the file for reading only, if its schema has that version or a later one.
///
/// # Errors
///
/// There is none, or it is not a registry.
pub(super) fn open_to_read(path: &Path, oldest: i32) -> Result<Connection, StoreError> {
    let open = |name: &OsStr, flags| -> Result<Connection, Problem> {
        let flags = flags | OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(name, flags)?;
        connection.busy_timeout(BUSY)?;
        let owner: i32 = connection.query_row("PRAGMA application_id", (), |row| row.get(0))?;
        let version: i32 = connection.query_row("PRAGMA user_version", (), |row| row.get(0))?;
        match (owner, version) {
            (APPLICATION, known) if (oldest..=VERSION).contains(&known) => Ok(connection),
            (APPLICATION, newer) if newer > VERSION => Err(Problem::Newer(newer)),
            (APPLICATION, older @ 1..) => Err(Problem::Older(older)),
            _ => Err(Problem::Foreign),
        }
    };
    let opened = open(path.as_os_str(), OpenFlags::empty()).map_err(|problem| problem.at(path));
    match opened {
        // On a read-only disk SQLite cannot create the shared-memory file: the file is then read as
        // one that never changes, without the log that a killed writer has left.
        Err(error) if error.is_of_the_connection() => {
            open(&frozen(path), OpenFlags::SQLITE_OPEN_URI).map_err(|_| error)
        }
        opened => opened,
    }
}

/// The path as SQLite's URI of a file that never changes.
fn frozen(path: &Path) -> OsString {
    let mut uri = b"file:".to_vec();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'%' | b'?' | b'#' => uri.extend(format!("%{byte:02X}").bytes()),
            _ => uri.push(*byte),
        }
    }
    uri.extend(b"?immutable=1");
    OsString::from_vec(uri)
}
