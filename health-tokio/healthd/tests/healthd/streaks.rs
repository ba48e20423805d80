//! Restarts and reloads in a row are not checks in a row.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use super::backend::Backend;
use super::daemon::{Daemon, Place, wait_until};

/// A crash loop, a rolling update: the target has failed for seconds, not for three minutes.
#[test]
fn starts_in_a_row_deregister_nobody() {
    let place = Place::new("crash-loop");
    let mut a = Backend::start();
    let target = format!("a={}", a.url());
    let args = ["--interval", "60s", "--target", &target].map(str::to_owned);
    let daemon = Daemon::start(&place, &args);
    daemon.wait_for(&["healthy", "target=a"]);
    daemon.kill();
    a.stop();
    for start in 0..4 {
        let daemon = Daemon::start(&place, &args);
        // What was seen is kept within a second.
        wait_until("result in the file", || {
            let inspected = place.out(&["inspect", "a"]);
            let uncounted = inspected.matches("(not counted)").count();
            uncounted >= start && place.server("a").1 > 0
        });
        if start % 2 == 0 {
            daemon.stop();
        } else {
            daemon.kill();
        }
    }
    assert_eq!(place.server("a"), (true, 1));
    let inspected = place.out(&["inspect", "a"]);
    assert_eq!(inspected.matches("(not counted)").count(), 3, "{inspected}");
}

/// A token that rotates, a generated file: each reload changes something of the target.
#[test]
fn reloads_in_a_row_deregister_nobody_and_keep_the_slots() {
    let place = Place::new("reloads");
    let mut a = Backend::start();
    let (path, url) = (place.path("healthd.toml"), a.url());
    let write = |round: u32| {
        let setting = [
            format!("timeout = \"{}s\"", 20 + round % 100),
            format!("headers = {{ X-Token = \"{round}\" }}"),
            "group = \"web\"".to_owned(),
        ];
        let setting = &setting[round as usize % 3];
        let text = "interval = \"400ms\"\nretries = 5\ntimeout = \"10s\"\n".to_owned();
        let target = format!("[[target]]\nname = \"a\"\nurl = {url:?}\n{setting}\n");
        fs::write(&path, text + &target).expect("written");
    };
    write(0);
    let daemon = Daemon::start(&place, &["--config".to_owned(), path.display().to_string()]);
    daemon.wait_for(&["healthy", "target=a"]);
    a.stop();
    let began = Instant::now();
    for round in 1.. {
        write(round);
        daemon.signal("-HUP");
        daemon.wait_for(&["configuration read", "changed=1"]);
        thread::sleep(Duration::from_millis(50));
        let (is_active, failures) = place.server("a");
        // The first failure may have been due already; each other one takes an interval.
        let most = began.elapsed().as_millis() as u64 / 400 + 1;
        assert!(failures <= most, "{failures} failures, of at most {most}");
        if !is_active {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "it stays");
    }
    assert!(began.elapsed() >= Duration::from_millis(1_600));
    daemon.stop();
}
