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
use std::time::Duration;

use crate::Health;
use crate::{HealthWatch, Lifecycle, Wakeups, Woken, catch_panic};
use health_core::Instant;
use health_core::server::{AcceptAction, Connections, Report, Service, Slot, Turn};

use super::alarm::Alarm;
use super::line::{Line, Worker};
use crate::accept::{Acceptor, classify};
use crate::listen::{self, Source};
use crate::runtime::Runtime;

/// Keys of wakers that are no connection's.
const DAEMON: usize = usize::MAX;
const LISTENER: usize = usize::MAX - 1;
const ALARM: usize = usize::MAX - 2;
/// Input of one read: a whole head nearly always, and many pipelined ones. What is pipelined behind
/// an answer that nobody reads is kept, so this bounds what such a client costs.
const SCRATCH: usize = 4 * 1024;
/// Between two attempts to bind: none of them may keep the thread from its connections.
const SHORTEST_RETRY: Duration = Duration::from_millis(10);
/// Connections accepted before those that are there have their turn.
const MOST_ACCEPTS: usize = 64;

/// The server's task, as a value.
#[derive(Debug)]
pub struct Endpoint<R: Runtime> {
    health: Health,
    watch: HealthWatch,
    running: Lifecycle,
    connections: Connections<Line<R::Socket>>,
    /// What is yet to be bound.
    later: Option<Source>,
    acceptor: Option<Acceptor<R::Listener>>,
    /// The queue may hold connections: the listener is not asked again before it wakes.
    has_queue: bool,
    alarm: Alarm<R::Timer>,
    wakeups: Wakeups,
    woken: Vec<Woken>,
    /// By key. The next connection with a key has the same one: a wake-up that comes late is a turn in
    /// vain.
    wakers: Vec<Waker>,
    daemon_waker: Waker,
    listener_waker: Waker,
    alarm_waker: Waker,
    scratch: Box<[u8]>,
    out: Vec<u8>,
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
            wakers: Vec::new(),
            daemon_waker,
            wakeups,
            woken: Vec::new(),
            scratch: vec![0; SCRATCH].into(),
            out: Vec::new(),
        };
        endpoint.listen(source)?;
        Ok(endpoint)
    }

    /// One round: whoever was woken or is due has a turn. Ready when the server has ended.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Report> {
        let (mut has_rung, mut read_at) = (false, None);
        let mut woken = std::mem::take(&mut self.woken);
        self.wakeups.take(cx.waker(), &mut woken);
        for woken in woken.drain(..) {
            match woken.key() {
                DAEMON => {
                    self.follow();
                    read_at = None;
                }
                LISTENER => self.has_queue = true,
                ALARM => has_rung = true,
                key => read_at = self.turn(key),
            }
        }
        self.woken = woken;
        // Behind a turn the clock was just read, which costs more than all the rest of a round.
        let mut now = read_at.unwrap_or_else(|| self.health.now());
        self.connections.handle_timeout(now);
        if self.connections.due() > 0 || self.may_accept() {
            self.take_turns();
            self.accept();
            now = self.health.now();
        }
        if self.watch.is_due(now, self.connections.wants_revision()) {
            self.follow();
        }
        if let Some(report) = self.connections.poll_over(now) {
            return Poll::Ready(report);
        }
        let deadlines = [self.connections.poll_timeout(), self.watch.poll_timeout()];
        let until = deadlines.into_iter().flatten().min();
        let mut alarm_cx = Context::from_waker(&self.alarm_waker);
        let mut is_time = || {
            let is_set = !has_rung && self.alarm.is_set(until, now);
            !is_set && self.alarm.poll(&mut alarm_cx, until, now).is_ready()
        };
        if is_time() || self.connections.due() > 0 || self.may_accept() {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }

    /// Whether the queue may hold connections, and there is room for them.
    fn may_accept(&self) -> bool {
        self.has_queue && self.connections.may_accept()
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
            self.connections.handle_stop(now);
        }
        if !self.connections.is_open() {
            self.acceptor = None;
            self.later = None;
        }
    }

    /// Everybody who is due has a turn; who becomes due meanwhile has the next.
    fn take_turns(&mut self) {
        for _ in 0..self.connections.due() {
            if let Some(key) = self.connections.take_due() {
                self.turn(key);
            }
        }
    }

    /// Gives the connection with this key its turn, and says when that was over.
    fn turn(&mut self, key: usize) -> Option<Instant> {
        let Slot { connection, socket } = self.connections.get_mut(key)?;
        while self.wakers.len() <= key {
            self.wakers.push(self.wakeups.waker(self.wakers.len()));
        }
        let mut worker = Worker {
            health: &self.health,
            scratch: &mut self.scratch,
            out: &mut self.out,
        };
        let mut cx = Context::from_waker(&self.wakers[key]);
        let turn = socket.turn(connection, &mut worker, &mut cx);
        // An error ends the connection: it is the peer's business, or the network's.
        let now = self.health.now();
        self.connections
            .handle_turn(now, key, turn.unwrap_or(Turn::Over));
        Some(now)
    }

    fn accept(&mut self) {
        for _ in 0..MOST_ACCEPTS {
            if !self.may_accept() {
                return;
            }
            let Some(acceptor) = &mut self.acceptor else {
                return self.listen_later();
            };
            let mut cx = Context::from_waker(&self.listener_waker);
            match acceptor.poll_accept(&mut cx) {
                Poll::Ready(Ok((socket, peer))) => {
                    let now = self.health.now();
                    (self.connections).handle_accepted(now, peer, Line::new(socket));
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
            let pause = every.max(SHORTEST_RETRY);
            self.connections.pause(self.health.now() + pause);
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
