//! The harness of the bare core: no socket, no thread, and a clock that is a counter.
//!
//! It is also a complete driver of one connection, and a strict one: it panics where the machine
//! breaks a rule that a real driver relies on.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use health_core::health::{ComponentConfig, ComponentId, Phase, Registry, StatId};
use health_core::server::{Connection, Limits, Peer as Origin, Step};
use health_core::{Instant, Moment, UnixTime};

use super::case::{Case, Daemon, get, script};
use super::peer::{Harness, Peer, Received};

/// Opens connections to the bare machine.
pub(crate) struct Bare;

/// 2026-01-23T10:30:00Z, when every virtual clock starts.
const START_UNIX_MILLIS: u64 = 1_769_164_200_000;
/// Answers that the machine may make before it wants them written: pipelined requests by the
/// thousand must not become a buffer of their size.
const MOST_UNSENT: usize = 64 * 1024;
/// The longest time between two beats of the heartbeat `loop`.
const HEARTBEAT: Duration = Duration::from_secs(5);

impl Harness for Bare {
    type Peer = BarePeer;

    fn runs(&self, _: &Case) -> bool {
        true
    }

    fn open(&self, case: &Case) -> BarePeer {
        let mut now = Instant::from_micros(1_000_000);
        let (registry, db, cycles) = registry(case.daemon, &mut now);
        let service = Arc::new(case.make_service(Limits::default()));
        let origin = Origin::Ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
        BarePeer {
            machine: Connection::new(service.guarded(crate::catch_panic), origin, now),
            registry,
            db,
            cycles,
            now,
            to_machine: VecDeque::new(),
            half_closed: false,
            stalled: false,
            unsent: Vec::new(),
            from_machine: Vec::new(),
            ended: Ended::No,
        }
    }
}

/// Whether the core has its page for browsers. The core itself is asked: which features it was built
/// with depends on every crate of the build, so no `cfg` of one crate can know it.
pub(super) fn has_page() -> bool {
    static HAS_PAGE: OnceLock<bool> = OnceLock::new();
    *HAS_PAGE.get_or_init(|| {
        let mut peer = Bare.open(&script("page", []));
        peer.send(&get("/?format=html"));
        let mut answer = Vec::new();
        peer.receive(&mut answer);
        String::from_utf8_lossy(&answer).contains("\r\nContent-Type: text/html")
    })
}

/// A daemon in the wanted state; `now` moves on if that takes time.
fn registry(daemon: Daemon, now: &mut Instant) -> (Registry, ComponentId, StatId) {
    let mut registry = Registry::new("conformance", "1.2.3", *now);
    let db: ComponentId = registry
        .component(*now, "db", ComponentConfig::default())
        .expect("a valid name");
    let cycles = registry.stat("loop").expect("a valid name");
    registry.set_stat(*now, cycles, &1).expect("a number");
    if daemon == Daemon::Starting {
        return (registry, db, cycles);
    }
    registry.success(*now, db);
    registry.set_running(*now);
    match daemon {
        Daemon::Starting | Daemon::Up => {}
        Daemon::Failing => (0..3).for_each(|_| registry.failure(*now, db, "refused")),
        Daemon::Stuck => {
            registry
                .heartbeat(*now, "loop", HEARTBEAT)
                .expect("a valid name");
            *now = *now + HEARTBEAT + HEARTBEAT;
        }
        Daemon::Draining => registry.begin_drain(*now),
    }
    (registry, db, cycles)
}

/// The client's end of a connection to the bare machine, and the loop that drives the machine.
pub(crate) struct BarePeer {
    machine: Connection,
    registry: Registry,
    db: ComponentId,
    cycles: StatId,
    now: Instant,
    to_machine: VecDeque<Vec<u8>>,
    half_closed: bool,
    /// The client does not read: nothing written arrives.
    stalled: bool,
    unsent: Vec<u8>,
    from_machine: Vec<u8>,
    ended: Ended,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    No,
    /// The machine has had its sending half closed and reads on.
    HalfWay,
    Yes,
}

impl BarePeer {
    /// Does what the machine says until it waits for something that is not there.
    fn run(&mut self) {
        for _ in 0..1_000_000 {
            match self.machine.step() {
                Step::Read { .. } | Step::Follow { .. } => {
                    assert_eq!(self.ended, Ended::No, "reads on after the end");
                    if !self.read() {
                        return;
                    }
                }
                Step::Respond => {
                    let snapshot = self.registry.snapshot(self.now);
                    let moment = self.moment();
                    self.machine.respond(moment, &snapshot, &mut self.unsent);
                    let length = self.unsent.len();
                    assert!(length <= MOST_UNSENT, "{length} bytes of answers pile up");
                }
                Step::Write { .. } if self.stalled => return,
                Step::Write { .. } => {
                    self.from_machine.append(&mut self.unsent);
                    self.machine.handle_sent(self.now);
                }
                Step::Finish { .. } => {
                    self.ended = Ended::HalfWay;
                    if !self.read() {
                        return;
                    }
                }
                Step::Close(_) => {
                    self.ended = Ended::Yes;
                    return;
                }
            }
        }
        panic!(
            "the machine goes round in circles at {:?}",
            self.machine.step()
        );
    }

    /// Tells the machine what has changed, as soon as it wants to hear of it.
    fn tell(&mut self) {
        self.pause();
        self.machine
            .handle_revision(self.now, self.registry.revision());
        self.run();
        self.pause();
    }

    /// Waits until a stream follows again.
    fn pause(&mut self) {
        while let Step::Follow { after: None, until } = self.machine.step() {
            self.now = until;
            self.machine.handle_timeout(until);
            self.run();
        }
    }

    /// Hands the machine what the client has sent; false if there is nothing.
    fn read(&mut self) -> bool {
        if let Some(bytes) = self.to_machine.pop_front() {
            self.machine.handle_input(self.now, &bytes);
            return true;
        }
        if self.half_closed {
            let before = self.machine.step();
            self.machine.handle_eof();
            let after = self.machine.step();
            let reads = matches!(
                after,
                Step::Read { .. } | Step::Follow { .. } | Step::Finish { .. }
            );
            assert!(!reads, "{before:?}, then after the end of input {after:?}");
        }
        self.half_closed
    }

    /// The deadline of what the machine waits for.
    fn deadline(&self) -> Option<Instant> {
        self.machine.step().until()
    }

    fn moment(&self) -> Moment {
        let unix = START_UNIX_MILLIS + self.now.as_micros() / 1_000;
        Moment {
            now: self.now,
            unix: UnixTime::from_millis(unix),
        }
    }
}

impl Peer for BarePeer {
    fn send(&mut self, bytes: &[u8]) {
        self.to_machine.push_back(bytes.to_vec());
        self.run();
    }

    /// The end is announced before the first answer is made, as a driver may do that learns of both
    /// from one readiness event.
    fn send_last(&mut self, bytes: &[u8]) {
        self.half_closed = true;
        self.machine.handle_input(self.now, bytes);
        if matches!(self.machine.step(), Step::Respond) {
            self.machine.handle_eof();
        }
        self.run();
    }

    /// One round is enough: it is the answer to the first that nobody takes.
    fn flood(&mut self, bytes: &[u8]) {
        self.stalled = true;
        self.send(bytes);
    }

    fn receive(&mut self, into: &mut Vec<u8>) -> Received {
        if !self.from_machine.is_empty() {
            into.append(&mut self.from_machine);
            return Received::Bytes;
        }
        if self.ended == Ended::No {
            Received::Nothing
        } else {
            Received::End
        }
    }

    fn is_silent(&mut self) -> bool {
        self.from_machine.is_empty() && self.ended == Ended::No
    }

    fn is_gone(&mut self) -> bool {
        self.ended == Ended::Yes
    }

    fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(until) = self.deadline().filter(|until| *until <= end) {
            self.now = self.now.max(until);
            self.machine.handle_timeout(self.now);
            self.run();
            let next = self.deadline();
            assert!(
                next.is_none_or(|next| next > self.now),
                "a deadline that has passed stays"
            );
        }
        self.now = end;
    }

    fn drain(&mut self) {
        self.registry.begin_drain(self.now);
        self.machine.handle_phase(Phase::Draining);
        self.run();
    }

    fn evict(&mut self) {
        self.machine.handle_evict(self.now);
        self.run();
    }

    fn half_close(&mut self) {
        self.half_closed = true;
        self.run();
    }

    fn fail(&mut self) {
        (0..3).for_each(|_| self.registry.failure(self.now, self.db, "refused"));
        self.tell();
    }

    #[cfg(feature = "registry")]
    fn answer(&mut self) {
        self.registry.note_answer();
        self.tell();
    }

    fn publish(&mut self, number: u32) {
        let published = self.registry.set_stat(self.now, self.cycles, &number);
        published.expect("a number");
        self.tell();
    }
}
