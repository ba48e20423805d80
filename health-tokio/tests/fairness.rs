//! A monitor as one task of many on a runtime.
#![cfg(feature = "monitor")]

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use health_tokio::monitor::{CheckConfig, Monitor, MonitorConfig, Outcome, Spread, Target};

/// Attempts that are over at once make room for others that are due, in the same poll.
#[tokio::test]
async fn attempts_that_are_over_at_once_let_other_tasks_run() {
    const TARGETS: usize = 1_000;
    const MOST: usize = 100;
    let begun = Arc::new(AtomicUsize::new(0));
    let mut config = MonitorConfig::default();
    config.max_in_flight = 10;
    config.spread = Spread::AsConfigured;
    let (monitor, run) = Monitor::new(config).run();
    for number in 0..TARGETS {
        let begun = Arc::clone(&begun);
        let target = Target::new(&format!("target-{number}")).expect("a name");
        let target = target.async_self_check("self", CheckConfig::default(), move || {
            begun.fetch_add(1, Ordering::SeqCst);
            async { Outcome::success() }
        });
        monitor.add(target.expect("a name")).expect("added");
    }
    let mut run = pin!(run);
    let mut before = 0;
    while before < TARGETS {
        poll_fn(|cx| Poll::Ready(run.as_mut().poll(cx).is_ready())).await;
        let now = begun.load(Ordering::SeqCst);
        assert!(now - before <= MOST, "{} in one poll", now - before);
        before = now;
        tokio::task::yield_now().await;
    }
}
