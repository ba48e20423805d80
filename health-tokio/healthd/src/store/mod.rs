//! Stores the registry in SQLite.
//!
//! ```text
//!  targets 1 ── n checks 1 ── n results (ring)        transitions (by name)
//!                                                    outbox (notices, one row for each action)
//! ```
//!
//! One process writes, any number reads meanwhile (`journal_mode=WAL`). A batch of results is handed
//! to the system (`synchronous=NORMAL`): it survives the end of the process, be it by `kill -9`, and the
//! loss of power costs at most what the last checkpoint has not seen. A batch with a transition in it,
//! and everything that a command changes, is on the disk before it counts (`synchronous=FULL`).
//!
//! `user_version` is the version of the schema, `application_id` says whose file it is; a file of a newer
//! healthd, or of another program, is refused and left alone.

mod error;
mod file;
mod outbox;
mod sweep;
mod write;

pub(super) mod read;

use std::ffi::{OsStr, OsString};
use std::fs::OpenOptions;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use health_core::Name;
use health_core::Streak;
use health_core::UnixTime;
use health_core::check::{CheckStatus, Saved};
use health_core::monitor::registry::{Batch, Definition, StoredCheck, StoredTarget, TargetStore};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

pub(super) use error::StoreError;
pub(super) use file::Identity;
pub(super) use outbox::{OutboxChange, OutboxRow, StoredNotices};
pub(super) use sweep::Limits;

/// "hlth".
const APPLICATION: i32 = 0x686C_7468;
const VERSION: i32 = 3;
const SCHEMA: &str = include_str!("schema.sql");
/// The statements that upgrade each earlier version to the next.
const UPGRADES: [(i32, &str); 2] = [(1, include_str!("to-2.sql")), (2, include_str!("to-3.sql"))];
/// How long a reader or a backup may lock the file.
const BUSY: Duration = Duration::from_secs(5);

/// The registry of one monitor.
#[derive(Debug)]
pub(super) struct SqliteStore {
    /// Dropped before the file.
    connection: Connection,
    file: OpenFile,
    path: PathBuf,
    limits: Limits,
}

/// What an earlier process has left.
#[derive(Debug, Default)]
pub(super) struct Stored {
    pub(super) targets: Vec<StoredTarget>,
    pub(super) notices: StoredNotices,
    /// It is empty because it could not be read.
    pub(super) is_unread: bool,
}

impl Stored {
    fn load(connection: &Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            targets: load(connection)?,
            notices: outbox::load(connection)?,
            is_unread: false,
        })
    }
}

impl SqliteStore {
    /// Opens the file, creates it if there is none, and upgrades its schema.
    ///
    /// # Errors
    ///
    /// The system or SQLite refuses it, it is damaged, or it is not a registry.
    pub(super) fn open(path: &Path, limits: Limits) -> Result<Self, StoreError> {
        let open = || -> Result<(Connection, OpenFile), Problem> {
            // SQLite would only say that it is "unable to open database file", and not why.
            let mut file = OpenOptions::new();
            // It contains values of headers. SQLite gives its side files the same mode.
            file.create(true).read(true).append(true).mode(0o600);
            let file = file.open(path).map_err(Problem::System)?;
            // Before the connection, so that it is dropped after it.
            let mut file = OpenFile::new(file).map_err(Problem::System)?;
            let mut connection = Connection::open(path)?;
            connection.busy_timeout(BUSY)?;
            migrate(&mut connection)?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "foreign_keys", true)?;
            connection.pragma_update(None, "synchronous", "NORMAL")?;
            quick_check(&connection)?;
            file.check(path)?;
            Ok((connection, file))
        };
        let (connection, file) = open().map_err(|problem| problem.at(path))?;
        Ok(Self {
            connection,
            file,
            path: path.to_owned(),
            limits,
        })
    }

    /// Whether what is written here is still found at the path.
    ///
    /// # Errors
    ///
    /// It is not, or is no longer a registry.
    pub(super) fn check(&mut self) -> Result<(), StoreError> {
        let mut check = || -> Result<(), Problem> {
            if self.file.check(&self.path)? {
                // The cache in memory would hide what is missing on the disk.
                self.connection.execute_batch("PRAGMA shrink_memory")?;
                quick_check(&self.connection)?;
            }
            Ok(())
        };
        check().map_err(|problem| problem.at(&self.path))
    }

    /// Writes a batch. `is_noticed`: what its transitions say was passed on before. Returns the number of
    /// the last transition.
    ///
    /// # Errors
    ///
    /// It cannot be written; nothing has changed.
    pub(super) fn write_batch(
        &mut self,
        batch: &Batch,
        is_noticed: bool,
    ) -> Result<i64, StoreError> {
        let durable = !batch.transitions.is_empty();
        let limits = self.limits;
        self.attempt(durable, |transaction| {
            write::batch(transaction, batch, limits, is_noticed)?;
            outbox::last_transition(transaction)
        })
    }

    /// Writes what has changed of the notices.
    ///
    /// # Errors
    ///
    /// It cannot be written; nothing has changed.
    pub(super) fn write_outbox(&mut self, change: &OutboxChange) -> Result<(), StoreError> {
        // Lost with the power, the transitions are still there from which the notices were made.
        self.attempt(false, |transaction| outbox::write(transaction, change))
    }

    /// Everything that an earlier process has left.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub(super) fn load_all(&mut self) -> Result<Stored, StoreError> {
        let loaded = Stored::load(&self.connection);
        loaded.map_err(|error| StoreError::new(&self.path, error))
    }

    /// Deletes what is older than it is to be kept; a part of it, if there is much. Returns whether there
    /// may be more.
    ///
    /// # Errors
    ///
    /// It cannot be written; nothing has changed.
    pub(super) fn sweep(&mut self, now: UnixTime) -> Result<bool, StoreError> {
        let limits = self.limits;
        self.attempt(false, |transaction| sweep::sweep(transaction, limits, now))
    }

    /// Closes a file that cannot be used any more.
    pub(super) fn give_up(self, error: &StoreError) {
        if error.is_damage() {
            // The damaged file is left as it is.
            let config = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
            let _ = self.connection.set_db_config(config, true);
        } else {
            // The moved file gets everything, the file that is at the path now nothing.
            let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
            let _ = self.connection.query_row(checkpoint, (), |_| Ok(()));
        }
    }

    fn attempt<R>(
        &mut self,
        durable: bool,
        work: impl FnOnce(&rusqlite::Transaction<'_>) -> rusqlite::Result<R>,
    ) -> Result<R, StoreError> {
        let attempt = || -> rusqlite::Result<R> {
            let mode = if durable { "FULL" } else { "NORMAL" };
            self.connection.pragma_update(None, "synchronous", mode)?;
            let behaviour = TransactionBehavior::Immediate;
            let transaction = self.connection.transaction_with_behavior(behaviour)?;
            let result = work(&transaction)?;
            transaction.commit()?;
            Ok(result)
        };
        attempt().map_err(|error| StoreError::new(&self.path, error))
    }
}

use error::Problem;
use file::OpenFile;

fn quick_check(connection: &Connection) -> Result<(), Problem> {
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", (), |row| row.get(0))?;
    if verdict == "ok" {
        return Ok(());
    }
    Err(Problem::Damaged(verdict))
}

fn migrate(connection: &mut Connection) -> Result<(), Problem> {
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

/// Reads all targets from a file that cannot be written now, and so cannot be upgraded.
///
/// # Errors
///
/// It cannot be read either.
pub(super) fn peek(path: &Path) -> Result<Stored, StoreError> {
    let loaded = Stored::load(&open_to_read(path, 1)?);
    loaded.map_err(|error| StoreError::new(path, error))
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
fn open_to_read(path: &Path, oldest: i32) -> Result<Connection, StoreError> {
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

impl TargetStore for SqliteStore {
    type Error = StoreError;

    fn load(&mut self) -> Result<Vec<StoredTarget>, StoreError> {
        let loaded = load(&self.connection);
        loaded.map_err(|error| StoreError::new(&self.path, error))
    }

    fn put(&mut self, targets: &[Definition]) -> Result<(), StoreError> {
        self.attempt(true, |transaction| write::put(transaction, targets))
    }

    fn reset(&mut self, names: &[Name]) -> Result<(), StoreError> {
        self.attempt(true, |transaction| write::reset(transaction, names))
    }

    fn remove(&mut self, names: &[Name]) -> Result<(), StoreError> {
        self.attempt(true, |transaction| write::remove(transaction, names))
    }

    fn write(&mut self, batch: &Batch) -> Result<(), StoreError> {
        self.write_batch(batch, batch.is_reported).map(drop)
    }
}

fn load(connection: &Connection) -> rusqlite::Result<Vec<StoredTarget>> {
    let version: i32 = connection.query_row("PRAGMA user_version", (), |row| row.get(0))?;
    let since = if version < 2 { "NULL" } else { "c.since" };
    let mut statement = connection.prepare(&format!(
        "SELECT t.name, t.definition, c.name, c.status, c.consecutive_failures,
                c.consecutive_successes, c.is_active, {since}, c.deactivated_at,
                CASE WHEN c.consecutive_failures > 0 OR c.status <> 'healthy' THEN
                    (SELECT max(r.begin_at) FROM results r WHERE r.check_id = c.id AND r.counted)
                END
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
        saved.deregistered = !row.get::<_, bool>(6)?;
        saved.deregistered_at = row.get::<_, Option<u64>>(8)?.map(UnixTime::from_millis);
        if let Some(target) = targets.last_mut() {
            target.checks.push(StoredCheck { name: check, saved });
        }
    }
    Ok(targets)
}

#[cfg(test)]
mod tests;
