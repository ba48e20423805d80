//! One connection's turn.

use std::io;

use health_core::server::{Connection, Place, Step, Turn};
use health_core::shared::Health;
use mio::{Interest, Registry, Token};

use crate::socket::Socket;

/// Whether a read that fills less than the buffer has emptied the socket. True for edge-triggered
/// epoll and kqueue (epoll(7), question 9), and saves one system call of three; elsewhere the
/// next event only comes after `WouldBlock`.
const SHORT_READ_DRAINS: bool = cfg!(unix);
/// Reads from one socket before the others have their turn.
const MOST_READS: usize = 16;

/// A connection's socket, and what is under way on it.
pub(crate) struct Line {
    socket: Socket,
    /// Answers a full socket has not taken yet, from `sent` on; empty nearly always.
    out: Vec<u8>,
    sent: usize,
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

impl Line {
    pub(crate) const fn new(socket: Socket) -> Self {
        Self {
            socket,
            out: Vec::new(),
            sent: 0,
            interest: None,
            read_closed: false,
            half_closed: false,
        }
    }

    /// Notes what an event says about the socket.
    pub(crate) fn handle_event(&mut self, read_closed: bool) {
        self.read_closed |= read_closed;
    }

    /// Writes what there is to write; false if the socket is full.
    fn write(&mut self, spare: &mut Vec<u8>) -> io::Result<bool> {
        if self.out.is_empty() {
            std::mem::swap(&mut self.out, spare);
        }
        while self.sent < self.out.len() {
            match self.socket.write(&self.out[self.sent..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        self.sent = 0;
        self.out.clear();
        std::mem::swap(&mut self.out, spare);
        Ok(true)
    }

    /// Asks for the events that are waited for. One-shot connections are answered and gone before
    /// they are ever registered.
    fn listen(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let wanted = if self.out.is_empty() {
            Interest::READABLE
        } else {
            Interest::READABLE | Interest::WRITABLE
        };
        match self.interest {
            None => registry.register(self.socket.source(), token, wanted)?,
            // Interest in writing stays once it was there: edges that nobody needs are cheap.
            Some(interest) if interest.is_writable() || !wanted.is_writable() => return Ok(()),
            Some(_) => registry.reregister(self.socket.source(), token, wanted)?,
        }
        self.interest = Some(wanted);
        Ok(())
    }
}

/// Does what there is to do, until the socket would block. An error of the socket ends the
/// connection: it is the peer's business, or the network's.
pub(crate) fn turn(place: &mut Place<Line>, worker: &mut Worker<'_>, token: Token) -> Turn {
    match try_turn(&mut place.connection, &mut place.socket, worker) {
        Ok(Turn::Wait) => match place.socket.listen(worker.registry, token) {
            Ok(()) => Turn::Wait,
            Err(_) => Turn::Over,
        },
        Ok(turn) => turn,
        Err(_) => Turn::Over,
    }
}

fn try_turn(
    connection: &mut Connection,
    line: &mut Line,
    worker: &mut Worker<'_>,
) -> io::Result<Turn> {
    let mut reads = 0;
    let mut drained = false;
    loop {
        match connection.step() {
            Step::Respond => {
                let moment = worker.health.moment();
                let snapshot = worker.health.snapshot_at(moment.now);
                connection.respond(moment, &snapshot, worker.out);
            }
            Step::Write { .. } => {
                if !line.write(worker.out)? {
                    return Ok(Turn::Wait);
                }
                connection.handle_sent(worker.health.now());
                // One batch is a turn's work: a pipeline must not keep a prober waiting.
                if connection.step() == Step::Respond {
                    return Ok(Turn::Again);
                }
            }
            Step::Close(_) => return Ok(Turn::Over),
            step @ (Step::Read { .. } | Step::Follow { .. } | Step::Finish { .. }) => {
                if matches!(step, Step::Finish { .. }) && !line.half_closed {
                    line.socket.finish()?;
                    line.half_closed = true;
                }
                if drained {
                    return Ok(Turn::Wait);
                }
                if reads == MOST_READS {
                    return Ok(Turn::Again);
                }
                reads += 1;
                match line.socket.read(worker.scratch) {
                    Ok(0) => connection.handle_eof(worker.health.now()),
                    Ok(count) => {
                        let is_short = count < worker.scratch.len();
                        drained = SHORT_READ_DRAINS && is_short && !line.read_closed;
                        connection.handle_input(worker.health.now(), &worker.scratch[..count]);
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        return Ok(Turn::Wait);
                    }
                    Err(error) => return Err(error),
                }
            }
        }
    }
}
