//! Processes, found again by a variable in their environment.
#![allow(dead_code, reason = "not every test looks for all of it")]

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// A value for the variable `MARK` that nobody else has.
pub(crate) fn mark() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("health-{}-{count}", std::process::id())
}

/// Fails unless all processes with that mark go.
#[track_caller]
pub(crate) fn none_left(mark: &str) {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let left = marked(mark);
        if left.is_empty() {
            return;
        }
        assert!(Instant::now() < until, "left: {left:?}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// The numbers of all processes with that mark. A killed one has no environment any more.
pub(crate) fn marked(mark: &str) -> Vec<u32> {
    let wanted = format!("MARK={mark}");
    let numbers = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = numbers.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers
        .filter(|number: &u32| {
            let environment = fs::read(format!("/proc/{number}/environ")).unwrap_or_default();
            environment
                .split(|byte| *byte == 0)
                .any(|variable| variable == wanted.as_bytes())
        })
        .collect()
}

/// How many children of this process are dead and not reaped.
#[allow(
    dead_code,
    reason = "not every test that finds processes looks for these"
)]
pub(crate) fn zombies() -> usize {
    let me = std::process::id().to_string();
    let numbers = fs::read_dir("/proc").into_iter().flatten().flatten();
    numbers
        .filter(|entry| {
            let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
            let after_name = stat.rsplit(") ").next().unwrap_or_default();
            let mut fields = after_name.split(' ');
            fields.next() == Some("Z") && fields.next() == Some(&me)
        })
        .count()
}
