//! Which connection leaves for another one, and how much time its end may take.

use core::time::Duration;

use super::Connections;
use crate::base::Instant;
use crate::server::admission::Admission;
use crate::server::stream::Stream;
use crate::server::{Connection, EvictionClass, Step};

/// How long the end of a stream may take that is one too many.
const END_TIMEOUT: Duration = Duration::from_secs(1);

impl<S> Connections<S> {
    /// A connection that closes already makes room for one newcomer, not for each. Those that could
    /// not be cut when another one came may have filled the slots beyond the limit.
    pub(super) fn make_room(&mut self, now: Instant) {
        loop {
            let staying = self.iter().filter_map(|(key, slot)| {
                let connection = &slot.connection;
                let leaves = connection.is_evicted() || matches!(connection.step(), Step::Close(_));
                (!leaves).then(|| (key, slot.connection.class()))
            });
            if self.admission.has_room(staying.clone().count()) {
                return;
            }
            match Admission::pick_eviction(now, staying) {
                Some(key) => self.evict(now, key),
                None => return,
            }
        }
    }

    /// A stream whose client does not take its end at once is cut.
    pub(super) fn evict(&mut self, now: Instant, key: usize) {
        if let Some(slot) = self.get_mut(key) {
            slot.connection.evict(now);
            self.ready.push_front(key);
        }
    }

    /// At the limit of streams the oldest one leaves, if it has stayed for long enough; else this one.
    pub(super) fn add_stream(&mut self, now: Instant, key: usize) {
        self.streams.push(key);
        let mut open = self.streams().filter_map(|(key, connection)| {
            let is_open = connection.class() != EvictionClass::Closing;
            Some((key, connection.is_stream_since()?)).filter(|_| is_open)
        });
        // All are in the order of their requests: if the first has not stayed for long, none has.
        let oldest = open.next();
        if open.count() >= self.service.bounds().streams {
            let has_stayed = |since| now.duration_since(since) >= Stream::SHORTEST_STAY;
            let oldest = oldest.filter(|(_, since)| has_stayed(*since));
            let leaving = oldest.map_or(key, |(key, _)| key);
            match self.get_mut(leaving) {
                // Its slot is not needed, so its end has some time.
                Some(slot) if slot.connection.has_sent_events() => {
                    slot.connection.evict_stream(now + END_TIMEOUT);
                    self.ready.push_front(leaving);
                }
                _ => self.evict(now, leaving),
            }
        }
    }

    /// The open streams with their keys, in the order in which they were requested.
    pub(super) fn streams(&self) -> impl Iterator<Item = (usize, &Connection)> {
        let keyed = |key: &usize| Some((*key, &self.slots.get(*key)?.as_ref()?.connection));
        self.streams.iter().filter_map(keyed)
    }
}
