//! Finds the program of a group before anything starts: a mistake in its name is no reason to try again.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use crate::CommandError;

/// As a shell's exit code: it is there, and cannot be run.
const NOT_EXECUTABLE: u8 = 126;
/// As a shell's exit code: it is not there.
const NOT_FOUND: u8 = 127;
/// Where programs are, if nothing else is said, as `execvp` has it.
const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// Whether the program is there and can be run, as the system looks for it.
///
/// # Errors
///
/// One line, and the exit code: 127 if there is none, 126 if it cannot be run.
pub(super) fn check(program: &str) -> Result<(), CommandError> {
    let path = env::var_os("PATH").unwrap_or_else(|| DEFAULT_PATH.into());
    check_in(program, &path)
}

fn check_in(program: &str, path: &OsStr) -> Result<(), CommandError> {
    let places: Vec<PathBuf> = if program.contains('/') {
        vec![program.into()]
    } else {
        env::split_paths(path).map(|it| it.join(program)).collect()
    };
    if places.iter().any(|it| is_executable(it)) {
        return Ok(());
    }
    if places.iter().any(|it| it.exists()) {
        let line = format!("{program}: not executable");
        return Err(CommandError::new(NOT_EXECUTABLE, line));
    }
    Err(CommandError::new(
        NOT_FOUND,
        format!("{program}: not found"),
    ))
}

fn is_executable(path: &Path) -> bool {
    let is_file = fs::metadata(path).is_ok_and(|it| it.is_file());
    is_file && access(path, Access::EXEC_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found_missing_and_not_executable() {
        let code = |program: &str, path: &str| {
            let checked = check_in(program, OsStr::new(path));
            checked.err().map(|error| error.code)
        };
        assert_eq!(code("sh", "/no/such:/bin"), None);
        assert_eq!(code("/bin/sh", ""), None);
        assert_eq!(code("sh", "/no/such"), Some(NOT_FOUND));
        assert_eq!(code("./no-such", "/bin"), Some(NOT_FOUND));
        assert_eq!(code("/etc/passwd", ""), Some(NOT_EXECUTABLE));
        assert_eq!(code("passwd", "/etc"), Some(NOT_EXECUTABLE));
        assert_eq!(code("/", ""), Some(NOT_EXECUTABLE));
    }
}
