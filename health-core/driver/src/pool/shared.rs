//! Work that is not begun a second time while it is under way.
//!
//! What blocks without a limit, as a lookup over a dead resolver or a read from a dead file system,
//! leaves its thread behind when its attempt is given up. If each attempt began anew, one target
//! with a short interval would soon hold all threads. So all who ask for the same share one thread.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Pool;
use super::work::{Progress, Wait, Work};

/// Work on the threads of a pool, by key.
pub(crate) struct SharedWork<K, V> {
    pool: Pool,
    under_way: Arc<Mutex<UnderWay<K, V>>>,
}

type UnderWay<K, V> = HashMap<K, Work<V>>;

impl<K, V> SharedWork<K, V>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Send + 'static,
{
    /// At most `most` different keys at once, on threads of this `name`.
    pub(crate) fn new(name: &'static str, most: usize) -> Self {
        Self {
            pool: Pool::new(name, most),
            under_way: Arc::default(),
        }
    }

    /// Whether as much is under way as may be at once.
    pub(crate) fn is_full(&self) -> bool {
        lock(&self.under_way).len() >= self.pool.most()
    }

    /// Waits for the work with this key if it is under way.
    pub(crate) fn join(&self, key: &K) -> Option<Wait<V>> {
        lock(&self.under_way).get(key).map(Work::wait)
    }

    /// Waits for the work with this key if it is under way; else begins it. It is not begun at all
    /// if nobody waits for it any more when a thread is free.
    pub(crate) fn request(&self, key: K, work: impl FnOnce() -> V + Send + 'static) -> Wait<V> {
        let (result, wait) = {
            let mut under_way = lock(&self.under_way);
            if let Some(result) = under_way.get(&key) {
                return result.wait();
            }
            let result = Work::new();
            under_way.insert(key.clone(), result.clone());
            let wait = result.wait();
            (result, wait)
        };
        let under_way = Arc::clone(&self.under_way);
        self.pool.submit(move |had_thread| {
            {
                let mut under_way = lock(&under_way);
                if !result.is_awaited() {
                    under_way.remove(&key);
                    return;
                }
            }
            let done = result.perform(had_thread, work);
            // From now on the next one begins anew: what it asks for may have changed.
            lock(&under_way).remove(&key);
            result.set(done.map_or_else(Progress::Failed, Progress::Done));
        });
        wait
    }
}

/// No user code runs under the lock, so a poisoned one holds a state as good as any.
fn lock<K, V>(under_way: &Mutex<UnderWay<K, V>>) -> MutexGuard<'_, UnderWay<K, V>> {
    under_way.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::task::{Poll, Wake, Waker};
    use std::thread::{self, Thread};
    use std::time::{Duration, Instant};

    use super::*;

    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }

    fn result<V: Clone>(wait: &Wait<V>) -> Option<V> {
        let waker = Arc::new(Unpark(thread::current())).into();
        let until = Instant::now() + Duration::from_secs(10);
        while wait.poll_over(&waker).is_pending() {
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "it takes too long");
            thread::park_timeout(left);
        }
        match wait.progress() {
            Progress::Done(value) => Some(value),
            _ => None,
        }
    }

    /// A resolver that does not answer for one name, which is asked for at every interval.
    #[test]
    fn one_key_that_hangs_takes_one_thread() {
        let shared = SharedWork::new("test", 2);
        let (release, hung) = mpsc::channel::<()>();
        let hung = Arc::new(Mutex::new(hung));
        let calls = Arc::new(AtomicUsize::new(0));
        let mut kept = Vec::new();
        for attempt in 0..20 {
            let (hung, calls) = (Arc::clone(&hung), Arc::clone(&calls));
            let wait = shared.request("dead", move || {
                calls.fetch_add(1, Ordering::SeqCst);
                let _ = hung.lock().expect("nobody panics").recv();
                1
            });
            assert_eq!(wait.poll_over(Waker::noop()), Poll::Pending);
            // Most attempts are given up at their deadline.
            if attempt % 5 == 0 {
                kept.push(wait);
            }
        }
        assert_eq!(result(&shared.request("good", || 2)), Some(2));
        release.send(()).expect("it is under way");
        for wait in &kept {
            assert_eq!(result(wait), Some(1));
        }
        assert_eq!(calls.load(Ordering::SeqCst), 1);
        assert!(lock(&shared.under_way).is_empty());
        assert_eq!(result(&shared.request("dead", || 3)), Some(3), "anew");
    }

    #[test]
    fn what_nobody_waits_for_any_more_is_not_begun() {
        let shared = SharedWork::new("test", 1);
        let (release, hung) = mpsc::channel::<()>();
        let first = shared.request("first", move || {
            let _ = hung.recv();
        });
        drop(shared.request("second", || panic!("nobody waits for it")));
        release.send(()).expect("it is under way");
        assert_eq!(result(&first), Some(()));
        assert_eq!(result(&shared.request("third", || ())), Some(()));
        assert!(lock(&shared.under_way).is_empty());
    }

    #[test]
    fn a_panic_is_a_failure_of_all_who_wait() {
        let shared = SharedWork::<_, ()>::new("test", 1);
        let wait = shared.request("bad", || panic!("on purpose"));
        assert_eq!(result(&wait), None);
        assert_eq!(result(&shared.request("bad", || ())), Some(()));
    }
}
