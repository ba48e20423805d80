//! One task, many wakers: which of them were woken.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Wake;
use std::task::Waker;

/// The wakers of everything that one task waits for, each with a key.
///
/// A server of a thousand connections in one task must not poll all of them because one has bytes to
/// read. Each gets a waker of its own, which notes its key and wakes the task: to the runtime it is
/// one task, to the server it is a readiness loop. Waking allocates nothing in steady state.
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
/// assert_eq!(woken.iter().map(|woken| woken.key()).collect::<Vec<_>>(), [2, 1]);
/// ```
#[derive(Debug, Default)]
pub struct Wakeups {
    shared: Arc<Shared>,
}

/// A wake-up that has come.
#[derive(Debug)]
pub struct Woken(Arc<Bell>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    woken: Vec<Woken>,
    /// Taken by the first wake-up: the task needs no second one before it has looked.
    task: Option<Waker>,
}

#[derive(Debug)]
struct Bell {
    key: usize,
    /// In the list already.
    is_rung: AtomicBool,
    shared: Arc<Shared>,
}

impl Wakeups {
    /// Nobody waits yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A waker that notes `key` and wakes the task.
    #[must_use]
    pub fn waker(&self, key: usize) -> Waker {
        let bell = Bell {
            key,
            is_rung: AtomicBool::new(false),
            shared: Arc::clone(&self.shared),
        };
        Arc::new(bell).into()
    }

    /// Moves what was woken since the last call into `woken`, which is cleared before. From then
    /// on the next wake-up wakes `task`.
    pub fn take(&self, task: &Waker, woken: &mut Vec<Woken>) {
        woken.clear();
        let mut state = self.shared.lock();
        state.task = Some(task.clone());
        std::mem::swap(&mut state.woken, woken);
        drop(state);
        for Woken(bell) in woken {
            // A swap, not a store: it also sees what was done before a wake-up that found it rung.
            bell.is_rung.swap(false, Ordering::AcqRel);
        }
    }
}

impl Woken {
    /// Whose waker it was.
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

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.is_rung.swap(true, Ordering::AcqRel) {
            let mut state = self.shared.lock();
            state.woken.push(Woken(Arc::clone(self)));
            let task = state.task.take();
            drop(state);
            task.into_iter().for_each(Waker::wake);
        }
    }
}
