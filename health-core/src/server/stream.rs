//! The event stream of one client: what it knows, and what it is sent next.
//!
//! Events are sent in batches, each of them one write: the transitions since the last one, then the
//! whole state, then published values. Between two batches there is a pause, so that a daemon that
//! flaps or publishes all the time costs every stream a few writes a second. Nothing is kept for a
//! client that reads slowly: it gets the rest when it has taken what was written, and a `reset` if
//! transitions have been lost by then.

use alloc::vec::Vec;
use core::time::Duration;

use super::state::{CloseMode, Pending, State, Writing};
use super::{CloseReason, Connection, DegradedCode, EvictionClass, Query, Service};
use crate::base::{Instant, Moment};
use crate::health::{Phase, Revision, Snapshot};
use crate::http::Code;
use crate::http::response::Chunk;
use crate::render::{Probe, events};

/// From one batch to the next.
const PAUSE: Duration = Duration::from_millis(200);
/// Transitions are added to a batch while it is smaller.
const BATCH: usize = 16 * 1024;

impl Connection {
    /// Since when it is a stream, if it is one.
    pub(super) fn is_stream_since(&self) -> Option<Instant> {
        self.stream.as_ref().map(|stream| stream.since)
    }

    /// Whether it is a stream all of whose events have been sent, so that more may be sent at once.
    pub(super) const fn has_sent_events(&self) -> bool {
        let is_waiting = matches!(
            self.state,
            State::Following { .. }
                | State::Responding {
                    unsent_since: None,
                    ..
                }
        );
        is_waiting && self.stream.is_some()
    }

    /// Appends a stream's latest events, and that it ends if it does. A `HEAD` has no events.
    pub(super) fn write_events(
        &mut self,
        mut writing: Writing,
        moment: Moment,
        snapshot: &Snapshot,
        out: &mut Vec<u8>,
    ) {
        let (ending, start) = (self.close_mode(snapshot), out.len());
        if let Some(until) = self.stream.as_ref().and_then(|stream| stream.evicted_at) {
            writing.until = until;
        }
        let close = match &mut self.stream {
            None => ending.or(Some(CloseMode::ANSWERED)),
            Some(stream) => stream.write(&self.service, ending, moment, snapshot, out),
        };
        if let Some(records) = &mut self.reader.records {
            records.add_bytes(out.len() - start);
        }
        if !out.is_empty() {
            self.state = State::Writing { writing, close };
        } else if let Some(close) = close {
            self.end(moment.now, close);
        } else {
            self.follow(moment.now);
        }
    }

    /// Waits for a change, unless there are more events already.
    pub(super) fn follow(&mut self, now: Instant) {
        self.state = match &self.stream {
            Some(stream) if !stream.has_more() && self.ending.is_none() => stream.follow(now),
            _ => State::responding(Pending::Events),
        };
    }

    /// Ends a stream in favour of another connection: it is sent when to come back, until `until` at the
    /// latest.
    pub(super) fn evict_stream(&mut self, until: Instant) {
        if let Some(stream) = &mut self.stream {
            stream.evicted_at = Some(until);
            self.service.counters().count_eviction();
            self.end_stream(CloseReason::Evicted);
        }
    }

    pub(super) fn end_stream(&mut self, reason: CloseReason) {
        self.ending = Some(reason);
        self.state = State::responding(Pending::Events);
    }
}

/// What one client has been sent.
#[derive(Debug)]
pub(super) struct Stream {
    since: Instant,
    chunked: bool,
    /// Values are sent with their age.
    verbose: bool,
    has_begun: bool,
    /// The id of the latest transition that was sent, or that the client says it has seen.
    last_id: Option<u64>,
    /// The revision of the state that was sent.
    sent: Option<Revision>,
    /// The registry's revision, if it may have changed since `sent`.
    latest: Option<Revision>,
    /// There are more transitions than went into the last batch.
    has_more: bool,
    /// When the last batch was made, if it had any event.
    batch_at: Option<Instant>,
    heartbeat_at: Instant,
    /// Set when another connection is to have its place: its end is written until then.
    evicted_at: Option<Instant>,
}

impl Stream {
    /// How long published values gather before they are sent.
    pub(super) const GATHERING: Duration = Duration::from_millis(50);
    /// How long a stream has its place before another one can take it. Clients that come back at once
    /// would otherwise take each other's place for ever.
    pub(super) const SHORTEST_STAY: Duration = Duration::from_secs(60);
    /// How long a client waits before it comes back, unless its stream is evicted.
    const RETRY: Duration = Duration::from_secs(3);

    /// A stream before its first event, in chunks or without framing.
    pub(super) fn new(query: &Query, chunked: bool, now: Instant) -> Self {
        Self {
            since: now,
            chunked,
            verbose: query.verbose,
            has_begun: false,
            last_id: query.after.id(),
            sent: None,
            latest: None,
            has_more: false,
            batch_at: None,
            heartbeat_at: now,
            evicted_at: None,
        }
    }

    /// What its eviction would cost.
    pub(super) const fn eviction_class(&self) -> EvictionClass {
        EvictionClass::Streaming { since: self.since }
    }

    /// How long the client of an evicted stream is to wait before it comes back: as long as the streams
    /// that have a place now stay at least, and up to as long again. Clients that were evicted together
    /// do not come back together.
    fn pause_after_eviction(&self, now: Instant) -> Duration {
        let shortest = Self::SHORTEST_STAY;
        let seed = self.since.as_micros().rotate_left(32) ^ now.as_micros();
        // The end of splitmix64: microseconds that differ little become numbers that differ much.
        let seed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let seed = (seed ^ (seed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let jitter = (seed ^ (seed >> 31)) % shortest.as_millis() as u64;
        shortest + Duration::from_millis(jitter)
    }

    /// Whether there are more events as soon as the last batch has been sent.
    pub(super) const fn has_more(&self) -> bool {
        self.has_more
    }

    /// What to wait for when every event has been sent.
    pub(super) fn follow(&self, now: Instant) -> State {
        let pause = self.batch_at.map(|batch| batch + PAUSE);
        let pause = pause.filter(|pause| *pause > now);
        let until = self.heartbeat_at;
        let following = State::Following {
            after: self.sent.filter(|_| pause.is_none()),
            until: pause.map_or(until, |pause| pause.min(until)),
        };
        match self.latest {
            Some(latest) => following.handle_revision(now, latest),
            None => following,
        }
    }

    /// The registry's revision is this one now.
    pub(super) const fn handle_revision(&mut self, revision: Revision) {
        self.latest = Some(revision);
    }

    /// Appends the next batch, which may be empty, and behind the last one that the stream is `ending`,
    /// if it is. Returns how when that has been appended.
    pub(super) fn write(
        &mut self,
        service: &Service,
        ending: Option<CloseMode>,
        moment: Moment,
        snapshot: &Snapshot,
        out: &mut Vec<u8>,
    ) -> Option<CloseMode> {
        let is_evicted = |ending: &CloseMode| ending.reason == CloseReason::Evicted;
        let ending = match ending {
            Some(ending) if is_evicted(&ending) => ending,
            _ => {
                self.write_batch(service, moment, snapshot, out);
                ending.filter(|_| !self.has_more)?
            }
        };
        self.chunk(out, |stream, out| {
            if is_evicted(&ending) {
                events::retry(stream.pause_after_eviction(moment.now), out);
            }
            if ending.reason != CloseReason::PeerClosed {
                events::end(snapshot.phase(), out);
            }
        });
        if self.chunked {
            out.extend_from_slice(Chunk::LAST);
        }
        // A stop ends what lingers, so nothing begins to.
        let linger = ending.linger && snapshot.phase() != Phase::Stopped;
        Some(CloseMode { linger, ..ending })
    }

    fn write_batch(
        &mut self,
        service: &Service,
        moment: Moment,
        snapshot: &Snapshot,
        out: &mut Vec<u8>,
    ) {
        let begin = out.len();
        self.chunk(out, |stream, out| {
            let start = out.len();
            stream.transitions(moment, snapshot, out);
            if stream.has_more {
                return;
            }
            stream.state(service, moment, snapshot, out);
            stream.batch_at = (out.len() > start).then_some(moment.now);
            if stream.batch_at.is_none() && stream.heartbeat_at <= moment.now {
                events::comment(out);
            }
        });
        if out.len() > begin {
            self.heartbeat_at = moment.now + service.bounds().stream_heartbeat;
        }
    }

    /// Appends what `fill` appends, as a chunk of its own if the stream comes in chunks.
    fn chunk(&mut self, out: &mut Vec<u8>, fill: impl FnOnce(&mut Self, &mut Vec<u8>)) {
        if self.chunked {
            let chunk = Chunk::begin(out);
            fill(self, out);
            chunk.end(out);
        } else {
            fill(self, out);
        }
    }

    /// Appends all events until now, for a client that reconnects for the next ones.
    pub(super) fn write_all(
        mut self,
        service: &Service,
        moment: Moment,
        snapshot: &Snapshot,
        out: &mut Vec<u8>,
    ) {
        loop {
            self.write_batch(service, moment, snapshot, out);
            if !self.has_more {
                return;
            }
        }
    }

    /// As many transitions as fit into a batch, and before the first one a `reset` if the client has
    /// missed some.
    fn transitions(&mut self, moment: Moment, snapshot: &Snapshot, out: &mut Vec<u8>) {
        let history = snapshot.history();
        let start = out.len();
        let is_first = !core::mem::replace(&mut self.has_begun, true);
        if is_first {
            events::retry(Self::RETRY, out);
        }
        let mut seen = self.last_id.unwrap_or(history.last_id());
        // Without a history there is nothing to miss.
        if history.has_lost(seen) && (is_first || history.capacity() > 0) {
            events::reset(seen, history, out);
            seen = 0;
        }
        self.has_more = false;
        for (id, transition) in history.after(seen) {
            if out.len() - start >= BATCH {
                self.has_more = true;
                self.last_id = Some(seen);
                return;
            }
            events::transition(moment, id, transition, out);
            seen = id;
        }
        self.last_id = Some(history.last_id());
    }

    /// The whole state and the published values, each if it has changed.
    fn state(&mut self, service: &Service, moment: Moment, snapshot: &Snapshot, out: &mut Vec<u8>) {
        let revision = snapshot.revision();
        // The snapshot is the latest state.
        self.latest = None;
        let sent = self.sent.replace(revision);
        let has_changed = sent.is_none_or(|sent| sent.as_u64() != revision.as_u64());
        if has_changed {
            let mut probe = Probe::health(moment, snapshot);
            probe.healthy = service.code_of(probe.status) == Code::Ok;
            probe.degraded_fails = service.degraded != DegradedCode::Ok;
            probe.watched = service.watched();
            events::snapshot(&probe, out);
        }
        // A change of a counter or gauge is no event, so they are sent with everything else.
        let has_moved = has_changed || self.heartbeat_at <= moment.now;
        let is_time = has_moved && !snapshot.metrics().is_empty();
        if is_time || sent.is_none_or(|sent| sent.published() != revision.published()) {
            events::stats(self.verbose, snapshot, out);
        }
    }
}
