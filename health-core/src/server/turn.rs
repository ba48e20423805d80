//! One turn of a connection: does what [`Connection::step`] says until its transport would block.
//!
//! Every driver needs this loop, and nothing in it is a driver's choice: what is written first, when
//! the sending half is closed, how much is read before other connections get their turn.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::task::{Poll, ready};

use super::{Connection, Step};
use crate::base::{Instant, Moment};
use crate::health::Snapshot;

/// Reads from one transport before the others get their turn.
const MOST_READS: usize = 16;

/// A byte stream in both directions, such as a socket, that never waits.
///
/// `Poll::Pending` says that a call would block. A driver calls again when the transport is ready, or
/// later; how it learns of that is its own matter. An interrupted call is made again by the
/// implementation. After an error the connection is over.
pub trait Transport {
    /// Why the transport has failed.
    type Error;

    /// Reads some bytes into `buffer` and returns how many; 0 is the end of the input.
    ///
    /// # Errors
    ///
    /// The transport's.
    fn poll_read(&mut self, buffer: &mut [u8]) -> Poll<Result<usize, Self::Error>>;

    /// Writes some of `bytes` and returns how many; 0 ends the connection as an error does.
    ///
    /// # Errors
    ///
    /// The transport's.
    fn poll_write(&mut self, bytes: &[u8]) -> Poll<Result<usize, Self::Error>>;

    /// Sends what `poll_write` has only stored. A transport without a buffer of its own keeps this
    /// default, which does nothing.
    ///
    /// # Errors
    ///
    /// The transport's.
    fn poll_flush(&mut self) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    /// Closes the sending half and leaves the receiving half open. It is called once.
    ///
    /// # Errors
    ///
    /// The transport's.
    fn poll_finish(&mut self) -> Poll<Result<(), Self::Error>>;
}

/// The daemon whose health is served: a clock and a registry, most often behind a lock.
///
/// A pair of closures is one: the first is [`moment`](Self::moment), the second
/// [`snapshot`](Self::snapshot).
pub trait Daemon {
    /// The time now, on both clocks.
    fn moment(&self) -> Moment;

    /// The state of the daemon at `now`: [`Registry::snapshot`](crate::health::Registry::snapshot).
    fn snapshot(&self, now: Instant) -> Snapshot;

    /// The time now, on the monotonic clock alone.
    fn now(&self) -> Instant {
        self.moment().now
    }
}

impl<M, S> Daemon for (M, S)
where
    M: Fn() -> Moment,
    S: Fn(Instant) -> Snapshot,
{
    fn moment(&self) -> Moment {
        self.0()
    }

    fn snapshot(&self, now: Instant) -> Snapshot {
        self.1(now)
    }
}

/// Memory for input and output, lent to whichever connection has its turn: idle connections hold no
/// buffer. One is enough for a thread. It takes 4 KiB and the largest batch of responses.
pub struct Buffers {
    input: [u8; Self::INPUT],
    /// Empty between two turns.
    output: Vec<u8>,
}

/// How a connection's turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The transport would block: wait until it is ready.
    Blocked,
    /// There is more to read or to write, but other connections come first.
    Yielded,
    /// The step is `Close`, or the transport has failed.
    Closed,
}

/// Responses that the transport has not taken yet: there are none nearly always.
#[derive(Debug)]
pub(super) struct Outgoing {
    bytes: Vec<u8>,
    sent: usize,
}

impl Buffers {
    /// A whole request head nearly always, and many pipelined ones. What is pipelined behind a
    /// response that the client does not read is kept, so this bounds what such a client costs.
    const INPUT: usize = 4 * 1024;
}

impl Default for Buffers {
    fn default() -> Self {
        Self {
            input: [0; Self::INPUT],
            output: Vec::new(),
        }
    }
}

impl fmt::Debug for Buffers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffers").finish_non_exhaustive()
    }
}

impl Connection {
    /// Does what [`step`](Self::step) says, until `transport` would block, the connection is over,
    /// or other connections have waited long enough: after one batch of responses and 16 reads.
    ///
    /// It neither waits nor looks at deadlines: call [`handle_timeout`](Self::handle_timeout) before
    /// it when the step's deadline has passed. All turns of one connection use the same transport.
    ///
    /// # Errors
    ///
    /// The transport's. The connection is over then.
    pub fn turn<T: Transport>(
        &mut self,
        transport: &mut T,
        daemon: &impl Daemon,
        buffers: &mut Buffers,
    ) -> Result<Turn, T::Error> {
        match self.poll_turn(transport, daemon, buffers) {
            Poll::Ready(turn) => turn,
            Poll::Pending => Ok(Turn::Blocked),
        }
    }

    fn poll_turn<T: Transport>(
        &mut self,
        transport: &mut T,
        daemon: &impl Daemon,
        buffers: &mut Buffers,
    ) -> Poll<Result<Turn, T::Error>> {
        let mut reads = 0;
        loop {
            match self.step() {
                Step::Respond => {
                    let moment = daemon.moment();
                    self.respond(moment, &daemon.snapshot(moment.now), &mut buffers.output);
                }
                Step::Write { .. } => {
                    if !ready!(self.poll_write(transport, &mut buffers.output))? {
                        return Poll::Ready(Ok(Turn::Closed));
                    }
                    self.handle_sent(daemon.now());
                    // One batch is a turn's work: a pipeline must not keep a prober waiting.
                    if self.step() == Step::Respond {
                        return Poll::Ready(Ok(Turn::Yielded));
                    }
                }
                Step::Close(_) => return Poll::Ready(Ok(Turn::Closed)),
                step @ (Step::Read { .. } | Step::Follow { .. } | Step::Finish { .. }) => {
                    let is_finishing = matches!(step, Step::Finish { .. });
                    if is_finishing && !self.is_half_closed {
                        ready!(transport.poll_finish())?;
                        self.is_half_closed = true;
                    }
                    if reads == MOST_READS {
                        return Poll::Ready(Ok(Turn::Yielded));
                    }
                    reads += 1;
                    match ready!(transport.poll_read(&mut buffers.input))? {
                        0 => self.handle_eof(),
                        count => self.handle_input(daemon.now(), &buffers.input[..count]),
                    }
                }
            }
        }
    }

    /// Writes all responses of a batch: those in `batch`, unless an earlier batch is under way. False
    /// if the transport takes no more.
    fn poll_write<T: Transport>(
        &mut self,
        transport: &mut T,
        batch: &mut Vec<u8>,
    ) -> Poll<Result<bool, T::Error>> {
        let mut sent = 0;
        if let Some(outgoing) = &mut self.outgoing {
            core::mem::swap(&mut outgoing.bytes, batch);
            sent = outgoing.sent;
        }
        let written = poll_write_all(transport, batch, &mut sent);
        if written.is_pending() {
            let bytes = core::mem::take(batch);
            match &mut self.outgoing {
                Some(outgoing) => (outgoing.bytes, outgoing.sent) = (bytes, sent),
                none => *none = Some(Box::new(Outgoing { bytes, sent })),
            }
        } else {
            batch.clear();
            self.outgoing = None;
        }
        written
    }
}

/// Writes and flushes `bytes` from `sent` on. False if the transport takes no more.
fn poll_write_all<T: Transport>(
    transport: &mut T,
    bytes: &[u8],
    sent: &mut usize,
) -> Poll<Result<bool, T::Error>> {
    while *sent < bytes.len() {
        match ready!(transport.poll_write(&bytes[*sent..]))? {
            0 => return Poll::Ready(Ok(false)),
            count => *sent += count,
        }
    }
    ready!(transport.poll_flush())?;
    Poll::Ready(Ok(true))
}
