//! Accepting connections, also when the system has run out of descriptors.

use std::fs::File;
use std::io;
use std::task::{Context, Poll, ready};

use health_core::server::{AcceptError, Limits, Peer};

use crate::listen::{SocketFile, Source};
use crate::runtime::Listen;

/// A runtime's listener, its socket file if it has one, and a descriptor kept for a shortage.
#[derive(Debug)]
pub struct Acceptor<L> {
    /// Dropped before the listener: see [`Source::Bound`].
    _file: Option<SocketFile>,
    listener: L,
    reserve: Reserve,
}

impl<L: Listen> Acceptor<L> {
    /// Takes over a listener that is bound, with these limits for its connections; a source that is
    /// bound later is given back.
    ///
    /// # Errors
    ///
    /// The runtime cannot register it.
    pub fn new(source: Source, limits: &Limits) -> io::Result<Result<Self, Source>> {
        match source {
            Source::Later { .. } => Ok(Err(source)),
            Source::Bound { file, listener } => {
                listener.limit_unsent(limits);
                Ok(Ok(Self {
                    _file: file,
                    listener: L::new(listener)?,
                    reserve: Reserve::new(),
                }))
            }
        }
    }

    /// The listener itself.
    pub fn listener(&mut self) -> &mut L {
        &mut self.listener
    }

    /// The next connection.
    ///
    /// # Errors
    ///
    /// Those of `accept`: see [`classify`].
    pub fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(L::Socket, Peer)>> {
        loop {
            match self.listener.accept() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(self.listener.poll_ready(cx))?;
                }
                Err(error) => return Poll::Ready(Err(error)),
                Ok(accepted) => {
                    self.reserve.restore();
                    return Poll::Ready(Ok(accepted));
                }
            }
        }
    }

    /// Accepts and closes the connections that wait, by means of the reserved descriptor: a client that
    /// sees its connection closed can try elsewhere at once.
    pub fn shed(&mut self) {
        let listener = &mut self.listener;
        self.reserve.shed(|| listener.accept().map(drop));
    }
}

/// Whether an error of accept(2) is about one connection only, so that the next one may be fine, or a
/// shortage of this host.
#[must_use]
pub fn classify(error: &io::Error) -> AcceptError {
    let is_transient = match error.kind() {
        io::ErrorKind::ConnectionAborted
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::Interrupted
        | io::ErrorKind::TimedOut
        | io::ErrorKind::NetworkDown
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::HostUnreachable => true,
        _ => (error.raw_os_error()).is_some_and(|number| NETWORK_ERRORS.contains(&number)),
    };
    if is_transient {
        AcceptError::Transient
    } else {
        AcceptError::Exhausted
    }
}

/// Linux passes on an error that is pending on the new socket; accept(2) says to treat these as if there
/// were no connection. Those that std has no kind for: `ENONET`, `EPROTO`, `ENOPROTOOPT`,
/// `EOPNOTSUPP`, `EHOSTDOWN`.
#[cfg(all(
    any(target_os = "linux", target_os = "android"),
    not(any(target_arch = "mips", target_arch = "mips64"))
))]
const NETWORK_ERRORS: &[i32] = &[64, 71, 92, 95, 112];

#[cfg(all(
    any(target_os = "linux", target_os = "android"),
    any(target_arch = "mips", target_arch = "mips64")
))]
const NETWORK_ERRORS: &[i32] = &[64, 71, 99, 122, 147];

#[cfg(not(any(target_os = "linux", target_os = "android")))]
const NETWORK_ERRORS: &[i32] = &[];

/// A descriptor kept open, to be closed when there are no others: then one connection can be accepted.
#[derive(Debug)]
struct Reserve(Option<File>);

impl Reserve {
    fn new() -> Self {
        Self(File::open(if cfg!(windows) { "NUL" } else { "/dev/null" }).ok())
    }

    /// Opens the descriptor again that the last shortage has used.
    fn restore(&mut self) {
        if self.0.is_none() {
            *self = Self::new();
        }
    }

    /// Closes the reserved descriptor, and calls `accept_one`, which accepts a connection and closes it,
    /// until it fails.
    fn shed(&mut self, mut accept_one: impl FnMut() -> io::Result<()>) {
        /// Connections closed at a time.
        const MOST: usize = 64;
        if self.0.take().is_some() {
            for _ in 0..MOST {
                if accept_one().is_err() {
                    break;
                }
            }
            *self = Self::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn errors_of_the_network_are_no_shortage() {
        // ENONET, EPROTO, ENOPROTOOPT, EOPNOTSUPP, ENETDOWN, ENETUNREACH, ECONNABORTED, ETIMEDOUT,
        // EHOSTDOWN, EHOSTUNREACH.
        for number in [64, 71, 92, 95, 100, 101, 103, 110, 112, 113] {
            let error = io::Error::from_raw_os_error(number);
            assert_eq!(classify(&error), AcceptError::Transient, "{error}");
        }
        // ENOMEM, ENFILE, EMFILE, ENOBUFS; and EINVAL, which does not go away by itself.
        for number in [12, 23, 24, 105, 22] {
            let error = io::Error::from_raw_os_error(number);
            assert_eq!(classify(&error), AcceptError::Exhausted, "{error}");
        }
    }
}
