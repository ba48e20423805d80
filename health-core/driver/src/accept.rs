//! Accepting, in a shortage too.

use std::fs::File;
use std::io;
use std::task::{Context, Poll, ready};

use health_core::server::{AcceptError, Peer};

use crate::listen::{SocketFile, Source};
use crate::runtime::Listen;

/// A runtime's listener, and what goes with it.
#[derive(Debug)]
pub struct Acceptor<L> {
    /// Goes before the listener: see [`Source::Bound`].
    _file: Option<SocketFile>,
    listener: L,
    reserve: Reserve,
}

impl<L: Listen> Acceptor<L> {
    /// Takes over what is bound, and gives back what is yet to be.
    ///
    /// # Errors
    ///
    /// The runtime cannot watch it.
    pub fn new(source: Source) -> io::Result<Result<Self, Source>> {
        match source {
            Source::Later { .. } => Ok(Err(source)),
            Source::Bound { file, listener } => Ok(Ok(Self {
                _file: file,
                listener: L::new(listener)?,
                reserve: Reserve::new(),
            })),
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

    /// Closes whoever waits, at the price of the reserve: a client that is told at once can go
    /// elsewhere.
    pub fn shed(&mut self) {
        let listener = &mut self.listener;
        self.reserve.shed(|| listener.accept().map(drop));
    }
}

/// Most errors of accept(2) are the connection's own, and the next one may be fine.
#[must_use]
pub fn classify(error: &io::Error) -> AcceptError {
    match error.kind() {
        io::ErrorKind::ConnectionAborted
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::Interrupted => AcceptError::Transient,
        _ => AcceptError::Exhausted,
    }
}

/// A descriptor held back for the day when there are no others.
#[derive(Debug)]
struct Reserve(Option<File>);

impl Reserve {
    fn new() -> Self {
        Self(File::open(if cfg!(windows) { "NUL" } else { "/dev/null" }).ok())
    }

    /// Takes back what the last shortage has cost.
    fn restore(&mut self) {
        if self.0.is_none() {
            *self = Self::new();
        }
    }

    /// `accept_one` accepts one and closes it.
    fn shed(&mut self, mut accept_one: impl FnMut() -> io::Result<()>) {
        /// Clients turned away at a time.
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
