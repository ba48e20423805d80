//! One connection: its stream, and its turn.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::Health;
use crate::{HealthWatch, catch_panic};
use health_core::server::{CloseReason, Connection, Peer, Service, Step, Turn};

use super::alarm::Alarm;
use crate::runtime::{Stream, Timer};

/// Reads from one stream before the others have their turn.
const MOST_READS: usize = 16;
/// Input of one read on a connection served by itself.
const SCRATCH: usize = 4 * 1024;

/// A connection's stream, and what is under way on it.
#[derive(Debug)]
pub struct Line<S> {
    stream: S,
    /// Answers a full stream has not taken yet, from `sent` on; empty nearly always.
    out: Vec<u8>,
    sent: usize,
    half_closed: bool,
}

/// What is lent to whichever connection has its turn: idle ones hold no buffer.
#[derive(Debug)]
pub struct Worker<'a> {
    /// How the daemon is, and what time it is.
    pub health: &'a Health,
    /// For the input of one read.
    pub scratch: &'a mut [u8],
    /// For answers; empty between two turns.
    pub out: &'a mut Vec<u8>,
}

impl<S: Stream> Line<S> {
    /// A connection that was just accepted.
    #[must_use]
    pub const fn new(stream: S) -> Self {
        Self {
            stream,
            out: Vec::new(),
            sent: 0,
            half_closed: false,
        }
    }

    /// What carries it.
    pub fn stream(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Does what there is to do, until the stream would block.
    ///
    /// # Errors
    ///
    /// The stream's: the connection is over.
    pub fn turn(
        &mut self,
        connection: &mut Connection,
        worker: &mut Worker<'_>,
        cx: &mut Context<'_>,
    ) -> io::Result<Turn> {
        match self.poll_turn(connection, worker, cx) {
            Poll::Ready(turn) => turn,
            Poll::Pending => Ok(Turn::Wait),
        }
    }

    fn poll_turn(
        &mut self,
        connection: &mut Connection,
        worker: &mut Worker<'_>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Turn>> {
        let health = worker.health;
        let mut reads = 0;
        loop {
            match connection.step() {
                Step::Respond => {
                    let moment = health.moment();
                    connection.respond(moment, &health.snapshot_at(moment.now), worker.out);
                }
                Step::Write { .. } => {
                    ready!(self.poll_write(worker.out, cx))?;
                    connection.handle_sent(health.now());
                    // One batch is a turn's work: a pipeline must not keep a prober waiting.
                    if connection.step() == Step::Respond {
                        return Poll::Ready(Ok(Turn::Again));
                    }
                }
                Step::Close(_) => return Poll::Ready(Ok(Turn::Over)),
                step @ (Step::Read { .. } | Step::Follow { .. } | Step::Finish { .. }) => {
                    if matches!(step, Step::Finish { .. }) && !self.half_closed {
                        ready!(self.stream.poll_finish(cx))?;
                        self.half_closed = true;
                    }
                    if reads == MOST_READS {
                        return Poll::Ready(Ok(Turn::Again));
                    }
                    reads += 1;
                    match ready!(self.stream.poll_read(cx, worker.scratch))? {
                        0 => connection.handle_eof(health.now()),
                        count => connection.handle_input(health.now(), &worker.scratch[..count]),
                    }
                }
            }
        }
    }

    /// Writes what there is to write: all answers of a batch at once.
    fn poll_write(&mut self, spare: &mut Vec<u8>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.out.is_empty() {
            std::mem::swap(&mut self.out, spare);
        }
        while self.sent < self.out.len() {
            let unsent = &self.out[self.sent..];
            match ready!(self.stream.poll_write(cx, unsent))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.sent += count,
            }
        }
        ready!(self.stream.poll_flush(cx))?;
        self.sent = 0;
        self.out.clear();
        std::mem::swap(&mut self.out, spare);
        Poll::Ready(Ok(()))
    }
}

/// Serves `stream` until the conversation is over, and says why it ended. Dropping the future ends the
/// conversation.
///
/// # Errors
///
/// The stream's. It is of no further use then, nor after an `Ok`.
pub async fn serve_connection<T: Timer>(
    stream: impl Stream,
    peer: Peer,
    service: &Arc<Service>,
    health: &Health,
) -> io::Result<CloseReason> {
    let mut connection = Connection::new(service.guarded(catch_panic), peer, health.now());
    let mut line = Line::new(stream);
    let mut watch = HealthWatch::of_connection(health);
    let mut alarm = Alarm::<T>::default();
    poll_fn(|cx| {
        loop {
            let now = health.now();
            let is_followed = connection.step().wants_revision();
            if let Some(news) = watch.poll(now, cx.waker(), is_followed) {
                connection.handle_phase(now, news.phase);
                connection.handle_revision(now, news.revision);
            }
            connection.handle_timeout(now);
            let mut worker = Worker {
                health,
                scratch: &mut [0; SCRATCH],
                out: &mut Vec::new(),
            };
            let turn = line.turn(&mut connection, &mut worker, cx)?;
            match (turn, connection.step()) {
                (Turn::Again, _) => {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                (_, Step::Close(reason)) => return Poll::Ready(Ok(reason)),
                // It begins to follow: there may be news already.
                (_, step) if watch.is_due(health.now(), step.wants_revision()) => {}
                (_, step) => {
                    let deadlines = [step.until(), watch.poll_timeout()];
                    let until = deadlines.into_iter().flatten().min();
                    ready!(alarm.poll(cx, until, health.now()));
                }
            }
        }
    })
    .await
}
