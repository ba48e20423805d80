//! Refuses `--init`: only Linux has subreapers, and containers with a PID 1 of their own.

use std::process::ExitCode;

use super::{CommandError, EXIT_USAGE};

/// `None`: this process needs no parent.
///
/// # Errors
///
/// `--init` was requested.
pub(super) fn run(is_requested: bool) -> Result<Option<ExitCode>, CommandError> {
    if is_requested {
        return Err(CommandError::new(EXIT_USAGE, "--init: it needs Linux"));
    }
    Ok(None)
}
