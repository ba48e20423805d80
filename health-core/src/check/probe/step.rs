//! What an attempt asks of its driver.

use core::net::SocketAddr;

#[cfg(doc)]
use super::attempt::Attempt;
use crate::base::Instant;

/// The one thing to do next. Asking again changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "the attempt waits until its step is carried out"]
pub enum Step<'p> {
    /// Look the name up, then call [`Attempt::handle_resolved`].
    Resolve {
        /// The name.
        name: &'p str,
        /// The port that goes with its addresses.
        port: u16,
        /// The deadline of the attempt.
        until: Instant,
    },
    /// Connect, then call [`Attempt::handle_connected`]. Close what an earlier step connected.
    Connect {
        /// To this and nothing else: it has passed the policy.
        to: Destination<'p>,
        /// When to give this address up: the deadline, or sooner if there are more addresses.
        until: Instant,
    },
    /// Make the TLS handshake for this name, then call [`Attempt::handle_secured`].
    Secure {
        /// Whom the certificate has to be for: a name, or an address without brackets.
        name: &'p str,
        /// The deadline of the attempt.
        until: Instant,
    },
    /// Send all of [`Attempt::request`], then call [`Attempt::handle_sent`].
    Write {
        /// The deadline of the attempt.
        until: Instant,
    },
    /// Wait for bytes or the end of the stream.
    Read {
        /// The deadline of the attempt.
        until: Instant,
    },
    /// As `Read`; the verdict is made, and waits for nobody.
    Linger {
        /// 50 ms from the end of the answer, within the deadline.
        until: Instant,
    },
    /// Close the connection, if there is one. [`Attempt::into_report`] has the result.
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
