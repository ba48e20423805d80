//! All connections of one server: who gets in, whose turn it is, who has to go, and when it is over.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{
    AcceptAction, AcceptError, Admission, Connection, EvictionClass, Peer, Report, Service, Step,
};
use crate::base::Instant;
use crate::health::{Phase, Revision};

/// A server without its I/O: every connection with its socket, which is the driver's type `S`.
///
/// ```text
///  accepted ─► handle_accepted ─┐
///  deadline ─► handle_timeout  ─┤                          ┌─ Wait:  an event will come
///  revision ─► handle_revision ─┤                          │
///  phase    ─► handle_phase    ─┼─► take_due ─► its turn ─┼─ Again: others first
///  stop     ─► handle_stop     ─┘    (an event of the      └─ Over:  counted, socket dropped
///                                     socket is a turn too)
/// ```
///
/// A *turn* is the driver doing what [`Connection::step`] says until the socket would block; it ends
/// with [`handle_turn`](Self::handle_turn). Nothing here wakes anybody: whatever calls `handle_*`
/// takes the due ones afterwards. One deadline stands for all connections, and those it does not
/// concern are not touched: ten thousand idle ones cost a look each, not a timer each.
///
/// ```
/// use std::sync::Arc;
/// use health_core::health::Phase;
/// use health_core::server::{CloseReason, Peer, Connections, Service, Turn};
/// use health_core::Instant;
///
/// let now = Instant::default();
/// let mut connections = Connections::new(Arc::new(Service::new()));
/// connections.handle_accepted(now, Peer::Unknown, "a socket");
///
/// let key = connections.take_due().expect("a newcomer has its first turn at once");
/// let place = connections.get_mut(key).expect("it is there");
/// assert_eq!(place.socket, "a socket");
/// place.connection.handle_eof(now);
/// connections.handle_turn(now, key, Turn::Over);
///
/// assert_eq!(connections.poll_over(now), None);
/// connections.handle_phase(now, Phase::Stopped);
/// let report = connections.poll_over(now).expect("nobody is left");
/// assert_eq!(report.count(CloseReason::PeerClosed), 1);
/// ```
#[derive(Debug)]
pub struct Connections<S> {
    service: Arc<Service>,
    admission: Admission,
    places: Vec<Option<Slot<S>>>,
    free: Vec<usize>,
    open: usize,
    due: VecDeque<usize>,
    /// In the order in which they were asked for.
    streams: Vec<usize>,
    stage: Stage,
    /// No deadline of any connection is before it.
    deadline: Option<Instant>,
    paused_until: Option<Instant>,
    report: Report,
}

/// A connection and its socket.
#[derive(Debug)]
pub struct Slot<S> {
    /// The conversation.
    pub connection: Connection,
    /// What carries it.
    pub socket: S,
}

/// How a connection's turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The socket would block: an event will come.
    Wait,
    /// There is more to read or to answer, but others have waited longer.
    Again,
    /// The step is `Close`, or the socket has failed.
    Over,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Open,
    Draining,
    /// No newcomers; who is not done by then is cut off.
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
            places: Vec::new(),
            free: Vec::new(),
            open: 0,
            due: VecDeque::new(),
            streams: Vec::new(),
            stage: Stage::Open,
            deadline: None,
            paused_until: None,
            report: Report::default(),
        }
    }

    /// Whether the listener is still wanted. If not, drop it: who connects from now on is refused at
    /// once, not left in a queue that nobody looks at.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        !matches!(self.stage, Stage::Stopping { .. })
    }

    /// Whether to accept now: the listener is wanted, and no [`pause`](Self::pause) is on.
    #[must_use]
    pub const fn may_accept(&self) -> bool {
        self.is_open() && self.paused_until.is_none()
    }

    /// Takes in somebody new, who has a turn at once: the request is often there already. In a full
    /// house somebody else is told to go, and is due first.
    pub fn handle_accepted(&mut self, now: Instant, peer: Peer, socket: S) {
        self.admission.handle_accepted();
        if !self.admission.has_room(self.open) {
            self.make_room(now);
        }
        let connection = Connection::new(Arc::clone(&self.service), peer, now);
        let place = Some(Slot { connection, socket });
        let key = self.free.pop().unwrap_or(self.places.len());
        match self.places.get_mut(key) {
            Some(vacant) => *vacant = place,
            None => self.places.push(place),
        }
        self.open += 1;
        self.due.push_back(key);
    }

    /// `accept` has failed. After [`AcceptAction::Evict`] the victim is due; after [`AcceptAction::Pause`]
    /// [`may_accept`](Self::may_accept) says no for that long.
    pub fn handle_accept_error(&mut self, now: Instant, error: AcceptError) -> AcceptAction<usize> {
        self.service.counters().count_accept_error();
        let advice = (self.admission).handle_error(now, error, standings(&self.places));
        match advice {
            AcceptAction::Retry => {}
            AcceptAction::Evict(key) => self.evict(now, key),
            AcceptAction::Pause(until) => self.pause(until),
        }
        advice
    }

    /// Accepts nothing before `until`.
    pub const fn pause(&mut self, until: Instant) {
        self.paused_until = Some(until);
    }

    /// The daemon is in this phase now.
    pub fn handle_phase(&mut self, now: Instant, phase: Phase) {
        match (phase, self.stage) {
            (_, Stage::Stopping { .. }) => {}
            (Phase::Stopped, _) => self.handle_stop(now),
            (Phase::Draining, Stage::Open) => {
                self.stage = Stage::Draining;
                self.tell_all(|connection| connection.handle_drain(now));
            }
            (Phase::Draining, Stage::Draining) => {}
            (Phase::Starting | Phase::Running, _) => self.stage = Stage::Open,
        }
    }

    /// The registry's revision is this one now: streams that wait for another are due.
    pub fn handle_revision(&mut self, now: Instant, revision: Revision) {
        for &key in &self.streams {
            let Some(Some(Slot { connection, .. })) = self.places.get_mut(key) else {
                continue;
            };
            connection.handle_revision(now, revision);
            let step = connection.step();
            if step == Step::Respond {
                self.due.push_back(key);
            }
            // One whose values gather has an earlier deadline now.
            self.deadline = earliest([self.deadline, step.until()]);
        }
    }

    /// Whether a stream waits for changes, and so for published values too. It may be asked after
    /// every round: without streams it costs nothing.
    #[must_use]
    pub fn wants_revision(&self) -> bool {
        self.streams()
            .any(|(_, connection)| connection.step().wants_revision())
    }

    /// The server ends: only answers under way are still delivered, for
    /// [`Limits::stop_timeout`](super::Limits::stop_timeout) at most.
    pub fn handle_stop(&mut self, now: Instant) {
        if self.is_open() {
            let until = now + self.service.bounds().stop_timeout;
            self.stage = Stage::Stopping { until };
            self.tell_all(|connection| connection.handle_stop(now));
        }
    }

    /// Sees whose deadline has passed: those are due.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.paused_until = self.paused_until.filter(|until| *until > now);
        if self.deadline.is_none_or(|deadline| deadline > now) {
            return;
        }
        self.deadline = None;
        for (key, place) in self.places.iter_mut().enumerate() {
            let Some(place) = place else { continue };
            match place.connection.step().until() {
                Some(until) if until > now => {
                    self.deadline = earliest([self.deadline, Some(until)]);
                }
                _ => {
                    place.connection.handle_timeout(now);
                    self.due.push_back(key);
                }
            }
        }
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) and [`poll_over`](Self::poll_over)
    /// again, if nothing else happens. Query after every other call.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let stop = match self.stage {
            Stage::Stopping { until } => Some(until),
            Stage::Open | Stage::Draining => None,
        };
        earliest([self.deadline, self.paused_until, stop])
    }

    /// How many turns are due.
    #[must_use]
    pub fn due(&self) -> usize {
        self.due.len()
    }

    /// The next connection that has something to do. It may be gone by its turn.
    pub fn take_due(&mut self) -> Option<usize> {
        self.due.pop_front()
    }

    /// The connection with this key, if it is still there.
    pub fn get_mut(&mut self, key: usize) -> Option<&mut Slot<S>> {
        self.places.get_mut(key)?.as_mut()
    }

    /// The connection's turn is over.
    ///
    /// # Misuse
    ///
    /// Does nothing for a key that is not there.
    pub fn handle_turn(&mut self, now: Instant, key: usize, turn: Turn) {
        let Some(Some(place)) = self.places.get(key) else {
            debug_assert!(false, "a turn of nobody: {key}");
            return;
        };
        match turn {
            Turn::Wait | Turn::Again => {
                self.deadline = earliest([self.deadline, place.connection.step().until()]);
                let is_new_stream = place.connection.is_stream() && !self.streams.contains(&key);
                if turn == Turn::Again {
                    self.due.push_back(key);
                }
                if is_new_stream {
                    self.add_stream(now, key);
                }
            }
            Turn::Over => self.remove(key),
        }
    }

    /// The final account, once the server has been stopped and nobody is left, or their time is up.
    #[must_use]
    pub fn poll_over(&mut self, now: Instant) -> Option<Report> {
        let Stage::Stopping { until } = self.stage else {
            return None;
        };
        if self.open > 0 && now < until {
            return None;
        }
        let left = core::mem::take(&mut self.places);
        for place in left.into_iter().flatten() {
            self.report.finished += place.connection.delivered();
            self.report.cut_off += 1;
        }
        self.open = 0;
        Some(core::mem::take(&mut self.report))
    }

    /// Whoever is told to go already makes room for one newcomer, not for each. Those who could not be
    /// cut when somebody came may have filled the house beyond its limit.
    fn make_room(&mut self, now: Instant) {
        loop {
            let stays = |place: &&Slot<S>| !matches!(place.connection.step(), Step::Close(_));
            let staying = self.places.iter().enumerate().filter_map(|(key, place)| {
                let place = place.as_ref().filter(stays)?;
                Some((key, place.connection.standing()))
            });
            if self.admission.has_room(staying.clone().count()) {
                return;
            }
            match Admission::victim(now, staying) {
                Some(key) => self.evict(now, key),
                None => return,
            }
        }
    }

    fn evict(&mut self, now: Instant, key: usize) {
        if let Some(place) = self.get_mut(key) {
            place.connection.handle_evict(now);
            self.due.push_front(key);
        }
    }

    fn add_stream(&mut self, now: Instant, key: usize) {
        self.streams.push(key);
        let is_open =
            |(_, connection): &(_, &Connection)| connection.standing() != EvictionClass::Over;
        if self.streams().filter(is_open).count() > self.service.bounds().streams {
            let oldest = self.streams().find(is_open).map(|(key, _)| key);
            oldest.into_iter().for_each(|key| self.evict(now, key));
        }
    }

    fn streams(&self) -> impl Iterator<Item = (usize, &Connection)> {
        let keyed = |key: &usize| Some((*key, &self.places.get(*key)?.as_ref()?.connection));
        self.streams.iter().filter_map(keyed)
    }

    fn tell_all(&mut self, tell: impl Fn(&mut Connection)) {
        for (key, place) in self.places.iter_mut().enumerate() {
            if let Some(place) = place {
                tell(&mut place.connection);
                self.due.push_back(key);
            }
        }
    }

    fn remove(&mut self, key: usize) {
        let Some(place) = self.places.get_mut(key).and_then(Option::take) else {
            return;
        };
        self.report.finished += place.connection.delivered();
        match place.connection.step() {
            Step::Close(reason) => self.report.add(reason),
            _ => self.report.failed += 1,
        }
        self.open -= 1;
        self.free.push(key);
        self.streams.retain(|stream| *stream != key);
        // After a flood the room goes back; a steady few keep theirs.
        if self.open == 0 && self.places.len() > KEPT {
            self.places = Vec::new();
            self.free = Vec::new();
            self.due = VecDeque::new();
        }
    }
}

/// Places kept when nobody is there.
const KEPT: usize = 64;

fn earliest<const N: usize>(deadlines: [Option<Instant>; N]) -> Option<Instant> {
    deadlines.into_iter().flatten().min()
}

fn standings<S>(places: &[Option<Slot<S>>]) -> impl Iterator<Item = (usize, EvictionClass)> + '_ {
    let standing = |(key, place): (usize, &Option<Slot<S>>)| {
        Some((key, place.as_ref()?.connection.standing()))
    };
    places.iter().enumerate().filter_map(standing)
}
