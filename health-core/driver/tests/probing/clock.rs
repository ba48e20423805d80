//! Waiting in tests: for a waker, not for a while.

use std::sync::Arc;
use std::task::{Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use health_driver::monitor::ManualClock;

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits until `poll` has something; it keeps the waker otherwise.
#[track_caller]
pub(crate) fn wait<T>(mut poll: impl FnMut(&Waker) -> Option<T>) -> T {
    let waker = Arc::new(Unpark(thread::current())).into();
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        if let Some(result) = poll(&waker) {
            return result;
        }
        let left = until.saturating_duration_since(Instant::now());
        assert!(!left.is_zero(), "waited in vain");
        thread::park_timeout(left);
    }
}

/// Waits until the monitor has done what is due, and says when it has something to do by itself.
#[track_caller]
pub(crate) fn idle(clock: &ManualClock) -> Option<health_core::Instant> {
    wait(|waker| match clock.poll_idle(waker) {
        Poll::Ready(next) => Some(next),
        Poll::Pending => None,
    })
}
