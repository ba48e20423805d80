//! mio's sockets, of either family, and the timer of this crate's reactor.
//!
//! Public but hidden, as the parameters of `Server`, `Monitor` and `Prober`, which messages of the
//! compiler name.
#![doc(hidden)]

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::task::{Context, Poll};

use health_core::server::Peer;
use health_driver::listen::Bound;
use health_driver::runtime::{BlockOn, Direction, Listen, Runtime, Socket};
use mio::event::Source;

use crate::reactor::{self, Registration};

pub use crate::reactor::Timer;

/// Whether a read that fills less than the buffer has emptied the socket. True for edge-triggered
/// epoll and kqueue (epoll(7), question 9), and saves one system call of three; elsewhere the
/// next event only comes after `WouldBlock`.
const SHORT_READ_DRAINS: bool = cfg!(unix);

#[derive(Debug)]
pub struct Mio;

impl Runtime for Mio {
    type Timer = Timer;
    type Listener = Listener;
    type Socket = Link;

    fn run<F: Future>(future: F) -> io::Result<F::Output> {
        Ok(reactor::block_on(future))
    }
}

impl BlockOn for Mio {
    fn block_on<F: Future>(future: F) -> F::Output {
        reactor::block_on(future)
    }
}

#[derive(Debug)]
pub struct Listener {
    queue: Queue,
    registration: Registration,
}

#[derive(Debug)]
enum Queue {
    Tcp(mio::net::TcpListener),
    #[cfg(unix)]
    Unix(mio::net::UnixListener),
}

/// A connection's socket.
#[derive(Debug)]
pub struct Link {
    stream: Stream,
    registration: Registration,
}

// A server keeps one for each connection. (mio's sockets are larger where it checks their use.)
#[cfg(all(unix, not(debug_assertions)))]
const _: () = assert!(size_of::<Link>() <= 24);

#[derive(Debug)]
enum Stream {
    Tcp(mio::net::TcpStream),
    #[cfg(unix)]
    Unix(mio::net::UnixStream),
}

/// Does the same with a socket of either family.
macro_rules! with {
    ($family:ident, $socket:expr, $name:ident => $act:expr) => {
        match $socket {
            $family::Tcp($name) => $act,
            #[cfg(unix)]
            $family::Unix($name) => $act,
        }
    };
}

impl Listen for Listener {
    type Socket = Link;

    fn new(bound: Bound) -> io::Result<Self> {
        let mut queue = match bound {
            Bound::Tcp(listener) => Queue::Tcp(mio::net::TcpListener::from_std(listener)),
            #[cfg(unix)]
            Bound::Unix(listener) => Queue::Unix(mio::net::UnixListener::from_std(listener)),
        };
        let source: &mut dyn Source = with!(Queue, &mut queue, queue => queue);
        let mut registration = Registration::new(true);
        registration.register(source, Direction::Read)?;
        Ok(Self {
            queue,
            registration,
        })
    }

    fn accept(&mut self) -> io::Result<(Link, Peer)> {
        if !self.registration.is_ready {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let accepted = match &self.queue {
            Queue::Tcp(queue) => queue
                .accept()
                .map(|(stream, address)| (Stream::Tcp(stream), Peer::Ip(address.ip()))),
            #[cfg(unix)]
            Queue::Unix(queue) => queue
                .accept()
                .map(|(stream, _)| (Stream::Unix(stream), Peer::Unix)),
        };
        self.registration.is_ready = !is_empty(&accepted);
        let (stream, peer) = accepted?;
        let is_ready = true;
        Ok((Link::new(stream, is_ready), peer))
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let source: &mut dyn Source = with!(Queue, &mut self.queue, queue => queue);
        self.registration.poll(source, Direction::Read, cx)
    }
}

/// Whether the system had nothing to give.
fn is_empty<T>(result: &io::Result<T>) -> bool {
    let kind = result.as_ref().err().map(io::Error::kind);
    kind == Some(io::ErrorKind::WouldBlock)
}

impl Link {
    const fn new(stream: Stream, is_ready: bool) -> Self {
        Self {
            stream,
            registration: Registration::new(is_ready),
        }
    }
}

impl Read for Link {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let known = &mut self.registration;
        if !known.is_ready {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let read = with!(Stream, &mut self.stream, stream => stream.read(buffer));
        let is_short = matches!(read, Ok(count) if count < buffer.len());
        let is_drained = SHORT_READ_DRAINS && is_short && !known.is_read_closed;
        known.is_ready = !(is_drained || is_empty(&read));
        read
    }
}

impl Write for Link {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        with!(Stream, &mut self.stream, stream => stream.write(bytes))
    }

    /// There is nothing to flush.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Socket for Link {
    fn poll_ready(&mut self, direction: Direction, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let source: &mut dyn Source = with!(Stream, &mut self.stream, stream => stream);
        self.registration.poll(source, direction, cx)
    }

    fn finish(&mut self) -> io::Result<()> {
        with!(Stream, &self.stream, stream => stream.shutdown(Shutdown::Write))
    }
}

#[cfg(feature = "monitor")]
mod connect {
    use std::future::poll_fn;
    use std::io;
    use std::net::SocketAddr;
    use std::task::ready;
    #[cfg(unix)]
    use std::time::Duration;

    use health_core::check::probe::Destination;
    #[cfg(unix)]
    use health_driver::runtime::Timer as _;
    use health_driver::runtime::{Connect, Direction, Socket};

    use super::{Link, Poll, Stream};

    impl Connect for Link {
        async fn connect(to: Destination<'_>) -> io::Result<Self> {
            match to {
                Destination::Tcp(address) => connect_tcp(address).await,
                #[cfg(unix)]
                Destination::Unix(path) => connect_unix(path).await,
                #[cfg(not(unix))]
                Destination::Unix(_) => Err(io::ErrorKind::Unsupported.into()),
            }
        }

        fn local_addr(&self) -> Option<SocketAddr> {
            match &self.stream {
                Stream::Tcp(stream) => stream.local_addr().ok(),
                #[cfg(unix)]
                Stream::Unix(_) => None,
            }
        }
    }

    async fn connect_tcp(address: SocketAddr) -> io::Result<Link> {
        let mut link = Link::new(Stream::Tcp(mio::net::TcpStream::connect(address)?), false);
        poll_fn(|cx| {
            loop {
                ready!(link.poll_ready(Direction::Write, cx))?;
                let Stream::Tcp(stream) = &link.stream else {
                    return Poll::Ready(Ok(()));
                };
                if let Some(error) = stream.take_error()? {
                    return Poll::Ready(Err(error));
                }
                match stream.peer_addr() {
                    // The event was another one.
                    Err(error) if error.kind() == io::ErrorKind::NotConnected => {}
                    Err(error) => return Poll::Ready(Err(error)),
                    Ok(_) => {
                        // A request goes out in one write; nothing is gained by waiting for more.
                        let _ = stream.set_nodelay(true);
                        return Poll::Ready(Ok(()));
                    }
                }
            }
        })
        .await?;
        Ok(link)
    }

    /// A full queue of the other side is waited for, as over TCP.
    #[cfg(unix)]
    async fn connect_unix(path: &str) -> io::Result<Link> {
        const PAUSE: Duration = Duration::from_millis(10);
        let mut timer = super::Timer::default();
        loop {
            match mio::net::UnixStream::connect(path) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    timer.set(PAUSE);
                    poll_fn(|cx| timer.poll(cx)).await;
                }
                connected => return Ok(Link::new(Stream::Unix(connected?), false)),
            }
        }
    }
}
