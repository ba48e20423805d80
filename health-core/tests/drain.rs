//! How a daemon ends: what is refused first, what holds the end up, and who is told.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use health_core::health::{Phase, ProbeKind, Registry, Status};
use health_core::shared::Health;
use health_core::time::Instant;

const START: Instant = Instant::from_micros(0);

#[test]
fn drain_refuses_readiness_first_and_keeps_liveness() {
    let mut registry = Registry::new("svc", "1", START);
    registry.set_running(START);
    registry.begin_work();
    registry.begin_work();
    assert!(!registry.is_drained(), "it does not even drain yet");
    registry.begin_drain(START);
    let snapshot = registry.snapshot(START);
    assert_eq!(snapshot.in_flight(), 2);
    assert_eq!(snapshot.status(ProbeKind::Readiness), Status::Unhealthy);
    assert_eq!(snapshot.status(ProbeKind::Liveness), Status::Healthy);

    registry.end_work();
    // Work in flight may need more work to come to its end.
    registry.begin_work();
    registry.end_work();
    assert!(!registry.is_drained());
    let revision = registry.revision();
    registry.end_work();
    assert!(registry.is_drained());
    assert!(registry.revision() > revision, "whoever waits is told");
    registry.stop(START);
    assert_eq!(registry.snapshot(START).phase(), Phase::Stopped);
    // One end too many is a mistake of the caller's, and no more than that.
    registry.end_work();
    assert_eq!(registry.in_flight(), 0);
}

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
