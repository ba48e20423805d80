//! A timer of the reactor.

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::REACTOR;
use super::waiting::{TimerKey, Waiting, lock};

/// A timer, as [`health_driver::runtime::Timer`] describes it.
#[derive(Debug, Default)]
pub struct Timer {
    /// `None`: never.
    deadline: Option<Instant>,
    registration: Option<TimerRegistration>,
}

/// A timer's registration in the reactor of the thread that waits for it. Ends when dropped.
#[derive(Debug)]
struct TimerRegistration {
    waiting: Arc<Mutex<Waiting>>,
    key: TimerKey,
}

impl health_driver::runtime::Timer for Timer {
    fn set(&mut self, after: Duration) {
        self.registration = None;
        self.deadline = Instant::now().checked_add(after);
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match (&self.registration, self.deadline) {
            (Some(registration), _) => {
                let mut waiting = lock(&registration.waiting);
                waiting.poll_timer(registration.key, cx.waker())
            }
            (None, Some(deadline)) if deadline > Instant::now() => {
                let waiting = REACTOR.with(|reactor| Arc::clone(&reactor.waiting));
                let key = lock(&waiting).insert_timer(deadline, cx.waker());
                self.registration = Some(TimerRegistration { waiting, key });
                Poll::Pending
            }
            (None, Some(_)) => Poll::Ready(()),
            (None, None) => Poll::Pending,
        }
    }
}

impl Drop for TimerRegistration {
    fn drop(&mut self) {
        lock(&self.waiting).remove_timer(self.key);
    }
}
