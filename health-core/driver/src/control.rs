//! The connection between a running server and its handle.
//!
//! The handle reads the address, asks the server to stop, and waits for its final report. The two
//! may live in different threads and runtimes.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use health_core::server::ServerReport;
#[cfg(feature = "registry")]
use health_core::server::Service;

use crate::waiters::Waiters;

/// The handle's side of a server: where it listens, whether it runs, and how to stop it. Dropped, it
/// leaves the server running.
///
/// ```
/// use std::pin::pin;
/// use std::task::{Context, Poll, Waker};
/// use health_driver::Lifecycle;
/// use health_core::server::ServerReport;
///
/// let (lifecycle, control) = Lifecycle::new();
/// lifecycle.set_local_addr(Some(([127, 0, 0, 1], 9102).into()));
/// assert!(control.local_addr().is_some());
/// control.stop();
/// assert!(lifecycle.poll_stop(Waker::noop()));
/// lifecycle.end(ServerReport::default());
/// let ended = pin!(control.ended());
/// let report = ended.poll(&mut Context::from_waker(Waker::noop()));
/// assert_eq!(report, Poll::Ready(ServerReport::default()));
/// assert_eq!(control.local_addr(), None);
/// ```
#[derive(Debug)]
pub struct ServerControl {
    shared: Arc<Mutex<State>>,
}

/// The server's side. If it is dropped without [`end`](Self::end), as by a panic, the server counts
/// as ended, with an empty report.
#[derive(Debug)]
pub struct Lifecycle {
    shared: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    address: Option<SocketAddr>,
    is_stopping: bool,
    report: Option<ServerReport>,
    /// The server's, until it is asked to stop.
    server: Option<Waker>,
    /// The tasks that wait for the report.
    waiters: Waiters,
    /// What the server is to answer by from now on.
    #[cfg(feature = "registry")]
    service: Option<Box<Service>>,
}

impl Lifecycle {
    /// Both sides of a server that runs.
    #[must_use]
    pub fn new() -> (Self, ServerControl) {
        let shared = Arc::<Mutex<State>>::default();
        let control = ServerControl {
            shared: Arc::clone(&shared),
        };
        (Self { shared }, control)
    }

    /// Publishes the address that the server listens on now.
    pub fn set_local_addr(&self, address: Option<SocketAddr>) {
        lock(&self.shared).address = address;
    }

    /// Whether the server was asked to stop; while it was not, the `waker` of the last call is woken
    /// when it is.
    #[must_use]
    pub fn poll_stop(&self, waker: &Waker) -> bool {
        let mut state = lock(&self.shared);
        if state.is_stopping {
            return true;
        }
        let replaced = state.server.replace(waker.clone());
        // Dropping a waker runs its owner's code, which may need this lock.
        drop(state);
        drop(replaced);
        false
    }

    /// What the server is to answer by from now on, if that has changed. Its waker is that of
    /// [`poll_stop`](Self::poll_stop).
    #[cfg(feature = "registry")]
    pub fn take_service(&self) -> Option<Service> {
        lock(&self.shared).service.take().map(|it| *it)
    }

    /// The server has ended; `report` goes to everybody who waits for it.
    pub fn end(self, report: ServerReport) {
        self.finish(report);
    }

    fn finish(&self, report: ServerReport) {
        let mut state = lock(&self.shared);
        state.report.get_or_insert(report);
        let server = state.server.take();
        let waiting = state.waiters.take(|()| true);
        drop(state);
        drop(server);
        waiting.into_iter().for_each(Waker::wake);
    }
}

impl Drop for Lifecycle {
    fn drop(&mut self) {
        self.finish(ServerReport::default());
    }
}

impl ServerControl {
    /// The address that the server listens on; `None` before it is bound, for a Unix socket, and after
    /// it has ended.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        let state = lock(&self.shared);
        state.address.filter(|_| state.report.is_none())
    }

    /// Whether the server has not ended.
    #[must_use]
    pub fn is_running(&self) -> bool {
        lock(&self.shared).report.is_none()
    }

    /// Asks the server to stop. Calling it again changes nothing.
    pub fn stop(&self) {
        let mut state = lock(&self.shared);
        state.is_stopping = true;
        let server = state.server.take();
        drop(state);
        server.into_iter().for_each(Waker::wake);
    }

    /// Has the server answer by another service from now on.
    #[cfg(feature = "registry")]
    pub fn set_service(&self, service: Service) {
        let mut state = lock(&self.shared);
        let replaced = state.service.replace(Box::new(service));
        let server = state.server.take();
        // Dropping a service may run its owner's code.
        drop(state);
        drop(replaced);
        server.into_iter().for_each(Waker::wake);
    }

    /// Waits for the server's end, without a limit: race it against a timer.
    pub fn ended(&self) -> Ended {
        let shared = Arc::clone(&self.shared);
        let key = lock(&shared).waiters.insert();
        Ended { shared, key }
    }
}

/// Resolves to the server's final report when the server has ended. Any runtime may poll it. Dropped,
/// it leaves nothing behind. See [`ServerControl::ended`].
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Ended {
    shared: Arc<Mutex<State>>,
    key: usize,
}

impl Future for Ended {
    type Output = ServerReport;

    /// Once it is ready it stays ready, and every further call returns the same report.
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<ServerReport> {
        let mut state = lock(&self.shared);
        if let Some(report) = &state.report {
            return Poll::Ready(report.clone());
        }
        let replaced = state.waiters.wait(self.key, cx.waker(), ());
        drop(state);
        drop(replaced);
        Poll::Pending
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        let removed = lock(&self.shared).waiters.remove(self.key);
        drop(removed);
    }
}

/// No user code runs under the lock, so a poisoned one holds a state as good as any.
fn lock(shared: &Mutex<State>) -> MutexGuard<'_, State> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::Wake;

    use super::*;

    struct Noop;

    impl Wake for Noop {
        fn wake(self: Arc<Self>) {}
    }

    /// A handle that is asked again and again, each time by another task and for a limited time.
    #[test]
    fn waits_that_are_given_up_leave_nothing() {
        let (lifecycle, control) = Lifecycle::new();
        for _ in 0..1_000 {
            let task = Arc::new(Noop);
            let waker = Waker::from(Arc::clone(&task));
            let mut cx = Context::from_waker(&waker);
            assert!(pin!(control.ended()).poll(&mut cx).is_pending());
            drop(waker);
            assert_eq!(Arc::strong_count(&task), 1);
        }
        assert!(lock(&control.shared).waiters.is_empty());
        lifecycle.end(ServerReport::default());
        let mut cx = Context::from_waker(Waker::noop());
        assert!(pin!(control.ended()).poll(&mut cx).is_ready());
    }

    #[test]
    fn the_end_of_one_wait_leaves_the_other_of_the_same_task() {
        #[derive(Default)]
        struct Count(std::sync::atomic::AtomicUsize);
        impl Wake for Count {
            fn wake(self: Arc<Self>) {
                self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            }
        }
        let (lifecycle, control) = Lifecycle::new();
        let count = Arc::<Count>::default();
        let waker = Waker::from(Arc::clone(&count));
        let mut cx = Context::from_waker(&waker);
        let (mut first, mut second) = (control.ended(), control.ended());
        assert!(Pin::new(&mut first).poll(&mut cx).is_pending());
        assert!(Pin::new(&mut second).poll(&mut cx).is_pending());
        drop(first);
        lifecycle.end(ServerReport::default());
        assert_eq!(count.0.load(std::sync::atomic::Ordering::SeqCst), 1);
    }
}
