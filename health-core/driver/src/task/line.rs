//! One connection: its stream, and its turn.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use health_core::health::Snapshot;
use health_core::server::{
    Buffers, CloseReason, Connection, Daemon, Peer, Service, Step, Transport, Turn,
};
use health_core::{Instant, Moment};

use super::alarm::Alarm;
use crate::runtime::{Stream, Timer};
use crate::{Health, HealthWatch, catch_panic};

/// A connection's stream.
#[derive(Debug)]
pub struct Line<S> {
    stream: S,
}

/// What is lent to whichever connection has its turn: idle ones hold no buffer.
#[derive(Debug)]
pub struct Worker<'a> {
    /// How the daemon is, and what time it is.
    pub health: &'a Health,
    /// For input and output.
    pub buffers: &'a mut Buffers,
}

impl<S: Stream> Line<S> {
    /// A connection that was just accepted.
    #[must_use]
    pub const fn new(stream: S) -> Self {
        Self { stream }
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
        let stream = &mut self.stream;
        connection.turn(&mut Polled { stream, cx }, worker.health, worker.buffers)
    }
}

/// A stream, and whom it wakes when it is ready again.
struct Polled<'s, 'c, S> {
    stream: &'s mut S,
    cx: &'s mut Context<'c>,
}

impl<S: Stream> Transport for Polled<'_, '_, S> {
    type Error = io::Error;

    fn poll_read(&mut self, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.stream.poll_read(self.cx, buffer)
    }

    fn poll_write(&mut self, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match ready!(self.stream.poll_write(self.cx, bytes)) {
            Ok(0) => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            done => Poll::Ready(done),
        }
    }

    fn poll_flush(&mut self) -> Poll<io::Result<()>> {
        self.stream.poll_flush(self.cx)
    }

    fn poll_finish(&mut self) -> Poll<io::Result<()>> {
        self.stream.poll_finish(self.cx)
    }
}

impl Daemon for Health {
    fn moment(&self) -> Moment {
        Self::moment(self)
    }

    fn now(&self) -> Instant {
        Self::now(self)
    }

    fn snapshot(&self, now: Instant) -> Snapshot {
        self.snapshot_at(now)
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
                connection.handle_phase(news.phase);
                connection.handle_revision(now, news.revision);
            }
            connection.handle_timeout(now);
            let mut worker = Worker {
                health,
                buffers: &mut Buffers::default(),
            };
            let turn = line.turn(&mut connection, &mut worker, cx)?;
            match (turn, connection.step()) {
                (Turn::Yielded, _) => {
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
