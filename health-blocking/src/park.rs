//! Waiting on a thread for what wakes a waker.

use std::sync::Arc;
use std::task::{Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Wakes this thread. The same for every wait of a thread, so that whoever keeps it keeps it once.
pub(crate) fn waker() -> Waker {
    thread_local! {
        static WAKER: Waker = Arc::new(Unpark(thread::current())).into();
    }
    WAKER.with(Clone::clone)
}

/// Waits until `poll` is ready; `None` if it is not within `limit`.
pub(crate) fn wait<T>(
    limit: Option<Duration>,
    mut poll: impl FnMut(&Waker) -> Poll<T>,
) -> Option<T> {
    let waker = waker();
    // A time that has no such form is as good as never.
    let until = limit.and_then(|limit| Instant::now().checked_add(limit));
    loop {
        if let Poll::Ready(result) = poll(&waker) {
            return Some(result);
        }
        match until {
            None => thread::park(),
            Some(until) => {
                let left = until.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return None;
                }
                thread::park_timeout(left);
            }
        }
    }
}
