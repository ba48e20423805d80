//! Time for tests.

use std::sync::Arc;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use crate::Clock;
use health_core::{Instant, Moment, UnixTime};

/// A clock for one monitor, which stands still until a test moves it. Clones are the same clock.
///
/// A monitor that goes by it ([`MonitorDriver::new`](super::MonitorDriver::new)) lives in virtual time: a day of checks
/// takes as long as its closures do. Probes of sockets and commands take the time they take.
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

    /// Moves it, and has the monitor do what is due; an earlier time changes nothing.
    pub fn advance_to(&self, now: Instant) {
        self.set(now);
        let idle = self.lock().idle.take();
        if let Some((_, waker)) = idle {
            waker.wake();
        }
    }

    /// Moves it, and leaves the monitor waiting: what it is told next happens at this time, before what
    /// has become due by it. An earlier time changes nothing.
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

    fn wait(&self, until: Option<Instant>, waker: &Waker) {
        let mut state = self.lock();
        if until.is_some_and(|until| until <= state.now) {
            // It was moved meanwhile.
            drop(state);
            return waker.wake_by_ref();
        }
        state.idle = Some((until, waker.clone()));
        state.tell_tests();
    }

    fn end(&self) {
        let mut state = self.lock();
        state.idle = None;
        state.is_over = true;
        state.tell_tests();
    }

    /// No user code runs under the lock, so a poisoned one holds a state as good as any.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn tell_tests(&mut self) {
        self.tests.drain(..).for_each(Waker::wake);
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

    /// The monitor has something to do, and will be woken for it.
    pub(super) fn set_busy(&self) {
        if let Self::Manual(clock) = self {
            clock.lock().idle = None;
        }
    }

    /// The monitor has stopped.
    pub(super) fn end(&self) {
        if let Self::Manual(clock) = self {
            clock.end();
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
