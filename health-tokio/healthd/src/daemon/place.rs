//! The registry's file in its directory: holds the lock, notices another file, moves a broken one aside.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::SystemTime;

use crate::control::Lock;
use crate::store::{Identity, StoreError};

/// The identities of the directory and of the file.
pub(super) fn identities(path: &Path) -> [Option<Identity>; 2] {
    let directory = path.parent().filter(|it| !it.as_os_str().is_empty());
    let directory = directory.unwrap_or(Path::new("."));
    [Identity::at(directory), Identity::at(path)]
}

/// Takes the lock, unless it is held; takes it again if its file was removed.
pub(super) fn hold(lock: &OnceLock<Lock>, path: &Path) -> Result<(), StoreError> {
    if let Some(held) = lock.get() {
        match held.renew(path) {
            Ok(true) => {}
            Ok(false) => return Err(StoreError::of_lock(path, None)),
            Err(error) => return Err(StoreError::of_lock(path, Some(error))),
        }
    } else {
        let taken = Lock::take(path);
        let taken = taken.map_err(|error| StoreError::of_lock(path, Some(error)))?;
        let taken = taken.ok_or_else(|| StoreError::of_lock(path, None))?;
        let _ = lock.set(taken);
    }
    Ok(())
}

/// Renames a file and its side files.
pub(super) fn set_aside(path: &Path, word: &str) -> io::Result<PathBuf> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let suffix = format!(".{word}-{}", now.unwrap_or_default().as_secs());
    let with = |path: &Path, suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let place = with(path, &suffix);
    fs::rename(path, &place)?;
    for part in ["-wal", "-shm"] {
        // There may be none.
        let _ = fs::rename(with(path, part), with(&place, part));
    }
    Ok(place)
}
