//! Sockets of either family, as one type.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use health_core::server::Peer;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::listen::{Reserve, SocketFile, Source};

#[cfg(not(unix))]
use portable::Listener;
#[cfg(unix)]
use unix::{Fresh, Listener};

/// A listener, and what goes with it.
#[derive(Debug)]
pub(crate) struct Acceptor {
    /// Goes before the listener: see [`Source::Unix`].
    _file: Option<SocketFile>,
    listener: Listener,
    reserve: Reserve,
}

/// A connection's socket.
#[derive(Debug)]
pub(crate) enum Socket {
    /// Not known to the runtime: most are answered and gone before they have to wait, and then
    /// neither they nor the system need to know of each other. `None` only while it registers.
    #[cfg(unix)]
    Fresh(Option<Fresh>),
    Tcp(tokio::net::TcpStream),
    #[cfg(unix)]
    Unix(tokio::net::UnixStream),
}

impl Acceptor {
    /// Takes over what is bound, and gives back what is yet to be.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime with I/O.
    pub(crate) fn new(source: Source) -> io::Result<Result<Self, Source>> {
        let (listener, _file) = match source {
            Source::Tcp(listener) => (Listener::tcp(listener)?, None),
            #[cfg(unix)]
            Source::Unix { file, listener } => (Listener::unix(listener)?, file),
            Source::Later { .. } => return Ok(Err(source)),
        };
        Ok(Ok(Self {
            _file,
            listener,
            reserve: Reserve::new(),
        }))
    }

    pub(crate) fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(Socket, Peer)>> {
        let accepted = self.listener.poll_accept(cx);
        if let Poll::Ready(Ok(_)) = accepted {
            self.reserve.restore();
        }
        accepted
    }

    /// Closes whoever waits, at the price of the reserve.
    pub(crate) fn shed(&mut self) {
        let cx = &mut Context::from_waker(Waker::noop());
        self.reserve.shed(|| match self.listener.poll_accept(cx) {
            Poll::Ready(accepted) => accepted.map(drop),
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        });
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        #[cfg(unix)]
        if let Self::Fresh(fresh) = &mut *self {
            match unix::read(fresh, buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.register()?,
                result => return Poll::Ready(result),
            }
        }
        match &mut *self {
            #[cfg(unix)]
            Self::Fresh(_) => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buffer),
            #[cfg(unix)]
            Self::Unix(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        #[cfg(unix)]
        if let Self::Fresh(fresh) = &mut *self {
            match unix::write(fresh, bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.register()?,
                result => return Poll::Ready(result),
            }
        }
        match &mut *self {
            #[cfg(unix)]
            Self::Fresh(_) => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
            #[cfg(unix)]
            Self::Unix(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    /// There is nothing to flush.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            #[cfg(unix)]
            Self::Fresh(fresh) => Poll::Ready(unix::finish(fresh)),
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            #[cfg(unix)]
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

#[cfg(unix)]
mod unix {
    use std::io::{self, Read, Write};
    use std::net::{Shutdown, TcpListener};
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixListener;
    use std::task::{Context, Poll, ready};

    use health_core::server::Peer;
    use tokio::io::{Interest, ReadBuf};

    use super::Socket;

    /// A listener whose connections the runtime does not hear of.
    ///
    /// The runtime's own listeners register what they accept at once: two system calls and 2,500
    /// instructions that a connection which is answered and closed does not need. So it watches a
    /// duplicate of the descriptor, as a stream that is only ever asked whether it is readable, and
    /// what is accepted stays with us.
    #[derive(Debug)]
    pub(crate) enum Listener {
        Tcp {
            queue: mio::net::TcpListener,
            readiness: tokio::net::TcpStream,
        },
        Unix {
            queue: mio::net::UnixListener,
            readiness: tokio::net::UnixStream,
        },
    }

    /// A connection that the runtime has not heard of.
    #[derive(Debug)]
    pub(crate) enum Fresh {
        Tcp(mio::net::TcpStream),
        Unix(mio::net::UnixStream),
    }

    impl Listener {
        pub(super) fn tcp(listener: TcpListener) -> io::Result<Self> {
            let readiness = OwnedFd::from(listener.try_clone()?);
            Ok(Self::Tcp {
                queue: mio::net::TcpListener::from_std(listener),
                readiness: tokio::net::TcpStream::from_std(readiness.into())?,
            })
        }

        pub(super) fn unix(listener: UnixListener) -> io::Result<Self> {
            let readiness = OwnedFd::from(listener.try_clone()?);
            Ok(Self::Unix {
                queue: mio::net::UnixListener::from_std(listener),
                readiness: tokio::net::UnixStream::from_std(readiness.into())?,
            })
        }

        pub(super) fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Socket, Peer)>> {
            loop {
                match ready!(self.poll_try_accept(cx)) {
                    // The readiness is cleared: ask the runtime again.
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return Poll::Ready(Err(error)),
                    Ok((fresh, peer)) => {
                        return Poll::Ready(Ok((Socket::Fresh(Some(fresh)), peer)));
                    }
                }
            }
        }

        fn poll_try_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Fresh, Peer)>> {
            match self {
                Self::Tcp { queue, readiness } => {
                    ready!(readiness.poll_read_ready(cx))?;
                    let (stream, address) =
                        readiness.try_io(Interest::READABLE, || queue.accept())?;
                    Poll::Ready(Ok((Fresh::Tcp(stream), Peer::Ip(address.ip()))))
                }
                Self::Unix { queue, readiness } => {
                    ready!(readiness.poll_read_ready(cx))?;
                    let (stream, _) = readiness.try_io(Interest::READABLE, || queue.accept())?;
                    Poll::Ready(Ok((Fresh::Unix(stream), Peer::Unix)))
                }
            }
        }
    }

    impl Socket {
        /// It has to wait: from now on the runtime watches it.
        pub(super) fn register(&mut self) -> io::Result<()> {
            if let Self::Fresh(fresh) = self {
                *self = match fresh.take() {
                    Some(Fresh::Tcp(stream)) => {
                        Self::Tcp(tokio::net::TcpStream::from_std(stream.into())?)
                    }
                    Some(Fresh::Unix(stream)) => {
                        Self::Unix(tokio::net::UnixStream::from_std(stream.into())?)
                    }
                    None => return Err(io::ErrorKind::NotConnected.into()),
                };
            }
            Ok(())
        }
    }

    pub(super) fn read(fresh: &mut Option<Fresh>, buffer: &mut ReadBuf<'_>) -> io::Result<()> {
        let space = buffer.initialize_unfilled();
        let count = match fresh {
            Some(Fresh::Tcp(stream)) => stream.read(space)?,
            Some(Fresh::Unix(stream)) => stream.read(space)?,
            None => return Err(io::ErrorKind::NotConnected.into()),
        };
        buffer.advance(count);
        Ok(())
    }

    pub(super) fn write(fresh: &mut Option<Fresh>, bytes: &[u8]) -> io::Result<usize> {
        match fresh {
            Some(Fresh::Tcp(stream)) => stream.write(bytes),
            Some(Fresh::Unix(stream)) => stream.write(bytes),
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    pub(super) fn finish(fresh: &Option<Fresh>) -> io::Result<()> {
        match fresh {
            Some(Fresh::Tcp(stream)) => stream.shutdown(Shutdown::Write),
            Some(Fresh::Unix(stream)) => stream.shutdown(Shutdown::Write),
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

#[cfg(not(unix))]
mod portable {
    use std::io;
    use std::net::TcpListener;
    use std::task::{Context, Poll, ready};

    use health_core::server::Peer;

    use super::Socket;

    #[derive(Debug)]
    pub(super) struct Listener(tokio::net::TcpListener);

    impl Listener {
        pub(super) fn tcp(listener: TcpListener) -> io::Result<Self> {
            tokio::net::TcpListener::from_std(listener).map(Self)
        }

        pub(super) fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Socket, Peer)>> {
            let (stream, address) = ready!(self.0.poll_accept(cx))?;
            Poll::Ready(Ok((Socket::Tcp(stream), Peer::Ip(address.ip()))))
        }
    }
}
