//! Many futures in one task, by key.

use std::collections::BTreeMap;
use std::fmt;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Waker};

use crate::wakeups::{Wakeup, Wakeups};

type BoxFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Futures that one task polls, each only when it was woken itself: no future is spawned, and all of
/// them are dropped with the map.
///
/// ```
/// use std::task::{Context, Waker};
/// use health_driver::FutureMap;
///
/// let mut futures = FutureMap::new();
/// futures.insert("quick", async {});
/// futures.insert("never", std::future::pending());
/// futures.poll(&mut Context::from_waker(Waker::noop()));
/// assert_eq!(futures.len(), 1);
/// assert!(futures.remove(&"never") && !futures.remove(&"quick"));
/// ```
pub struct FutureMap<K> {
    wakeups: Wakeups,
    woken: Vec<Wakeup>,
    slots: Vec<Slot<K>>,
    free: Vec<usize>,
    by_key: BTreeMap<K, usize>,
}

/// A slot that is used again keeps its waker: a late wake-up for the future that was in it polls the
/// present one once too often, which does no harm.
struct Slot<K> {
    waker: Waker,
    future: Option<(K, BoxFuture)>,
}

impl<K: Ord + Clone> FutureMap<K> {
    /// An empty map.
    #[must_use]
    pub fn new() -> Self {
        Self {
            wakeups: Wakeups::new(),
            woken: Vec::new(),
            slots: Vec::new(),
            free: Vec::new(),
            by_key: BTreeMap::new(),
        }
    }

    /// How many futures it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Whether it holds no future.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// Adds a future, and drops the one that had this key. The next [`poll`](Self::poll) polls it first.
    pub fn insert(&mut self, key: K, future: impl Future<Output = ()> + Send + 'static) {
        self.remove(&key);
        let future = Some((key.clone(), Box::pin(future) as BoxFuture));
        let index = if let Some(index) = self.free.pop() {
            self.slots[index].future = future;
            index
        } else {
            let waker = self.wakeups.waker(self.slots.len());
            self.slots.push(Slot { waker, future });
            self.slots.len() - 1
        };
        self.by_key.insert(key, index);
        self.slots[index].waker.wake_by_ref();
    }

    /// Drops the future with this key; false if there is none.
    pub fn remove(&mut self, key: &K) -> bool {
        let Some(index) = self.by_key.remove(key) else {
            return false;
        };
        self.free.push(index);
        self.slots[index].future = None;
        true
    }

    /// Polls each future once that was woken, and drops those that are done. The task of `cx` is woken
    /// when there is another one to poll.
    pub fn poll(&mut self, cx: &mut Context<'_>) {
        let mut woken = mem::take(&mut self.woken);
        self.wakeups.take(cx.waker(), &mut woken);
        for wakeup in woken.drain(..) {
            let index = wakeup.key();
            let slot = &mut self.slots[index];
            let Some((key, future)) = &mut slot.future else {
                continue;
            };
            let mut cx = Context::from_waker(&slot.waker);
            if future.as_mut().poll(&mut cx).is_ready() {
                self.by_key.remove(key);
                self.free.push(index);
                slot.future = None;
            }
        }
        self.woken = woken;
    }
}

impl<K: Ord + Clone> Default for FutureMap<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Ord> fmt::Debug for FutureMap<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FutureMap")
            .field("len", &self.by_key.len())
            .finish_non_exhaustive()
    }
}
