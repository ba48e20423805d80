//! What the client of a stream knows, and what is to be told next.
//!
//! A stream tells in batches, each of them one write: the transitions since the last one, then how
//! everything is, then what was published. Between two batches there is a pause, so that a daemon
//! that flaps or publishes without end costs every stream a few writes a second. Nothing is kept for
//! a client that reads slowly: it is told the rest when it has taken what was written, and if the
//! history has moved on by then, that it has lost its place.

use alloc::vec::Vec;
use core::time::Duration;

use super::answer::Ending;
use super::state::State;
use super::{CloseReason, EvictionClass, Query, Service};
use crate::base::ProbeKind;
use crate::base::{Instant, Moment};
use crate::health::{Revision, Snapshot};
use crate::http::StatusCode;
use crate::http::response::Chunk;
use crate::render::{Probe, events};

/// From one batch to the next.
const PAUSE: Duration = Duration::from_millis(200);
/// Transitions are added to a batch while it is smaller.
const BATCH: usize = 16 * 1024;

/// One client's place in the stream.
#[derive(Debug)]
pub(super) struct Stream {
    since: Instant,
    chunked: bool,
    /// Values are told with their age.
    verbose: bool,
    begun: bool,
    /// The latest transition that was told, or that the client says it has seen.
    seen: Option<u64>,
    /// The state that was told.
    known: Option<Revision>,
    /// A state there is news of that came while a batch was being written.
    news: Option<Revision>,
    /// More transitions wait than went into the last batch.
    has_more: bool,
    /// When the last batch was made, if it told anything new.
    told: Option<Instant>,
    heartbeat_at: Instant,
}

impl Stream {
    /// How long published values gather before they are told.
    pub(super) const GATHERING: Duration = Duration::from_millis(50);

    /// A stream that has told nothing yet, in chunks or as it is.
    pub(super) fn new(ask: &Query, chunked: bool, now: Instant) -> Self {
        Self {
            since: now,
            chunked,
            verbose: ask.verbose,
            begun: false,
            seen: ask.after.id(),
            known: None,
            news: None,
            has_more: false,
            told: None,
            heartbeat_at: now,
        }
    }

    /// What its eviction would cost.
    pub(super) const fn eviction_class(&self) -> EvictionClass {
        EvictionClass::Streaming { since: self.since }
    }

    /// Whether there is more to tell as soon as the last batch is out.
    pub(super) const fn has_more(&self) -> bool {
        self.has_more
    }

    /// What to wait for when everything is told.
    pub(super) fn follow(&self, now: Instant) -> State {
        let pause = self.told.map(|told| told + PAUSE);
        let pause = pause.filter(|pause| *pause > now);
        let until = self.heartbeat_at;
        let following = State::Following {
            after: self.known.filter(|_| pause.is_none()),
            until: pause.map_or(until, |pause| pause.min(until)),
        };
        match self.news {
            Some(news) => following.handle_revision(now, news),
            None => following,
        }
    }

    /// The registry's revision is this one now.
    pub(super) const fn handle_revision(&mut self, revision: Revision) {
        self.news = Some(revision);
    }

    /// Appends what there is to tell, which may be nothing, and behind all of it that the stream is
    /// `ending`, if it is. Returns that when it has been told.
    pub(super) fn tell(
        &mut self,
        service: &Service,
        ending: Option<Ending>,
        moment: Moment,
        snapshot: &Snapshot,
        out: &mut Vec<u8>,
    ) -> Option<Ending> {
        self.tell_news(service, moment, snapshot, out);
        let ending = ending.filter(|_| !self.has_more)?;
        let is_ours = ending.reason != CloseReason::PeerClosed;
        self.chunk(out, |_, out| {
            if is_ours {
                events::end(snapshot.phase(), out);
            }
        });
        if self.chunked {
            out.extend_from_slice(Chunk::LAST);
        }
        Some(ending)
    }

    fn tell_news(
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
            stream.told = (out.len() > start).then_some(moment.now);
            if stream.told.is_none() && stream.heartbeat_at <= moment.now {
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

    /// Appends everything there is to tell for now, for somebody who comes back later.
    pub(super) fn tell_all(
        mut self,
        service: &Service,
        moment: Moment,
        snapshot: &Snapshot,
        out: &mut Vec<u8>,
    ) {
        loop {
            self.tell_news(service, moment, snapshot, out);
            if !self.has_more {
                return;
            }
        }
    }

    /// As many transitions as fit into a batch, and before the first one whether the client has
    /// lost its place.
    fn transitions(&mut self, moment: Moment, snapshot: &Snapshot, out: &mut Vec<u8>) {
        let history = snapshot.history();
        let start = out.len();
        let is_first = !core::mem::replace(&mut self.begun, true);
        if is_first {
            events::retry(out);
        }
        let mut seen = self.seen.unwrap_or(history.last_id());
        // Where nothing is remembered, nobody has a place to lose.
        if history.has_lost(seen) && (is_first || history.capacity() > 0) {
            events::reset(seen, history, out);
            seen = 0;
        }
        self.has_more = false;
        for (id, transition) in history.after(seen) {
            if out.len() - start >= BATCH {
                self.has_more = true;
                self.seen = Some(seen);
                return;
            }
            events::transition(moment, id, transition, out);
            seen = id;
        }
        self.seen = Some(history.last_id());
    }

    /// How everything is, and what is published, if either is news.
    fn state(&mut self, service: &Service, moment: Moment, snapshot: &Snapshot, out: &mut Vec<u8>) {
        let revision = snapshot.revision();
        // A snapshot is as new as any news.
        self.news = None;
        let known = self.known.replace(revision);
        let has_changed = known.is_none_or(|known| known.as_u64() != revision.as_u64());
        if has_changed {
            let mut probe = Probe::new(ProbeKind::Health, moment, snapshot).verbose(true);
            probe.watched = service.watched();
            let healthy = service.code_of(probe.status()) == StatusCode::Ok;
            events::snapshot(&probe.healthy(healthy), out);
        }
        // Counters and gauges tell nobody when they move, so they are told with everything else.
        let has_moved = has_changed || self.heartbeat_at <= moment.now;
        let is_time = has_moved && !snapshot.metrics().is_empty();
        if is_time || known.is_none_or(|known| known.published() != revision.published()) {
            events::stats(self.verbose, snapshot, out);
        }
    }
}
