//! Serves one connection over its stream.

use std::cell::Cell;
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

/// The daemon whose health is served, and the last reading of its clock.
///
/// Reading the clock costs more than most of what is done with the time, so a reading is used twice
/// where nothing lies in between: the one before a turn is the time of the turn's first input.
#[derive(Debug)]
pub(super) struct TimedDaemon {
    health: Health,
    now: Cell<Instant>,
    /// Nothing was read, written or answered since the last reading.
    is_fresh: Cell<bool>,
}

impl TimedDaemon {
    pub(super) fn new(health: Health) -> Self {
        let now = Cell::new(health.now());
        let is_fresh = Cell::new(false);
        Self {
            health,
            now,
            is_fresh,
        }
    }

    /// Reads the clock.
    pub(super) fn read_clock(&mut self) -> Instant {
        self.is_fresh.set(false);
        self.fresh_now()
    }

    /// The last reading if nothing lies in between, else a new one; it serves what follows, too.
    pub(super) fn fresh_now(&self) -> Instant {
        if !self.is_fresh.replace(true) {
            self.now.set(self.health.now());
        }
        self.now.get()
    }

    /// The last reading.
    pub(super) fn last_now(&self) -> Instant {
        self.now.get()
    }
}

impl Daemon for TimedDaemon {
    fn moment(&self) -> Moment {
        let moment = self.health.moment();
        self.is_fresh.set(false);
        self.now.set(moment.now);
        moment
    }

    fn now(&self) -> Instant {
        let now = self.fresh_now();
        self.is_fresh.set(false);
        now
    }

    fn snapshot(&self, now: Instant) -> Snapshot {
        self.health.snapshot_at(now)
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

/// Serves `connection` until `stream` would block; then the task of `cx` is woken when it is ready.
///
/// # Errors
///
/// The error of the stream: the connection is over.
pub(super) fn turn<S: Stream>(
    connection: &mut Connection,
    stream: &mut S,
    daemon: &TimedDaemon,
    buffers: &mut Buffers,
    cx: &mut Context<'_>,
) -> io::Result<Turn> {
    connection.turn(&mut Polled { stream, cx }, daemon, buffers)
}

/// A stream, with the context whose task it wakes when it is ready.
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

/// Serves `stream` until the conversation is over, and says why it ended. Dropping the future ends the
/// conversation.
///
/// # Errors
///
/// The error of the stream. The stream cannot be used again, nor after an `Ok`.
pub async fn serve_connection<T: Timer>(
    mut stream: impl Stream,
    peer: Peer,
    service: &Arc<Service>,
    health: &Health,
) -> io::Result<CloseReason> {
    let mut connection = Connection::new(service.guarded(catch_panic), peer, health.now());
    let mut daemon = TimedDaemon::new(health.clone());
    let mut watch = HealthWatch::of_connection(health);
    let mut alarm = Alarm::<T>::default();
    poll_fn(|cx| {
        loop {
            let now = daemon.read_clock();
            let is_followed = connection.step().wants_revision();
            if let Some(news) = watch.poll(now, cx.waker(), is_followed) {
                connection.handle_phase(news.phase);
                connection.handle_revision(now, news.revision);
            }
            connection.handle_timeout(now);
            let buffers = &mut Buffers::default();
            let turn = turn(&mut connection, &mut stream, &daemon, buffers, cx)?;
            let now = daemon.last_now();
            match (turn, connection.step()) {
                (Turn::Yielded, _) => {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                (_, Step::Close(reason)) => return Poll::Ready(Ok(reason)),
                // It begins to follow: there may be news already.
                (_, step) if watch.is_due(now, step.wants_revision()) => {}
                (_, step) => {
                    let deadlines = [step.until(), watch.poll_timeout()];
                    let until = deadlines.into_iter().flatten().min();
                    ready!(alarm.poll(cx, until, now));
                }
            }
        }
    })
    .await
}
