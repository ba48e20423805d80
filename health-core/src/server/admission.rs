//! Who gets in, and who has to go: decisions of the accept loop.
//!
//! An endpoint that refuses a prober gets its daemon killed, so a full house evicts. Whoever has
//! asked nothing for longest goes first: that is what a slowloris looks like, and a prober never.

use core::time::Duration;

use crate::base::Instant;

/// How long a connection may take to ask something before it is the first to go.
const PATIENCE: Duration = Duration::from_secs(1);
/// Pauses after errors of `accept`, doubling from the first to the last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(500));

/// What a connection is doing, as far as its eviction goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvictionClass {
    /// It is about to close: it gives up its place by itself.
    Over,
    /// It has not asked anything yet, or not finished asking.
    Asking {
        /// Since accept, or since the first byte of the head.
        since: Instant,
    },
    /// Its answer is being taken.
    Writing {
        /// Since the answer was made.
        since: Instant,
    },
    /// It has been answered and asks nothing.
    Idle {
        /// Since the answer was sent.
        since: Instant,
    },
    /// It follows a stream.
    Streaming {
        /// Since it was asked for.
        since: Instant,
    },
    /// Its answer is being made: never cut.
    Busy,
}

/// Why `accept` failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcceptError {
    /// The client was gone before it was accepted (`ECONNABORTED` and its kin), or a signal came.
    Transient,
    /// Out of descriptors or memory (`EMFILE`, `ENFILE`, `ENOBUFS`, `ENOMEM`), or anything else.
    Exhausted,
}

/// What to do about a failed `accept`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum AcceptAction<K> {
    /// Accept again.
    Retry,
    /// Evict this connection, then accept again.
    Evict(K),
    /// Nothing of ours is left to give up: if there is a reserve descriptor, free it, accept, close
    /// what was accepted and take the reserve back, so that the client is not left waiting. Then
    /// accept nothing before this instant.
    Pause(Instant),
}

/// The state of one accept loop.
///
/// ```
/// use core::time::Duration;
/// use health_core::server::{AcceptError, Admission, AcceptAction, EvictionClass};
/// use health_core::Instant;
///
/// let now = Instant::default() + Duration::from_secs(60);
/// let silent = EvictionClass::Asking { since: Instant::default() };
/// let idle = EvictionClass::Idle { since: now };
/// let mut admission = Admission::new(2);
/// assert!(!admission.has_room(2));
/// assert_eq!(Admission::victim(now, [("a", idle), ("b", silent)]), Some("b"));
///
/// // Out of descriptors: give up one of ours, or else wait.
/// let advice = admission.handle_error(now, AcceptError::Exhausted, [("a", idle)]);
/// assert_eq!(advice, AcceptAction::Evict("a"));
/// let advice = admission.handle_error(now, AcceptError::Exhausted, [("a", EvictionClass::Busy)]);
/// assert_eq!(advice, AcceptAction::Pause(now + Duration::from_millis(10)));
/// ```
#[derive(Clone, Debug)]
pub struct Admission {
    most: usize,
    pause: Duration,
}

impl Admission {
    /// An accept loop that holds at most `connections` (0 counts as 1).
    #[must_use]
    pub const fn new(connections: usize) -> Self {
        Self {
            most: if connections == 0 { 1 } else { connections },
            pause: PAUSES.0,
        }
    }

    /// Whether there is room for another connection beside `open` ones. If there is none, evict a
    /// [`victim`](Self::victim) for it.
    #[must_use]
    pub const fn has_room(&self, open: usize) -> bool {
        open < self.most
    }

    /// The connection that is missed least, if any may be evicted at all.
    ///
    /// In this order: who has been asking for over a second (oldest first), who follows a stream
    /// (oldest first), who takes an answer for over a second, who is idle (longest first); then, rather than refuse somebody new, who has
    /// been asking or writing for less. Busy ones are never cut.
    pub fn victim<K>(
        now: Instant,
        standings: impl IntoIterator<Item = (K, EvictionClass)>,
    ) -> Option<K> {
        let ranked = standings.into_iter().filter_map(|(key, standing)| {
            let impatient = |since| now.duration_since(since) > PATIENCE;
            let rank = match standing {
                EvictionClass::Over => (0, now),
                EvictionClass::Asking { since } if impatient(since) => (1, since),
                EvictionClass::Streaming { since } => (2, since),
                EvictionClass::Writing { since } if impatient(since) => (3, since),
                EvictionClass::Idle { since } => (4, since),
                EvictionClass::Asking { since } => (5, since),
                EvictionClass::Writing { since } => (6, since),
                EvictionClass::Busy => return None,
            };
            Some((rank, key))
        });
        ranked.min_by_key(|(rank, _)| *rank).map(|(_, key)| key)
    }

    /// `accept` has given a connection: errors are over.
    pub const fn handle_accepted(&mut self) {
        self.pause = PAUSES.0;
    }

    /// `accept` has failed.
    pub fn handle_error<K>(
        &mut self,
        now: Instant,
        error: AcceptError,
        standings: impl IntoIterator<Item = (K, EvictionClass)>,
    ) -> AcceptAction<K> {
        if error == AcceptError::Transient {
            return AcceptAction::Retry;
        }
        if let Some(key) = Self::victim(now, standings) {
            return AcceptAction::Evict(key);
        }
        let until = now + self.pause;
        self.pause = (self.pause * 2).min(PAUSES.1);
        AcceptAction::Pause(until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_micros(100_000_000);

    fn ago(millis: u64) -> Instant {
        Instant::from_micros(NOW.as_micros() - millis * 1_000)
    }

    #[test]
    fn the_order_of_eviction() {
        let in_order = [
            ("over", EvictionClass::Over),
            ("oldest silent", EvictionClass::Asking { since: ago(9_000) }),
            ("old silent", EvictionClass::Asking { since: ago(1_001) }),
            ("old stream", EvictionClass::Streaming { since: ago(800) }),
            ("stream", EvictionClass::Streaming { since: ago(2) }),
            ("slow reader", EvictionClass::Writing { since: ago(1_001) }),
            ("idle for long", EvictionClass::Idle { since: ago(50) }),
            ("idle", EvictionClass::Idle { since: ago(5) }),
            ("new", EvictionClass::Asking { since: ago(1_000) }),
            ("newer", EvictionClass::Asking { since: ago(3) }),
            ("writing", EvictionClass::Writing { since: ago(900) }),
        ];
        for first in 0..in_order.len() {
            let rest = in_order.iter().copied().skip(first).rev();
            assert_eq!(Admission::victim(NOW, rest), Some(in_order[first].0));
        }
        assert_eq!(
            Admission::victim(NOW, [("busy", EvictionClass::Busy)]),
            None
        );
    }

    #[test]
    fn pauses_double_up_to_half_a_second_and_start_over() {
        let mut admission = Admission::new(1);
        let fail = |admission: &mut Admission| {
            admission.handle_error(NOW, AcceptError::Exhausted, [((), EvictionClass::Busy)])
        };
        for millis in [10, 20, 40, 80, 160, 320, 500, 500] {
            let until = NOW + Duration::from_millis(millis);
            assert_eq!(fail(&mut admission), AcceptAction::Pause(until));
        }
        admission.handle_accepted();
        assert_eq!(
            fail(&mut admission),
            AcceptAction::Pause(NOW + Duration::from_millis(10))
        );
    }
}
