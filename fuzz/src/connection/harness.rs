//! The driver, the client and the daemon around one connection, and what must always hold.

use std::mem;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use health_core::health::{Phase, Registry};
use health_core::server::{CloseReason, Connection, EvictionClass, Limits, Peer, Service, Step};
use health_core::{Instant, Moment, UnixTime};

use super::{FRAGMENTS, Operation};
use crate::daemon::{Entries, daemon};
use crate::expectation::{Expectation, Expected, expect};
use crate::request::limits;

/// 2026-01-23T10:30:00Z, when the clock starts.
const START_UNIX_MILLIS: u64 = 1_769_164_200_000;
/// All that a client may send: the reference reads it again at every answer.
const MOST_INPUT: usize = 24 * 1024;
/// Answers that may wait to be written: a batch, and the one that filled it.
const MOST_UNSENT: usize = 8 * 1024 + 4 * 1024;

/// One connection with all that is around it.
pub(super) struct Harness {
    machine: Connection,
    limits: Limits,
    registry: Registry,
    entries: Entries,
    now: Instant,
    /// Everything the machine was given to parse.
    input: Vec<u8>,
    largest_input: usize,
    /// What must come of it.
    expectation: Expectation,
    /// Answers made, and those of them not yet written.
    answered: usize,
    unsent: Vec<u8>,
    /// The latest time at which what is unsent must be given up.
    unsent_until: Option<Instant>,
    eof: bool,
    /// Told to drain or to stop.
    told: bool,
    stopped: bool,
    /// The head under way was not finished in time.
    timed_out: bool,
    /// An answer has said `Connection: close`; why, as the reference reads it, if it was asked to.
    last: Option<Vec<CloseReason>>,
}

impl Harness {
    pub(super) fn new(small: bool, local: bool) -> Self {
        let now = Instant::from_micros(1_000_000);
        let (registry, entries) = daemon(now);
        let limits = limits(small);
        let peer = if local {
            Peer::Ip(Ipv4Addr::LOCALHOST.into())
        } else {
            Peer::Unknown
        };
        let service = Arc::new(Service::new().limits(limits));
        Self {
            machine: Connection::new(service, peer, now),
            limits,
            registry,
            entries,
            now,
            input: Vec::new(),
            largest_input: 0,
            expectation: expect(b"", &limits),
            answered: 0,
            unsent: Vec::new(),
            unsent_until: None,
            eof: false,
            told: false,
            stopped: false,
            timed_out: false,
            last: None,
        }
    }

    /// Lets something happen, and checks what must hold around everything that happens.
    pub(super) fn check(&mut self, happen: impl FnOnce(&mut Self)) {
        // A driver that wakes up compares the clock first.
        if self.until().is_some_and(|until| until <= self.now) {
            self.timeout();
        }
        let (before, answered) = (self.machine.step(), self.answered);
        let began = self.expectation.under_way;
        happen(self);
        let after = self.machine.step();
        assert_eq!(self.machine.step(), after, "asking changes nothing");
        if let Step::Close(_) = before {
            assert_eq!(after, before, "nothing happens to a closed connection");
        }
        let is_same = mem::discriminant(&before) == mem::discriminant(&after);
        if is_same && answered == self.answered && (began || !self.expectation.under_way) {
            assert_eq!(after.until(), before.until(), "a deadline is a total");
        }
        if let Step::Read { .. } | Step::Respond = after {
            assert!(self.last.is_none(), "{after:?} behind the last answer");
        }
        if let Step::Read { .. } = after {
            assert!(!self.eof, "waits for input behind its end");
            assert!(self.unsent.is_empty(), "reads before it has written");
        }
        if let Step::Write { until } = after {
            assert!(!self.unsent.is_empty(), "nothing to write");
            assert!(Some(until) <= self.unsent_until, "an answer wins time");
        }
        self.check_memory(after);
        self.check_standing(after);
    }

    fn check_memory(&self, step: Step) {
        let buffered = self.machine.buffered();
        let most = 2 * (self.limits.head + self.largest_input);
        assert!(buffered <= most, "{buffered} of {most} bytes kept");
        let unsent = self.unsent.len();
        assert!(unsent <= MOST_UNSENT, "{unsent} bytes of answers pile up");
        let most = match step {
            Step::Read { .. } if self.expectation.under_way => return,
            // Empty lines, eight and a half at most, in a vector that has grown by doubling.
            Step::Read { .. } => 2 * 17,
            Step::Finish { .. } => 0,
            Step::Close(_) if self.last.is_some() => 0,
            Step::Follow { .. } => 0,
            Step::Respond | Step::Write { .. } | Step::Close(_) => return,
        };
        assert!(buffered <= most, "{step:?} keeps {buffered} bytes");
    }

    fn check_standing(&self, step: Step) {
        let standing = self.machine.eviction_class();
        let fits = match step {
            Step::Read { .. } => {
                matches!(
                    standing,
                    EvictionClass::Reading { .. } | EvictionClass::Idle { .. }
                )
            }
            Step::Respond => standing == EvictionClass::Responding,
            Step::Write { .. } => matches!(standing, EvictionClass::Writing { .. }),
            Step::Follow { .. } => matches!(standing, EvictionClass::Streaming { .. }),
            Step::Finish { .. } | Step::Close(_) => standing == EvictionClass::Closing,
        };
        assert!(fits, "{standing:?} in {step:?}");
    }

    pub(super) fn apply(&mut self, operation: Operation<'_>) {
        match operation {
            Operation::Input(bytes) => self.send(bytes),
            Operation::Fragment(number) => {
                let number = usize::from(number);
                let (nth, times) = (
                    number % FRAGMENTS.len(),
                    1 << (number / FRAGMENTS.len() / 2),
                );
                self.send(FRAGMENTS[nth].repeat(times).as_bytes());
            }
            Operation::Good => self.send(FRAGMENTS[0].as_bytes()),
            Operation::Eof => {
                self.eof = true;
                self.machine.handle_eof();
            }
            Operation::Wait(hundredths) => {
                self.now = self.now + Duration::from_millis(10 * u64::from(hundredths));
            }
            Operation::WaitForDeadline(off) => {
                if let Some(until) = self.until() {
                    let off = Duration::from_micros(u64::from(off)).as_micros() as i64;
                    let off = if off % 2 == 0 { -off } else { off };
                    let then = until.as_micros().saturating_add_signed(off);
                    self.now = self.now.max(Instant::from_micros(then));
                }
            }
            Operation::Timeout => self.timeout(),
            Operation::Respond => self.respond(),
            Operation::Sent => self.sent(),
            Operation::Settle => self.settle(),
            Operation::Evict => self.evict(),
            Operation::Drain => {
                self.registry.begin_drain(self.now);
                self.machine.handle_phase(Phase::Draining);
                self.told = true;
            }
            Operation::Stop => {
                self.registry.stop(self.now);
                self.machine.handle_phase(Phase::Stopped);
                (self.told, self.stopped) = (true, true);
            }
            Operation::Change(nth) => self.change(nth),
        }
    }

    /// Time passes, and nothing else, until it is over; then the end is judged.
    pub(super) fn finish(mut self) {
        // Requests that are pending, a head that is under way, and the steps behind the last one.
        let most = 3 * (self.expectation.answers.len() + 2);
        for _ in 0..most {
            self.check(Self::settle);
            let Some(until) = self.until() else { break };
            self.now = until;
            self.check(Self::timeout);
        }
        let Step::Close(reason) = self.machine.step() else {
            panic!("goes round in circles at {:?}", self.machine.step());
        };
        let is_orderly = match reason {
            // Cut off, whatever was said before.
            CloseReason::Evicted | CloseReason::WriteTimeout => return,
            CloseReason::Draining if self.stopped => return,
            CloseReason::Answered | CloseReason::BodyUnread | CloseReason::Rejected(_) => true,
            _ => false,
        };
        match self.last {
            // Asked to be the last, or the daemon is what ended it.
            Some(reasons) if is_orderly => assert!(reasons.contains(&reason), "{reason:?}"),
            Some(reasons) => assert!(reasons.is_empty(), "{reason:?} instead of {reasons:?}"),
            None => assert!(
                !is_orderly,
                "{reason:?}, and the last answer did not say so"
            ),
        }
    }

    fn send(&mut self, bytes: &[u8]) {
        let room = MOST_INPUT - self.input.len();
        let bytes = &bytes[..bytes.len().min(room)];
        match self.machine.step() {
            _ if self.eof => return,
            Step::Read { .. } => {
                self.input.extend_from_slice(bytes);
                self.expectation = expect(&self.input, &self.limits);
            }
            Step::Finish { .. } => {}
            _ => return,
        }
        self.largest_input = self.largest_input.max(bytes.len());
        self.machine.handle_input(self.now, bytes);
    }

    fn timeout(&mut self) {
        let before = self.machine.step();
        self.machine.handle_timeout(self.now);
        let after = self.machine.step();
        match before.until() {
            Some(until) if until <= self.now => {
                assert!(after.until().is_none(), "{before:?}, too late {after:?}");
                self.timed_out = after == Step::Respond;
            }
            _ => assert_eq!(after, before, "too early"),
        }
    }

    fn respond(&mut self) {
        if self.machine.step() != Step::Respond {
            return;
        }
        let expected = match self.expectation.answers.get(self.answered) {
            Some(expected) => expected.clone(),
            None if self.timed_out => Expected::timeout(self.expectation.to_head),
            None => panic!("an answer to nothing"),
        };
        let snapshot = self.registry.snapshot(self.now);
        let millis = START_UNIX_MILLIS + self.now.as_micros() / 1_000;
        let moment = Moment {
            now: self.now,
            unix: UnixTime::from_millis(millis),
        };
        let start = self.unsent.len();
        self.machine.respond(moment, &snapshot, &mut self.unsent);
        self.answered += 1;
        let until = self.now + self.limits.write_timeout;
        self.unsent_until.get_or_insert(until);

        let (says_close, length) = expected.read(&self.unsent[start..]);
        assert_eq!(self.unsent.len(), start + length, "more than one answer");
        // Bytes behind the last request that make no other one: whether the answer before their end
        // says that it is the last is left open, for its client asks for nothing more.
        let nothing_follows = self.eof && self.answered == self.expectation.answers.len();
        let is_last = expected.last.is_some()
            || self.told
            || snapshot.phase() >= Phase::Draining
            || (nothing_follows && expected.end == self.input.len());
        let may_be_last = is_last || nothing_follows;
        assert!(says_close <= may_be_last, "closes before {expected:?}");
        assert!(says_close >= is_last, "close not said in {expected:?}");
        if says_close {
            self.last = Some(expected.last.unwrap_or_default());
        }
    }

    fn sent(&mut self) {
        if let Step::Write { .. } = self.machine.step() {
            self.unsent.clear();
            self.unsent_until = None;
            self.machine.handle_sent(self.now);
            assert_eq!(self.machine.delivered(), self.answered as u64, "delivered");
        }
    }

    fn settle(&mut self) {
        while let Step::Respond | Step::Write { .. } = self.machine.step() {
            self.respond();
            self.sent();
        }
    }

    fn evict(&mut self) {
        let before = self.machine.step();
        self.machine.handle_evict(self.now);
        let after = self.machine.step();
        match before {
            Step::Respond | Step::Close(_) => assert_eq!(after, before, "never cut"),
            Step::Follow { .. } => assert_eq!(after, Step::Respond, "it is sent when to come back"),
            _ => assert_eq!(after, Step::Close(CloseReason::Evicted)),
        }
    }

    fn change(&mut self, nth: u8) {
        let Self { registry, now, .. } = self;
        let now = *now;
        match nth % 12 {
            0 => registry.success(now, self.entries.db),
            1 => registry.failure(now, self.entries.db, "refused \"by\" peer\n"),
            2 => registry.set_failures(now, self.entries.db, 3),
            3 => registry.beat(now, self.entries.beat),
            4 => registry.release(now, self.entries.gate),
            5 => registry.set_flag(now, self.entries.flag, true),
            6 => registry.set_flag(now, self.entries.flag, false),
            7 => registry
                .set_stat(now, self.entries.stat, &["a value", "of two"])
                .expect("a list of texts"),
            8 => registry.set_running(now),
            // The daemon drains or stops, and the driver does not know yet.
            9 => registry.begin_drain(now),
            10 => registry.stop(now),
            _ => {
                registry.set_running(now);
                registry.release(now, self.entries.gate);
                registry.set_flag(now, self.entries.flag, true);
                registry.success(now, self.entries.db);
            }
        }
    }

    fn until(&self) -> Option<Instant> {
        self.machine.step().until()
    }
}
