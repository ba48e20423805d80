//! The socket of a connection.

use std::io::{self, Read, Write};
#[cfg(unix)]
use std::net::Shutdown;
#[cfg(unix)]
use std::os::fd::{AsFd, OwnedFd};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use health_driver::runtime::{Direction, Socket};
use tokio::io::AsyncWrite;
#[cfg(unix)]
use tokio::io::Interest;

#[cfg(unix)]
pub(super) const READ: Interest = Interest::READABLE;

/// A connection's socket.
#[derive(Debug)]
pub enum Link {
    /// Not known to the runtime: most are answered and gone before they have to wait, and then
    /// neither they nor the system need to know of each other. `None` only while it registers.
    #[cfg(unix)]
    Fresh(Option<Fresh>),
    Tcp(tokio::net::TcpStream),
    #[cfg(unix)]
    Unix(tokio::net::UnixStream),
}

/// A connection that is not registered with the runtime.
#[cfg(unix)]
#[derive(Debug)]
pub enum Fresh {
    Tcp(mio::net::TcpStream),
    Unix(mio::net::UnixStream),
}

impl Read for Link {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            #[cfg(unix)]
            Self::Fresh(fresh) => fresh
                .as_mut()
                .ok_or(io::ErrorKind::NotConnected)?
                .read(buffer),
            #[cfg(not(unix))]
            Self::Tcp(stream) => stream.try_read(buffer),
            #[cfg(unix)]
            Self::Tcp(stream) => drain(buffer, stream, |ready, read| ready.try_io(READ, read)),
            #[cfg(unix)]
            Self::Unix(stream) => drain(buffer, stream, |ready, read| ready.try_io(READ, read)),
        }
    }
}

impl Write for Link {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            #[cfg(unix)]
            Self::Fresh(fresh) => fresh
                .as_mut()
                .ok_or(io::ErrorKind::NotConnected)?
                .write(bytes),
            #[cfg(not(unix))]
            Self::Tcp(stream) => stream.try_write(bytes),
            #[cfg(unix)]
            Self::Tcp(stream) => match stream.try_write(bytes) {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                    write::<std::net::TcpStream>(stream, bytes)
                }
                written => written,
            },
            #[cfg(unix)]
            Self::Unix(stream) => match stream.try_write(bytes) {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                    write::<std::os::unix::net::UnixStream>(stream, bytes)
                }
                written => written,
            },
        }
    }

    /// There is nothing to flush.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Socket for Link {
    fn poll_ready(&mut self, direction: Direction, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        #[cfg(unix)]
        self.register()?;
        match (&*self, direction) {
            #[cfg(unix)]
            (Self::Fresh(_), _) => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
            (Self::Tcp(stream), Direction::Read) => stream.poll_read_ready(cx),
            (Self::Tcp(stream), Direction::Write) => stream.poll_write_ready(cx),
            #[cfg(unix)]
            (Self::Unix(stream), Direction::Read) => stream.poll_read_ready(cx),
            #[cfg(unix)]
            (Self::Unix(stream), Direction::Write) => stream.poll_write_ready(cx),
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        let cx = &mut Context::from_waker(Waker::noop());
        let finished = match self {
            #[cfg(unix)]
            Self::Fresh(fresh) => {
                return fresh.as_ref().ok_or(io::ErrorKind::NotConnected)?.finish();
            }
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            #[cfg(unix)]
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        };
        // It never waits.
        let Poll::Ready(finished) = finished else {
            return Ok(());
        };
        finished
    }
}

#[cfg(unix)]
impl Link {
    /// It has to wait: from now on the runtime watches it.
    fn register(&mut self) -> io::Result<()> {
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

#[cfg(unix)]
impl Fresh {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            Self::Unix(stream) => stream.read(buffer),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(bytes),
            Self::Unix(stream) => stream.write(bytes),
        }
    }

    fn finish(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Write),
            Self::Unix(stream) => stream.shutdown(Shutdown::Write),
        }
    }
}

/// Reads, and uses the readiness up where that has emptied the socket, as the runtime's own reads
/// do: edges of epoll and kqueue (epoll(7), question 9). It saves one system call of four.
#[cfg(unix)]
fn drain<S: AsFd>(
    buffer: &mut [u8],
    stream: &S,
    try_io: impl FnOnce(&S, &mut dyn FnMut() -> io::Result<()>) -> io::Result<()>,
) -> io::Result<usize> {
    let mut taken = 0;
    let read = try_io(stream, &mut || {
        taken = (&*socket2::SockRef::from(stream)).read(buffer)?;
        if (1..buffer.len()).contains(&taken) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(())
    });
    if taken > 0 {
        Ok(taken)
    } else {
        read.map(|()| 0)
    }
}

/// Writes without asking the runtime whether the socket is ready. It does not know that of a stream
/// that was registered in this turn; and the end of a stream that loses its place to another
/// connection in the same turn is written now or never.
#[cfg(unix)]
fn write<S: From<OwnedFd> + Write>(stream: &impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    // The standard library's type, which raises no SIGPIPE, owns its descriptor.
    let duplicate = stream.as_fd().try_clone_to_owned()?;
    S::from(duplicate).write(bytes)
}
