//! Why the registry could not be read or written.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use super::schema::VERSION;

/// What is wrong with the registry's file.
#[derive(Debug)]
pub(crate) struct StoreError {
    path: PathBuf,
    problem: Problem,
}

#[derive(Debug)]
pub(super) enum Problem {
    Sqlite(rusqlite::Error),
    /// The system's error about the file or its lock.
    System(io::Error),
    /// Another healthd writes it.
    Taken,
    /// The file at the path is not the one that was opened.
    Lost(&'static str),
    /// The file is still there, but may not be read or written any more.
    Forbidden,
    /// The first problem that the check of its pages found.
    Damaged(String),
    /// Made by a later version: the number of its schema.
    Newer(i32),
    /// Made by an earlier version, and opened only for reading.
    Older(i32),
    /// The file of another program.
    Foreign,
}

impl StoreError {
    /// The lock could not be taken, so nothing may be written.
    pub(crate) fn of_lock(path: &Path, error: Option<io::Error>) -> Self {
        error.map_or(Problem::Taken, Problem::System).at(path)
    }

    pub(super) fn new(path: &Path, error: rusqlite::Error) -> Self {
        Problem::Sqlite(error).at(path)
    }

    /// Whether the file cannot be used any more and has to be moved aside.
    pub(crate) fn is_damage(&self) -> bool {
        match &self.problem {
            Problem::Damaged(_) => true,
            Problem::Sqlite(error) => {
                let code = error.sqlite_error_code();
                let is_broken = matches!(
                    code,
                    Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
                );
                is_broken || error.to_string().starts_with("no such table")
            }
            _ => false,
        }
    }

    /// Whether the connection writes to a file that is no longer found at the path: a new one is needed.
    pub(crate) const fn is_lost(&self) -> bool {
        matches!(self.problem, Problem::Lost(_) | Problem::Forbidden)
    }

    /// Whether the file may not be used and has to be moved aside, though it may be undamaged.
    pub(crate) const fn is_forbidden(&self) -> bool {
        matches!(self.problem, Problem::Forbidden)
    }

    /// Whether the connection has to be opened again: one that was opened while the disk had errors
    /// stays read-only when the errors are over.
    pub(crate) fn is_of_the_connection(&self) -> bool {
        match &self.problem {
            Problem::Sqlite(error) => matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::SystemIoFailure)
            ),
            _ => false,
        }
    }

    /// Whether the file belongs to another program or a newer version: it must not be changed, and
    /// trying again does not help.
    pub(crate) fn is_foreign(&self) -> bool {
        matches!(self.problem, Problem::Newer(_) | Problem::Foreign)
    }
}

impl Problem {
    /// What cannot be read of a file that has become shorter is not there any more.
    pub(super) fn of_a_cut(self) -> Self {
        match self {
            Self::Sqlite(error)
                if error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure) =>
            {
                Self::Lost("a part of it has been cut off")
            }
            other => other,
        }
    }

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
