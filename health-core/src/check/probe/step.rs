//! What an attempt asks its driver to do.

use core::net::SocketAddr;

#[cfg(doc)]
use super::attempt::Attempt;
use crate::base::Instant;

/// The one thing to do next. Asking again changes nothing.
///
/// At `until`, call [`Attempt::handle_timeout`] instead of what the step names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "the attempt waits until its step is carried out"]
pub enum AttemptStep<'p> {
    /// Resolve the name, then call [`Attempt::handle_resolved`].
    Resolve {
        /// The name.
        name: &'p str,
        /// The port that goes with its addresses.
        port: u16,
        /// When it is given up, a little before the deadline of the attempt.
        until: Instant,
    },
    /// Connect, if that is not under way, beside what earlier steps have begun to connect to. Then wait
    /// for the first of them all, and call [`Attempt::handle_connected`] with it, or
    /// [`Attempt::handle_connect_error`].
    Connect {
        /// To this and nothing else: it has passed the policy.
        to: Destination<'p>,
        /// When the next address is tried as well; the deadline of the attempt if there is none.
        until: Instant,
    },
    /// Make the TLS handshake for this name, then call [`Attempt::handle_secured`]; before it, with the feature
    /// `expect`, `Attempt::handle_certificate`.
    Secure {
        /// The name, or the address without brackets, that the certificate has to be for.
        name: &'p str,
        /// The deadline of the attempt.
        until: Instant,
    },
    /// Send all of [`Attempt::request`], then call [`Attempt::handle_sent`].
    Write {
        /// The deadline of the attempt.
        until: Instant,
    },
    /// Read, then call [`Attempt::handle_input`], or [`Attempt::handle_eof`] at the end of the
    /// stream.
    Read {
        /// The deadline of the attempt.
        until: Instant,
    },
    /// As `Read`. The [report](Attempt::report) is ready and does not change any more: the driver
    /// hands it on before this step. The server is given time to close first, so that the
    /// `TIME_WAIT` is on its side.
    Linger {
        /// At most 50 ms from the end of the response, within the deadline.
        until: Instant,
    },
    /// Close the connection, if there is one. The [report](Attempt::report) is ready.
    Close,
}

/// Where to connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination<'p> {
    /// Over TCP.
    Tcp(SocketAddr),
    /// To the Unix socket of this path.
    Unix(&'p str),
}
