//! A piece of work on a pool's thread, as something to wait for.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use super::Pool;
use crate::guard::catch;
use crate::waiters::Waiters;

/// A piece of work that any number of tasks may wait for. Clones are the same work.
pub(super) struct Work<V>(Arc<Mutex<State<V>>>);

struct State<V> {
    progress: Progress<V>,
    waiters: Waiters,
}

/// How far a piece of work has come.
#[derive(Clone, Debug)]
pub(crate) enum Progress<V> {
    /// All threads are busy with other work.
    Queued,
    Running,
    Done(V),
    /// There was no thread for it, or it has panicked.
    Failed(Arc<io::Error>),
}

/// One wait for a piece of work. Dropped, it leaves no waker behind; the work goes on.
pub(crate) struct Wait<V> {
    work: Work<V>,
    key: usize,
}

impl Pool {
    /// Begins work as [`submit`](Self::submit) does. It is done when `begin` calls what it is given, or
    /// has another thread call it.
    pub(crate) fn begin<V: Send + 'static>(
        &self,
        begin: impl FnOnce(Box<dyn FnOnce(V) + Send>) + Send + 'static,
    ) -> Wait<V> {
        let result = Work::new();
        let wait = result.wait();
        self.submit(move |had_thread| {
            let of_done = result.clone();
            let done = move |value| of_done.set(Progress::Done(value));
            if let Err(error) = result.perform(had_thread, || begin(Box::new(done))) {
                result.set(Progress::Failed(error));
            }
        });
        wait
    }
}

impl<V> Work<V> {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            progress: Progress::Queued,
            waiters: Waiters::new(),
        })))
    }

    pub(super) fn wait(&self) -> Wait<V> {
        let key = self.lock().waiters.insert();
        let work = self.clone();
        Wait { work, key }
    }

    pub(super) fn is_awaited(&self) -> bool {
        !self.lock().waiters.is_empty()
    }

    /// Runs `run`, and returns what comes of it; an error if there is no thread, or it panics.
    pub(super) fn perform<R>(
        &self,
        had_thread: io::Result<()>,
        run: impl FnOnce() -> R,
    ) -> Result<R, Arc<io::Error>> {
        had_thread?;
        self.set(Progress::Running);
        catch(run).map_err(|_| Arc::new(io::Error::other("it panicked")))
    }

    pub(super) fn set(&self, progress: Progress<V>) {
        let mut state = self.lock();
        state.progress = progress;
        let wakers = state.waiters.take(|()| true);
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// No user code runs under the lock, so a poisoned one holds a state as good as any.
    fn lock(&self) -> MutexGuard<'_, State<V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V> Clone for Work<V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<V: Clone> Wait<V> {
    /// How far the work has come.
    pub(crate) fn progress(&self) -> Progress<V> {
        self.work.lock().progress.clone()
    }
}

impl<V> Wait<V> {
    /// Ready when a thread has begun with the work.
    pub(crate) fn poll_begun(&self, waker: &Waker) -> Poll<()> {
        self.poll(waker, |progress| !matches!(progress, Progress::Queued))
    }

    /// Ready when the work is done or has failed.
    pub(crate) fn poll_over(&self, waker: &Waker) -> Poll<()> {
        self.poll(waker, |progress| {
            matches!(progress, Progress::Done(_) | Progress::Failed(_))
        })
    }

    fn poll(&self, waker: &Waker, is_ready: impl FnOnce(&Progress<V>) -> bool) -> Poll<()> {
        let mut state = self.work.lock();
        if is_ready(&state.progress) {
            return Poll::Ready(());
        }
        let replaced = state.waiters.wait(self.key, waker, ());
        // Dropping a waker runs its owner's code, which may need this lock.
        drop(state);
        drop(replaced);
        Poll::Pending
    }
}

impl<V> Drop for Wait<V> {
    fn drop(&mut self) {
        let removed = self.work.lock().waiters.remove(self.key);
        drop(removed);
    }
}

impl<V> std::fmt::Debug for Wait<V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wait").finish_non_exhaustive()
    }
}
