//! Sockets of either family, as one type.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
#[cfg(unix)]
use std::os::unix::net::{UnixListener, UnixStream};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use async_io::Async;
use futures_io::{AsyncRead, AsyncWrite};
use health_core::server::Peer;

use crate::listen::{Reserve, SocketFile, Source};

/// A listener, and what goes with it.
#[derive(Debug)]
pub(crate) struct Acceptor {
    /// Goes before the listener: see [`Source::Unix`].
    _file: Option<SocketFile>,
    listener: Async<Listener>,
    /// The queue may hold connections: no need to ask.
    is_ready: bool,
    reserve: Reserve,
}

#[derive(Debug)]
enum Listener {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
}

/// A connection's socket.
#[derive(Debug)]
pub(crate) struct Socket {
    link: Link,
    /// There may be bytes: reading first is cheaper than asking first. Everywhere else it is the
    /// other way round, for a read in vain costs a system call and asking has to be done anyway.
    is_ready: bool,
}

#[derive(Debug)]
enum Link {
    /// Not known to the reactor: most are answered and gone before they have to wait. `None` only
    /// while it registers.
    Fresh(Option<Stream>),
    Watched(Async<Stream>),
}

#[derive(Debug)]
enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Acceptor {
    /// Takes over what is bound, and gives back what is yet to be.
    pub(crate) fn new(source: Source) -> io::Result<Result<Self, Source>> {
        let (listener, _file) = match source {
            Source::Tcp(listener) => (Listener::Tcp(listener), None),
            #[cfg(unix)]
            Source::Unix { file, listener } => (Listener::Unix(listener), file),
            Source::Later { .. } => return Ok(Err(source)),
        };
        Ok(Ok(Self {
            _file,
            listener: Async::new_nonblocking(listener)?,
            is_ready: true,
            reserve: Reserve::new(),
        }))
    }

    pub(crate) fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(Socket, Peer)>> {
        loop {
            if !self.is_ready {
                ready!(self.listener.poll_readable(cx))?;
                self.is_ready = true;
            }
            match self.listener.get_ref().accept() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.is_ready = false,
                Err(error) => return Poll::Ready(Err(error)),
                Ok(accepted) => {
                    self.reserve.restore();
                    return Poll::Ready(Ok(accepted));
                }
            }
        }
    }

    /// Closes whoever waits, at the price of the reserve.
    pub(crate) fn shed(&mut self) {
        let listener = self.listener.get_ref();
        self.reserve.shed(|| listener.accept().map(drop));
    }
}

impl Listener {
    fn accept(&self) -> io::Result<(Socket, Peer)> {
        let (stream, peer) = match self {
            Self::Tcp(listener) => {
                let (stream, address) = listener.accept()?;
                stream.set_nonblocking(true)?;
                (Stream::Tcp(stream), Peer::Ip(address.ip()))
            }
            #[cfg(unix)]
            Self::Unix(listener) => {
                let (stream, _) = listener.accept()?;
                stream.set_nonblocking(true)?;
                (Stream::Unix(stream), Peer::Unix)
            }
        };
        let socket = Socket {
            link: Link::Fresh(Some(stream)),
            is_ready: true,
        };
        Ok((socket, peer))
    }
}

impl Socket {
    fn stream(&self) -> io::Result<&Stream> {
        match &self.link {
            Link::Fresh(stream) => stream.as_ref().ok_or(io::ErrorKind::NotConnected.into()),
            Link::Watched(stream) => Ok(stream.get_ref()),
        }
    }

    /// The socket for which to wait: from now on the reactor watches it.
    fn watched(&mut self) -> io::Result<&Async<Stream>> {
        if let Link::Fresh(stream) = &mut self.link {
            let stream = stream.take().ok_or(io::ErrorKind::NotConnected)?;
            self.link = Link::Watched(Async::new_nonblocking(stream)?);
        }
        match &self.link {
            Link::Watched(stream) => Ok(stream),
            Link::Fresh(_) => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            if !self.is_ready {
                ready!(self.watched()?.poll_readable(cx))?;
            }
            match self.stream()?.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.is_ready = false,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => self.is_ready = true,
                result => {
                    // A read that fills less than the buffer has emptied the socket.
                    self.is_ready = matches!(result, Ok(count) if count == buffer.len());
                    return Poll::Ready(result);
                }
            }
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            match self.stream()?.write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(self.watched()?.poll_writable(cx))?;
                }
                result => return Poll::Ready(result),
            }
        }
    }

    /// There is nothing to flush.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Half-closes: what comes can still be read.
    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.stream().and_then(Stream::finish))
    }
}

impl Stream {
    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => (&*stream).read(buffer),
            #[cfg(unix)]
            Self::Unix(stream) => (&*stream).read(buffer),
        }
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => (&*stream).write(bytes),
            #[cfg(unix)]
            Self::Unix(stream) => (&*stream).write(bytes),
        }
    }

    fn finish(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Write),
            #[cfg(unix)]
            Self::Unix(stream) => stream.shutdown(Shutdown::Write),
        }
    }
}

#[cfg(unix)]
mod descriptors {
    use std::os::fd::{AsFd, BorrowedFd};

    use super::{Listener, Stream};

    impl AsFd for Listener {
        fn as_fd(&self) -> BorrowedFd<'_> {
            match self {
                Self::Tcp(listener) => listener.as_fd(),
                Self::Unix(listener) => listener.as_fd(),
            }
        }
    }

    impl AsFd for Stream {
        fn as_fd(&self) -> BorrowedFd<'_> {
            match self {
                Self::Tcp(stream) => stream.as_fd(),
                Self::Unix(stream) => stream.as_fd(),
            }
        }
    }
}

#[cfg(windows)]
mod descriptors {
    use std::os::windows::io::{AsSocket, BorrowedSocket};

    use super::{Listener, Stream};

    impl AsSocket for Listener {
        fn as_socket(&self) -> BorrowedSocket<'_> {
            let Self::Tcp(listener) = self;
            listener.as_socket()
        }
    }

    impl AsSocket for Stream {
        fn as_socket(&self) -> BorrowedSocket<'_> {
            let Self::Tcp(stream) = self;
            stream.as_socket()
        }
    }
}
