//! Time for tests.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::task::{Poll, Waker};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::shared::clock::Clock;
use crate::time::{Instant, Moment, UnixTime};

/// A clock that stands still until a test moves it. Clones are the same clock.
///
/// A monitor that goes by it ([`Watch::new`](super::Watch::new)) lives in virtual time: a day of checks
/// takes as long as its closures do. Probes of sockets and commands take the time they take.
///
/// ```
/// use std::time::Duration;
/// use health_core::driver::monitor::ManualClock;
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
    /// Those who wait until it has nothing to do.
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

    /// Moves it; an earlier time changes nothing.
    pub fn advance_to(&self, now: Instant) {
        let mut state = self.lock();
        state.now = state.now.max(now);
        let idle = state.idle.take();
        drop(state);
        if let Some((_, waker)) = idle {
            waker.wake();
        }
    }

    /// Ready when the monitor has done all that is due by now, with the time when it has something
    /// to do by itself. While it has not, `waker` is kept until it has.
    pub fn poll_idle(&self, waker: &Waker) -> Poll<Option<Instant>> {
        let mut state = self.lock();
        match &state.idle {
            Some((until, _)) => Poll::Ready(*until),
            None => {
                state.tests.push(waker.clone());
                Poll::Pending
            }
        }
    }

    fn wait(&self, until: Option<Instant>, waker: &Waker) {
        let mut state = self.lock();
        if until.is_some_and(|until| until <= state.now) {
            // It was moved meanwhile.
            drop(state);
            return waker.wake_by_ref();
        }
        state.idle = Some((until, waker.clone()));
        let tests = core::mem::take(&mut state.tests);
        drop(state);
        tests.into_iter().for_each(Waker::wake);
    }

    /// No user code runs under the lock, so a poisoned one holds a state as good as any.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a monitor goes by.
#[derive(Debug)]
pub(super) enum Time {
    System(Clock),
    Manual(ManualClock),
}

impl Time {
    pub(super) fn now(&self) -> Instant {
        match self {
            Self::System(clock) => clock.now(),
            Self::Manual(clock) => clock.now(),
        }
    }

    /// A test's wall clock begins in 1970.
    pub(super) fn moment(&self) -> Moment {
        match self {
            Self::System(clock) => clock.moment(),
            Self::Manual(clock) => {
                let now = clock.now();
                let unix = UnixTime::from_millis(now.as_micros() / 1_000);
                Moment { now, unix }
            }
        }
    }

    /// Until when the driver has to wait by its own timers.
    pub(super) fn wait(&self, until: Option<Instant>, waker: &Waker) -> Option<Instant> {
        match self {
            Self::System(_) => until,
            Self::Manual(clock) => {
                clock.wait(until, waker);
                None
            }
        }
    }
}
