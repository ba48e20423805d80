//! tokio's timer and sockets.
//!
//! It is public, but hidden: `Server`, `Monitor` and `Prober` are health-driver's types with these as
//! parameters, so messages of the compiler name them.
#![doc(hidden)]

use std::io::{self, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use health_core::server::Peer;
use health_driver::listen::Bound;
use health_driver::runtime::{Direction, Listen, Runtime, Socket, Timer};
use tokio::io::AsyncWrite;
#[cfg(unix)]
use tokio::io::Interest;
use tokio::time::{self, Sleep};

#[cfg(not(unix))]
pub use portable::Listener;
#[cfg(unix)]
pub use unix::{Fresh, Listener};

#[cfg(unix)]
const READ: Interest = Interest::READABLE;

#[derive(Debug)]
pub struct Tokio;

impl Runtime for Tokio {
    type Timer = Alarm;
    type Listener = Listener;
    type Socket = Link;

    fn run<F: Future>(future: F) -> io::Result<F::Output> {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_io().enable_time().build()?;
        Ok(runtime.block_on(future))
    }
}

/// Made when it is first set: outside of a runtime it cannot be.
#[derive(Debug, Default)]
pub struct Alarm(Option<Pin<Box<Sleep>>>);

impl Timer for Alarm {
    /// # Panics
    ///
    /// Outside of a tokio runtime with timers.
    fn set(&mut self, after: Duration) {
        match &mut self.0 {
            None => self.0 = Some(Box::pin(time::sleep(after))),
            Some(sleep) => match time::Instant::now().checked_add(after) {
                Some(at) => sleep.as_mut().reset(at),
                None => self.0 = Some(Box::pin(time::sleep(after))),
            },
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.0 {
            Some(sleep) => sleep.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }
}

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
            Self::Tcp(stream) => {
                unix::drain(buffer, stream, |ready, read| ready.try_io(READ, read))
            }
            #[cfg(unix)]
            Self::Unix(stream) => {
                unix::drain(buffer, stream, |ready, read| ready.try_io(READ, read))
            }
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
                    unix::write::<std::net::TcpStream>(stream, bytes)
                }
                written => written,
            },
            #[cfg(unix)]
            Self::Unix(stream) => match stream.try_write(bytes) {
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => {
                    unix::write::<std::os::unix::net::UnixStream>(stream, bytes)
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

#[cfg(feature = "monitor")]
mod connect {
    use std::io;
    use std::net::SocketAddr;

    use health_core::check::probe::Destination;
    use health_driver::runtime::Connect;
    use tokio::net::TcpStream;
    #[cfg(unix)]
    use tokio::net::UnixStream;

    use super::Link;

    impl Connect for Link {
        /// # Panics
        ///
        /// Outside of a tokio runtime with I/O.
        async fn connect(to: Destination<'_>) -> io::Result<Self> {
            match to {
                Destination::Tcp(address) => {
                    let socket = TcpStream::connect(address).await?;
                    // A request goes out in one write; nothing is gained by waiting for more.
                    let _ = socket.set_nodelay(true);
                    Ok(Self::Tcp(socket))
                }
                #[cfg(unix)]
                Destination::Unix(path) => connect_unix(path).await.map(Self::Unix),
                #[cfg(not(unix))]
                Destination::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
            }
        }

        fn local_addr(&self) -> Option<SocketAddr> {
            match self {
                Self::Tcp(socket) => socket.local_addr().ok(),
                #[cfg(unix)]
                _ => None,
            }
        }
    }

    /// A full queue of the other side is waited for, as over TCP.
    #[cfg(unix)]
    async fn connect_unix(path: &str) -> io::Result<UnixStream> {
        const PAUSE: std::time::Duration = std::time::Duration::from_millis(10);
        loop {
            match UnixStream::connect(path).await {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    tokio::time::sleep(PAUSE).await;
                }
                connected => return connected,
            }
        }
    }
}

#[cfg(unix)]
mod unix {
    use std::io::{self, Read, Write};
    use std::net::Shutdown;
    use std::os::fd::{AsFd, OwnedFd};

    use super::{Bound, Context, Link, Listen, Peer, Poll, READ};

    /// A listener whose connections are not registered with the runtime.
    ///
    /// The runtime's own listeners register what they accept at once: two system calls and 2,500
    /// instructions that a connection which is answered and closed does not need. So it watches a
    /// duplicate of the descriptor, as a stream that is only ever asked whether it is readable, and
    /// what is accepted stays with us.
    #[derive(Debug)]
    pub enum Listener {
        Tcp {
            queue: mio::net::TcpListener,
            readiness: tokio::net::TcpStream,
        },
        Unix {
            queue: mio::net::UnixListener,
            readiness: tokio::net::UnixStream,
        },
    }

    /// A connection that is not registered with the runtime.
    #[derive(Debug)]
    pub enum Fresh {
        Tcp(mio::net::TcpStream),
        Unix(mio::net::UnixStream),
    }

    impl Listen for Listener {
        type Socket = Link;

        /// # Panics
        ///
        /// Outside of a tokio runtime with I/O.
        fn new(bound: Bound) -> io::Result<Self> {
            Ok(match bound {
                Bound::Tcp(listener) => {
                    let readiness = OwnedFd::from(listener.try_clone()?);
                    Self::Tcp {
                        queue: mio::net::TcpListener::from_std(listener),
                        readiness: tokio::net::TcpStream::from_std(readiness.into())?,
                    }
                }
                Bound::Unix(listener) => {
                    let readiness = OwnedFd::from(listener.try_clone()?);
                    Self::Unix {
                        queue: mio::net::UnixListener::from_std(listener),
                        readiness: tokio::net::UnixStream::from_std(readiness.into())?,
                    }
                }
            })
        }

        fn accept(&mut self) -> io::Result<(Link, Peer)> {
            let (fresh, peer) = match self {
                Self::Tcp { queue, readiness } => {
                    let (stream, address) = readiness.try_io(READ, || queue.accept())?;
                    (Fresh::Tcp(stream), Peer::Ip(address.ip()))
                }
                Self::Unix { queue, readiness } => {
                    let (stream, _) = readiness.try_io(READ, || queue.accept())?;
                    (Fresh::Unix(stream), Peer::Unix)
                }
            };
            Ok((Link::Fresh(Some(fresh)), peer))
        }

        fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            match self {
                Self::Tcp { readiness, .. } => readiness.poll_read_ready(cx),
                Self::Unix { readiness, .. } => readiness.poll_read_ready(cx),
            }
        }
    }

    /// Reads, and uses the readiness up where that has emptied the socket, as the runtime's own reads
    /// do: edges of epoll and kqueue (epoll(7), question 9). It saves one system call of four.
    pub(super) fn drain<S: AsFd>(
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
    pub(super) fn write<S: From<OwnedFd> + Write>(
        stream: &impl AsFd,
        bytes: &[u8],
    ) -> io::Result<usize> {
        // The standard library's type, which raises no SIGPIPE, owns its descriptor.
        let duplicate = stream.as_fd().try_clone_to_owned()?;
        S::from(duplicate).write(bytes)
    }

    impl Link {
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

    impl Fresh {
        pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self {
                Self::Tcp(stream) => stream.read(buffer),
                Self::Unix(stream) => stream.read(buffer),
            }
        }

        pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            match self {
                Self::Tcp(stream) => stream.write(bytes),
                Self::Unix(stream) => stream.write(bytes),
            }
        }

        pub(super) fn finish(&self) -> io::Result<()> {
            match self {
                Self::Tcp(stream) => stream.shutdown(Shutdown::Write),
                Self::Unix(stream) => stream.shutdown(Shutdown::Write),
            }
        }
    }
}

#[cfg(not(unix))]
mod portable {
    use std::io;

    use super::{Bound, Context, Link, Listen, Peer, Poll};

    #[derive(Debug)]
    pub struct Listener(
        tokio::net::TcpListener,
        Option<(tokio::net::TcpStream, Peer)>,
    );

    impl Listen for Listener {
        type Socket = Link;

        fn new(Bound::Tcp(listener): Bound) -> io::Result<Self> {
            Ok(Self(tokio::net::TcpListener::from_std(listener)?, None))
        }

        /// There the runtime accepts while it waits.
        fn accept(&mut self) -> io::Result<(Link, Peer)> {
            let (stream, peer) = self.1.take().ok_or(io::ErrorKind::WouldBlock)?;
            Ok((Link::Tcp(stream), peer))
        }

        fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            if self.1.is_none() {
                let (stream, address) = std::task::ready!(self.0.poll_accept(cx))?;
                self.1 = Some((stream, Peer::Ip(address.ip())));
            }
            Poll::Ready(Ok(()))
        }
    }
}
