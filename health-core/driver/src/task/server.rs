//! Serves all connections of a listener in one task.
//!
//! ```text
//!  socket ready ─┐
//!  listener     ─┼─ its own waker ─► Wakeups ─► this task: turns for those keys only
//!  alarm, phase ─┘
//! ```
//!
//! Connections have no tasks of their own: so the server needs no lock, evicts at once, and ends with
//! its future. For a runtime it is one task, which yields after one round; if the runtime's budget
//! interrupts it, it is woken again.
//!
//! The loop decides nothing about HTTP, eviction or time: the core's machines do.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::Health;
use crate::{HealthWatch, KeptWaker, Lifecycle, Wakeup, Wakeups, catch_panic};
use health_core::Instant;
use health_core::health::Phase;
use health_core::server::{
    AcceptAction, Buffers, Connections, Limits, ServerReport, Service, Slot,
};

use super::alarm::Alarm;
use super::line::{TimedDaemon, turn};
use crate::accept::{Acceptor, classify};
use crate::listen::{self, Source};
use crate::runtime::Runtime;

/// Keys of wakers that do not belong to a connection.
const DAEMON: usize = usize::MAX;
const LISTENER: usize = usize::MAX - 1;
const ALARM: usize = usize::MAX - 2;
/// The pause between two attempts to bind.
const SHORTEST_RETRY: Duration = Duration::from_millis(10);
/// The most connections accepted before existing ones are served.
const MOST_ACCEPTS: usize = 64;

/// The server's task, as a value.
#[derive(Debug)]
pub struct ServerTask<R: Runtime> {
    daemon: TimedDaemon,
    watch: HealthWatch,
    running: Lifecycle,
    limits: Limits,
    connections: Connections<R::Socket>,
    /// The address that could not be bound yet.
    later: Option<Source>,
    acceptor: Option<Acceptor<R::Listener>>,
    /// The queue may hold connections: the listener is not asked again before it wakes.
    has_queue: bool,
    alarm: Alarm<R::Timer>,
    wakeups: Wakeups,
    woken: Vec<Wakeup>,
    /// By key. The next connection with a key has the same one: a late wake-up is harmless.
    wakers: Vec<KeptWaker>,
    daemon_waker: Waker,
    listener_waker: Waker,
    alarm_waker: Waker,
    buffers: Box<Buffers>,
}

impl<R: Runtime> ServerTask<R> {
    /// Takes over a listener, or an address to be bound later.
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
        let mut server = Self {
            limits: *service.bounds(),
            watch: HealthWatch::of_server(&health),
            daemon: TimedDaemon::new(health),
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
            buffers: Box::default(),
        };
        server.listen(source)?;
        Ok(server)
    }

    /// One round: serves every connection that was woken or is due. Ready when the server has ended.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ServerReport> {
        let mut has_rung = false;
        let mut woken = std::mem::take(&mut self.woken);
        self.wakeups.take(cx.waker(), &mut woken);
        for woken in &woken {
            match woken.key() {
                DAEMON => self.follow(),
                LISTENER => self.has_queue = true,
                ALARM => has_rung = true,
                key => self.connections.handle_ready(key),
            }
        }
        self.woken = woken;
        let mut now = self.daemon.read_clock();
        self.connections.handle_timeout(now);
        if self.connections.has_ready() || self.may_accept() {
            self.take_turns(now);
            self.accept();
            now = self.daemon.last_now();
        }
        if self.watch.is_due(now, self.connections.wants_revision()) {
            self.follow();
        }
        if let Some(report) = self.connections.poll_over(now) {
            return Poll::Ready(report);
        }
        let until = match (self.connections.poll_timeout(), self.watch.poll_timeout()) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        let mut alarm_cx = Context::from_waker(&self.alarm_waker);
        let mut is_time = || {
            let is_set = !has_rung && self.alarm.is_set(until, now);
            !is_set && self.alarm.poll(&mut alarm_cx, until, now).is_ready()
        };
        if is_time() || self.connections.has_ready() || self.may_accept() {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }

    /// Whether the queue may hold connections, and there is room for them.
    fn may_accept(&self) -> bool {
        self.has_queue && self.connections.may_accept()
    }

    /// Hands over the final account.
    pub fn end(self, report: ServerReport) -> ServerReport {
        // The sockets are closed before the end is reported.
        drop(self.connections);
        self.running.end(report.clone());
        report
    }

    /// Reads the phase and revision of the daemon, and registers for the next change.
    fn follow(&mut self) {
        let now = self.daemon.read_clock();
        let is_followed = self.connections.wants_revision();
        if let Some(news) = self.watch.poll(now, &self.daemon_waker, is_followed) {
            self.connections.handle_phase(now, news.phase);
            self.connections.handle_revision(now, news.revision);
        }
        let is_stop_requested = self.running.poll_stop(&self.daemon_waker);
        #[cfg(feature = "registry")]
        if let Some(service) = self.running.take_service() {
            let service = Arc::new(service).guarded(catch_panic);
            self.connections.set_service(service);
        }
        if is_stop_requested {
            self.connections.handle_phase(now, Phase::Stopped);
        }
        if !self.connections.is_open() {
            self.acceptor = None;
            self.later = None;
        }
    }

    /// Serves every connection that is due; one that becomes due meanwhile is served in the next round.
    fn take_turns(&mut self, now: Instant) {
        let (wakers, wakeups) = (&mut self.wakers, &self.wakeups);
        let (daemon, buffers) = (&self.daemon, &mut *self.buffers);
        self.connections.take_turns(now, |key, slot| {
            while wakers.len() <= key {
                wakers.push(wakeups.kept_waker(wakers.len()));
            }
            let Slot { connection, socket } = slot;
            let waker = wakers[key].to_waker();
            let mut cx = Context::from_waker(&waker);
            turn(connection, socket, daemon, buffers, &mut cx)
        });
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
                    let now = self.daemon.fresh_now();
                    self.connections.handle_accepted(now, peer, socket);
                }
                Poll::Pending => self.has_queue = false,
                Poll::Ready(Err(error)) => {
                    let (now, error) = (self.daemon.read_clock(), classify(&error));
                    let action = self.connections.handle_accept_error(now, error);
                    if let AcceptAction::Pause(_) = action {
                        acceptor.shed();
                    }
                }
            }
            // Evicted connections make room, and new ones are often answered and closed at once.
            self.take_turns(self.daemon.last_now());
        }
    }

    /// Tries again to bind the address.
    fn listen_later(&mut self) {
        let Some(Source::Later { address, every }) = self.later else {
            return;
        };
        let bound = listen::bind(address).and_then(|listener| self.listen(listener.into()));
        if bound.is_err() {
            let pause = every.max(SHORTEST_RETRY);
            self.connections.pause(self.daemon.read_clock() + pause);
        }
    }

    fn listen(&mut self, source: Source) -> io::Result<()> {
        let address = source.local_addr();
        match Acceptor::new(source, &self.limits)? {
            Ok(acceptor) => {
                self.acceptor = Some(acceptor);
                self.running.set_local_addr(address);
            }
            Err(later) => self.later = Some(later),
        }
        Ok(())
    }
}
