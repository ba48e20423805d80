//! One connection, from accept to close. All its transitions stand in this file.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::answer::{self, Ending};
use super::reader::{Reader, Reply};
use super::state::{State, Writing};
use super::stream::Stream;
use super::turn::Outgoing;
use super::{CloseReason, EvictionClass, Limits, Peer, Service, Step};
use crate::base::{Instant, Moment};
use crate::health::{Phase, Revision, Snapshot};
use crate::http::response::Persistence;
use crate::http::{Reject, StatusCode};
use crate::render;

/// When a batch of answers to pipelined requests is large enough to be written. A client that never
/// reads makes us hold one, and one read of its requests, until the write deadline.
const BATCH: usize = 8 * 1024;

/// One connection's side of the conversation; the contract stands in the [module's doc](super).
///
/// Idle, it holds no buffer: input is parsed where the caller has it, and only an unfinished rest
/// is kept, bounded by [`Limits::head`] and one read.
#[derive(Debug)]
pub struct Connection {
    service: Arc<Service>,
    peer: Peer,
    state: State,
    reader: Reader,
    /// Once a stream was asked for, nothing else is answered.
    stream: Option<Box<Stream>>,
    /// Set by end of input: what has been asked is answered, then it is over. Set by a drain, which
    /// takes precedence: one answer more, then it is over.
    ending: Option<CloseReason>,
    has_answered: bool,
    /// Answers in the caller's buffer, and those that were sent.
    unsent: u32,
    delivered: u64,
    /// What [`turn`](Self::turn) has not written yet.
    pub(super) outgoing: Outgoing,
}

impl Connection {
    /// A connection just accepted. Its first head is due within [`Limits::head_timeout`]; with
    /// [`Service::agent_check`] there is something to tell at once.
    #[must_use]
    pub fn new(service: Arc<Service>, peer: Peer, now: Instant) -> Self {
        Self {
            state: State::accepted(&service, now),
            service,
            peer,
            reader: Reader::default(),
            stream: None,
            ending: None,
            has_answered: false,
            unsent: 0,
            delivered: 0,
            outgoing: Outgoing::default(),
        }
    }

    /// The one thing to do next. Asking changes nothing.
    pub fn step(&self) -> Step {
        self.state.step()
    }

    /// Takes what was read, all of it. Empty input is none; the end is [`handle_eof`](Self::handle_eof).
    ///
    /// # Misuse
    ///
    /// Input while `step` says neither `Read`, `Follow` nor `Finish` is dropped.
    pub fn handle_input(&mut self, now: Instant, input: &[u8]) {
        match &mut self.state {
            _ if input.is_empty() => {}
            State::Idle { .. } | State::Head { .. } => {
                match self.reader.take(self.service.at(&self.peer, now), input) {
                    Some(reply) => self.state = State::responding(reply),
                    None => self.begin_head(now),
                }
            }
            // Nothing behind a stream is ever answered.
            State::Following { .. } => {}
            State::Finishing { left, reason, .. } => {
                *left = left.saturating_sub(input.len());
                if *left == 0 {
                    self.state = State::Closed(*reason);
                }
            }
            _ => debug_assert!(false, "input in {:?}", self.state),
        }
    }

    /// Takes the end of the input. What was asked before it is still answered: clients may
    /// half-close behind their last request. A stream ends, though: who has gone away says no
    /// more than that.
    pub fn handle_eof(&mut self) {
        match self.state {
            State::Idle { .. } => self.state = State::Closed(CloseReason::PeerClosed),
            State::Head { .. } => self.state = State::Closed(CloseReason::Truncated),
            State::Finishing { reason, .. } => self.state = State::Closed(reason),
            State::Responding { .. } | State::Writing { .. } => {
                self.ending.get_or_insert(CloseReason::PeerClosed);
            }
            State::Following { .. } => self.end_stream(CloseReason::PeerClosed),
            State::Closed(_) => {}
        }
    }

    /// Sees whether the step's deadline has passed, and acts if it has.
    pub fn handle_timeout(&mut self, now: Instant) {
        match self.state {
            State::Idle { until, .. } if until <= now => {
                let reason = if self.has_answered {
                    CloseReason::Idle
                } else {
                    CloseReason::Silent
                };
                self.state = State::Closed(reason);
            }
            State::Head { until, .. } if until <= now => {
                let context = self.service.at(&self.peer, now);
                let reply = self.reader.refuse(context, Reject::HeadTimeout);
                self.reader.discard();
                self.state = State::responding(reply);
            }
            State::Following { until, .. } if until <= now => {
                self.state = State::responding(Reply::News);
            }
            State::Writing { writing, .. } if writing.until <= now => {
                self.state = State::Closed(CloseReason::WriteTimeout);
                self.log(now, false, Some(CloseReason::WriteTimeout));
            }
            State::Finishing { until, reason, .. } if until <= now => {
                self.state = State::Closed(reason);
            }
            _ => {}
        }
    }

    /// The registry's revision is this one now. A stream that waits for another has something to
    /// tell.
    pub fn handle_revision(&mut self, now: Instant, revision: Revision) {
        if let Some(stream) = &mut self.stream {
            stream.handle_revision(revision);
        }
        self.state = self.state.handle_revision(now, revision);
    }

    /// The daemon is in this phase now.
    ///
    /// `Draining`: an idle connection closes at once; one with a request under way answers it, says
    /// `Connection: close`, and closes; a stream says so, and ends. A connection on which no request
    /// has come yet is not idle: its request may be in the socket already, and may ask whether the
    /// daemon is alive.
    ///
    /// `Stopped`: only a response under way is still delivered.
    pub fn handle_phase(&mut self, phase: Phase) {
        let has_stopped = match phase {
            Phase::Starting | Phase::Running => return,
            Phase::Draining => false,
            Phase::Stopped => true,
        };
        match self.state {
            State::Following { .. } => self.end_stream(CloseReason::Draining),
            State::Idle { .. } if self.has_answered || has_stopped => {
                self.state = State::Closed(CloseReason::Draining);
            }
            State::Head { .. } | State::Finishing { .. } if has_stopped => {
                self.state = State::Closed(CloseReason::Draining);
            }
            State::Closed(_) => {}
            _ => self.ending = Some(CloseReason::Draining),
        }
    }

    /// Gives up the place for another connection, unless an answer is just being made.
    pub fn handle_evict(&mut self, now: Instant) {
        if self.eviction_class() != EvictionClass::Responding
            && !matches!(self.state, State::Closed(_))
        {
            self.state = State::Closed(CloseReason::Evicted);
            self.log(now, false, Some(CloseReason::Evicted));
            self.service.counters().count_eviction();
        }
    }

    /// Appends the answer to what was asked, or what is new to a stream: nothing, perhaps.
    /// `moment` is now, `snapshot` the state it is told.
    ///
    /// # Misuse
    ///
    /// Does nothing unless `step` says `Respond`.
    pub fn respond(&mut self, moment: Moment, snapshot: &Snapshot, out: &mut Vec<u8>) {
        let State::Responding { ref reply, unsent } = self.state else {
            debug_assert!(false, "respond in {:?}", self.state);
            return;
        };
        let since = moment.now;
        let until = since + self.limits().write_timeout;
        let writing = unsent.unwrap_or(Writing { since, until });
        let log = self.service.log.as_ref();
        let id = self.reader.notes.name(moment.unix, log);
        let start = out.len();
        let (method, status, last) = match reply {
            Reply::Agent => {
                render::agent_check(snapshot, out);
                (None, StatusCode::Ok, Some(Ending::ANSWERED))
            }
            Reply::News => return self.tell(writing, moment, snapshot, out),
            Reply::Query { ask, version, .. } if answer::is_stream(&self.service, ask, moment) => {
                self.reader.discard();
                self.stream = answer::begin(&self.service, ask, id, *version, moment, out);
                let bytes = out.len() - start;
                (self.reader.notes).handle_answer(log, Some(ask.method), StatusCode::Ok, bytes);
                self.has_answered = true;
                self.unsent += 1;
                return self.tell(writing, moment, snapshot, out);
            }
            &Reply::Reject { reject, method } => {
                let status = answer::reject(&self.service, reject, method, id, moment, out);
                (method, status, Some(Ending::rejected(reject)))
            }
            Reply::Query { ask, version, last } => {
                let last = last.or_else(|| self.ending(snapshot));
                let persistence = Persistence::of(*version, last.is_some());
                let service = &self.service;
                let status = answer::answer(service, ask, id, persistence, moment, snapshot, out);
                (Some(ask.method), status, last)
            }
        };
        let bytes = out.len() - start;
        (self.reader.notes).handle_answer(log, method, status, bytes);
        self.has_answered = true;
        self.unsent += 1;
        self.state = State::Writing { writing, last };
        if last.is_some() {
            self.reader.discard();
        } else if out.len() < BATCH {
            let context = self.service.at(&self.peer, moment.now);
            if let Some(reply) = self.reader.next(context) {
                self.state = State::Responding {
                    reply,
                    unsent: Some(writing),
                };
            }
        }
    }

    /// Everything that was appended has been written.
    ///
    /// # Misuse
    ///
    /// Does nothing unless `step` says `Write`.
    pub fn handle_sent(&mut self, now: Instant) {
        let State::Writing { last, .. } = self.state else {
            debug_assert!(false, "sent in {:?}", self.state);
            return;
        };
        self.delivered += u64::from(core::mem::take(&mut self.unsent));
        match last {
            Some(ending) => self.end(now, ending),
            None if self.stream.is_some() => self.follow(now),
            None => {
                self.log(now, true, None);
                self.go_on(now);
            }
        }
    }

    /// How many answers have been sent.
    #[must_use]
    pub const fn delivered(&self) -> u64 {
        self.delivered
    }

    /// What it would cost to evict this connection.
    #[must_use]
    pub fn eviction_class(&self) -> EvictionClass {
        let stream = self.stream.as_deref();
        self.state.eviction_class(self.has_answered, stream)
    }

    /// Bytes of heap held for input: none while idle, and never much more than twice
    /// [`Limits::head`] and one read.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.reader.buffered()
    }

    /// Tells a stream what is new, and that it ends if it does. A `HEAD` has been told all.
    fn tell(&mut self, writing: Writing, moment: Moment, snapshot: &Snapshot, out: &mut Vec<u8>) {
        let (ending, start) = (self.ending(snapshot), out.len());
        let last = match &mut self.stream {
            None => ending.or(Some(Ending::ANSWERED)),
            Some(stream) => stream.tell(&self.service, ending, moment, snapshot, out),
        };
        self.reader.notes.handle_more(out.len() - start);
        if !out.is_empty() {
            self.state = State::Writing { writing, last };
        } else if let Some(ending) = last {
            self.end(moment.now, ending);
        } else {
            self.follow(moment.now);
        }
    }

    /// Waits for something to tell, unless there is more already.
    fn follow(&mut self, now: Instant) {
        self.state = match &self.stream {
            Some(stream) if !stream.has_more() && self.ending.is_none() => stream.follow(now),
            _ => State::responding(Reply::News),
        };
    }

    fn end_stream(&mut self, reason: CloseReason) {
        self.ending = Some(reason);
        self.state = State::responding(Reply::News);
    }

    /// The last answer is out.
    fn end(&mut self, now: Instant, Ending { reason, linger }: Ending) {
        self.log(now, true, Some(reason));
        let limits = self.limits();
        self.state = if linger {
            State::Finishing {
                until: now + limits.finish_timeout,
                left: limits.finish_bytes,
                reason,
            }
        } else {
            State::Closed(reason)
        };
    }

    /// Looks for the next request behind an answer that was not the last.
    fn go_on(&mut self, now: Instant) {
        if let Some(reply) = self.reader.next(self.service.at(&self.peer, now)) {
            self.state = State::responding(reply);
        } else if let Some(reason) = self.ending {
            // The end came while there was an answer to write: there is nothing to wait for.
            self.state = State::Closed(reason);
        } else {
            self.state = State::Idle {
                since: now,
                until: now + self.limits().idle_timeout,
            };
            self.begin_head(now);
        }
    }

    /// From the first byte of a head it has a deadline of its own. An empty line is none: nobody
    /// is to be told 408 who has asked nothing.
    fn begin_head(&mut self, now: Instant) {
        if !self.reader.has_begun() {
            return;
        }
        if let State::Idle { since, until } = self.state {
            self.state = if self.has_answered {
                State::Head {
                    since: now,
                    until: now + self.limits().head_timeout,
                }
            } else {
                // The first one has been waited for since accept.
                State::Head { since, until }
            };
        }
    }

    /// What was answered has been written, or never will be: whoever keeps a log hears of it.
    fn log(&mut self, now: Instant, delivered: bool, close: Option<CloseReason>) {
        let log = self.service.log.as_ref();
        (self.reader.notes).tell(now, log, &self.peer, delivered, close);
    }

    /// Why the answer to be written is the last one, if it is, whatever its request says.
    fn ending(&self, snapshot: &Snapshot) -> Option<Ending> {
        // Before its end the input may hold further requests.
        let is_open = |reason: &_| *reason != CloseReason::PeerClosed || self.reader.is_empty();
        Ending::told(self.ending.filter(is_open), snapshot.phase())
    }

    /// Whether it is a stream.
    pub(super) const fn is_stream(&self) -> bool {
        self.stream.is_some()
    }

    fn limits(&self) -> &Limits {
        self.service.bounds()
    }
}
