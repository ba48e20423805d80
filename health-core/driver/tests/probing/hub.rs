//! Attempts that a test answers.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::Outcome;

/// Where attempts wait for their answers. Clones are the same hub.
#[derive(Clone)]
pub(crate) struct Hub(Arc<(Mutex<State>, Condvar)>);

struct State {
    /// How many attempts of each check have begun.
    begun: Vec<u64>,
    waiting: BTreeMap<(usize, u64), Slot>,
    is_released: bool,
}

#[derive(Default)]
struct Slot {
    answer: Option<Outcome>,
    waker: Option<Waker>,
}

impl Hub {
    pub(crate) fn new(checks: usize) -> Self {
        let state = State {
            begun: vec![0; checks],
            waiting: BTreeMap::new(),
            is_released: false,
        };
        Self(Arc::new((Mutex::new(state), Condvar::new())))
    }

    /// The next attempt of this check.
    pub(crate) fn attempt(&self, check: usize) -> Attempt {
        let mut state = self.lock();
        state.begun[check] += 1;
        let key = (check, state.begun[check]);
        state.waiting.insert(key, Slot::default());
        self.0.1.notify_all();
        let hub = self.clone();
        Attempt { hub, key }
    }

    /// Waits until this attempt has begun.
    #[track_caller]
    pub(crate) fn wait_for(&self, check: usize, number: u64) {
        let limit = Duration::from_secs(20);
        let is_to_come = |state: &mut State| state.begun[check] < number;
        let waited = self.0.1.wait_timeout_while(self.lock(), limit, is_to_come);
        let (state, _) = waited.expect("no panic");
        assert!(state.begun[check] >= number, "it never began");
    }

    /// False if the attempt was given up.
    pub(crate) fn answer(&self, check: usize, number: u64, answer: Outcome) -> bool {
        let mut state = self.lock();
        let Some(slot) = state.waiting.get_mut(&(check, number)) else {
            return false;
        };
        slot.answer = Some(answer);
        let waker = slot.waker.take();
        drop(state);
        self.0.1.notify_all();
        waker.into_iter().for_each(Waker::wake);
        true
    }

    /// Answers whoever waits, and whoever will.
    pub(crate) fn release(&self) {
        self.lock().is_released = true;
        self.0.1.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().expect("no panic")
    }
}

/// One attempt, as a future or for a thread.
pub(crate) struct Attempt {
    hub: Hub,
    key: (usize, u64),
}

impl Attempt {
    pub(crate) fn wait(self) -> Outcome {
        let mut state = self.hub.lock();
        loop {
            let slot = state.waiting.get_mut(&self.key);
            if let Some(answer) = slot.and_then(|slot| slot.answer.take()) {
                return answer;
            }
            if state.is_released {
                return Outcome::success();
            }
            state = self.hub.0.1.wait(state).expect("no panic");
        }
    }
}

impl Future for Attempt {
    type Output = Outcome;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        let mut state = self.hub.lock();
        let slot = state.waiting.entry(self.key).or_default();
        match slot.answer.take() {
            Some(answer) => Poll::Ready(answer),
            None => {
                slot.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.hub.lock().waiting.remove(&self.key);
    }
}
