//! Lists that are longer than one page.

use super::deregistered::{deregistering, look};
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
        let last = seen.last().map(|last| format!("unknown~{last}"));
        assert_eq!(Some(next), last.as_deref());
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

/// All names, page by page, and how many pages there were.
fn walk(service: &Service, query: &str) -> (Vec<String>, usize) {
    let (mut seen, mut pages, mut next) = (Vec::new(), 0, String::new());
    loop {
        let document = list(service, &format!("?{query}{next}"));
        seen.extend(names(&document).into_iter().map(str::to_owned));
        pages += 1;
        let Some(cursor) = document["next"].as_str() else {
            return (seen, pages);
        };
        next = format!("&after={cursor}");
    }
}

/// However small the pages are: who looks at the first one only sees what is wrong.
#[test]
fn the_worst_come_first_over_all_pages() {
    let (clock, is_up) = (ManualClock::new(), Arc::default());
    let wells: Vec<_> = (0..10).map(|it| format!("a-{it}")).collect();
    let mut all: Vec<_> = wells.iter().map(String::as_str).collect();
    all.extend(["down-1", "down-2", "e"]);
    let (mut driver, monitor) = deregistering(&clock, &all, &is_up);
    for _ in 0..5 {
        look(&mut driver, &clock);
    }
    assert!(monitor.pause("a-5"));
    let never = Target::new("never").expect("a name");
    let never = never.self_check("look", CheckConfig::default(), Outcome::success);
    monitor.add(never.expect("a name")).expect("a free name");
    let service = Service::new().targets(&monitor);
    let wanted = [
        "down-1", "down-2", "never", "a-5", "a-0", "a-1", "a-2", "a-3", "a-4", "a-6", "a-7", "a-8",
        "a-9", "e",
    ];
    for limit in 1..=15 {
        let (seen, pages) = walk(&service, &format!("limit={limit}"));
        assert_eq!(seen, wanted, "{limit}");
        assert_eq!(pages, wanted.len().div_ceil(limit));
    }
    let (inactive, _) = walk(&service, "status=inactive&limit=1");
    assert_eq!(inactive, ["down-1", "down-2", "a-5"]);
    let document = list(&service, "?after=a-4&limit=3");
    assert_eq!(names(&document), ["a-5", "a-6", "a-7"]);
    assert_eq!(document["next"], "a-7");

    // One answers again between two pages, and the one that the first page ended with is removed.
    let first = list(&service, "?limit=2");
    assert_eq!(first["next"], "deregistered~down-2");
    is_up.store(true, Ordering::Relaxed);
    clock.advance_to(clock.now() + Duration::from_secs(300));
    look(&mut driver, &clock);
    assert!(monitor.remove("down-2"));
    let second = list(&service, "?after=deregistered~down-2&limit=2");
    assert_eq!(names(&second), ["down-1", "a-5"]);
}

/// One that is down among 2,500 stands in the first page, and each is listed once.
#[test]
fn one_that_is_down_is_found_in_the_first_page_of_a_long_list() {
    let (clock, is_up) = (ManualClock::new(), Arc::default());
    let mut all: Vec<_> = (0..2_500).map(|it| format!("a-{it:04}")).collect();
    all.push("down-z".to_owned());
    let all: Vec<_> = all.iter().map(String::as_str).collect();
    let (mut driver, monitor) = deregistering(&clock, &all, &is_up);
    for _ in 0..6 {
        look(&mut driver, &clock);
    }
    let service = Service::new().targets(&monitor);
    assert_eq!(names(&list(&service, ""))[0], "down-z");
    let (mut seen, pages) = walk(&service, "x");
    assert_eq!((seen.len(), pages, &*seen[0]), (2_501, 3, "down-z"));
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 2_501);
}
