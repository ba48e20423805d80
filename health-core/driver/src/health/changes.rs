//! Waiting for a change of a [`Health`].

use std::future::poll_fn;
use std::task::{Poll, Waker};

use health_core::health::{Phase, Revision};

use super::Health;

/// Reports the changes of a [`Health`], one after the other. Dropped, it leaves no waker behind.
#[derive(Debug)]
pub struct Changes {
    health: Health,
    key: usize,
    seen: Option<Revision>,
}

impl Changes {
    /// Follows `health`; its present state counts as the first change.
    #[must_use]
    pub fn new(health: &Health) -> Self {
        let key = health.lock().waiters.insert();
        let health = health.clone();
        Self {
            health,
            key,
            seen: None,
        }
    }

    /// The present revision, if it differs from the one that was last returned; else `waker` is woken
    /// when it does. With `published`, a published value or an answer is a change too: a daemon may publish
    /// a thousand values per second, so ask for them only when they are used.
    pub fn poll(&mut self, waker: &Waker, published: bool) -> Poll<Revision> {
        let mut inner = self.health.lock();
        let revision = inner.registry.revision();
        let is_new = |seen: Revision| {
            seen.as_u64() != revision.as_u64()
                // The values published, and the answers that were given later.
                || published && seen != revision
        };
        if self.seen.is_none_or(is_new) {
            self.seen = Some(revision);
            return Poll::Ready(revision);
        }
        let replaced = inner.waiters.wait(self.key, waker, published);
        // Dropping a waker runs the executor's code, which may need this very lock.
        drop(inner);
        drop(replaced);
        Poll::Pending
    }
}

impl Drop for Changes {
    fn drop(&mut self) {
        let removed = self.health.lock().waiters.remove(self.key);
        drop(removed);
    }
}

impl Health {
    /// Resolves when the daemon drains and no [work](Self::in_flight) is left, or when it has stopped.
    /// Any runtime may poll it. It waits without a limit: race it against a timer.
    pub async fn drained(&self) {
        let mut changes = Changes::new(self);
        poll_fn(|cx| {
            while changes.poll(cx.waker(), false).is_ready() {}
            if self.is_drained() || self.phase() == Phase::Stopped {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn counted() -> (Arc<Count>, Waker) {
        let count = Arc::<Count>::default();
        (Arc::clone(&count), count.into())
    }

    /// Two waits of one task: `select!`, `join!`.
    #[test]
    fn the_end_of_one_wait_leaves_the_other_of_the_same_task() {
        let health = Health::new("svc", "1");
        let (count, waker) = counted();
        let mut first = Changes::new(&health);
        let mut second = Changes::new(&health);
        for changes in [&mut first, &mut second] {
            while changes.poll(&waker, false).is_ready() {}
        }
        drop(first);
        health.set_running();
        assert_eq!(count.0.load(Ordering::SeqCst), 1);
        assert!(second.poll(&waker, false).is_ready());
    }

    /// A `select!` in a loop gives up a wait in each round, in a daemon that never changes.
    #[test]
    fn waits_that_are_given_up_leave_nothing() {
        let health = Health::new("svc", "1");
        let (count, waker) = counted();
        for _ in 0..1_000 {
            let mut drained = std::pin::pin!(health.drained());
            let mut cx = std::task::Context::from_waker(&waker);
            assert!(drained.as_mut().poll(&mut cx).is_pending());
        }
        assert!(health.lock().waiters.is_empty());
        drop(waker);
        assert_eq!(Arc::strong_count(&count), 1);
    }

    /// Each connection that is served by hand is a wait of its own.
    #[test]
    fn thousands_of_waits_are_woken_once_each() {
        const WAITS: usize = 10_000;
        let health = Health::new("svc", "1");
        let wakers: Vec<_> = (0..WAITS).map(|_| counted()).collect();
        let waits = wakers.iter().map(|(_, waker)| {
            let mut changes = Changes::new(&health);
            while changes.poll(waker, false).is_ready() {}
            changes
        });
        let mut waits: Vec<_> = waits.collect();
        // Every second one is given up.
        let mut keep = false;
        waits.retain(|_| {
            keep = !keep;
            keep
        });
        health.set_running();
        health.set_running();
        for (number, (count, _)) in wakers.iter().enumerate() {
            assert_eq!(count.0.load(Ordering::SeqCst), (number + 1) % 2, "{number}");
        }
        drop(waits);
        assert!(health.lock().waiters.is_empty());
    }

    #[test]
    fn a_published_value_ends_only_the_waits_that_asked_for_it() {
        let health = Health::new("svc", "1");
        let stats = health.stats("pool").expect("free");
        let (all, all_waker) = counted();
        let (some, some_waker) = counted();
        let mut wants_all = Changes::new(&health);
        let mut wants_some = Changes::new(&health);
        while wants_all.poll(&all_waker, true).is_ready() {}
        while wants_some.poll(&some_waker, false).is_ready() {}
        stats.set(&1).expect("a number is JSON");
        assert_eq!(all.0.load(Ordering::SeqCst), 1);
        assert_eq!(some.0.load(Ordering::SeqCst), 0);
        assert!(wants_some.poll(&some_waker, false).is_pending());
    }

    /// A waker whose drop gives back what holds the drain, as an executor's last waker of a task does.
    #[test]
    fn a_waker_that_uses_the_health_when_dropped_does_not_deadlock() {
        struct Owner(#[expect(dead_code, reason = "its drop is what is tested")] crate::InFlight);
        impl Wake for Owner {
            fn wake(self: Arc<Self>) {}
        }
        let health = Health::new("svc", "1");
        let mut changes = Changes::new(&health);
        for _ in 0..2 {
            let waker = Waker::from(Arc::new(Owner(health.in_flight())));
            while changes.poll(&waker, false).is_ready() {}
        }
        drop(changes);
        assert_eq!(health.snapshot().in_flight(), 0);
    }
}
