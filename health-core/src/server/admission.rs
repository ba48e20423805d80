//! Admission and eviction: which connection is closed for a new one, and what a failed `accept` means.
//!
//! A refused probe can get the daemon killed, so at the limit an existing connection is closed
//! instead. First comes the one that has sent no whole request for longest: that is what a slowloris
//! attack looks like, and a prober never does.

use core::time::Duration;

use crate::base::Instant;

/// How long a connection may take to send a request, or to take a response, before it is among the
/// first to be evicted.
const PATIENCE: Duration = Duration::from_secs(1);
/// Pauses after errors of `accept`, doubling from the first to the last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(500));

/// What a connection is doing, as far as its eviction is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "test-util"), allow(unreachable_pub))]
pub enum EvictionClass {
    /// It closes already, so its eviction costs nothing.
    Closing,
    /// It has not sent a request yet, or only a part of one.
    Reading {
        /// Since accept, or since the first byte of the head.
        since: Instant,
    },
    /// Its client takes the response.
    Writing {
        /// Since the response was made.
        since: Instant,
    },
    /// It has been answered, and no further request has come.
    Idle {
        /// Since the response was sent.
        since: Instant,
    },
    /// It follows a stream.
    Streaming {
        /// Since the request.
        since: Instant,
    },
    /// Its response is being made: never evicted.
    Responding,
}

/// Why `accept` failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcceptError {
    /// The client was gone before it was accepted (`ECONNABORTED` and the like), or a signal came.
    Transient,
    /// Out of descriptors or memory (`EMFILE`, `ENFILE`, `ENOBUFS`, `ENOMEM`), or anything else.
    Exhausted,
}

/// What to do after a failed `accept`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum AcceptAction {
    /// Accept again.
    Retry,
    /// The connection with this key has been evicted. Give it its turn, then accept again.
    Evict(usize),
    /// No connection can be evicted. With a reserve descriptor: free it, accept, close what was
    /// accepted and reserve one again, so that the client does not wait in vain. Then accept nothing
    /// before this instant.
    Pause(Instant),
}

/// The state of one accept loop.
#[derive(Clone, Debug)]
pub(super) struct Admission {
    max: usize,
    pause: Duration,
}

impl Admission {
    /// An accept loop that holds at most `connections` (0 counts as 1).
    pub(super) const fn new(connections: usize) -> Self {
        Self {
            max: if connections == 0 { 1 } else { connections },
            pause: PAUSES.0,
        }
    }

    /// Whether there is room for another connection beside `open` ones.
    pub(super) const fn has_room(&self, open: usize) -> bool {
        open < self.max
    }

    /// The key of the connection whose eviction costs least, if any may be evicted.
    ///
    /// In this order: over a second without a whole request (oldest first), streams (oldest first),
    /// responses that take over a second, idle connections (longest first); then, rather than refuse
    /// a newcomer, those that have been reading or writing for less than a second.
    pub(super) fn pick_eviction<K>(
        now: Instant,
        classes: impl IntoIterator<Item = (K, EvictionClass)>,
    ) -> Option<K> {
        let ranked = classes.into_iter().filter_map(|(key, class)| {
            let is_late = |since| now.duration_since(since) > PATIENCE;
            let rank = match class {
                EvictionClass::Closing => (0, now),
                EvictionClass::Reading { since } if is_late(since) => (1, since),
                EvictionClass::Streaming { since } => (2, since),
                EvictionClass::Writing { since } if is_late(since) => (3, since),
                EvictionClass::Idle { since } => (4, since),
                EvictionClass::Reading { since } => (5, since),
                EvictionClass::Writing { since } => (6, since),
                EvictionClass::Responding => return None,
            };
            Some((rank, key))
        });
        ranked.min_by_key(|(rank, _)| *rank).map(|(_, key)| key)
    }

    /// `accept` has given a connection: the next error begins with the shortest pause.
    pub(super) const fn handle_accepted(&mut self) {
        self.pause = PAUSES.0;
    }

    /// `accept` has failed; `evictable` is the connection to evict, if there is one.
    pub(super) fn handle_error(
        &mut self,
        now: Instant,
        error: AcceptError,
        evictable: Option<usize>,
    ) -> AcceptAction {
        match (error, evictable) {
            (AcceptError::Transient, _) => AcceptAction::Retry,
            (AcceptError::Exhausted, Some(key)) => AcceptAction::Evict(key),
            (AcceptError::Exhausted, None) => {
                let until = now + self.pause;
                self.pause = (self.pause * 2).min(PAUSES.1);
                AcceptAction::Pause(until)
            }
        }
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
            ("over", EvictionClass::Closing),
            (
                "oldest silent",
                EvictionClass::Reading { since: ago(9_000) },
            ),
            ("old silent", EvictionClass::Reading { since: ago(1_001) }),
            ("old stream", EvictionClass::Streaming { since: ago(800) }),
            ("stream", EvictionClass::Streaming { since: ago(2) }),
            ("slow reader", EvictionClass::Writing { since: ago(1_001) }),
            ("idle for long", EvictionClass::Idle { since: ago(50) }),
            ("idle", EvictionClass::Idle { since: ago(5) }),
            ("new", EvictionClass::Reading { since: ago(1_000) }),
            ("newer", EvictionClass::Reading { since: ago(3) }),
            ("writing", EvictionClass::Writing { since: ago(900) }),
        ];
        for first in 0..in_order.len() {
            let rest = in_order.iter().copied().skip(first).rev();
            assert_eq!(Admission::pick_eviction(NOW, rest), Some(in_order[first].0));
        }
        assert_eq!(
            Admission::pick_eviction(NOW, [("busy", EvictionClass::Responding)]),
            None
        );
    }

    #[test]
    fn pauses_double_up_to_half_a_second_and_start_over() {
        let mut admission = Admission::new(1);
        let fail =
            |admission: &mut Admission| admission.handle_error(NOW, AcceptError::Exhausted, None);
        for millis in [10, 20, 40, 80, 160, 320, 500, 500] {
            let until = NOW + Duration::from_millis(millis);
            assert_eq!(fail(&mut admission), AcceptAction::Pause(until));
        }
        let action = admission.handle_error(NOW, AcceptError::Exhausted, Some(7));
        assert_eq!(action, AcceptAction::Evict(7));
        let action = admission.handle_error(NOW, AcceptError::Transient, Some(7));
        assert_eq!(action, AcceptAction::Retry);
        admission.handle_accepted();
        assert_eq!(
            fail(&mut admission),
            AcceptAction::Pause(NOW + Duration::from_millis(10))
        );
    }
}
