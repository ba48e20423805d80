//! What sets one runtime apart from another, as types. Nothing in here spawns, boxes or waits.

use std::fmt;
use std::io::{self, Read, Write};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use health_core::server::Peer;

use crate::listen::Bound;

/// The parts that a runtime supplies.
pub trait Runtime: 'static {
    /// Its timer.
    type Timer: Timer;
    /// Its listening socket.
    type Listener: Listen<Socket = Self::Socket>;
    /// Its connected socket.
    type Socket: Socket;

    /// Runs `future` to its end on this thread, which has no runtime yet.
    ///
    /// # Errors
    ///
    /// The system gives no means to wait for sockets.
    fn run<F: Future>(future: F) -> io::Result<F::Output>;
}

/// A runtime that any thread can run a future on, at any time.
pub trait BlockOn: Runtime {
    /// Runs `future` to its end on this thread.
    fn block_on<F: Future>(future: F) -> F::Output;
}

/// A timer that wakes, and decides nothing.
pub trait Timer: Default + fmt::Debug + Send + Unpin {
    /// Rings once this much time has gone by, and not at any time it was set to before.
    fn set(&mut self, after: Duration);

    /// Ready when it rings, or later; it may also be early.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()>;
}

/// A listening socket that never waits.
pub trait Listen: fmt::Debug + Send + Unpin + Sized {
    /// What it accepts.
    type Socket;

    /// Takes over what is bound.
    ///
    /// # Errors
    ///
    /// The runtime cannot watch it.
    fn new(bound: Bound) -> io::Result<Self>;

    /// Accepts who waits in its queue.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if nobody does; the system's.
    fn accept(&mut self) -> io::Result<(Self::Socket, Peer)>;

    /// Ready when it is worth while to accept again.
    ///
    /// # Errors
    ///
    /// The runtime cannot watch it.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
}

/// A connected socket that never waits: what it cannot do yet fails with `WouldBlock`.
///
/// One that was just accepted need not be known to the runtime before its first `poll_ready`: most
/// are answered and gone before that.
pub trait Socket: Read + Write + fmt::Debug + Send + Unpin {
    /// Ready when it is worth while to try again.
    ///
    /// # Errors
    ///
    /// The runtime cannot watch it.
    fn poll_ready(&mut self, direction: Direction, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Says that nothing more will be written, and leaves reading possible.
    ///
    /// # Errors
    ///
    /// The system's.
    fn finish(&mut self) -> io::Result<()>;
}

/// A socket that a probe can open.
#[cfg(feature = "monitor")]
pub trait Connect: Socket + Sized {
    /// Connects. Dropped, the attempt is given up.
    fn connect(
        to: health_core::check::probe::Destination<'_>,
    ) -> impl Future<Output = io::Result<Self>> + Send;

    /// Its own end, if that is an address.
    fn local_addr(&self) -> Option<std::net::SocketAddr>;
}

/// What a task waits for on a socket.
#[derive(Clone, Copy, Debug)]
pub enum Direction {
    /// Bytes to read, or the end of the input.
    Read,
    /// Room for bytes to write.
    Write,
}

/// What a conversation runs over: every [`Socket`], and a stream of a daemon's own.
pub trait Stream {
    /// Reads some bytes; 0 is the end.
    ///
    /// # Errors
    ///
    /// The stream's.
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Writes some of `bytes`.
    ///
    /// # Errors
    ///
    /// The stream's.
    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>>;

    /// Sends what it has only taken so far.
    ///
    /// # Errors
    ///
    /// The stream's.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Says that nothing more will be written, and leaves reading possible.
    ///
    /// # Errors
    ///
    /// The stream's.
    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
}

impl<S: Socket> Stream for S {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        retry(self, Direction::Read, cx, |socket| socket.read(buffer))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        retry(self, Direction::Write, cx, |socket| socket.write(bytes))
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_finish(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.finish())
    }
}

/// Does what blocks no more, as often as it takes.
fn retry<S: Socket, R>(
    socket: &mut S,
    direction: Direction,
    cx: &mut Context<'_>,
    mut act: impl FnMut(&mut S) -> io::Result<R>,
) -> Poll<io::Result<R>> {
    loop {
        match act(socket) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                ready!(socket.poll_ready(direction, cx))?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return Poll::Ready(done),
        }
    }
}
