//! A clock that a test moves.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use health_core::Instant;

/// A clock for one monitor, which stands still until a test moves it. Clones are the same clock.
///
/// A monitor with this clock runs in virtual time: a day of checks takes only as long as its closures.
/// Probes of sockets and commands still take real time.
///
/// ```
/// use std::time::Duration;
/// use health_driver::monitor::ManualClock;
///
/// let clock = ManualClock::new();
/// let hour = clock.now() + Duration::from_secs(3_600);
/// clock.advance_to(hour);
/// assert_eq!(clock.now(), hour);
/// ```
#[derive(Clone, Debug, Default)]
pub struct ManualClock {
    shared: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    now: Instant,
    /// The monitor's loop, while it has nothing to do before that time.
    idle: Option<(Option<Instant>, Waker)>,
    /// The monitor has stopped.
    is_over: bool,
    /// Tests that wait until it has nothing to do.
    tests: Vec<Waker>,
}

impl ManualClock {
    /// A clock that shows zero.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What it shows.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.lock().now
    }

    /// Moves it, and has the monitor do what is due; an earlier time changes nothing.
    pub fn advance_to(&self, now: Instant) {
        self.set(now);
        let idle = self.lock().idle.take();
        if let Some((_, waker)) = idle {
            waker.wake();
        }
    }

    /// Moves it, but does not wake the monitor: the next call happens at this time, before what has
    /// become due by it. An earlier time changes nothing.
    pub fn set(&self, now: Instant) {
        let mut state = self.lock();
        state.now = state.now.max(now);
    }

    /// Ready when the monitor has done all that is due by now, with the time when it has something
    /// to do by itself. While it has not, `waker` is kept until it has.
    pub fn poll_idle(&self, waker: &Waker) -> Poll<Option<Instant>> {
        let mut state = self.lock();
        match &state.idle {
            Some((until, _)) => Poll::Ready(*until),
            None if state.is_over => Poll::Ready(None),
            None => {
                state.tests.push(waker.clone());
                Poll::Pending
            }
        }
    }

    pub(super) fn wait(&self, until: Option<Instant>, waker: &Waker) {
        let mut state = self.lock();
        if until.is_some_and(|until| until <= state.now) {
            // It was moved meanwhile.
            drop(state);
            return waker.wake_by_ref();
        }
        state.idle = Some((until, waker.clone()));
        state.wake_tests();
    }

    pub(super) fn set_busy(&self) {
        self.lock().idle = None;
    }

    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.idle = None;
        state.is_over = true;
        state.wake_tests();
    }

    /// No user code runs under the lock, so a poisoned one holds a state as good as any.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn wake_tests(&mut self) {
        self.tests.drain(..).for_each(Waker::wake);
    }
}
