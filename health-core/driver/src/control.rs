//! What a running server and its handle share.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use health_core::server::Report;

/// The handle's end: asks where the server is, and to stop. Dropping it changes nothing.
///
/// ```
/// use std::task::{Poll, Waker};
/// use health_driver::Lifecycle;
/// use health_core::server::Report;
///
/// let (lifecycle, control) = Lifecycle::new();
/// lifecycle.set_local_addr(Some(([127, 0, 0, 1], 9102).into()));
/// assert!(control.local_addr().is_some());
/// control.stop();
/// assert!(lifecycle.poll_stop(Waker::noop()));
/// lifecycle.end(Report::default());
/// assert_eq!(control.poll_ended(Waker::noop()), Poll::Ready(Report::default()));
/// assert_eq!(control.local_addr(), None);
/// ```
#[derive(Debug)]
pub struct ServerControl {
    shared: Arc<Mutex<State>>,
}

/// The server's end. Dropped without [`end`](Self::end), as by a panic, the server has ended all
/// the same, with an empty report.
#[derive(Debug)]
pub struct Lifecycle {
    shared: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    address: Option<SocketAddr>,
    is_stopping: bool,
    report: Option<Report>,
    /// The server's, until it is told to stop.
    server: Option<Waker>,
    /// Those who wait for the end.
    waiting: Vec<Waker>,
}

impl Lifecycle {
    /// A server that runs, and the handle's end.
    #[must_use]
    pub fn new() -> (Self, ServerControl) {
        let shared = Arc::<Mutex<State>>::default();
        let control = ServerControl {
            shared: Arc::clone(&shared),
        };
        (Self { shared }, control)
    }

    /// It listens on this address now.
    pub fn set_local_addr(&self, address: Option<SocketAddr>) {
        lock(&self.shared).address = address;
    }

    /// Whether to stop; if not, `waker` is woken when it is time.
    #[must_use]
    pub fn poll_stop(&self, waker: &Waker) -> bool {
        let mut state = lock(&self.shared);
        if !state.is_stopping {
            state.server = Some(waker.clone());
        }
        state.is_stopping
    }

    /// It has ended, and this is its account.
    pub fn end(self, report: Report) {
        self.finish(report);
    }

    fn finish(&self, report: Report) {
        let mut state = lock(&self.shared);
        state.report.get_or_insert(report);
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
    }
}

impl Drop for Lifecycle {
    fn drop(&mut self) {
        self.finish(Report::default());
    }
}

impl ServerControl {
    /// The address it listens on; `None` before it is bound, for a Unix socket, and after the end.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        let state = lock(&self.shared);
        state.address.filter(|_| state.report.is_none())
    }

    /// Whether it has not ended.
    #[must_use]
    pub fn is_running(&self) -> bool {
        lock(&self.shared).report.is_none()
    }

    /// Tells the server to stop.
    pub fn stop(&self) {
        let mut state = lock(&self.shared);
        state.is_stopping = true;
        let server = state.server.take();
        drop(state);
        server.into_iter().for_each(Waker::wake);
    }

    /// The final account; while there is none, `waker` is kept until there is.
    pub fn poll_ended(&self, waker: &Waker) -> Poll<Report> {
        let mut state = lock(&self.shared);
        match &state.report {
            Some(report) => Poll::Ready(report.clone()),
            None => {
                if !state.waiting.iter().any(|kept| kept.will_wake(waker)) {
                    state.waiting.push(waker.clone());
                }
                Poll::Pending
            }
        }
    }
}

/// No user code runs under the lock, so a poisoned one holds a state as good as any.
fn lock(shared: &Mutex<State>) -> MutexGuard<'_, State> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
