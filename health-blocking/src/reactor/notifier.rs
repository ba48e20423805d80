//! Wakes a reactor's thread from another one.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Wake;
use std::thread::{self, Thread};

use super::waiting::lock;

/// Wakes a reactor's thread, with a system call only if it sleeps.
pub(super) struct Notifier {
    state: AtomicU8,
    thread: Thread,
    /// Of the selector, while there is one.
    waker: Mutex<Option<mio::Waker>>,
}

/// States: not notified since the future was last polled; notified; the thread sleeps, not notified.
const RUNNING: u8 = 0;
const NOTIFIED: u8 = 1;
const SLEEPING: u8 = 2;

impl Notifier {
    /// For the thread that calls.
    pub(super) fn new() -> Self {
        Self {
            state: AtomicU8::new(RUNNING),
            thread: thread::current(),
            waker: Mutex::new(None),
        }
    }

    /// Forgets earlier notifications: the future is polled next.
    pub(super) fn reset(&self) {
        self.state.swap(RUNNING, Ordering::AcqRel);
    }

    /// Whether the thread may sleep, since it was not notified since [`reset`](Self::reset).
    pub(super) fn begin_sleep(&self) -> bool {
        let (success, failure) = (Ordering::AcqRel, Ordering::Acquire);
        self.state
            .compare_exchange(RUNNING, SLEEPING, success, failure)
            .is_ok()
    }

    /// The thread does not sleep any more, or must not.
    pub(super) fn end_sleep(&self) {
        self.state.store(NOTIFIED, Ordering::Release);
    }

    /// Sets how to wake the thread: by the selector in which it sleeps, or by unparking it.
    pub(super) fn set_waker(&self, waker: Option<mio::Waker>) {
        *lock(&self.waker) = waker;
    }
}

impl Wake for Notifier {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.state.swap(NOTIFIED, Ordering::AcqRel) == SLEEPING {
            match &*lock(&self.waker) {
                // It fails only if the selector is closed, and then no thread sleeps in it.
                Some(waker) => drop(waker.wake()),
                None => self.thread.unpark(),
            }
        }
    }
}
