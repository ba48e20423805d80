//! Threads for what blocks: starts of commands, lookups of names, closures, files.
//!
//! A task of an async runtime must not block, so what does runs here. Threads are made when they are
//! needed and end when there is no more work for them.

mod shared;
mod work;

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::guard::catch;

pub(crate) use shared::SharedWork;
pub(crate) use work::{Progress, Wait};

type Task = Box<dyn FnOnce(io::Result<()>) + Send>;

/// After so long without work a thread ends.
const IDLE: Duration = Duration::from_secs(10);
/// The most threads that wait for work so long; a further one ends at once. They take turns at what
/// little work there is, so that otherwise all that a busy moment has made would stay.
const MOST_IDLE: usize = 2;

/// A limited number of threads, made when there is more work than threads. Clones share them.
#[derive(Clone)]
pub struct Pool(Arc<Inner>);

struct Inner {
    name: &'static str,
    most: usize,
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    tasks: VecDeque<Task>,
    threads: usize,
    idle: usize,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("name", &self.0.name)
            .field("most", &self.0.most)
            .finish_non_exhaustive()
    }
}

impl Pool {
    /// A pool of at most `most` threads with this `name`, at least one; none is made yet.
    #[must_use]
    pub fn new(name: &'static str, most: usize) -> Self {
        Self(Arc::new(Inner {
            name,
            most: most.max(1),
            state: Mutex::default(),
            wake: Condvar::new(),
        }))
    }

    /// The most threads at once.
    pub(crate) fn most(&self) -> usize {
        self.0.most
    }

    /// Runs `task` as soon as a thread is free, in the order of the calls. If there is no thread at all
    /// and the system gives none, it is called at once on the caller's thread, with the error. A
    /// panic ends the task and nothing else.
    pub fn submit(&self, task: impl FnOnce(io::Result<()>) + Send + 'static) {
        let mut state = self.0.lock();
        if state.tasks.len() >= state.idle && state.threads < self.0.most {
            let inner = Arc::clone(&self.0);
            let thread = thread::Builder::new().name(self.0.name.into());
            match thread.spawn(move || inner.work()) {
                Ok(_) => state.threads += 1,
                // The other threads will do it.
                Err(_) if state.threads > 0 => {}
                Err(error) => {
                    drop(state);
                    let _ = catch(|| task(Err(error)));
                    return;
                }
            }
        }
        state.tasks.push_back(Box::new(task));
        drop(state);
        self.0.wake.notify_one();
    }
}

impl Inner {
    fn work(&self) {
        let mut state = self.lock();
        loop {
            if let Some(task) = state.tasks.pop_front() {
                drop(state);
                // A panic must not end the thread: its place would be lost, and what waits with it.
                let _ = catch(|| task(Ok(())));
                state = self.lock();
                continue;
            }
            if state.idle == MOST_IDLE {
                state.threads -= 1;
                return;
            }
            state.idle += 1;
            let (woken, timeout) = self
                .wake
                .wait_timeout(state, IDLE)
                .unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.idle -= 1;
            if timeout.timed_out() && state.tasks.is_empty() {
                state.threads -= 1;
                return;
            }
        }
    }

    /// Tasks run without the lock, so a poisoned one is as good as any.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Barrier, mpsc};
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_panic_takes_no_thread() {
        let pool = Pool::new("test", 1);
        let (done, result) = mpsc::channel();
        pool.submit(|_| panic!("on purpose"));
        pool.submit(move |_| done.send(()).expect("it is waited for"));
        let limit = Duration::from_secs(10);
        result.recv_timeout(limit).expect("the second is done");
        assert_eq!(pool.0.lock().threads, 1);
    }

    /// Forty at once, and then one after the other for ever: each thread had its turn before it would
    /// have ended.
    #[test]
    fn what_a_busy_moment_has_made_ends_after_it() {
        let pool = Pool::new("test", 40);
        let all = Arc::new(Barrier::new(41));
        for _ in 0..40 {
            let all = Arc::clone(&all);
            pool.submit(move |_| {
                all.wait();
            });
        }
        all.wait();
        let until = Instant::now() + Duration::from_secs(20);
        while pool.0.lock().threads > MOST_IDLE {
            assert!(Instant::now() < until, "{} threads", pool.0.lock().threads);
            let (done, result) = mpsc::channel();
            pool.submit(move |_| done.send(()).expect("it is waited for"));
            result.recv().expect("it is done");
        }
    }
}
