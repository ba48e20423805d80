//! The connections of one event loop, each with its socket.

use std::io::{self, Read, Write};
use std::net::Shutdown;

use health_core::server::{Connection, Standing, Step};
use health_core::shared::Health;
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

/// Whether a read that fills less than the buffer has emptied the socket. True for edge-triggered
/// epoll and kqueue (epoll(7), question 9), and saves one system call of three; elsewhere the
/// next event only comes after `WouldBlock`.
const SHORT_READ_DRAINS: bool = cfg!(unix);
/// Reads from one socket before the others have their turn.
const MOST_READS: usize = 16;

/// One connection and its socket.
pub(crate) struct Entry {
    stream: TcpStream,
    pub(crate) connection: Connection,
    /// What a full socket has not taken yet; empty nearly always.
    unsent: Vec<u8>,
    interest: Option<Interest>,
    /// The peer has closed, so a short read is not the last one.
    read_closed: bool,
    half_closed: bool,
}

/// What the loop lends to whichever connection has its turn.
pub(crate) struct Worker<'a> {
    pub(crate) health: &'a Health,
    pub(crate) registry: &'a Registry,
    pub(crate) scratch: &'a mut [u8],
    pub(crate) out: &'a mut Vec<u8>,
}

/// How a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// An event will come.
    Wait,
    /// There is more to read or to answer, but others wait too.
    Again,
    /// The connection is over.
    Over,
}

impl Entry {
    pub(crate) const fn new(stream: TcpStream, connection: Connection) -> Self {
        Self {
            stream,
            connection,
            unsent: Vec::new(),
            interest: None,
            read_closed: false,
            half_closed: false,
        }
    }

    pub(crate) fn standing(&self) -> Standing {
        self.connection.standing()
    }

    /// Notes what an event says about the socket.
    pub(crate) fn handle_event(&mut self, read_closed: bool) {
        self.read_closed |= read_closed;
    }

    /// Does what there is to do, until the socket would block.
    pub(crate) fn turn(&mut self, worker: &mut Worker<'_>, token: Token) -> Turn {
        match self.try_turn(worker) {
            Ok(Turn::Wait) => match self.listen(worker.registry, token) {
                Ok(()) => Turn::Wait,
                Err(_) => Turn::Over,
            },
            Ok(turn) => turn,
            // The socket is beyond help; its error is the peer's business or the network's.
            Err(_) => Turn::Over,
        }
    }

    fn try_turn(&mut self, worker: &mut Worker<'_>) -> io::Result<Turn> {
        let mut reads = 0;
        let mut drained = false;
        loop {
            match self.connection.step() {
                Step::Respond => {
                    let moment = worker.health.moment();
                    let snapshot = worker.health.snapshot_at(moment.now);
                    self.connection.respond(moment, &snapshot, worker.out);
                }
                Step::Write { .. } => {
                    if !self.write(worker)? {
                        return Ok(Turn::Wait);
                    }
                    self.connection.handle_sent(worker.health.now());
                    // One batch is a turn's work: a pipeline must not keep a prober waiting.
                    if self.connection.step() == Step::Respond {
                        return Ok(Turn::Again);
                    }
                }
                Step::Close(_) => return Ok(Turn::Over),
                step @ (Step::Read { .. } | Step::Finish { .. }) => {
                    if matches!(step, Step::Finish { .. }) && !self.half_closed {
                        self.stream.shutdown(Shutdown::Write)?;
                        self.half_closed = true;
                    }
                    if drained {
                        return Ok(Turn::Wait);
                    }
                    if reads == MOST_READS {
                        return Ok(Turn::Again);
                    }
                    reads += 1;
                    match self.stream.read(worker.scratch) {
                        Ok(0) => self.connection.handle_eof(worker.health.now()),
                        Ok(count) => {
                            let input = &worker.scratch[..count];
                            self.connection.handle_input(worker.health.now(), input);
                            let is_short = count < worker.scratch.len();
                            drained = SHORT_READ_DRAINS && is_short && !self.read_closed;
                        }
                        Err(error) if is_retry(&error) => {}
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                            return Ok(Turn::Wait);
                        }
                        Err(error) => return Err(error),
                    }
                }
            }
        }
    }

    /// Writes what there is to write; false if the socket is full.
    fn write(&mut self, worker: &mut Worker<'_>) -> io::Result<bool> {
        let fresh = self.unsent.is_empty();
        let pending: &[u8] = if fresh { worker.out } else { &self.unsent };
        let mut sent = 0;
        while sent < pending.len() {
            match self.stream.write(&pending[sent..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => sent += count,
                Err(error) if is_retry(&error) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        let is_done = sent == pending.len();
        if is_done {
            self.unsent = Vec::new();
        } else if fresh {
            self.unsent = worker.out[sent..].to_vec();
        } else {
            self.unsent.drain(..sent);
        }
        if fresh {
            worker.out.clear();
        }
        Ok(is_done)
    }

    /// Asks for the events that are waited for. One-shot connections are answered and gone before
    /// they are ever registered.
    fn listen(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let wanted = if self.unsent.is_empty() {
            Interest::READABLE
        } else {
            Interest::READABLE | Interest::WRITABLE
        };
        match self.interest {
            None => registry.register(&mut self.stream, token, wanted)?,
            // Interest in writing stays once it was there: edges that nobody needs are cheap.
            Some(interest) if interest.is_writable() || !wanted.is_writable() => return Ok(()),
            Some(_) => registry.reregister(&mut self.stream, token, wanted)?,
        }
        self.interest = Some(wanted);
        Ok(())
    }
}

fn is_retry(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Interrupted
}
