//! One connection, from accept to close: its transitions. What is answered is in `respond`, and those
//! of a stream are in `stream`.

pub(super) mod respond;

use alloc::boxed::Box;
use alloc::sync::Arc;

use super::reader::Reader;
use super::state::{CloseMode, Pending, State};
use super::stream::Stream;
use super::turn::Outgoing;
use super::{CloseReason, EvictionClass, Limits, Peer, Service, Step};
use crate::base::Instant;
use crate::health::{Phase, Revision, Snapshot};
use crate::http::Fault;

/// The state machine of one connection; the [module](super) has the contract.
///
/// Idle, it holds no buffer: input is parsed where the caller has it, and only an unfinished rest
/// is kept, bounded by [`Limits::head`] and one read.
#[derive(Debug)]
pub struct Connection {
    pub(super) service: Arc<Service>,
    pub(super) peer: Peer,
    pub(super) state: State,
    pub(super) reader: Reader,
    /// Once a stream has begun, nothing else is answered.
    pub(super) stream: Option<Box<Stream>>,
    /// Set by the end of input: every request before it is answered, then the connection closes. Set
    /// by a drain, which takes precedence: one more response, then it closes.
    pub(super) ending: Option<CloseReason>,
    has_answered: bool,
    /// Responses in the caller's buffer, and those that were sent.
    unsent: u32,
    delivered: u64,
    /// What [`turn`](Self::turn) has not written yet.
    pub(super) outgoing: Option<Box<Outgoing>>,
    pub(super) is_half_closed: bool,
}

impl Connection {
    /// A connection just accepted. Its first head is due within [`Limits::head_timeout`]; with
    /// [`Service::agent_check`] a response is due at once.
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
            outgoing: None,
            is_half_closed: false,
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
                match self.reader.next(&self.service, &self.peer, now, input) {
                    Some(pending) => self.state = State::responding(pending),
                    None => self.begin_head(now),
                }
            }
            // Nothing behind a stream is ever answered.
            State::Following { .. } => {}
            #[cfg(feature = "registry")]
            State::Waiting { .. } => self.reader.keep(input, self.service.bounds().head),
            State::Finishing { left, reason, .. } => {
                *left = left.saturating_sub(input.len());
                if *left == 0 {
                    self.state = State::Closed(*reason);
                }
            }
            _ => debug_assert!(false, "input in {:?}", self.state),
        }
    }

    /// Takes the end of the input. Requests before it are still answered: clients may half-close
    /// behind their last request. A stream ends, though, and so does the wait for an answer that comes
    /// later: a client that has gone looks the same.
    pub fn handle_eof(&mut self) {
        match self.state {
            State::Idle { .. } => self.state = State::Closed(CloseReason::PeerClosed),
            State::Head { .. } => self.state = State::Closed(CloseReason::Truncated),
            State::Finishing { reason, .. } => self.state = State::Closed(reason),
            State::Responding { .. } | State::Writing { .. } => {
                self.ending.get_or_insert(CloseReason::PeerClosed);
            }
            State::Following { .. } => self.end_stream(CloseReason::PeerClosed),
            #[cfg(feature = "registry")]
            State::Waiting { .. } => {
                self.reader.asking = None;
                self.state = State::Closed(CloseReason::PeerClosed);
            }
            State::Closed(_) => {}
        }
    }

    /// Checks whether the step's deadline has passed, and acts if it has.
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
                let fault = Fault::HeadTimeout;
                let pending = self.reader.refuse(&self.service, now, fault);
                self.reader.discard();
                self.state = State::responding(pending);
            }
            State::Following { until, .. } if until <= now => {
                self.state = State::responding(Pending::Events);
            }
            #[cfg(feature = "registry")]
            State::Waiting { until, .. } if until <= now => {
                self.state = State::responding(Pending::Answer);
            }
            State::Writing { writing, .. } if writing.until <= now => {
                let reason = match self.ending {
                    Some(CloseReason::Evicted) => CloseReason::Evicted,
                    _ => CloseReason::WriteTimeout,
                };
                self.state = State::Closed(reason);
                self.log(now, false, Some(reason));
            }
            State::Finishing { until, reason, .. } if until <= now => {
                self.state = State::Closed(reason);
            }
            _ => {}
        }
    }

    /// The registry's revision is this one now: a stream that waits for another one is sent it, and a
    /// request that waits for its answer gets that.
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
            _ if self.is_evicted() => {}
            #[cfg(feature = "registry")]
            State::Waiting { .. } if has_stopped => {
                self.ending = Some(CloseReason::Draining);
                self.give_up_waiting();
            }
            _ => self.ending = Some(CloseReason::Draining),
        }
    }

    /// Closes in favour of another connection, unless a response is just being made. A stream is sent
    /// when to come back, if its client takes that at once.
    pub(super) fn evict(&mut self, now: Instant) {
        if self.class() == EvictionClass::Responding || matches!(self.state, State::Closed(_)) {
            return;
        }
        if self.ending.is_none() && self.has_sent_events() {
            return self.evict_stream(now);
        }
        if !self.is_evicted() {
            self.service.counters().count_eviction();
        }
        self.state = State::Closed(CloseReason::Evicted);
        self.log(now, false, Some(CloseReason::Evicted));
    }

    /// Whether it closes in favour of another connection.
    pub(super) fn is_evicted(&self) -> bool {
        let is_ending = self.ending == Some(CloseReason::Evicted);
        is_ending || matches!(self.state, State::Closed(CloseReason::Evicted))
    }

    /// Everything that was appended has been written.
    ///
    /// # Misuse
    ///
    /// Does nothing unless `step` says `Write`.
    pub fn handle_sent(&mut self, now: Instant) {
        let State::Writing { close, .. } = self.state else {
            debug_assert!(false, "sent in {:?}", self.state);
            return;
        };
        self.delivered += u64::from(core::mem::take(&mut self.unsent));
        match close {
            Some(close) => self.end(now, close),
            None if self.stream.is_some() => self.follow(now),
            #[cfg(feature = "registry")]
            None if self.is_waiting() => {
                self.log(now, true, None);
                self.state = State::responding(Pending::Answer);
            }
            None => {
                self.log(now, true, None);
                self.go_on(now);
            }
        }
    }

    /// How many responses have been sent.
    #[must_use]
    pub const fn delivered(&self) -> u64 {
        self.delivered
    }

    /// What it would cost to evict this connection.
    pub(super) fn class(&self) -> EvictionClass {
        if self.is_evicted() {
            return EvictionClass::Closing;
        }
        let stream = self.stream.as_deref();
        self.state.eviction_class(self.has_answered, stream)
    }

    /// The last response has been sent.
    pub(super) fn end(&mut self, now: Instant, CloseMode { reason, linger }: CloseMode) {
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

    /// Finds the next request behind a response that was not the last.
    fn go_on(&mut self, now: Instant) {
        if let Some(pending) = (self.reader).next(&self.service, &self.peer, now, &[]) {
            self.state = State::responding(pending);
        } else if let Some(reason) = self.ending {
            // The input ended while a response was being written: there is nothing to wait for.
            self.state = State::Closed(reason);
        } else {
            self.state = State::Idle {
                since: now,
                until: now + self.limits().idle_timeout,
            };
            self.begin_head(now);
        }
    }

    /// From its first byte a head has a deadline of its own. An empty line does not count: without a
    /// request there is nothing to answer 408.
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

    /// The responses have been written, or never will be: writes their records, if there is a log.
    fn log(&mut self, now: Instant, delivered: bool, close: Option<CloseReason>) {
        if let (Some(records), Some(log)) = (&mut self.reader.records, &self.service.log) {
            records.write(now, log, &self.peer, delivered, close);
        }
    }

    /// Why the next response is the last one, if it is, whatever its request says.
    pub(super) fn close_mode(&self, snapshot: &Snapshot) -> Option<CloseMode> {
        // Before its end the input may hold further requests.
        let counts = |reason: &_| *reason != CloseReason::PeerClosed || self.reader.is_empty();
        CloseMode::of(self.ending.filter(counts), snapshot.phase())
    }

    fn limits(&self) -> &Limits {
        self.service.bounds()
    }
}
