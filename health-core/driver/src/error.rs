//! From the system's errors to the core's words.

use std::io;

use health_core::check::probe::{Part, Trouble};

/// Whose trouble `error` is, that came up during `part`.
#[must_use]
pub fn trouble(error: &io::Error, part: Part) -> Trouble {
    let trouble = error.raw_os_error().map_or_else(
        || without_number(error.kind(), part),
        |number| Trouble::from_errno(number, part),
    );
    match part {
        // Whatever it was: there is no TLS with the other side.
        Part::Secure if !trouble.is_ours() => Trouble::Tls,
        _ => trouble,
    }
}

/// Errors without a number are the standard library's own, or a TLS library's.
const fn without_number(kind: io::ErrorKind, part: Part) -> Trouble {
    match kind {
        io::ErrorKind::NotFound if matches!(part, Part::Spawn) => Trouble::CommandNotFound,
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::BrokenPipe => Trouble::Reset,
        io::ErrorKind::OutOfMemory => Trouble::Memory,
        io::ErrorKind::InvalidData => Trouble::Tls,
        _ => Trouble::Other,
    }
}
