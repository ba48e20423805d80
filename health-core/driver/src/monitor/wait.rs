//! The tasks that wait for something of a monitor: an event, a batch, its end.

use std::mem;
use std::sync::Arc;
use std::task::Waker;

use super::shared::Shared;
use crate::waiters::Waiters;

/// The wakers of those who wait.
#[derive(Debug)]
pub(crate) struct Readers {
    /// Of calls that are polled by hand: nobody says when they are given up.
    polled: Vec<Waker>,
    /// Of futures, which are.
    waits: Waiters,
}

impl Readers {
    pub(super) const fn new() -> Self {
        Self {
            polled: Vec::new(),
            waits: Waiters::new(),
        }
    }

    /// Keeps `waker` until the next event, and returns what is to be dropped without the lock. `wait` is
    /// that of a future.
    #[must_use]
    pub(crate) fn add(&mut self, waker: &Waker, wait: Option<&Wait>) -> Option<Waker> {
        if let Some(wait) = wait {
            return self.waits.wait(wait.key, waker, ());
        }
        if !self.polled.iter().any(|kept| kept.will_wake(waker)) {
            self.polled.push(waker.clone());
        }
        None
    }

    /// Takes the wakers of all who wait.
    #[must_use]
    pub(super) fn take(&mut self) -> Vec<Waker> {
        let mut wakers = mem::take(&mut self.polled);
        wakers.append(&mut self.waits.take(|()| true));
        wakers
    }
}

/// The wait of a future. Dropped, it leaves no waker behind.
#[derive(Debug)]
pub(crate) struct Wait {
    shared: Arc<Shared>,
    key: usize,
}

impl Wait {
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        Self {
            shared: Arc::clone(shared),
            key: shared.lock().readers.waits.insert(),
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        // Dropping a waker runs the executor's code, which may need the lock.
        let removed = self.shared.lock().readers.waits.remove(self.key);
        drop(removed);
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Wake};

    use super::super::{MonitorClock, MonitorDriver};
    use health_core::monitor::MonitorConfig;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Tasks that wait for an event or the end of a monitor in which nothing happens, each for a while.
    #[test]
    fn waits_that_are_given_up_leave_nothing() {
        let (config, clock) = (MonitorConfig::default(), MonitorClock::default());
        let (_driver, control) = MonitorDriver::new(config, None, clock);
        for _ in 0..1_000 {
            let task = Arc::<Count>::default();
            let waker = Waker::from(Arc::clone(&task));
            let mut cx = Context::from_waker(&waker);
            assert!(pin!(control.next_event()).poll(&mut cx).is_pending());
            assert!(pin!(control.stopped()).poll(&mut cx).is_pending());
            drop(waker);
            assert_eq!(Arc::strong_count(&task), 1);
        }
        assert!(control.shared.lock().readers.waits.is_empty());
    }

    #[test]
    fn the_end_of_one_wait_leaves_the_other_of_the_same_task() {
        let (config, clock) = (MonitorConfig::default(), MonitorClock::default());
        let (driver, control) = MonitorDriver::new(config, None, clock);
        let task = Arc::<Count>::default();
        let waker = Waker::from(Arc::clone(&task));
        let mut cx = Context::from_waker(&waker);
        let mut stopped = pin!(control.stopped());
        assert!(stopped.as_mut().poll(&mut cx).is_pending());
        assert!(pin!(control.next_event()).poll(&mut cx).is_pending());
        drop(driver);
        assert_eq!(task.0.load(Ordering::SeqCst), 1);
        assert!(stopped.poll(&mut cx).is_ready());
    }

    /// The task that ran the loop is gone, and its waker is the last that holds what it owns.
    #[test]
    fn a_task_that_is_dropped_by_its_waker_may_use_the_monitor() {
        struct Owner(super::super::MonitorControl);
        impl Wake for Owner {
            fn wake(self: Arc<Self>) {}
        }
        impl Drop for Owner {
            fn drop(&mut self) {
                let _ = self.0.status();
            }
        }
        let (config, clock) = (MonitorConfig::default(), MonitorClock::default());
        let (mut driver, control) = MonitorDriver::new(config, None, clock);
        for _ in 0..2 {
            let waker = Waker::from(Arc::new(Owner(control.clone())));
            let _ = driver.poll(&waker);
            let mut wait = pin!(control.next_event());
            assert!(
                wait.as_mut()
                    .poll(&mut Context::from_waker(&waker))
                    .is_pending()
            );
        }
        let mut wait = pin!(control.next_event());
        for _ in 0..2 {
            let waker = Waker::from(Arc::new(Owner(control.clone())));
            assert!(
                wait.as_mut()
                    .poll(&mut Context::from_waker(&waker))
                    .is_pending()
            );
        }
    }
}
