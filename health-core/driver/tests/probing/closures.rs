//! Checks of the daemon's own, as closures and futures, that panic or hang.

use super::*;

#[test]
fn a_closure_that_panics_has_failed() {
    let monitor = spawn();
    let mut config = every(2_000);
    config.retries = 1;
    let target = looking("bad", config, || panic!("secret {}", 7));
    monitor.add(target).expect("added");
    let event = wait_for(&monitor, |event| recorded(event).is_some());
    let record = recorded(&event).expect("a record");
    assert_eq!(record.kind(), Some(Kind::Panicked));
    assert_eq!(record.message(), "the check panicked");
    assert_eq!(record.cause().expect("what it said").reveal(), "secret 7");
    wait_for(&monitor, turns(CheckStatus::Unhealthy));
}

#[test]
fn a_future_that_panics_has_failed() {
    let monitor = spawn();
    let target = Target::new("bad").expect("a name");
    let target = target.async_self_check("look", every(2_000), || async { panic!("secret") });
    monitor.add(target.expect("a name")).expect("added");
    let event = wait_for(&monitor, |event| recorded(event).is_some());
    let record = recorded(&event).expect("a record");
    assert_eq!(record.kind(), Some(Kind::Panicked));
    assert_eq!(record.cause().expect("what it said").reveal(), "secret");
    assert!(monitor.stop(LIMIT));
}

/// Says when it is dropped.
struct Dropped(Arc<AtomicBool>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn a_future_that_hangs_is_dropped_at_its_deadline() {
    let monitor = spawn();
    let is_dropped = Arc::new(AtomicBool::new(false));
    let of_check = Arc::clone(&is_dropped);
    let target = Target::new("stuck").expect("a name");
    let target = target.async_self_check("look", timing_out(200), move || {
        let dropped = Dropped(Arc::clone(&of_check));
        async move {
            let _dropped = dropped;
            std::future::pending().await
        }
    });
    monitor.add(target.expect("a name")).expect("added");
    let event = wait_for(&monitor, |event| recorded(event).is_some());
    let record = recorded(&event).expect("a record");
    assert_eq!(record.kind(), Some(Kind::Timeout));
    // It leaves nothing to wait for: the next one begins in its slot.
    wait_for(
        &monitor,
        |event| matches!(event, MonitorEvent::Started { attempt, .. } if attempt.number() == 2),
    );
    assert!(is_dropped.load(Ordering::SeqCst));
    assert!(monitor.stop(LIMIT));
}

/// Never two runs of one, failed by the clock, not started again while stuck.
#[test]
fn a_closure_that_hangs_fails_by_the_clock_and_runs_once() {
    let calls = Arc::new(AtomicUsize::new(0));
    let of_check = Arc::clone(&calls);
    let (release, gate) = mpsc::channel();
    let gate = Mutex::new(gate);
    let monitor = spawn();
    let look = move || {
        if of_check.fetch_add(1, Ordering::SeqCst) == 0 {
            let gate = gate.lock().expect("no panic");
            gate.recv().expect("a release");
        }
        Outcome::success()
    };
    monitor
        .add(looking("stuck", timing_out(100), look))
        .expect("added");
    wait_for(&monitor, turns(CheckStatus::Unhealthy));
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    let view = &monitor.target("stuck").expect("there").checks[0];
    assert_eq!(view.mode, Mode::Reaping);
    let kinds: Vec<_> = view
        .history
        .iter()
        .filter_map(check::Record::kind)
        .collect();
    assert_eq!(kinds[..2], [Kind::Timeout, Kind::PreviousAttemptStuck]);
    // It returns at last; the next call is answered.
    release.send(()).expect("it waits");
    wait_for(&monitor, turns(CheckStatus::Healthy));
    assert!(monitor.stop(LIMIT));
}

#[test]
fn a_stuck_closure_does_not_hold_the_stop_up() {
    let mut config = traced();
    config.stop_timeout = Duration::from_millis(300);
    let monitor = Running::spawn(Monitor::new(config));
    let look = || loop {
        thread::park();
    };
    monitor
        .add(looking("stuck", every(60_000), look))
        .expect("added");
    wait_for(&monitor, |event| {
        matches!(event, MonitorEvent::Started { .. })
    });
    assert!(monitor.stop(LIMIT));
    let stopped = wait_for(&monitor, |event| {
        matches!(event, MonitorEvent::Stopped { .. })
    });
    assert!(matches!(stopped, MonitorEvent::Stopped { left: 1, .. }));
    assert_eq!(monitor.next_event(LIMIT), None, "all is told");
}
