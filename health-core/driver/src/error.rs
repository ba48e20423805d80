//! From the system's errors to the core's words.

use std::io;

use health_core::check::probe::{ProbeError, ProbePhase};

/// Whose trouble `error` is, that came up during `part`.
#[must_use]
pub fn trouble(error: &io::Error, part: ProbePhase) -> ProbeError {
    let trouble = error.raw_os_error().map_or_else(
        || without_number(error.kind(), part),
        |number| ProbeError::from_errno(number, part),
    );
    match part {
        // Whatever it was: there is no TLS with the other side.
        ProbePhase::Secure if !trouble.is_ours() => ProbeError::Tls,
        _ => trouble,
    }
}

/// Errors without a number are the standard library's own, or a TLS library's.
const fn without_number(kind: io::ErrorKind, part: ProbePhase) -> ProbeError {
    match kind {
        io::ErrorKind::NotFound if matches!(part, ProbePhase::Spawn) => ProbeError::CommandNotFound,
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::BrokenPipe => ProbeError::Reset,
        io::ErrorKind::OutOfMemory => ProbeError::Memory,
        io::ErrorKind::InvalidData => ProbeError::Tls,
        _ => ProbeError::Other,
    }
}
