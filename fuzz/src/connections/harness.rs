//! The driver, the clients and the daemon around a connections, and what must hold whenever it rests.

use std::sync::Arc;
use std::time::Duration;

use health_core::health::{Phase, Registry, Revision};
use health_core::server::{
    AcceptAction, AcceptError, Connections, EvictionClass, Limits, Peer, Service, Step, Turn,
};
use health_core::{Instant, Moment, UnixTime};

use super::{FRAGMENTS, Operation};
use crate::daemon::{Entries, daemon};

/// How long published values may gather before a stream tells them.
const GATHERING: Duration = Duration::from_millis(50);
/// How long a stream may wait behind a batch before it looks again.
const PAUSE: Duration = Duration::from_millis(200);

/// A server with all that is around it.
pub(super) struct Harness {
    connections: Connections<Client>,
    limits: Limits,
    registry: Registry,
    entries: Entries,
    now: Instant,
    accepted: u64,
    /// How many may be open: as many as allowed, or who could not be cut and the last who came.
    most_open: usize,
    is_stopped: bool,
    /// What the connections was last told about the daemon's state.
    heard: Option<Revision>,
}

/// What a socket holds.
#[derive(Debug, Default)]
struct Client {
    /// Sent, and not yet read.
    input: Vec<u8>,
    is_closed: bool,
    is_deaf: bool,
    is_reset: bool,
}

impl Harness {
    pub(super) fn new(connections: usize, streams: usize) -> Self {
        let now = Instant::from_micros(60_000_000);
        let (registry, entries) = daemon(now);
        let mut limits = Limits::default();
        limits.connections = connections;
        limits.streams = streams;
        Self {
            connections: Connections::new(Arc::new(Service::new().limits(limits))),
            limits,
            registry,
            entries,
            now,
            accepted: 0,
            most_open: 0,
            is_stopped: false,
            heard: None,
        }
    }

    pub(super) fn apply(&mut self, operation: Operation) {
        match operation {
            Operation::Connect(number) => self.connect(number),
            Operation::Send { client, fragment } => {
                self.client(client, |client| {
                    if !client.is_closed {
                        client.input.extend_from_slice(fragment_of(fragment));
                    }
                });
            }
            Operation::Close(client) => self.client(client, |client| client.is_closed = true),
            Operation::Deaf(client) => {
                self.client(client, |client| client.is_deaf = !client.is_deaf);
            }
            Operation::Reset(client) => self.client(client, |client| client.is_reset = true),
            Operation::Turns(0) => self.rest(),
            Operation::Turns(most) => (0..most).for_each(|_| self.turn_of_next()),
            Operation::Wait(hundredths) => {
                self.now = self.now + Duration::from_millis(10 * u64::from(hundredths));
                self.connections.handle_timeout(self.now);
            }
            Operation::WaitForNext(late) => self.wait_for_next(late),
            Operation::AcceptError(number) => self.accept_error(number),
            Operation::Change(number) => {
                self.change(number);
                self.hear();
            }
            Operation::Quietly(number) => self.change(number),
            Operation::Stop => self.stop(),
        }
    }

    /// The server ends, and nobody is left out of its account.
    pub(super) fn finish(mut self) {
        self.rest();
        self.stop();
        self.rest();
        let until = self.now + self.limits.stop_timeout;
        let report = loop {
            if let Some(report) = self.connections.poll_over(self.now) {
                break report;
            }
            assert!(self.now < until, "it does not end in time");
            self.wait_for_next(0);
            self.rest();
        };
        let closed: u64 = report.closed.iter().map(|(_, count)| count).sum();
        let told = closed + report.cut_off + report.failed;
        assert_eq!(told, self.accepted, "{report:?}");
    }

    fn connect(&mut self, number: u8) {
        if !self.connections.may_accept() {
            return;
        }
        let busy = self.count(|standing| standing == EvictionClass::Responding);
        self.most_open = self.limits.connections.max(busy + 1);
        let client = Client {
            input: fragment_of(number).to_vec(),
            ..Client::default()
        };
        self.connections
            .handle_accepted(self.now, Peer::Ip([127, 0, 0, 1].into()), client);
        self.accepted += 1;
    }

    fn accept_error(&mut self, number: u8) {
        if !self.connections.may_accept() {
            return;
        }
        let error = if number % 2 == 0 {
            AcceptError::Transient
        } else {
            AcceptError::Exhausted
        };
        match self.connections.handle_accept_error(self.now, error) {
            AcceptAction::Retry => assert_eq!(error, AcceptError::Transient),
            AcceptAction::Evict(key) => {
                assert!(self.connections.get_mut(key).is_some(), "evicts nobody")
            }
            AcceptAction::Pause(until) => {
                assert!(until > self.now && !self.connections.may_accept());
            }
        }
    }

    /// Something happens to a socket, whose owner the driver gives a turn.
    fn client(&mut self, number: u8, happen: impl FnOnce(&mut Client)) {
        let keys = self.keys();
        if keys.is_empty() {
            return;
        }
        let key = keys[keys.len() - 1 - usize::from(number) % keys.len()];
        if let Some(place) = self.connections.get_mut(key) {
            happen(&mut place.socket);
            self.connections.handle_ready(key);
            self.turns(|other| other == key);
        }
    }

    fn keys(&mut self) -> Vec<usize> {
        let most = usize::try_from(self.accepted).expect("a few hundred");
        (0..most)
            .filter(|key| self.connections.get_mut(*key).is_some())
            .collect()
    }

    fn count(&mut self, is_counted: impl Fn(EvictionClass) -> bool) -> usize {
        let keys = self.keys().into_iter();
        let places = keys.filter(|key| {
            let place = self.connections.get_mut(*key);
            place.is_some_and(|place| is_counted(place.connection.eviction_class()))
        });
        places.count()
    }

    /// Everybody who is ready has a turn, those who become ready by it too.
    fn rest(&mut self) {
        for _ in 0..16 {
            self.turns(|_| true);
        }
        assert!(!self.connections.has_ready(), "goes round in circles");
        self.check_rest();
    }

    fn turn_of_next(&mut self) {
        let mut is_first = true;
        self.turns(|_| std::mem::take(&mut is_first));
    }

    /// Gives those that are ready and chosen a turn; the others stay ready.
    fn turns(&mut self, mut is_chosen: impl FnMut(usize) -> bool) {
        let (now, registry) = (self.now, &mut self.registry);
        self.connections.take_turns(now, |key, slot| {
            if !is_chosen(key) {
                return Ok::<_, ()>(Turn::Yielded);
            }
            let (connection, client) = (&mut slot.connection, &mut slot.socket);
            let turn = loop {
                if client.is_reset {
                    break Turn::Closed;
                }
                match connection.step() {
                    Step::Read { .. } | Step::Finish { .. } | Step::Follow { .. } => {
                        if !client.input.is_empty()
                            && !matches!(connection.step(), Step::Follow { .. })
                        {
                            connection.handle_input(now, &std::mem::take(&mut client.input));
                        } else if client.is_closed {
                            connection.handle_eof();
                            if matches!(connection.step(), Step::Read { .. } | Step::Follow { .. })
                            {
                                panic!("{:?} behind the end of the input", connection.step());
                            }
                        } else {
                            break Turn::Blocked;
                        }
                    }
                    Step::Respond => {
                        let unix = UnixTime::from_millis(now.as_micros() / 1_000);
                        let snapshot = registry.snapshot(now);
                        connection.respond(Moment { now, unix }, &snapshot, &mut Vec::new());
                    }
                    Step::Write { .. } if client.is_deaf => break Turn::Blocked,
                    Step::Write { .. } => connection.handle_sent(now),
                    Step::Close(_) => break Turn::Closed,
                }
            };
            Ok(turn)
        });
    }

    fn wait_for_next(&mut self, late: u8) {
        if let Some(until) = self.connections.poll_timeout() {
            self.now = self.now.max(until) + Duration::from_micros(u64::from(late));
        }
        self.connections.handle_timeout(self.now);
    }

    /// The driver's watch over the daemon.
    fn hear(&mut self) {
        let snapshot = self.registry.snapshot(self.now);
        self.connections.handle_phase(self.now, snapshot.phase());
        self.connections
            .handle_revision(self.now, snapshot.revision());
        self.heard = Some(snapshot.revision());
        self.is_stopped |= snapshot.phase() == Phase::Stopped;
    }

    fn stop(&mut self) {
        self.connections.handle_phase(self.now, Phase::Stopped);
        self.is_stopped = true;
        assert!(!self.connections.is_open() && !self.connections.may_accept());
    }

    /// What holds when nobody is due.
    fn check_rest(&mut self) {
        let (now, next) = (self.now, self.connections.poll_timeout());
        let wants_revision = self.connections.wants_revision();
        let (mut open, mut streams, mut heeding) = (0, 0, false);
        for key in self.keys() {
            let Some(place) = self.connections.get_mut(key) else {
                continue;
            };
            let step = place.connection.step();
            open += 1;
            let Some(until) = step.until() else {
                panic!("{step:?} and not due");
            };
            assert!(
                next.is_some_and(|next| next <= until),
                "{until:?} forgotten"
            );
            assert!(!self.is_stopped || !matches!(step, Step::Read { .. } | Step::Follow { .. }));
            streams += usize::from(matches!(
                place.connection.eviction_class(),
                EvictionClass::Streaming { .. }
            ));
            heeding |= step.wants_revision();
            if let Step::Follow { after, until } = step {
                check_stream(self.heard, after, until, now);
            }
        }
        assert!(open <= self.most_open, "{open} open");
        assert!(streams <= self.limits.streams, "{streams} streams");
        assert_eq!(wants_revision, heeding);
    }

    fn change(&mut self, number: u8) {
        let Self { registry, now, .. } = self;
        let now = *now;
        match number % 12 {
            0 => registry.success(now, self.entries.db),
            1 => registry.failure(now, self.entries.db, "refused"),
            2 => registry.set_failures(now, self.entries.db, 3),
            3 => registry.beat(now, self.entries.beat),
            4 => registry.set_flag(now, self.entries.flag, true),
            5 => registry.set_flag(now, self.entries.flag, false),
            6..9 => registry
                .set_stat(now, self.entries.stat, &number)
                .expect("a number"),
            9 => registry.set_running(now),
            10 => registry.begin_drain(now),
            _ if number > 200 => registry.stop(now),
            _ => {}
        }
    }
}

/// What a stream was not told of the daemon's state, it is told soon.
fn check_stream(heard: Option<Revision>, after: Option<Revision>, until: Instant, now: Instant) {
    let Some(after) = after else {
        assert!(until <= now + PAUSE, "looks again at {until:?} only");
        return;
    };
    let Some(heard) = heard else { return };
    assert!(after.as_u64() >= heard.as_u64(), "a change is not told");
    let is_gathering = after.published() < heard.published();
    assert!(
        !is_gathering || until <= now + GATHERING,
        "values gather for long"
    );
}

fn fragment_of(number: u8) -> &'static [u8] {
    FRAGMENTS[usize::from(number) % FRAGMENTS.len()].as_bytes()
}
