//! the kind of a system's error, as the core counts and reports it.

use std::io;

use health_core::Kind;
use health_core::check::probe::ProbePhase;

/// The class of an `error` that an attempt met during `phase`: it says whether the target has failed,
/// or whether this host could not probe it ([`Kind::is_ours`]).
#[must_use]
pub fn probe_error(error: &io::Error, phase: ProbePhase) -> Kind {
    let class = error.raw_os_error().map_or_else(
        || without_number(error.kind(), phase),
        |number| Kind::from_errno(number, phase),
    );
    match phase {
        // Whatever the reason, a TLS session could not be set up.
        ProbePhase::Secure if !class.is_ours() => Kind::Tls,
        _ => class,
    }
}

/// Errors without a number come from the standard library itself, or from the TLS library.
const fn without_number(kind: io::ErrorKind, phase: ProbePhase) -> Kind {
    match kind {
        io::ErrorKind::NotFound if matches!(phase, ProbePhase::Spawn) => Kind::CommandNotFound,
        // So the TLS library says it; a plain stream's end is no error.
        io::ErrorKind::UnexpectedEof => Kind::Truncated,
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => Kind::Reset,
        io::ErrorKind::OutOfMemory => Kind::Memory,
        io::ErrorKind::InvalidData => Kind::Tls,
        _ => Kind::Io,
    }
}
