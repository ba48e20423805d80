//! The handle of a daemon: what runs and ends, and who waits for changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Poll, Waker};

use health_core::health::Phase;
use health_core::{ProbeKind, Status};
use health_driver::{Health, HealthWatch};

#[test]
fn a_loop_group_is_ready_only_while_all_its_loops_run() {
    let health = Health::new("group", "1");
    let ready = |health: &Health| health.snapshot().status(ProbeKind::Readiness);
    for name in ["a", "b"] {
        health.flag(name).expect("a free name");
    }
    health.set_running();
    let a = health.running("a").expect("declared, and down");
    assert_eq!(ready(&health), Status::Unhealthy);
    let b = health.running("b").expect("declared, and down");
    assert_eq!(ready(&health), Status::Healthy);
    assert!(health.running("a").is_err(), "it runs already");
    drop(b);
    assert_eq!(ready(&health), Status::Unhealthy);
    let b = health.running("b").expect("it may run again");
    assert_eq!(ready(&health), Status::Healthy);
    // A loop that panics runs no more.
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        let _running = b;
        panic!("on purpose");
    }));
    assert!(ended.is_err());
    assert_eq!(ready(&health), Status::Unhealthy);
    drop(a);
    health.component("db").expect("a free name");
    assert!(health.running("db").is_err(), "a component is no loop");
}

/// A queue that several threads fill and empty.
#[test]
fn no_change_of_a_gauge_is_lost() {
    let health = Health::new("svc", "1");
    let depth = health.gauge("depth", "Jobs that wait.").expect("a name");
    std::thread::scope(|scope| {
        for change in [1.0, -1.0, 2.0, 0.5] {
            let depth = depth.clone();
            scope.spawn(move || (0..10_000).for_each(|_| depth.add(change)));
        }
    });
    assert_eq!(depth.value(), 25_000.0);
}

#[test]
fn a_counter_has_one_name_with_and_without_its_suffix() {
    let health = Health::new("svc", "1");
    health
        .counter("requests_total", "")
        .expect("the usual name");
    assert!(health.counter("requests", "").is_err(), "taken");
    assert!(health.gauge("depth_total", "").is_err(), "no counter");
}

#[test]
fn only_a_release_opens_a_gate() {
    fn warm_up(health: &Health, result: Result<(), String>) -> Result<(), String> {
        let gate = health.gate("cache").map_err(|error| error.to_string())?;
        result?;
        gate.release();
        Ok(())
    }
    let health = Health::new("svc", "1");
    health.set_running();
    assert!(warm_up(&health, Err("no database".into())).is_err());
    assert_eq!(
        health.snapshot().status(ProbeKind::Readiness),
        Status::Unhealthy,
        "the warm-up failed"
    );

    let health = Health::new("svc", "1");
    health.set_running();
    assert_eq!(warm_up(&health, Ok(())), Ok(()));
    assert_eq!(
        health.snapshot().status(ProbeKind::Readiness),
        Status::Healthy
    );
}

#[test]
fn a_watch_that_is_dropped_leaves_nobody_waiting() {
    struct Counted;
    impl std::task::Wake for Counted {
        fn wake(self: Arc<Self>) {}
    }
    let health = Health::new("connections", "1");
    let counted = Arc::new(Counted);
    for _ in 0..3 {
        let mut watch = HealthWatch::of_server(&health);
        let waker = Waker::from(Arc::clone(&counted));
        let news = watch.poll(health.now(), &waker, false);
        assert_eq!(news.map(|news| news.phase), Some(Phase::Starting));
        drop(waker);
        assert!(Arc::strong_count(&counted) > 1, "it waits");
        drop(watch);
        assert_eq!(Arc::strong_count(&counted), 1);
    }
}

/// Counts how often its task is woken.
#[derive(Default)]
struct Wakes(AtomicUsize);

impl std::task::Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// As in a `select!` over two streams of transitions, one of which ends first.
#[test]
fn of_two_streams_of_one_task_the_one_that_is_left_wakes_it() {
    let health = Health::new("steering", "1");
    let wakes = Arc::<Wakes>::default();
    let waker = Waker::from(Arc::clone(&wakes));
    let (mut first, mut second) = (health.transitions(), health.transitions());
    assert!(first.poll_next(&waker).is_pending() && second.poll_next(&waker).is_pending());
    drop(second);
    health.set_running();
    assert_eq!(wakes.0.load(Ordering::SeqCst), 1);
    assert!(first.poll_next(&waker).is_ready());
}

/// As in a task that serves a connection and, for a while, follows the transitions.
#[test]
fn a_stream_that_is_dropped_leaves_the_watch_of_its_task() {
    let health = Health::new("steering", "1");
    let wakes = Arc::<Wakes>::default();
    let waker = Waker::from(Arc::clone(&wakes));
    let mut watch = HealthWatch::of_connection(&health);
    while watch.poll(health.now(), &waker, false).is_some() {}
    let mut transitions = health.transitions();
    assert!(transitions.poll_next(&waker).is_pending());
    drop(transitions);
    health.begin_drain();
    assert_eq!(wakes.0.load(Ordering::SeqCst), 1);
    let seen = watch.poll(health.now(), &waker, false);
    assert_eq!(seen.map(|it| it.phase), Some(Phase::Draining));
}

#[test]
fn transitions_end_with_the_one_that_says_stopped() {
    let health = Health::new("steering", "1");
    let mut transitions = health.transitions();
    health.set_running();
    health.stop();
    let mut next = || match transitions.poll_next(Waker::noop()) {
        Poll::Ready(next) => next.map(|(_, transition)| transition.change().to()),
        Poll::Pending => panic!("it waits for what never comes"),
    };
    assert_eq!(next(), Some("running"));
    assert_eq!(next(), Some("stopped"));
    assert_eq!(next(), None);
    assert_eq!(next(), None);
}
