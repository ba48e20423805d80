//! Stores the registry in SQLite.
//!
//! ```text
//!  targets 1 ── n checks 1 ── n results (ring)        transitions (by name)
//!                         └── n rollups               outbox (notices, one row for each action)
//!                                                    quiet (who is paused or silenced)
//! ```
//!
//! One process writes, any number reads meanwhile (`journal_mode=WAL`). A batch of results is handed
//! to the system (`synchronous=NORMAL`): it survives the end of the process, be it by `kill -9`, and the
//! loss of power costs at most what the last checkpoint has not seen. A batch with a transition in it,
//! and everything that a command changes, is on the disk before it counts (`synchronous=FULL`).

mod error;
mod file;
mod history;
mod load;
mod outbox;
mod quiet;
mod rollup;
mod schema;
mod sweep;
mod told;
mod write;

pub(super) mod read;

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use health_core::monitor::registry::{Batch, Definition, Quiet, StoredTarget, TargetStore};
use health_core::{Name, UnixTime};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, TransactionBehavior};

pub(super) use error::StoreError;
pub(super) use file::Identity;
pub(super) use history::{CheckHistory, history};
pub(super) use load::{Stored, peek};
pub(super) use outbox::{OutboxChange, OutboxRow, StoredNotices};
pub(super) use quiet::read as read_quiet;
pub(super) use rollup::{DAY, HOUR, LeftOut, Level, Tally};
pub(super) use sweep::Limits;
pub(super) use told::{ReceiverRow, Told, ToldRow};

use error::Problem;
use file::OpenFile;
use schema::{BUSY, migrate, quick_check};

/// Statements that stay prepared: more than there are.
const STATEMENTS: usize = 64;

/// The registry of one monitor.
#[derive(Debug)]
pub(super) struct SqliteStore {
    /// Dropped before the file.
    connection: Connection,
    file: OpenFile,
    path: PathBuf,
    limits: Limits,
    /// The last check that was swept.
    swept: i64,
}

impl SqliteStore {
    /// Keeps so much of each check from now on.
    pub(super) const fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

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
            connection.set_prepared_statement_cache_capacity(STATEMENTS);
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
            swept: 0,
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
                quick_check(&self.connection).map_err(Problem::of_a_cut)?;
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

    /// Writes which targets are paused and silenced, instead of what was there.
    ///
    /// # Errors
    ///
    /// It cannot be written; nothing has changed.
    pub(super) fn write_quiet(&mut self, quiet: &Quiet) -> Result<(), StoreError> {
        self.attempt(true, |transaction| quiet::write(transaction, quiet))
    }

    /// Which targets are paused and silenced.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub(super) fn load_quiet(&self) -> Result<Quiet, StoreError> {
        let loaded = quiet::load(&self.connection);
        loaded.map_err(|error| StoreError::new(&self.path, error))
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
        let (limits, mut swept) = (self.limits, self.swept);
        let more = self.attempt(false, |transaction| {
            sweep::sweep(transaction, limits, now, &mut swept)
        })?;
        self.swept = swept;
        Ok(more)
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

impl TargetStore for SqliteStore {
    type Error = StoreError;

    fn load(&mut self) -> Result<Vec<StoredTarget>, StoreError> {
        let loaded = load::targets(&self.connection);
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

#[cfg(test)]
mod tests;
