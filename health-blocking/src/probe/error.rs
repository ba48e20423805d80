//! From the system's errors to the core's words.

use std::io;

use health_core::check::probe::{Part, Trouble};

/// Whose trouble `error` is, that came up during `part`.
pub(crate) fn trouble(error: &io::Error, part: Part) -> Trouble {
    if let Some(number) = error.raw_os_error() {
        return Trouble::from_errno(number, part);
    }
    // Errors without a number are the standard library's own, or a TLS library's.
    match error.kind() {
        io::ErrorKind::NotFound if matches!(part, Part::Spawn) => Trouble::CommandNotFound,
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::BrokenPipe => Trouble::Reset,
        io::ErrorKind::OutOfMemory => Trouble::Memory,
        io::ErrorKind::InvalidData => Trouble::Tls,
        _ => Trouble::Other,
    }
}

/// Whether a wait has ended because its time was over.
pub(crate) fn is_timeout(error: &io::Error) -> bool {
    let by_us = error.raw_os_error().is_none() && error.kind() == io::ErrorKind::TimedOut;
    by_us || error.kind() == io::ErrorKind::WouldBlock
}
