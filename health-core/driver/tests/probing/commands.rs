//! Many commands of one monitor at once.

use super::*;

/// A thread for each would cost memory, and how many there may be is limited.
#[test]
fn fifty_commands_at_once_are_watched_by_one_thread() {
    let mark = procs::mark();
    let mut settings = defaults();
    settings.max_in_flight = 80;
    // A quarter of the places is kept for what takes little time.
    settings.max_exec = 80;
    let mut config = every(600_000);
    config.timeout = config.interval;
    let monitor = Running::spawn(Monitor::new(settings));
    for number in 0..50 {
        let name = format!("sleeps-{number}");
        let target = command(&name, config.clone(), "exec sleep 600", &mark);
        monitor.add(target).expect("added");
    }
    wait_until("all run", || procs::marked(&mark).len() == 50);
    // Those that have started them end. Monitors of other tests in this process have a few of theirs.
    wait_until("few threads", || threads("probe-exec") < 25);
    wait_until("one thread", || threads("commands") == 1);
    assert_eq!(procs::marked(&mark).len(), 50, "they run still");
    assert!(monitor.stop(LIMIT));
    procs::none_left(&mark);
}

#[track_caller]
fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let until = Instant::now() + 2 * LIMIT;
    while !is_so() {
        assert!(Instant::now() < until, "{what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// How many threads of this process have names that begin so.
fn threads(name: &str) -> usize {
    let tasks = fs::read_dir("/proc/self/task").expect("threads");
    let names = tasks.map(|task| {
        let task = task.expect("a thread").path().join("comm");
        fs::read_to_string(task).unwrap_or_default()
    });
    names.filter(|it| it.starts_with(name)).count()
}
