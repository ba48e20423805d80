//! How a daemon ends: what holds the end up, and who is woken.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use health_core::health::Phase;
use health_core::server::Limits;
use health_driver::Drain;
use health_driver::Health;

#[test]
fn drain_ends_with_the_last_token_and_wakes_who_waits() {
    struct Count(AtomicUsize);
    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let count = Arc::new(Count(AtomicUsize::new(0)));
    let waker = Waker::from(Arc::clone(&count));
    let health = Health::new("svc", "1");
    let mut drained = pin!(health.drained());
    let mut poll = || drained.as_mut().poll(&mut Context::from_waker(&waker));

    health.set_running();
    let (first, second) = (health.in_flight(), health.in_flight());
    assert_eq!(poll(), Poll::Pending);
    drop(first);
    assert_eq!(count.0.load(Ordering::SeqCst), 0, "nothing is drained yet");
    health.begin_drain();
    assert_eq!(poll(), Poll::Pending);
    let before = count.0.load(Ordering::SeqCst);
    drop(second);
    assert_eq!(count.0.load(Ordering::SeqCst), before + 1);
    assert_eq!(poll(), Poll::Ready(()));
}

#[test]
fn drain_without_work_is_over_at_once() {
    let health = Health::new("svc", "1");
    health.set_running();
    health.begin_drain();
    assert!(health.is_drained());
    let mut drained = pin!(health.drained());
    let mut context = Context::from_waker(Waker::noop());
    assert_eq!(drained.as_mut().poll(&mut context), Poll::Ready(()));
}

/// 5 s for others to notice, then 20 s for the work.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.drain_delay = Duration::from_secs(5);
    limits
}

#[test]
fn drain_lets_others_notice_then_waits_for_work_then_gives_up() {
    let health = Health::new("svc", "1");
    health.set_running();
    let _work = health.in_flight();
    let begin = health.now();
    let after = |seconds| begin + Duration::from_secs(seconds);
    let mut drain = Drain::begin(begin, &health, &limits());
    let mut poll = |seconds| drain.poll(after(seconds), Waker::noop());
    assert_eq!(poll(0), Some(after(5)));
    assert_eq!(poll(4), Some(after(5)));
    assert_eq!(poll(5), Some(after(25)));
    assert_eq!(poll(24), Some(after(25)));
    assert_eq!(health.phase(), Phase::Draining);
    assert_eq!(poll(25), None);
    assert_eq!(health.phase(), Phase::Stopped);
}

#[test]
fn drain_without_work_lasts_as_long_as_others_need_to_notice() {
    let health = Health::new("svc", "1");
    health.set_running();
    let work = health.in_flight();
    let begin = health.now();
    let mut drain = Drain::begin(begin, &health, &limits());
    drop(work);
    let noticed = begin + Duration::from_secs(5);
    assert_eq!(drain.poll(begin, Waker::noop()), Some(noticed));
    assert_eq!(drain.poll(noticed, Waker::noop()), None);
}

#[test]
fn drain_is_over_when_somebody_else_stops_the_health() {
    let health = Health::new("svc", "1");
    let begin = health.now();
    let mut drain = Drain::begin(begin, &health, &limits());
    health.stop();
    assert_eq!(drain.poll(begin, Waker::noop()), None);
}

/// A daemon that began to drain, finished a server of its own and then calls `Handle::drain` does not
/// wait for the delay once more.
#[test]
fn drain_counts_the_delay_from_its_begin() {
    let health = Health::new("svc", "1");
    health.set_running();
    let earliest = health.now();
    health.begin_drain();
    let latest = health.now();
    let now = latest + Duration::from_secs(3);
    let delay = limits().drain_delay;
    let until = Drain::begin(now, &health, &limits()).poll(now, Waker::noop());
    assert!(until.is_some_and(|until| (earliest + delay..=latest + delay).contains(&until)));
    let late = latest + Duration::from_secs(6);
    let mut drain = Drain::begin(late, &health, &limits());
    assert_eq!(drain.poll(late, Waker::noop()), None, "it is over");
    // Another life of the daemon drains anew.
    health.set_running();
    let mut drain = Drain::begin(late, &health, &limits());
    assert_eq!(drain.poll(late, Waker::noop()), Some(late + delay));
}
