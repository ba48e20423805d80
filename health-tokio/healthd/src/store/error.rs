//! Why the registry could not be read or written.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use super::VERSION;

/// What is wrong with the registry's file.
#[derive(Debug)]
pub(crate) struct StoreError {
    path: PathBuf,
    problem: Problem,
}

#[derive(Debug)]
pub(super) enum Problem {
    Sqlite(rusqlite::Error),
    /// What the system says of the file, or of its lock.
    System(io::Error),
    /// Another healthd writes it.
    Taken,
    /// It is not where it was when it was opened.
    Lost(&'static str),
    /// It is where it was, and may not be used any more.
    Forbidden,
    /// What the check of its pages found first.
    Damaged(String),
    /// Made by a later version: the number of its schema.
    Newer(i32),
    /// Made by an earlier version, and opened only to look.
    Older(i32),
    /// Some other program's.
    Foreign,
}

impl StoreError {
    /// Without the lock nothing is written.
    pub(crate) fn of_lock(path: &Path, error: Option<io::Error>) -> Self {
        error.map_or(Problem::Taken, Problem::System).at(path)
    }

    pub(super) fn new(path: &Path, error: rusqlite::Error) -> Self {
        Problem::Sqlite(error).at(path)
    }

    /// Whether the file is beyond use: moving it out of the way is what is left.
    pub(crate) fn is_damage(&self) -> bool {
        match &self.problem {
            Problem::Damaged(_) => true,
            Problem::Sqlite(error) => matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
            ),
            _ => false,
        }
    }

    /// Whether nobody finds any more what is written by this connection: a new file is what is left.
    pub(crate) const fn is_lost(&self) -> bool {
        matches!(self.problem, Problem::Lost(_) | Problem::Forbidden)
    }

    /// Whether the file is in the way of a new one, though nothing may be wrong with it.
    pub(crate) const fn is_forbidden(&self) -> bool {
        matches!(self.problem, Problem::Forbidden)
    }

    /// Whether a connection is of no more use: one that was opened while the disk was in trouble stays
    /// as it is, read-only above all, when the disk is well again.
    pub(crate) fn is_of_the_connection(&self) -> bool {
        match &self.problem {
            Problem::Sqlite(error) => matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::SystemIoFailure)
            ),
            _ => false,
        }
    }

    /// Whether it is somebody else's: not to be touched, and nothing that time will heal.
    pub(crate) fn is_foreign(&self) -> bool {
        matches!(self.problem, Problem::Newer(_) | Problem::Foreign)
    }
}

impl Problem {
    pub(super) fn at(self, path: &Path) -> StoreError {
        StoreError {
            path: path.to_owned(),
            problem: self,
        }
    }
}

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.problem {
            Problem::Sqlite(error) => write!(f, "registry {path}: {error}"),
            Problem::System(error) => write!(f, "registry {path}: {error}"),
            Problem::Lost(what) => write!(f, "registry {path}: {what}"),
            Problem::Forbidden => {
                write!(f, "registry {path}: it may not be read or written any more")
            }
            Problem::Taken => write!(f, "registry {path}: another healthd writes it"),
            Problem::Damaged(what) => write!(f, "registry {path}: damaged: {what}"),
            Problem::Newer(version) => write!(
                f,
                "registry {path}: made by a newer healthd (schema {version}, known is {VERSION})"
            ),
            Problem::Older(version) => write!(
                f,
                "registry {path}: made by an older healthd (schema {version}, known is {VERSION}); \
                 healthd monitor brings it up to date"
            ),
            Problem::Foreign => write!(f, "registry {path}: the file of another program"),
        }
    }
}

impl std::error::Error for StoreError {}
