//! One connection: its stream, and its turn.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite};
use health_core::driver::HealthWatch;
use health_core::server::{CloseReason, Connection, Peer, Service, Step, Turn};
use health_core::shared::Health;

use crate::alarm::Alarm;

/// Reads from one stream before the others have their turn.
const MOST_READS: usize = 16;
/// Input of one read on a connection served by itself.
const SCRATCH: usize = 4 * 1024;

/// A connection's stream, and what is under way on it.
#[derive(Debug)]
pub(crate) struct Line<S> {
    stream: S,
    /// Answers a full stream has not taken yet, from `sent` on; empty nearly always.
    out: Vec<u8>,
    sent: usize,
    half_closed: bool,
}

/// What is lent to whichever connection has its turn: idle ones hold no buffer.
pub(crate) struct Worker<'a> {
    pub(crate) health: &'a Health,
    pub(crate) scratch: &'a mut [u8],
    pub(crate) out: &'a mut Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Line<S> {
    pub(crate) const fn new(stream: S) -> Self {
        Self {
            stream,
            out: Vec::new(),
            sent: 0,
            half_closed: false,
        }
    }

    /// Does what there is to do, until the stream would block.
    ///
    /// # Errors
    ///
    /// The stream's: the connection is over.
    pub(crate) fn turn(
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
                        ready!(Pin::new(&mut self.stream).poll_close(cx))?;
                        self.half_closed = true;
                    }
                    if reads == MOST_READS {
                        return Poll::Ready(Ok(Turn::Again));
                    }
                    reads += 1;
                    match ready!(Pin::new(&mut self.stream).poll_read(cx, worker.scratch))? {
                        0 => connection.handle_eof(health.now()),
                        count => {
                            connection.handle_input(health.now(), &worker.scratch[..count]);
                        }
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
            match ready!(Pin::new(&mut self.stream).poll_write(cx, unsent))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.sent += count,
            }
        }
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.sent = 0;
        self.out.clear();
        std::mem::swap(&mut self.out, spare);
        Poll::Ready(Ok(()))
    }
}

/// Serves `stream` until the conversation is over, and says why it ended.
///
/// For daemons that have accepted the connection themselves, over TLS for example. The limit of
/// connections and their eviction are the caller's own then. It follows the daemon's phase like a
/// connection of a [`Server`](crate::Server). Dropping the future ends the conversation.
///
/// `poll_close` of the stream must half-close, as that of `smol::net::TcpStream` does and that of
/// `async_io::Async` does not.
///
/// # Errors
///
/// The stream's. It is of no further use then, nor after an `Ok`.
///
/// ```no_run
/// use std::sync::Arc;
/// use health_smol::{Health, Peer, Service, serve_connection};
/// use smol::net::TcpListener;
///
/// # async fn accept() -> std::io::Result<()> {
/// let health = Health::new("steering", env!("CARGO_PKG_VERSION"));
/// let service = Arc::new(Service::new());
/// let listener = TcpListener::bind("127.0.0.1:9102").await?;
/// loop {
///     let (mut stream, address) = listener.accept().await?;
///     let (health, service) = (health.clone(), Arc::clone(&service));
///     let task = smol::spawn(async move {
///         let peer = Peer::Ip(address.ip());
///         serve_connection(&mut stream, peer, &service, &health).await
///     });
///     task.detach();
/// }
/// # }
/// ```
pub async fn serve_connection(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    peer: Peer,
    service: &Arc<Service>,
    health: &Health,
) -> io::Result<CloseReason> {
    let mut connection = Connection::new(Arc::clone(service), peer, health.now());
    let mut line = Line::new(stream);
    let mut watch = HealthWatch::of_connection(health);
    let mut alarm = Alarm::default();
    poll_fn(|cx| {
        loop {
            let now = health.now();
            let is_followed = connection.step().heeds_changes();
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
                (_, step) if watch.is_due(health.now(), step.heeds_changes()) => {}
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
