//! One thread, all sockets.
//!
//! Each round: see whether the daemon's phase has moved, wait for an event or the next deadline,
//! give every connection that has something to do its turn. The loop decides nothing about HTTP,
//! eviction or time: it asks the core's machines and does what they say.

use std::collections::VecDeque;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};
use std::time::Duration;

use health_core::health::{Phase, Revision};
use health_core::server::{Admission, Advice, Connection, Peer, Service};
use health_core::shared::Health;
use health_core::time::Instant;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::accept::{Accepted, Acceptor};
use crate::connections::{Entry, Turn, Worker};

const WAKEUP: Token = Token(usize::MAX);
const LISTENER: Token = Token(usize::MAX - 1);
/// Input of one read: a whole head nearly always, and many pipelined ones. What is pipelined behind
/// an answer that nobody reads is kept, so this bounds what such a client costs.
const SCRATCH: usize = 4 * 1024;
/// Connections accepted before those that are there have their turn.
const MOST_ACCEPTS: usize = 64;

/// Wakes the loop from outside: the health has changed, or the server is to stop.
#[derive(Debug)]
pub(crate) struct Wakeup {
    waker: mio::Waker,
    is_stopping: AtomicBool,
}

impl Wakeup {
    pub(crate) fn stop(&self) {
        self.is_stopping.store(true, Ordering::Release);
        self.wake();
    }

    fn wake(&self) {
        // It fails only where the loop is gone, and then nobody needs waking.
        let _ = self.waker.wake();
    }
}

impl Wake for Wakeup {
    fn wake(self: Arc<Self>) {
        Self::wake(&self);
    }
}

/// The server's thread, as a value.
pub(crate) struct EventLoop {
    poll: Poll,
    wakeup: Arc<Wakeup>,
    waker: Waker,
    health: Health,
    seen: Revision,
    is_draining: bool,
    /// Set once the server stops: no listener any more, and then no connections either.
    stop_until: Option<Instant>,
    service: Arc<Service>,
    acceptor: Option<Acceptor>,
    admission: Admission,
    /// The queue may hold connections; edges are not told twice.
    may_accept: bool,
    accept_after: Option<Instant>,
    entries: Vec<Option<Entry>>,
    open: usize,
    free: Vec<usize>,
    /// Connections that had more to do when their turn was over.
    unfinished: VecDeque<usize>,
    /// No deadline of any connection is before it.
    sweep_at: Option<Instant>,
    scratch: Box<[u8]>,
    out: Vec<u8>,
}

impl EventLoop {
    pub(crate) fn new(
        listener: TcpListener,
        health: Health,
        service: Arc<Service>,
    ) -> io::Result<(Self, Arc<Wakeup>)> {
        let poll = Poll::new()?;
        let waker = mio::Waker::new(poll.registry(), WAKEUP)?;
        let wakeup = Arc::new(Wakeup {
            waker,
            is_stopping: AtomicBool::new(false),
        });
        let mut listener = mio::net::TcpListener::from_std(listener);
        poll.registry()
            .register(&mut listener, LISTENER, Interest::READABLE)?;
        let event_loop = Self {
            poll,
            wakeup: Arc::clone(&wakeup),
            waker: Arc::clone(&wakeup).into(),
            health,
            seen: Revision::default(),
            is_draining: false,
            stop_until: None,
            admission: Admission::new(service.bounds().connections),
            service,
            acceptor: Some(Acceptor::new(listener)),
            may_accept: true,
            accept_after: None,
            entries: Vec::new(),
            open: 0,
            free: Vec::new(),
            unfinished: VecDeque::new(),
            sweep_at: None,
            scratch: vec![0; SCRATCH].into(),
            out: Vec::new(),
        };
        Ok((event_loop, wakeup))
    }

    pub(crate) fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(256);
        loop {
            self.follow_phase();
            if self.stop_until.is_some() && (self.open == 0 || self.is_past(self.stop_until)) {
                return Ok(());
            }
            match self.poll.poll(&mut events, self.patience()) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
            for event in &events {
                match event.token() {
                    WAKEUP => {}
                    LISTENER => self.may_accept = true,
                    Token(index) => {
                        if let Some(Some(entry)) = self.entries.get_mut(index) {
                            entry.handle_event(event.is_read_closed());
                            self.turn(index);
                        }
                    }
                }
            }
            events.clear();
            for _ in 0..self.unfinished.len() {
                if let Some(index) = self.unfinished.pop_front() {
                    self.turn(index);
                }
            }
            self.accept();
            if self.is_past(self.sweep_at) {
                self.sweep();
            }
        }
    }

    /// How long the loop may sleep; `None` is until something happens.
    fn patience(&self) -> Option<Duration> {
        let can_accept = self.may_accept && self.accept_after.is_none() && self.acceptor.is_some();
        if can_accept || !self.unfinished.is_empty() {
            return Some(Duration::ZERO);
        }
        let deadlines = [self.sweep_at, self.accept_after, self.stop_until];
        let until = deadlines.into_iter().flatten().min()?;
        Some(until.duration_since(self.health.now()))
    }

    fn is_past(&self, deadline: Option<Instant>) -> bool {
        deadline.is_some_and(|deadline| deadline <= self.health.now())
    }

    /// Sees where the daemon is in its life, and asks to be woken when that changes.
    fn follow_phase(&mut self) {
        while let Some(revision) = self.health.poll_changed(self.seen, &self.waker) {
            self.seen = revision;
        }
        let phase = self.health.phase();
        let is_stopping =
            phase == Phase::Stopped || self.wakeup.is_stopping.load(Ordering::Acquire);
        if is_stopping && self.stop_until.is_none() {
            // Dropped first: whoever connects from now on is refused, not left in a queue.
            self.acceptor = None;
            let now = self.health.now();
            self.stop_until = Some(now + self.service.bounds().stop_timeout);
            self.for_each_entry(|entry| entry.connection.handle_stop(now));
        } else if phase.is_ending() != self.is_draining {
            self.is_draining = phase.is_ending();
            if self.is_draining {
                let now = self.health.now();
                self.for_each_entry(|entry| entry.connection.handle_drain(now));
            }
        }
    }

    /// Tells every connection something, then gives each its turn.
    fn for_each_entry(&mut self, tell: impl Fn(&mut Entry)) {
        for index in 0..self.entries.len() {
            if let Some(Some(entry)) = self.entries.get_mut(index) {
                tell(entry);
                self.turn(index);
            }
        }
    }

    fn turn(&mut self, index: usize) {
        let Some(Some(entry)) = self.entries.get_mut(index) else {
            return;
        };
        let mut worker = Worker {
            health: &self.health,
            registry: self.poll.registry(),
            scratch: &mut self.scratch,
            out: &mut self.out,
        };
        match entry.turn(&mut worker, Token(index)) {
            Turn::Over => self.remove(index),
            turn => {
                let until = entry.connection.step().until();
                self.sweep_at = [self.sweep_at, until].into_iter().flatten().min();
                if turn == Turn::Again {
                    self.unfinished.push_back(index);
                }
            }
        }
    }

    /// Tells the connections whose deadline has passed, and finds the next one. The others are not
    /// touched: ten thousand idle ones cost a look each, not a system call.
    fn sweep(&mut self) {
        let now = self.health.now();
        self.sweep_at = None;
        for index in 0..self.entries.len() {
            let Some(Some(entry)) = self.entries.get_mut(index) else {
                continue;
            };
            match entry.connection.step().until() {
                Some(until) if until > now => {
                    self.sweep_at = Some(self.sweep_at.map_or(until, |first| first.min(until)));
                }
                _ => {
                    entry.connection.handle_timeout(now);
                    self.turn(index);
                }
            }
        }
    }

    fn accept(&mut self) {
        if self.accept_after.is_some() && self.is_past(self.accept_after) {
            self.accept_after = None;
        }
        if !self.may_accept || self.accept_after.is_some() {
            return;
        }
        for _ in 0..MOST_ACCEPTS {
            let Some(acceptor) = &mut self.acceptor else {
                return;
            };
            match acceptor.accept() {
                Accepted::Connection(stream, peer) => self.admit(stream, peer),
                Accepted::Nothing => {
                    self.may_accept = false;
                    return;
                }
                Accepted::Failed(error) => {
                    let now = self.health.now();
                    let standings = standings(&self.entries);
                    match self.admission.handle_error(now, error, standings) {
                        Advice::Retry => {}
                        Advice::Evict(index) => self.evict(index, now),
                        Advice::Pause(until) => {
                            acceptor.shed();
                            self.accept_after = Some(until);
                            return;
                        }
                    }
                }
            }
        }
    }

    fn admit(&mut self, stream: TcpStream, peer: SocketAddr) {
        self.admission.handle_accepted();
        let now = self.health.now();
        if !self.admission.has_room(self.open) {
            if let Some(index) = Admission::victim(now, standings(&self.entries)) {
                self.evict(index, now);
            }
        }
        let connection = Connection::new(Arc::clone(&self.service), Peer::Ip(peer.ip()), now);
        let entry = Some(Entry::new(stream, connection));
        let index = self.free.pop().unwrap_or(self.entries.len());
        match self.entries.get_mut(index) {
            Some(place) => *place = entry,
            None => self.entries.push(entry),
        }
        self.open += 1;
        // The request is often there already: answered now, it never needs an event.
        self.turn(index);
    }

    fn evict(&mut self, index: usize, now: Instant) {
        if let Some(Some(entry)) = self.entries.get_mut(index) {
            entry.connection.handle_evict(now);
            self.turn(index);
        }
    }

    fn remove(&mut self, index: usize) {
        self.entries[index] = None;
        self.open -= 1;
        // After a flood the places go back; a steady few keep theirs.
        if self.open == 0 {
            self.entries = Vec::new();
            self.free = Vec::new();
        } else {
            self.free.push(index);
        }
    }
}

fn standings(
    entries: &[Option<Entry>],
) -> impl Iterator<Item = (usize, health_core::server::Standing)> + '_ {
    let open = |(index, entry): (usize, &Option<Entry>)| Some((index, entry.as_ref()?.standing()));
    entries.iter().enumerate().filter_map(open)
}
