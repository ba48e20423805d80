//! Lists that are longer than one page.

use super::*;

/// So many targets that were never attempted, for the loop to be dropped later.
fn many(count: usize) -> (MonitorDriver, MonitorControl) {
    let (mut watch, monitor) =
        MonitorDriver::new(MonitorConfig::default(), None, MonitorClock::system());
    for number in 0..count {
        let target = Target::new(&format!("t-{number:06}")).expect("a name");
        let probe = "tcp://10.0.0.7:80".parse().expect("a probe");
        let target = target.probe("tcp", CheckConfig::default(), probe);
        monitor.add(target.expect("a name")).expect("a free name");
    }
    // Started: nothing is known of them yet.
    let _ = watch.poll(Waker::noop());
    (watch, monitor)
}

#[test]
fn a_long_list_is_stored_in_parts_and_once() {
    let (_watch, monitor) = many(2_500);
    assert_eq!(monitor.summary().unknown, 2_500);
    assert_eq!(monitor.first_results().total, 2_500);
    // A third of the time, each, if nobody ever answers.
    let status = monitor.status();
    assert_eq!((status.in_flight, status.demand), (0, 834));
    monitor.enable_journal();
    assert!(monitor.poll_batch(Waker::noop()).is_pending());
    monitor.journal_state();
    monitor.begin_stop();
    let mut kept = Vec::new();
    while let Poll::Ready(Some(batch)) = monitor.poll_batch(Waker::noop()) {
        kept.extend(batch.checks.iter().map(|row| row.target.to_string()));
        monitor.handle_stored(true);
    }
    assert_eq!(kept.len(), 2_500);
    kept.sort();
    kept.dedup();
    assert_eq!(kept.len(), 2_500);
}

/// It has let go of the probes: what it would say is not how a target was set.
#[test]
fn who_has_stopped_gives_no_settings_and_notes_nothing() {
    let (watch, monitor) = many(1);
    monitor.enable_journal();
    assert!(monitor.settings("t-000000").is_some());
    drop(watch);
    assert!(monitor.settings("t-000000").is_none());
    monitor.journal_state();
    let batch = monitor.poll_batch(Waker::noop());
    assert!(matches!(batch, Poll::Ready(None)), "{batch:?}");
}

#[test]
fn a_long_list_comes_in_parts() {
    let (_watch, monitor) = many(2_500);
    let service = Service::new().targets(&monitor);
    let (mut seen, mut query) = (Vec::new(), String::new());
    loop {
        let document = list(&service, &query);
        assert_eq!(
            (&document["total"], &document["unknown"]),
            (&json!(2_500), &json!(2_500))
        );
        seen.extend(names(&document).into_iter().map(str::to_owned));
        let Some(next) = document["next"].as_str() else {
            break;
        };
        assert_eq!(Some(next), seen.last().map(String::as_str));
        query = format!("?after={next}");
    }
    assert_eq!(seen.len(), 2_500);
    assert!(seen.is_sorted());
    assert_eq!(list(&service, "?status=healthy")["next"], Value::Null);
    assert_eq!(list(&service, "?ready"), json!([]));
    let text = metrics(&service);
    assert!(text.contains("health_monitor_targets_omitted 1500\n"));
    assert_eq!(text.matches("health_check_stale{").count(), 1_000);
}

#[test]
fn exactly_a_thousand_are_all_of_them() {
    let (_watch, monitor) = many(1_000);
    let service = Service::new().targets(&monitor);
    let document = list(&service, "");
    assert_eq!(names(&document).len(), 1_000);
    assert_eq!(document["next"], Value::Null);
}
