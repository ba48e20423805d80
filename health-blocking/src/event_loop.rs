//! One thread, all sockets.
//!
//! Each round: see whether the daemon has changed, wait for an event or the next deadline,
//! give every connection that has something to do its turn. The loop decides nothing about HTTP,
//! eviction or time: it asks the core's machines and does what they say.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll as Polled, Wake, Waker};
use std::time::Duration;

use health_core::health::Phase;
use health_core::server::{AcceptAction, Buffers, Connections, Report, Service, Slot, Turn};
use health_driver::Health;
use health_driver::accept::{Acceptor, classify};
use health_driver::listen::{self, Source};
use health_driver::task::{Line, Worker};
use health_driver::{HealthWatch, Lifecycle, catch_panic};
use mio::{Events, Interest, Poll, Token};

use crate::socket::{Link, Listener};

const WAKEUP: Token = Token(usize::MAX);
const LISTENER: Token = Token(usize::MAX - 1);
/// Connections accepted before those that are there have their turn.
const MOST_ACCEPTS: usize = 64;

/// The server's thread, as a value.
pub(crate) struct EventLoop {
    poll: Poll,
    /// Wakes the loop from outside: the health has changed, or the server is to stop.
    waker: Waker,
    health: Health,
    watch: HealthWatch,
    running: Lifecycle,
    connections: Connections<Line<Link>>,
    /// What is yet to be bound.
    later: Option<Source>,
    acceptor: Option<Acceptor<Listener>>,
    /// The queue may hold connections; edges are not told twice.
    has_queue: bool,
    buffers: Box<Buffers>,
}

struct Wakeup(mio::Waker);

impl Wake for Wakeup {
    fn wake(self: Arc<Self>) {
        // It fails only where the loop is gone, and then nobody needs waking.
        let _ = self.0.wake();
    }
}

impl EventLoop {
    pub(crate) fn new(
        source: Source,
        health: Health,
        service: Service,
        running: Lifecycle,
    ) -> io::Result<Self> {
        let poll = Poll::new()?;
        let wakeup = Wakeup(mio::Waker::new(poll.registry(), WAKEUP)?);
        let mut event_loop = Self {
            poll,
            waker: Arc::new(wakeup).into(),
            watch: HealthWatch::of_server(&health),
            health,
            running,
            connections: Connections::new(Arc::new(service).guarded(catch_panic)),
            later: None,
            acceptor: None,
            has_queue: true,
            buffers: Box::default(),
        };
        event_loop.listen(source)?;
        Ok(event_loop)
    }

    pub(crate) fn run(mut self) -> io::Result<Report> {
        let mut events = Events::with_capacity(256);
        loop {
            self.take_turns();
            // Whoever has begun to follow by now is followed for.
            self.follow();
            if let Some(report) = self.connections.poll_over(self.health.now()) {
                self.running.end(report.clone());
                return Ok(report);
            }
            match self.poll.poll(&mut events, self.patience()) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
            for event in &events {
                match event.token() {
                    WAKEUP => {}
                    LISTENER => self.has_queue = true,
                    Token(key) => {
                        if let Some(place) = self.connections.get_mut(key) {
                            let link = place.socket.stream();
                            link.handle_event(event.is_read_closed());
                            self.connections.handle_ready(key);
                        }
                    }
                }
            }
            self.connections.handle_timeout(self.health.now());
            self.take_turns();
            self.accept();
        }
    }

    /// How long the loop may sleep; `None` is until something happens.
    fn patience(&self) -> Option<Duration> {
        let may_accept = self.has_queue && self.connections.may_accept();
        if may_accept || self.connections.has_ready() {
            return Some(Duration::ZERO);
        }
        let deadlines = [self.connections.poll_timeout(), self.watch.poll_timeout()];
        let until = deadlines.into_iter().flatten().min()?;
        Some(until.duration_since(self.health.now()))
    }

    /// Sees how the daemon is, and asks to be woken when that changes.
    fn follow(&mut self) {
        let now = self.health.now();
        let is_followed = self.connections.wants_revision();
        if let Some(news) = self.watch.poll(now, &self.waker, is_followed) {
            self.connections.handle_phase(now, news.phase);
            self.connections.handle_revision(now, news.revision);
        }
        let is_told_to_stop = self.running.poll_stop(&self.waker);
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
        let mut cx = Context::from_waker(Waker::noop());
        self.connections.take_turns(self.health.now(), |key, slot| {
            let Slot { connection, socket } = slot;
            match socket.turn(connection, &mut worker, &mut cx)? {
                Turn::Blocked => {
                    let listening = socket.stream().listen(self.poll.registry(), Token(key));
                    listening.map(|()| Turn::Blocked)
                }
                turn => Ok(turn),
            }
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
            match acceptor.poll_accept(&mut Context::from_waker(Waker::noop())) {
                Polled::Ready(Ok((socket, peer))) => {
                    let now = self.health.now();
                    self.connections
                        .handle_accepted(now, peer, Line::new(socket));
                }
                Polled::Pending => self.has_queue = false,
                Polled::Ready(Err(error)) => {
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
        match Acceptor::<Listener>::new(source)? {
            Ok(mut acceptor) => {
                let registry = self.poll.registry();
                let listener = acceptor.listener().source();
                registry.register(listener, LISTENER, Interest::READABLE)?;
                self.acceptor = Some(acceptor);
                self.running.set_local_addr(address);
            }
            Err(later) => self.later = Some(later),
        }
        Ok(())
    }
}
