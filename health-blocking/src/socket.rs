//! Sockets of either family, as one type.

use std::io::{self, Read, Write};
use std::net::Shutdown;

use health_core::server::{AcceptError, Peer};
use mio::event;

use crate::listen::{Reserve, SocketFile, Source, classify};

/// A listener, and what goes with it.
#[derive(Debug)]
pub(crate) struct Acceptor {
    /// Goes before the listener: see [`Source::Unix`].
    _file: Option<SocketFile>,
    listener: Listener,
    reserve: Reserve,
}

#[derive(Debug)]
enum Listener {
    Tcp(mio::net::TcpListener),
    #[cfg(unix)]
    Unix(mio::net::UnixListener),
}

/// A connection's socket.
#[derive(Debug)]
pub(crate) enum Socket {
    Tcp(mio::net::TcpStream),
    #[cfg(unix)]
    Unix(mio::net::UnixStream),
}

/// What the listener's queue held.
pub(crate) enum Accepted {
    Connection(Socket, Peer),
    Nothing,
    Failed(AcceptError),
}

impl Acceptor {
    /// Takes over what is bound, and gives back what is yet to be.
    pub(crate) fn new(source: Source) -> Result<Self, Source> {
        let (listener, _file) = match source {
            Source::Tcp(listener) => {
                let listener = mio::net::TcpListener::from_std(listener);
                (Listener::Tcp(listener), None)
            }
            #[cfg(unix)]
            Source::Unix { file, listener } => {
                let listener = mio::net::UnixListener::from_std(listener);
                (Listener::Unix(listener), file)
            }
            Source::Later { .. } => return Err(source),
        };
        Ok(Self {
            _file,
            listener,
            reserve: Reserve::new(),
        })
    }

    pub(crate) fn source(&mut self) -> &mut dyn event::Source {
        match &mut self.listener {
            Listener::Tcp(listener) => listener,
            #[cfg(unix)]
            Listener::Unix(listener) => listener,
        }
    }

    pub(crate) fn accept(&mut self) -> Accepted {
        match self.listener.accept() {
            Ok((socket, peer)) => {
                self.reserve.restore();
                Accepted::Connection(socket, peer)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Accepted::Nothing,
            Err(error) => Accepted::Failed(classify(&error)),
        }
    }

    /// Closes whoever waits, at the price of the reserve.
    pub(crate) fn shed(&mut self) {
        self.reserve.shed(|| self.listener.accept().map(drop));
    }
}

impl Listener {
    fn accept(&self) -> io::Result<(Socket, Peer)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, address) = listener.accept()?;
                Ok((Socket::Tcp(stream), Peer::Ip(address.ip())))
            }
            #[cfg(unix)]
            Self::Unix(listener) => {
                let (stream, _) = listener.accept()?;
                Ok((Socket::Unix(stream), Peer::Unix))
            }
        }
    }
}

impl Socket {
    pub(crate) fn source(&mut self) -> &mut dyn event::Source {
        match self {
            Self::Tcp(stream) => stream,
            #[cfg(unix)]
            Self::Unix(stream) => stream,
        }
    }

    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            #[cfg(unix)]
            Self::Unix(stream) => stream.read(buffer),
        }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(bytes),
            #[cfg(unix)]
            Self::Unix(stream) => stream.write(bytes),
        }
    }

    /// Half-closes: nothing more will be written.
    pub(crate) fn finish(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Write),
            #[cfg(unix)]
            Self::Unix(stream) => stream.shutdown(Shutdown::Write),
        }
    }
}
