//! async-io's timer and sockets.
//!
//! Public but hidden, as the parameters of `Server`, `Monitor` and `Prober`, which messages of the
//! compiler name.
#![doc(hidden)]

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
#[cfg(unix)]
use std::os::unix::net::{UnixListener, UnixStream};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use async_io::Async;
use health_core::server::Peer;
use health_driver::listen::Bound;
use health_driver::runtime::{Direction, Listen, Runtime, Socket, Timer};

#[derive(Debug)]
pub struct Smol;

impl Runtime for Smol {
    type Timer = Alarm;
    type Listener = Listener;
    type Socket = Link;

    fn run<F: Future>(future: F) -> io::Result<F::Output> {
        Ok(async_io::block_on(future))
    }
}

#[derive(Debug, Default)]
pub struct Alarm(Option<async_io::Timer>);

impl Timer for Alarm {
    fn set(&mut self, after: Duration) {
        let timer = self.0.get_or_insert_with(async_io::Timer::never);
        timer.set_after(after);
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.0 {
            Some(timer) => Pin::new(timer).poll(cx).map(drop),
            None => Poll::Pending,
        }
    }
}

#[derive(Debug)]
pub struct Listener {
    queue: Queue,
    /// The queue may hold connections: no need to ask.
    is_ready: bool,
}

#[derive(Debug)]
enum Queue {
    Tcp(Async<TcpListener>),
    #[cfg(unix)]
    Unix(Async<UnixListener>),
}

/// A connection's socket.
#[derive(Debug)]
pub struct Link {
    stream: Stream,
    /// There may be bytes: reading first is cheaper than asking first. Everywhere else it is the
    /// other way round, for a read in vain costs a system call and asking has to be done anyway.
    is_ready: bool,
}

#[derive(Debug)]
enum Stream {
    /// Not known to the reactor: most are answered and gone before they have to wait. `None` only
    /// while it registers.
    Fresh(Option<Fresh>),
    Tcp(Async<TcpStream>),
    #[cfg(unix)]
    Unix(Async<UnixStream>),
}

#[derive(Debug)]
enum Fresh {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

/// Does the same with a stream of either family.
macro_rules! with {
    ($link:expr, $stream:ident => $act:expr) => {
        match &$link.stream {
            Stream::Fresh(Some(Fresh::Tcp($stream))) => $act,
            Stream::Tcp($stream) => {
                let $stream = $stream.get_ref();
                $act
            }
            #[cfg(unix)]
            Stream::Fresh(Some(Fresh::Unix($stream))) => $act,
            #[cfg(unix)]
            Stream::Unix($stream) => {
                let $stream = $stream.get_ref();
                $act
            }
            Stream::Fresh(None) => Err(io::ErrorKind::NotConnected.into()),
        }
    };
}

impl Listen for Listener {
    type Socket = Link;

    fn new(bound: Bound) -> io::Result<Self> {
        let queue = match bound {
            Bound::Tcp(listener) => Queue::Tcp(Async::new_nonblocking(listener)?),
            #[cfg(unix)]
            Bound::Unix(listener) => Queue::Unix(Async::new_nonblocking(listener)?),
        };
        let is_ready = true;
        Ok(Self { queue, is_ready })
    }

    fn accept(&mut self) -> io::Result<(Link, Peer)> {
        if !self.is_ready {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let accepted = self.queue.accept();
        let is_empty = |error: &io::Error| error.kind() == io::ErrorKind::WouldBlock;
        self.is_ready = !accepted.as_ref().is_err_and(is_empty);
        let (fresh, peer) = accepted?;
        let (stream, is_ready) = (Stream::Fresh(Some(fresh)), true);
        Ok((Link { stream, is_ready }, peer))
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(match &self.queue {
            Queue::Tcp(queue) => queue.poll_readable(cx),
            #[cfg(unix)]
            Queue::Unix(queue) => queue.poll_readable(cx),
        })?;
        self.is_ready = true;
        Poll::Ready(Ok(()))
    }
}

impl Queue {
    fn accept(&self) -> io::Result<(Fresh, Peer)> {
        match self {
            Self::Tcp(queue) => {
                let (stream, address) = queue.get_ref().accept()?;
                stream.set_nonblocking(true)?;
                Ok((Fresh::Tcp(stream), Peer::Ip(address.ip())))
            }
            #[cfg(unix)]
            Self::Unix(queue) => {
                let (stream, _) = queue.get_ref().accept()?;
                stream.set_nonblocking(true)?;
                Ok((Fresh::Unix(stream), Peer::Unix))
            }
        }
    }
}

impl Read for Link {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.is_ready {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let read = with!(self, stream => (&*stream).read(buffer));
        // A read that fills less than the buffer has emptied the socket.
        self.is_ready = match &read {
            Ok(count) => *count == buffer.len(),
            Err(error) => error.kind() == io::ErrorKind::Interrupted,
        };
        read
    }
}

impl Write for Link {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        with!(self, stream => (&*stream).write(bytes))
    }

    /// There is nothing to flush.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Socket for Link {
    fn poll_ready(&mut self, direction: Direction, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // From now on the reactor watches it.
        if let Stream::Fresh(fresh) = &mut self.stream {
            self.stream = match fresh.take() {
                Some(Fresh::Tcp(stream)) => Stream::Tcp(Async::new_nonblocking(stream)?),
                #[cfg(unix)]
                Some(Fresh::Unix(stream)) => Stream::Unix(Async::new_nonblocking(stream)?),
                None => return Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
            };
        }
        ready!(match (&self.stream, direction) {
            (Stream::Tcp(stream), Direction::Read) => stream.poll_readable(cx),
            (Stream::Tcp(stream), Direction::Write) => stream.poll_writable(cx),
            #[cfg(unix)]
            (Stream::Unix(stream), Direction::Read) => stream.poll_readable(cx),
            #[cfg(unix)]
            (Stream::Unix(stream), Direction::Write) => stream.poll_writable(cx),
            (Stream::Fresh(_), _) => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        })?;
        self.is_ready |= matches!(direction, Direction::Read);
        Poll::Ready(Ok(()))
    }

    fn finish(&mut self) -> io::Result<()> {
        with!(self, stream => stream.shutdown(Shutdown::Write))
    }
}

#[cfg(feature = "monitor")]
mod connect {
    use std::io;
    use std::net::{SocketAddr, TcpStream};
    #[cfg(unix)]
    use std::os::unix::net::UnixStream;

    use async_io::Async;
    use health_core::check::probe::Destination;
    use health_driver::runtime::Connect;

    use super::{Link, Stream};

    impl Connect for Link {
        async fn connect(to: Destination<'_>) -> io::Result<Self> {
            let stream = match to {
                Destination::Tcp(address) => {
                    let socket = Async::<TcpStream>::connect(address).await?;
                    // A request goes out in one write; nothing is gained by waiting for more.
                    let _ = socket.get_ref().set_nodelay(true);
                    Stream::Tcp(socket)
                }
                #[cfg(unix)]
                Destination::Unix(path) => Stream::Unix(connect_unix(path).await?),
                #[cfg(not(unix))]
                Destination::Unix(_) => return Err(io::ErrorKind::Unsupported.into()),
            };
            let is_ready = false;
            Ok(Self { stream, is_ready })
        }

        fn local_addr(&self) -> Option<SocketAddr> {
            match &self.stream {
                Stream::Tcp(socket) => socket.get_ref().local_addr().ok(),
                _ => None,
            }
        }
    }

    /// A full queue of the other side is waited for, as over TCP.
    #[cfg(unix)]
    async fn connect_unix(path: &str) -> io::Result<Async<UnixStream>> {
        const PAUSE: std::time::Duration = std::time::Duration::from_millis(10);
        loop {
            match Async::<UnixStream>::connect(path).await {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    async_io::Timer::after(PAUSE).await;
                }
                connected => return connected,
            }
        }
    }
}
