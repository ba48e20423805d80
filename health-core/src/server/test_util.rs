//! What tests and the fuzzer see of a connection, and no driver needs.

use super::{Connection, EvictionClass};
use crate::base::Instant;

impl Connection {
    /// What it would cost to evict this connection.
    #[must_use]
    pub fn eviction_class(&self) -> EvictionClass {
        self.class()
    }

    /// Closes in favour of another connection, unless a response is just being made.
    pub fn handle_evict(&mut self, now: Instant) {
        self.evict(now);
    }

    /// Bytes of heap held for input: none while idle, and never much more than twice
    /// [`Limits::head`](super::Limits::head) and one read.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.reader.buffered()
    }
}
