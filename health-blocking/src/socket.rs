//! Sockets of either family, as one type, and what the loop asks of them.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::task::{Context, Poll};

use health_core::server::Peer;
use health_driver::listen::Bound;
use health_driver::runtime::{Listen, Socket, Wish};
use mio::{Interest, Registry, Token, event};

/// Whether a read that fills less than the buffer has emptied the socket. True for edge-triggered
/// epoll and kqueue (epoll(7), question 9), and saves one system call of three; elsewhere the
/// next event only comes after `WouldBlock`.
const SHORT_READ_DRAINS: bool = cfg!(unix);

#[derive(Debug)]
pub(crate) enum Listener {
    Tcp(mio::net::TcpListener),
    #[cfg(unix)]
    Unix(mio::net::UnixListener),
}

/// A connection's socket.
#[derive(Debug)]
pub(crate) struct Link {
    stream: Stream,
    /// What it waits for, and what the loop was asked for.
    wanted: Interest,
    interest: Option<Interest>,
    /// There may be bytes.
    is_ready: bool,
    /// The peer has closed, so a short read is not the last one.
    read_closed: bool,
}

#[derive(Debug)]
enum Stream {
    Tcp(mio::net::TcpStream),
    #[cfg(unix)]
    Unix(mio::net::UnixStream),
}

impl Listener {
    pub(crate) fn source(&mut self) -> &mut dyn event::Source {
        match self {
            Self::Tcp(listener) => listener,
            #[cfg(unix)]
            Self::Unix(listener) => listener,
        }
    }
}

impl Listen for Listener {
    type Socket = Link;

    fn new(bound: Bound) -> io::Result<Self> {
        Ok(match bound {
            Bound::Tcp(listener) => Self::Tcp(mio::net::TcpListener::from_std(listener)),
            #[cfg(unix)]
            Bound::Unix(listener) => Self::Unix(mio::net::UnixListener::from_std(listener)),
        })
    }

    fn accept(&mut self) -> io::Result<(Link, Peer)> {
        let (stream, peer) = match self {
            Self::Tcp(listener) => {
                let (stream, address) = listener.accept()?;
                (Stream::Tcp(stream), Peer::Ip(address.ip()))
            }
            #[cfg(unix)]
            Self::Unix(listener) => (Stream::Unix(listener.accept()?.0), Peer::Unix),
        };
        let link = Link {
            stream,
            wanted: Interest::READABLE,
            interest: None,
            is_ready: true,
            read_closed: false,
        };
        Ok((link, peer))
    }

    /// The loop waits, not the listener.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl Link {
    /// Notes what an event says about the socket.
    pub(crate) fn handle_event(&mut self, read_closed: bool) {
        self.read_closed |= read_closed;
        self.is_ready = true;
    }

    /// Asks for the events that are waited for. One-shot connections are answered and gone before
    /// they are ever registered.
    pub(crate) fn listen(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let wanted = self.wanted;
        let source: &mut dyn event::Source = match &mut self.stream {
            Stream::Tcp(stream) => stream,
            #[cfg(unix)]
            Stream::Unix(stream) => stream,
        };
        match self.interest {
            None => registry.register(source, token, wanted)?,
            // Interest in writing stays once it was there: edges that nobody needs are cheap.
            Some(interest) if interest == wanted => return Ok(()),
            Some(_) => registry.reregister(source, token, wanted)?,
        }
        self.interest = Some(wanted);
        Ok(())
    }
}

impl Read for Link {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.is_ready {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = match &mut self.stream {
            Stream::Tcp(stream) => stream.read(buffer),
            #[cfg(unix)]
            Stream::Unix(stream) => stream.read(buffer),
        }?;
        let is_drained = SHORT_READ_DRAINS && count < buffer.len() && !self.read_closed;
        self.is_ready = !is_drained;
        Ok(count)
    }
}

impl Write for Link {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.stream {
            Stream::Tcp(stream) => stream.write(bytes),
            #[cfg(unix)]
            Stream::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Socket for Link {
    fn poll_ready(&mut self, wish: Wish, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        if matches!(wish, Wish::Write) {
            self.wanted |= Interest::WRITABLE;
        }
        Poll::Pending
    }

    fn finish(&mut self) -> io::Result<()> {
        match &self.stream {
            Stream::Tcp(stream) => stream.shutdown(Shutdown::Write),
            #[cfg(unix)]
            Stream::Unix(stream) => stream.shutdown(Shutdown::Write),
        }
    }
}
