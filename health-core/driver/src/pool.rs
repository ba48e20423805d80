//! Threads that are there when they are needed.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

type Task = Box<dyn FnOnce(io::Result<()>) + Send>;

/// How long a thread without work stays.
const IDLE: Duration = Duration::from_secs(10);

/// At most so many threads, made when there is more work than threads.
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
    /// A pool without threads; they will bear this `name`.
    #[must_use]
    pub fn new(name: &'static str, most: usize) -> Self {
        Self(Arc::new(Inner {
            name,
            most: most.max(1),
            state: Mutex::default(),
            wake: Condvar::new(),
        }))
    }

    /// Has `task` done as soon as a thread is free. If there is no thread at all and the system gives
    /// none, it is called here and now, with the error.
    pub fn submit(&self, task: impl FnOnce(io::Result<()>) + Send + 'static) {
        let mut state = self.0.lock();
        if state.tasks.len() >= state.idle && state.threads < self.0.most {
            let inner = Arc::clone(&self.0);
            let thread = thread::Builder::new().name(self.0.name.into());
            match thread.spawn(move || inner.work()) {
                Ok(_) => state.threads += 1,
                // Those that are there will come to it.
                Err(_) if state.threads > 0 => {}
                Err(error) => {
                    drop(state);
                    return task(Err(error));
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
                task(Ok(()));
                state = self.lock();
                continue;
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
