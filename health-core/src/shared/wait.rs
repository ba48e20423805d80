//! Waiting for a change, and for what the clock alone decides.

use core::future::poll_fn;
use core::task::{Poll, Waker};

use super::Health;
use crate::health::{Phase, Revision};
use crate::time::Instant;

impl Health {
    /// Decides what the clock alone decides, keeps the endpoint's pulse, and says when to be called
    /// next; `None` is after the next change. See
    /// [`Registry::handle_timeout`](crate::health::Registry::handle_timeout).
    ///
    /// A server that calls this makes transitions happen when they are due, not when somebody
    /// looks, and gives heartbeats grace when the whole host stood still.
    pub fn handle_timeout(&self, now: Instant) -> Option<Instant> {
        self.update(|inner| {
            inner.fetch_beats();
            inner.registry.handle_timeout(now);
            inner.registry.next_deadline()
        })
    }

    /// Decides what the clock alone decides, and says when it will next decide something; `None` is
    /// after the next change. It keeps no pulse and ends none.
    pub fn handle_look(&self, now: Instant) -> Option<Instant> {
        self.update(|inner| {
            inner.fetch_beats();
            inner.registry.handle_look(now);
            inner.registry.next_deadline()
        })
    }

    /// The endpoint does not keep its pulse any more. See [`Registry::end_pulse`](crate::health::Registry::end_pulse).
    pub fn end_pulse(&self) {
        self.lock().registry.end_pulse();
    }

    /// The present revision, if there were changes since the one that was `seen`; else `waker` is
    /// woken when there are. See [`Registry::poll_changed`](crate::health::Registry::poll_changed).
    #[must_use]
    pub fn poll_changed(&self, seen: Revision, waker: &Waker) -> Option<Revision> {
        self.lock().registry.poll_changed(seen, waker)
    }

    /// The same for somebody whom published values concern too. See
    /// [`Registry::poll_published`](crate::health::Registry::poll_published).
    #[must_use]
    pub fn poll_published(&self, seen: Revision, waker: &Waker) -> Option<Revision> {
        self.lock().registry.poll_published(seen, waker)
    }

    /// Nobody waits with `waker` any more. See
    /// [`Registry::forget_waker`](crate::health::Registry::forget_waker).
    pub fn forget_waker(&self, waker: &Waker) {
        self.lock().registry.forget_waker(waker);
    }

    /// Resolves when the daemon drains and no [work](Self::in_flight) holds it any more, or when it
    /// has stopped. Any runtime may poll it; race it against a timer, for it waits for ever.
    pub async fn drained(&self) {
        let mut seen = Revision::default();
        poll_fn(|context| {
            while let Some(revision) = self.poll_changed(seen, context.waker()) {
                seen = revision;
            }
            let is_over = self.is_drained() || self.phase() == Phase::Stopped;
            if is_over {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }
}
