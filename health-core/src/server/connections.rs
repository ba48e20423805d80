//! All connections of one listener: admission, deadlines, shutdown. Which of them leaves for another is
//! in `eviction`.

mod eviction;

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::admission::Admission;
use super::{AcceptAction, AcceptError, Connection};
use super::{Peer, ServerReport, Service, Step, Turn};
use crate::base::Instant;
use crate::health::{Phase, Revision};

/// Slots kept when no connection is open.
const KEPT: usize = 64;

/// A server without its I/O: every connection with its socket, which is the driver's type `S`.
///
/// ```text
///  accepted ─► handle_accepted ─┐
///  deadline ─► handle_timeout  ─┤                           ┌─ Blocked: wait for its socket
///  revision ─► handle_revision ─┼─► take_turns ─► one turn ─┼─ Yielded: it is ready again
///  phase    ─► handle_phase    ─┤                           └─ Closed:  counted, socket dropped
///  socket   ─► handle_ready    ─┘
/// ```
///
/// A *turn* is what [`Connection::turn`] does. The module's documentation has
/// [the order of calls](super#a-drivers-round). One deadline stands for all connections, and those
/// that it does not concern are not changed: ten thousand idle ones need no timer each.
///
/// ```
/// use std::sync::Arc;
/// use health_core::health::Phase;
/// use health_core::server::{CloseReason, Peer, Connections, Service, Turn};
/// use health_core::Instant;
///
/// let now = Instant::default();
/// let mut connections = Connections::new(Arc::new(Service::new()));
/// let newcomer = connections.handle_accepted(now, Peer::Unknown, "a socket");
/// connections.take_turns(now, |key, slot| {
///     assert_eq!((key, slot.socket), (newcomer, "a socket"));
///     slot.connection.handle_eof();
///     Ok::<_, ()>(Turn::Closed)
/// });
///
/// assert_eq!(connections.poll_over(now), None);
/// connections.handle_phase(now, Phase::Stopped);
/// let report = connections.poll_over(now).expect("no connection is left");
/// assert_eq!(report.count(CloseReason::PeerClosed), 1);
/// ```
#[derive(Debug)]
pub struct Connections<S> {
    service: Arc<Service>,
    admission: Admission,
    slots: Vec<Option<Slot<S>>>,
    free: Vec<usize>,
    open: usize,
    ready: VecDeque<usize>,
    /// In the order in which they were requested.
    streams: Vec<usize>,
    /// Those that wait for the program; until the next revision some that did.
    #[cfg(feature = "registry")]
    waiting: Vec<usize>,
    stage: Stage,
    /// No deadline of any connection is before it.
    deadline: Option<Instant>,
    paused_until: Option<Instant>,
    report: ServerReport,
}

/// A connection and its socket.
#[derive(Debug)]
pub struct Slot<S> {
    /// The state machine.
    pub connection: Connection,
    /// The driver's socket.
    pub socket: S,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Open,
    Draining,
    /// Nothing is accepted any more. What is still open at `until` is cut off.
    Stopping {
        until: Instant,
    },
}

impl<S> Connections<S> {
    /// A server without connections, bounded by the service's limits.
    #[must_use]
    pub fn new(service: Arc<Service>) -> Self {
        Self {
            admission: Admission::new(service.bounds().connections),
            service,
            slots: Vec::new(),
            free: Vec::new(),
            open: 0,
            ready: VecDeque::new(),
            streams: Vec::new(),
            #[cfg(feature = "registry")]
            waiting: Vec::new(),
            stage: Stage::Open,
            deadline: None,
            paused_until: None,
            report: ServerReport::default(),
        }
    }

    /// Answers by another service from now on, also on connections that are open: tokens and names of hosts
    /// are those of the new one. An event stream that was allowed goes on, and the limits stay those of the
    /// first service.
    #[cfg(feature = "registry")]
    pub fn set_service(&mut self, service: Arc<Service>) {
        for slot in self.slots.iter_mut().flatten() {
            slot.connection.service = Arc::clone(&service);
        }
        self.service = service;
    }

    /// Whether the listener is still needed. If not, close it: a client that connects from now on is
    /// refused at once and does not wait in a queue that is never read.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        !matches!(self.stage, Stage::Stopping { .. })
    }

    /// Whether to accept now: the listener is needed, and no [`pause`](Self::pause) is on.
    #[must_use]
    pub const fn may_accept(&self) -> bool {
        self.is_open() && self.paused_until.is_none()
    }

    /// Adds a connection and returns its key, which another one may get after its end. It is ready
    /// at once: the request has often arrived already. At the limit an existing connection is
    /// evicted for it, and comes first.
    pub fn handle_accepted(&mut self, now: Instant, peer: Peer, socket: S) -> usize {
        self.admission.handle_accepted();
        if !self.admission.has_room(self.open) {
            self.make_room(now);
        }
        let connection = Connection::new(Arc::clone(&self.service), peer, now);
        let slot = Some(Slot { connection, socket });
        let key = self.free.pop().unwrap_or(self.slots.len());
        match self.slots.get_mut(key) {
            Some(vacant) => *vacant = slot,
            None => self.slots.push(slot),
        }
        self.open += 1;
        self.ready.push_back(key);
        key
    }

    /// `accept` has failed. After [`AcceptAction::Evict`] the evicted connection is ready; after
    /// [`AcceptAction::Pause`] [`may_accept`](Self::may_accept) is false for that long.
    pub fn handle_accept_error(&mut self, now: Instant, error: AcceptError) -> AcceptAction {
        self.service.counters().count_accept_error();
        let classes = self
            .iter()
            .map(|(key, slot)| (key, slot.connection.class()));
        let evictable = Admission::pick_eviction(now, classes);
        let action = self.admission.handle_error(now, error, evictable);
        match action {
            AcceptAction::Retry => {}
            AcceptAction::Evict(key) => self.evict(now, key),
            AcceptAction::Pause(until) => self.pause(until),
        }
        action
    }

    /// Accepts nothing before `until`.
    pub const fn pause(&mut self, until: Instant) {
        self.paused_until = Some(until);
    }

    /// The daemon is in this phase now. Calls with the same phase change nothing.
    ///
    /// [`Phase::Stopped`] ends the server, also one whose daemon goes on: only responses under way
    /// are still delivered, for [`Limits::stop_timeout`](super::Limits::stop_timeout) at most.
    pub fn handle_phase(&mut self, now: Instant, phase: Phase) {
        self.stage = match (phase, self.stage) {
            (_, Stage::Stopping { .. }) | (Phase::Draining, Stage::Draining) => return,
            (Phase::Starting | Phase::Running, _) => {
                self.stage = Stage::Open;
                return;
            }
            (Phase::Draining, Stage::Open) => Stage::Draining,
            (Phase::Stopped, Stage::Open | Stage::Draining) => Stage::Stopping {
                until: now + self.service.bounds().stop_timeout,
            },
        };
        for (key, slot) in self.slots.iter_mut().enumerate() {
            if let Some(slot) = slot {
                slot.connection.handle_phase(phase);
                self.ready.push_back(key);
            }
        }
    }

    /// The registry's revision is this one now: streams that wait for another one are ready, and requests
    /// that wait for their answer.
    pub fn handle_revision(&mut self, now: Instant, revision: Revision) {
        let following = self.streams.iter();
        #[cfg(feature = "registry")]
        let following = following.chain(&self.waiting);
        for &key in following {
            let Some(Some(Slot { connection, .. })) = self.slots.get_mut(key) else {
                continue;
            };
            connection.handle_revision(now, revision);
            let step = connection.step();
            if step == Step::Respond {
                self.ready.push_back(key);
            }
            // A stream that waits for further values has an earlier deadline now.
            self.deadline = earliest([self.deadline, step.until()]);
        }
        #[cfg(feature = "registry")]
        self.waiting.retain(|key| {
            let slot = self.slots.get(*key).and_then(Option::as_ref);
            slot.is_some_and(|slot| slot.connection.is_waiting())
        });
    }

    /// Whether a stream waits for changes, and so for published values, too, or a request for its answer.
    /// Ask after every round: without any it costs nothing.
    #[must_use]
    pub fn wants_revision(&self) -> bool {
        let mut following = self.streams.iter();
        #[cfg(feature = "registry")]
        let mut following = following.by_ref().chain(&self.waiting);
        following.any(|key| {
            let slot = self.slots.get(*key).and_then(Option::as_ref);
            slot.is_some_and(|slot| slot.connection.step().wants_revision())
        })
    }

    /// Checks which deadlines have passed: those connections are ready.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.paused_until = self.paused_until.filter(|until| *until > now);
        if self.deadline.is_none_or(|deadline| deadline > now) {
            return;
        }
        self.deadline = None;
        for (key, slot) in self.slots.iter_mut().enumerate() {
            let Some(slot) = slot else { continue };
            match slot.connection.step().until() {
                Some(until) if until > now => {
                    self.deadline = earliest([self.deadline, Some(until)]);
                }
                _ => {
                    slot.connection.handle_timeout(now);
                    self.ready.push_back(key);
                }
            }
        }
    }

    /// When the next round is due, if nothing else happens; at once while a connection is
    /// [ready](Self::has_ready). Every other call may change it.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let stop = match self.stage {
            Stage::Stopping { until } => Some(until),
            Stage::Open | Stage::Draining => None,
        };
        let at_once = self.has_ready().then(Instant::default);
        earliest([self.deadline, self.paused_until, stop, at_once])
    }

    /// The socket of this connection is ready: it gets a turn. Nothing happens if it has ended.
    pub fn handle_ready(&mut self, key: usize) {
        self.ready.push_back(key);
    }

    /// Whether [`take_turns`](Self::take_turns) has something to do.
    #[must_use]
    pub fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Gives a turn to each connection that is ready: calls `turn` with its key and itself. After
    /// [`Turn::Closed`] or an error, which is the peer's or the network's, its socket is dropped. What
    /// becomes ready meanwhile gets the next turn.
    pub fn take_turns<E>(
        &mut self,
        now: Instant,
        mut turn: impl FnMut(usize, &mut Slot<S>) -> Result<Turn, E>,
    ) {
        for _ in 0..self.ready.len() {
            let Some(key) = self.ready.pop_front() else {
                return;
            };
            if let Some(Some(slot)) = self.slots.get_mut(key) {
                let turn = turn(key, slot).unwrap_or(Turn::Closed);
                self.handle_turn(now, key, turn);
            }
        }
    }

    /// The connection with this key, if it is open.
    pub fn get_mut(&mut self, key: usize) -> Option<&mut Slot<S>> {
        self.slots.get_mut(key)?.as_mut()
    }

    /// All open connections with their keys: for drivers that wait for all sockets in one call.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &Slot<S>)> + Clone {
        let slots = self.slots.iter().enumerate();
        slots.filter_map(|(key, slot)| Some((key, slot.as_ref()?)))
    }

    /// The final report, once the server has been stopped and no connection is left, or its
    /// [`stop_timeout`](super::Limits::stop_timeout) has passed. Drop everything after it.
    #[must_use]
    pub fn poll_over(&mut self, now: Instant) -> Option<ServerReport> {
        let Stage::Stopping { until } = self.stage else {
            return None;
        };
        if self.open > 0 && now < until {
            return None;
        }
        let left = core::mem::take(&mut self.slots);
        for slot in left.into_iter().flatten() {
            self.report.finished += slot.connection.delivered();
            self.report.cut_off += 1;
        }
        self.open = 0;
        Some(core::mem::take(&mut self.report))
    }

    fn handle_turn(&mut self, now: Instant, key: usize, turn: Turn) {
        if turn == Turn::Closed {
            return self.remove(key);
        }
        let Some(Some(slot)) = self.slots.get_mut(key) else {
            return;
        };
        let until = slot.connection.step().until();
        if slot.connection.is_evicted() && until.is_some_and(|until| until <= now) {
            // Its client does not take its end, and another one waits for its place.
            slot.connection.evict(now);
            return self.remove(key);
        }
        self.deadline = earliest([self.deadline, until]);
        let is_stream = slot.connection.is_stream_since().is_some();
        let is_new_stream = is_stream && !self.streams.contains(&key);
        #[cfg(feature = "registry")]
        if slot.connection.is_waiting() && !self.waiting.contains(&key) {
            self.waiting.push(key);
        }
        if turn == Turn::Yielded {
            self.ready.push_back(key);
        }
        if is_new_stream {
            self.add_stream(now, key);
        }
    }

    fn remove(&mut self, key: usize) {
        let Some(slot) = self.slots.get_mut(key).and_then(Option::take) else {
            return;
        };
        self.report.finished += slot.connection.delivered();
        match slot.connection.step() {
            Step::Close(reason) => self.report.add(reason),
            _ => self.report.failed += 1,
        }
        self.open -= 1;
        self.free.push(key);
        self.streams.retain(|stream| *stream != key);
        #[cfg(feature = "registry")]
        self.waiting.retain(|waiting| *waiting != key);
        // After a flood the memory is freed; a few slots stay for the usual load.
        if self.open == 0 && self.slots.len() > KEPT {
            self.slots = Vec::new();
            self.free = Vec::new();
            self.ready = VecDeque::new();
        }
    }
}

fn earliest<const N: usize>(deadlines: [Option<Instant>; N]) -> Option<Instant> {
    deadlines.into_iter().flatten().min()
}
