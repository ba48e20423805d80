//! Many wakers for one task, and which of them were woken.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Wake;
use std::task::Waker;

/// The wakers of everything that one task waits for, each with a key.
///
/// A server with a thousand connections in one task must not poll all of them because one has bytes to
/// read. Each connection gets a waker of its own, which records its key and wakes the task: for the
/// runtime it is one task, for the server it is a readiness loop. Waking never allocates: there is room
/// for every waker beforehand. When it is dropped, its wakers do nothing any more.
///
/// ```
/// use std::task::Waker;
/// use health_driver::Wakeups;
///
/// let wakeups = Wakeups::new();
/// let first = wakeups.waker(1);
/// wakeups.waker(2).wake();
/// first.wake_by_ref();
/// first.wake();
///
/// let mut woken = Vec::new();
/// wakeups.take(Waker::noop(), &mut woken);
/// assert_eq!(woken.iter().map(|wakeup| wakeup.key()).collect::<Vec<_>>(), [2, 1]);
/// ```
#[derive(Debug, Default)]
pub struct Wakeups {
    shared: Arc<Shared>,
}

/// One of the wakers was woken: see [`Wakeups::take`].
#[derive(Debug)]
pub struct Wakeup(Arc<KeyedWaker>);

/// One of the wakers, in one word: see [`Wakeups::kept_waker`].
#[derive(Debug)]
pub struct KeptWaker(Arc<KeyedWaker>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Wakers there are: each is in the queue once at most.
    wakers: AtomicUsize,
}

#[derive(Debug, Default)]
struct State {
    /// The wakers that were woken, in this order.
    queue: Vec<Wakeup>,
    /// The task's own waker. The first wake-up takes it: until the task has emptied the queue it needs
    /// no second one.
    task: Option<Waker>,
    /// The task is gone: nothing empties the queue any more.
    is_closed: bool,
}

#[derive(Debug)]
struct KeyedWaker {
    key: usize,
    is_queued: AtomicBool,
    shared: Arc<Shared>,
}

impl Wakeups {
    /// No wakers yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A waker that records `key` and wakes the task.
    #[must_use]
    pub fn waker(&self, key: usize) -> Waker {
        self.kept_waker(key).0.into()
    }

    /// The same, to be kept: a [`Waker`] takes two words, this one takes one, and a server keeps one for
    /// each connection.
    #[must_use]
    pub fn kept_waker(&self, key: usize) -> KeptWaker {
        let wakers = self.shared.wakers.fetch_add(1, Ordering::Relaxed) + 1;
        let mut state = self.shared.lock();
        let missing = wakers.saturating_sub(state.queue.len());
        state.queue.reserve(missing);
        drop(state);
        let waker = KeyedWaker {
            key,
            is_queued: AtomicBool::new(false),
            shared: Arc::clone(&self.shared),
        };
        KeptWaker(Arc::new(waker))
    }

    /// Moves what was woken since the last call into `woken`, which is cleared before. From then
    /// on the next wake-up wakes `task`.
    pub fn take(&self, task: &Waker, woken: &mut Vec<Wakeup>) {
        woken.clear();
        let mut state = self.shared.lock();
        // It becomes the queue.
        woken.reserve(state.queue.capacity());
        let replaced = state.task.replace(task.clone());
        std::mem::swap(&mut state.queue, woken);
        drop(state);
        drop(replaced);
        for Wakeup(waker) in woken {
            // A swap, not a store: it also sees what was done before a wake-up that found it queued.
            waker.is_queued.swap(false, Ordering::AcqRel);
        }
    }
}

impl Drop for KeyedWaker {
    fn drop(&mut self) {
        self.shared.wakers.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Wakeups {
    /// A waker in the queue holds the queue, which holds the waker: without this, neither is freed.
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.is_closed = true;
        let queue = std::mem::take(&mut state.queue);
        let task = state.task.take();
        drop(state);
        drop((queue, task));
    }
}

impl KeptWaker {
    /// The waker.
    #[must_use]
    pub fn to_waker(&self) -> Waker {
        Arc::clone(&self.0).into()
    }
}

impl Wakeup {
    /// The key of the waker.
    #[must_use]
    pub fn key(&self) -> usize {
        self.0.key
    }
}

impl Shared {
    /// No user code runs under the lock, so a poisoned one holds a state as good as any.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for KeyedWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.is_queued.swap(true, Ordering::AcqRel) {
            let mut state = self.shared.lock();
            if state.is_closed {
                return;
            }
            state.queue.push(Wakeup(Arc::clone(self)));
            let task = state.task.take();
            drop(state);
            task.into_iter().for_each(Waker::wake);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that ends has sockets that were woken last.
    #[test]
    fn dropped_with_wakeups_in_the_queue_it_frees_them() {
        let wakeups = Wakeups::new();
        let shared = Arc::downgrade(&wakeups.shared);
        wakeups.waker(1).wake();
        let later = wakeups.waker(2);
        drop(wakeups);
        later.wake();
        assert_eq!(shared.strong_count(), 0);
    }

    /// Many sockets may be ready at once that never were before: under load.
    #[test]
    fn there_is_room_for_every_waker_however_many_are_woken_at_once() {
        let wakeups = Wakeups::new();
        let mut woken = Vec::new();
        let wakers: Vec<_> = (0..100).map(|key| wakeups.waker(key)).collect();
        wakeups.take(Waker::noop(), &mut woken);
        let rooms = |woken: &Vec<Wakeup>| {
            let mut rooms = [woken.capacity(), wakeups.shared.lock().queue.capacity()];
            rooms.sort_unstable();
            rooms
        };
        let before = rooms(&woken);
        assert!(before[0] >= 100, "{before:?}");
        for count in [1, 100, 3, 100, 100] {
            wakers.iter().take(count).for_each(Waker::wake_by_ref);
            wakeups.take(Waker::noop(), &mut woken);
            assert_eq!(woken.len(), count);
            assert_eq!(rooms(&woken), before, "no more memory was taken");
        }
        // Those that are gone need no room.
        drop(wakers);
        woken.clear();
        assert_eq!(wakeups.shared.wakers.load(Ordering::Relaxed), 0);
    }

    /// The task's waker holds the task, which may hold the sockets whose wakers these are.
    #[test]
    fn dropped_it_forgets_its_task() {
        struct Task;
        impl Wake for Task {
            fn wake(self: Arc<Self>) {}
        }
        let wakeups = Wakeups::new();
        let kept = wakeups.waker(1);
        let task = Arc::new(Task);
        wakeups.take(&Arc::clone(&task).into(), &mut Vec::new());
        drop(wakeups);
        assert_eq!(Arc::strong_count(&task), 1);
        drop(kept);
    }
}
