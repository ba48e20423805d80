//! Finds out whether the registry's file is still the one that was opened.
//!
//! SQLite does not notice that the file was removed, renamed, replaced or overwritten: it goes on writing
//! to a file that cannot be found any more.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use rustix::fs::{Access, access};
use rustix::io::Errno;

use super::error::Problem;
use super::schema::APPLICATION;
use crate::control::sibling;

/// The suffixes of the files that SQLite has beside the file while it is open.
const SIDE_FILES: [&str; 2] = ["-wal", "-shm"];
/// The first bytes of every SQLite file.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// The first bytes of a log (`-wal`), but for the last bit, which says in which order its numbers are.
const LOG_MAGIC: [u8; 4] = [0x37, 0x7F, 0x06, 0x82];
/// The position of the application's id in the header.
const OWNER: std::ops::Range<usize> = 68..72;

/// The identity of a file, independent of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
}

/// The file that a connection writes.
///
/// It has to be dropped after the connection: when a process closes a file, the system takes away every
/// lock that it holds on it, SQLite's too.
#[derive(Debug)]
pub(super) struct OpenFile {
    file: File,
    identity: Identity,
    side_files: [Option<Identity>; 2],
    length: u64,
    /// Of the log.
    log_length: u64,
}

impl Identity {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        let (device, inode) = (metadata.dev(), metadata.ino());
        Self { device, inode }
    }

    /// The identity of the file at this path; `None` if there is none.
    pub(crate) fn at(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().map(|it| Self::of(&it))
    }
}

impl OpenFile {
    pub(super) fn new(file: File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        Ok(Self {
            file,
            identity: Identity::of(&metadata),
            side_files: [None; 2],
            length: metadata.len(),
            log_length: 0,
        })
    }

    /// Whether it or its log has become shorter. SQLite does that only to a log, when everything in it is in
    /// the file.
    ///
    /// # Errors
    ///
    /// The path leads to no file, to another one, to one that may not be used, or the file is no longer a
    /// registry.
    pub(super) fn check(&mut self, path: &Path) -> Result<bool, Problem> {
        let metadata = match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(Problem::Lost("the file has been removed"));
            }
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                return Err(Problem::Lost("its directory has been removed"));
            }
            found => found.map_err(Problem::System)?,
        };
        if Identity::of(&metadata) != self.identity {
            return Err(Problem::Lost("another file has taken its place"));
        }
        // SQLite has them beside the file that a link leads to.
        let real = fs::canonicalize(path).map_err(Problem::System)?;
        for (suffix, known) in SIDE_FILES.iter().zip(&mut self.side_files) {
            let found = Identity::at(&sibling(&real, suffix));
            if known.is_some() && *known != found {
                return Err(Problem::Lost("a file that belongs to it has been removed"));
            }
            *known = found;
        }
        let log_length = log_length(&sibling(&real, SIDE_FILES[0]))?;
        let log_before = std::mem::replace(&mut self.log_length, log_length);
        match access(path, Access::READ_OK | Access::WRITE_OK) {
            Ok(()) => {}
            Err(Errno::ACCESS) => return Err(Problem::Forbidden),
            Err(error) => return Err(Problem::System(error.into())),
        }
        let mut header = [0; 100];
        let is_whole = self.file.read_exact_at(&mut header, 0).is_ok();
        if !is_whole || !header.starts_with(MAGIC) || header[OWNER] != APPLICATION.to_be_bytes() {
            let what = "it has been overwritten with something else";
            return Err(Problem::Damaged(what.to_owned()));
        }
        let before = std::mem::replace(&mut self.length, metadata.len());
        Ok(metadata.len() < before || log_length < log_before)
    }
}

/// The length of the log; 0 if there is none.
///
/// # Errors
///
/// It is none any more.
fn log_length(log: &Path) -> Result<u64, Problem> {
    let Ok(file) = File::open(log) else {
        return Ok(0);
    };
    let length = file.metadata().map_err(Problem::System)?.len();
    let mut magic = [0; 4];
    if length > 0 && file.read_exact_at(&mut magic, 0).is_ok() {
        magic[3] &= !1;
        if magic != LOG_MAGIC {
            let what = "its log has been overwritten with something else";
            return Err(Problem::Damaged(what.to_owned()));
        }
    }
    Ok(length)
}
