//! Many futures in one task.

use std::collections::BTreeMap;
use std::fmt;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Waker};

use super::wakeups::{Wakeups, Woken};

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Futures that one task polls, each only when it was woken itself.
///
/// ```
/// use std::task::{Context, Waker};
/// use health_driver::Tasks;
///
/// let mut tasks = Tasks::new();
/// tasks.insert("quick", async {});
/// tasks.insert("never", std::future::pending());
/// tasks.poll(&mut Context::from_waker(Waker::noop()));
/// assert_eq!(tasks.len(), 1);
/// assert!(tasks.remove(&"never") && !tasks.remove(&"quick"));
/// ```
pub struct Tasks<K> {
    wakeups: Wakeups,
    woken: Vec<Woken>,
    slots: Vec<Slot<K>>,
    free: Vec<usize>,
    by_key: BTreeMap<K, usize>,
}

/// A place that is used again has the same waker: a wake-up for whoever had it before polls its
/// successor in vain, and that is all.
struct Slot<K> {
    waker: Waker,
    task: Option<(K, Work)>,
}

impl<K: Ord + Clone> Tasks<K> {
    /// None yet.
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

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// Adds one; it is polled first by the next [`poll`](Self::poll). Another one with this key goes.
    pub fn insert(&mut self, key: K, work: impl Future<Output = ()> + Send + 'static) {
        self.remove(&key);
        let task = Some((key.clone(), Box::pin(work) as Work));
        let index = if let Some(index) = self.free.pop() {
            self.slots[index].task = task;
            index
        } else {
            let waker = self.wakeups.waker(self.slots.len());
            self.slots.push(Slot { waker, task });
            self.slots.len() - 1
        };
        self.by_key.insert(key, index);
        self.slots[index].waker.wake_by_ref();
    }

    /// Drops one; false if there is none.
    pub fn remove(&mut self, key: &K) -> bool {
        let Some(index) = self.by_key.remove(key) else {
            return false;
        };
        self.free.push(index);
        self.slots[index].task = None;
        true
    }

    /// Polls once those that were woken, and drops those that are done. The task of `cx` is woken when
    /// there is another one to poll.
    pub fn poll(&mut self, cx: &mut Context<'_>) {
        let mut woken = mem::take(&mut self.woken);
        self.wakeups.take(cx.waker(), &mut woken);
        for woken in woken.drain(..) {
            let index = woken.key();
            let slot = &mut self.slots[index];
            let Some((key, work)) = &mut slot.task else {
                continue;
            };
            let mut cx = Context::from_waker(&slot.waker);
            if work.as_mut().poll(&mut cx).is_ready() {
                self.by_key.remove(key);
                self.free.push(index);
                slot.task = None;
            }
        }
        self.woken = woken;
    }
}

impl<K: Ord + Clone> Default for Tasks<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Ord> fmt::Debug for Tasks<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tasks")
            .field("len", &self.by_key.len())
            .finish_non_exhaustive()
    }
}
