//! One task, all sockets.
//!
//! ```text
//!  socket ready ─┐
//!  listener     ─┼─ its own waker ─► Wakeups ─► this task: turns for those keys only
//!  alarm, phase ─┘
//! ```
//!
//! Connections are no tasks of their own: the server needs no lock, evicts on the spot, and ends with
//! its future. To a runtime it is one task, which yields after one round; what a runtime's budget for
//! it cuts off comes back as a wake-up.
//!
//! The loop decides nothing about HTTP, eviction or time: it asks the core's machines and does what
//! they say.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::Health;
use crate::{HealthWatch, Lifecycle, Wakeups, Woken, catch_panic};
use health_core::health::Phase;
use health_core::server::{AcceptAction, Buffers, Connections, Report, Service, Slot};

use super::alarm::Alarm;
use super::line::{Line, Worker};
use crate::accept::{Acceptor, classify};
use crate::listen::{self, Source};
use crate::runtime::Runtime;

/// Keys of wakers that are no connection's.
const DAEMON: usize = usize::MAX;
const LISTENER: usize = usize::MAX - 1;
const ALARM: usize = usize::MAX - 2;
/// Connections accepted before those that are there have their turn.
const MOST_ACCEPTS: usize = 64;

/// The server's task, as a value.
#[derive(Debug)]
pub struct Endpoint<R: Runtime> {
    health: Health,
    watch: HealthWatch,
    running: Lifecycle,
    connections: Connections<Client<R::Socket>>,
    /// What is yet to be bound.
    later: Option<Source>,
    acceptor: Option<Acceptor<R::Listener>>,
    /// The queue may hold connections: the listener is not asked again before it wakes.
    has_queue: bool,
    alarm: Alarm<R::Timer>,
    wakeups: Wakeups,
    woken: Vec<Woken>,
    daemon_waker: Waker,
    listener_waker: Waker,
    alarm_waker: Waker,
    buffers: Box<Buffers>,
}

/// A connection's socket and its waker, which carries its key.
#[derive(Debug)]
struct Client<S> {
    line: Line<S>,
    waker: Option<Waker>,
}

impl<R: Runtime> Endpoint<R> {
    /// Takes over what is bound.
    ///
    /// # Errors
    ///
    /// The runtime cannot watch the listener.
    pub fn new(
        source: Source,
        health: Health,
        service: Service,
        running: Lifecycle,
    ) -> io::Result<Self> {
        let wakeups = Wakeups::new();
        let daemon_waker = wakeups.waker(DAEMON);
        daemon_waker.wake_by_ref();
        let mut endpoint = Self {
            watch: HealthWatch::of_server(&health),
            health,
            running,
            connections: Connections::new(Arc::new(service).guarded(catch_panic)),
            later: None,
            acceptor: None,
            has_queue: true,
            alarm: Alarm::default(),
            listener_waker: wakeups.waker(LISTENER),
            alarm_waker: wakeups.waker(ALARM),
            daemon_waker,
            wakeups,
            woken: Vec::new(),
            buffers: Box::default(),
        };
        endpoint.listen(source)?;
        Ok(endpoint)
    }

    /// One round: whoever was woken or is due has a turn. Ready when the server has ended.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Report> {
        let mut woken = std::mem::take(&mut self.woken);
        self.wakeups.take(cx.waker(), &mut woken);
        for woken in woken.drain(..) {
            match woken.key() {
                DAEMON => self.follow(),
                LISTENER => self.has_queue = true,
                ALARM => {}
                key => self.connections.handle_ready(key),
            }
        }
        self.woken = woken;
        self.connections.handle_timeout(self.health.now());
        self.take_turns();
        self.accept();
        if (self.watch).is_due(self.health.now(), self.connections.wants_revision()) {
            self.follow();
        }
        if let Some(report) = self.connections.poll_over(self.health.now()) {
            return Poll::Ready(report);
        }
        let may_accept = self.has_queue && self.connections.may_accept();
        let deadlines = [self.connections.poll_timeout(), self.watch.poll_timeout()];
        let until = deadlines.into_iter().flatten().min();
        let mut alarm_cx = Context::from_waker(&self.alarm_waker);
        let mut is_time = || {
            let now = self.health.now();
            self.alarm.poll(&mut alarm_cx, until, now).is_ready()
        };
        if may_accept || self.connections.has_ready() || is_time() {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }

    /// Hands over the final account.
    pub fn end(self, report: Report) -> Report {
        // The sockets are closed before anybody hears of the end.
        drop(self.connections);
        self.running.end(report.clone());
        report
    }

    /// Sees how the daemon is, and asks to be woken when that changes.
    fn follow(&mut self) {
        let now = self.health.now();
        let is_followed = self.connections.wants_revision();
        if let Some(news) = self.watch.poll(now, &self.daemon_waker, is_followed) {
            self.connections.handle_phase(now, news.phase);
            self.connections.handle_revision(now, news.revision);
        }
        let is_told_to_stop = self.running.poll_stop(&self.daemon_waker);
        if is_told_to_stop {
            self.connections.handle_phase(now, Phase::Stopped);
        }
        if !self.connections.is_open() {
            self.acceptor = None;
            self.later = None;
        }
    }

    /// Everybody who is due has a turn; who becomes due meanwhile has the next.
    fn take_turns(&mut self) {
        let mut worker = Worker {
            health: &self.health,
            buffers: &mut self.buffers,
        };
        self.connections.take_turns(self.health.now(), |key, slot| {
            let Slot { connection, socket } = slot;
            let waker = (socket.waker).get_or_insert_with(|| self.wakeups.waker(key));
            let mut cx = Context::from_waker(waker);
            socket.line.turn(connection, &mut worker, &mut cx)
        });
    }

    fn accept(&mut self) {
        for _ in 0..MOST_ACCEPTS {
            if !(self.has_queue && self.connections.may_accept()) {
                return;
            }
            let Some(acceptor) = &mut self.acceptor else {
                return self.listen_later();
            };
            let mut cx = Context::from_waker(&self.listener_waker);
            match acceptor.poll_accept(&mut cx) {
                Poll::Ready(Ok((socket, peer))) => {
                    let line = Line::new(socket);
                    let client = Client { line, waker: None };
                    (self.connections).handle_accepted(self.health.now(), peer, client);
                }
                Poll::Pending => self.has_queue = false,
                Poll::Ready(Err(error)) => {
                    let error = classify(&error);
                    let advice = self
                        .connections
                        .handle_accept_error(self.health.now(), error);
                    if let AcceptAction::Pause(_) = advice {
                        acceptor.shed();
                    }
                }
            }
            // Whoever has to go makes room, and who is new is answered and often gone.
            self.take_turns();
        }
    }

    /// Tries to bind what could not be bound before.
    fn listen_later(&mut self) {
        let Some(Source::Later { address, every }) = self.later else {
            return;
        };
        let bound = listen::bind(address).and_then(|listener| self.listen(listener.into()));
        if bound.is_err() {
            self.connections.pause(self.health.now() + every);
        }
    }

    fn listen(&mut self, source: Source) -> io::Result<()> {
        let address = source.local_addr();
        match Acceptor::new(source)? {
            Ok(acceptor) => {
                self.acceptor = Some(acceptor);
                self.running.set_local_addr(address);
            }
            Err(later) => self.later = Some(later),
        }
        Ok(())
    }
}
