//! A daemon under a service manager: the same tests on every driver.
//!
//! A driver's test file includes this one by `#[path]` and gives it a module `driver` with its names. A
//! test is the service manager; the daemon is this very program in a process of its own, because the
//! variables are the process's.

mod manager;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::driver::{Health, Notifier, Server};
use manager::{Daemon, Manager, file};

/// Tells this program that it is the daemon of a test.
const IS_DAEMON: &str = "HEALTH_TEST_IS_DAEMON";
/// The heartbeat's deadline: longer than a busy machine keeps a thread waiting.
const DEADLINE: Duration = Duration::from_secs(5);

/// Not a test: what the tests start. It does what the lines of its standard input say.
#[test]
fn daemon() {
    if std::env::var_os(IS_DAEMON).is_none() {
        return;
    }
    let health = Health::new("svc", "1");
    let _notifier = Notifier::new(&health).spawn().expect("variables");
    let server = Server::from_systemd("health", &health).expect("a listener");
    let _handle = server.map(|server| server.spawn().expect("a thread"));
    let heartbeat = health.heartbeat("control", DEADLINE).expect("a name");
    let is_hanging = Arc::new(AtomicBool::new(false));
    let hangs = Arc::clone(&is_hanging);
    thread::spawn(move || {
        loop {
            if !hangs.load(Ordering::SeqCst) {
                heartbeat.beat();
            }
            thread::sleep(Duration::from_millis(20));
        }
    });
    for line in std::io::stdin().lines() {
        match line.expect("a line").as_str() {
            "run" => health.set_running(),
            "hang" => is_hanging.store(true, Ordering::SeqCst),
            "go on" => is_hanging.store(false, Ordering::SeqCst),
            "drain" => health.begin_drain(),
            other => panic!("{other}"),
        }
    }
    health.stop();
}

/// By a path and, on Linux, by an abstract name.
#[test]
fn the_service_manager_is_told_of_the_start_of_the_life_and_of_the_end() {
    let managers = [
        Some(Manager::at_path("life")),
        Manager::at_abstract_name("life"),
    ];
    for mut manager in managers.into_iter().flatten() {
        // A sign of life every 200 ms.
        let variables = [("WATCHDOG_USEC", "400000")];
        let mut daemon = Daemon::start(&manager, &variables);
        manager.wait_for("EXTEND_TIMEOUT_USEC=15000000");
        daemon.say("run");
        manager.wait_for("READY=1");
        for _ in 0..3 {
            manager.wait_for("WATCHDOG=1");
        }
        daemon.say("hang");
        manager.wait_for("STATUS=running, unhealthy; control: no heartbeat");
        manager.expect_silence(Duration::from_secs(1));
        daemon.say("go on");
        manager.wait_for("WATCHDOG=1");
        daemon.say("drain");
        manager.wait_for("STOPPING=1");
        daemon.end();

        manager.read_the_rest();
        let count = |line: &str| manager.lines().iter().filter(|it| *it == line).count();
        let place = |line: &str| manager.lines().iter().position(|it| it == line);
        let last = |line: &str| manager.lines().iter().rposition(|it| it == line);
        assert_eq!(count("READY=1"), 1, "{:?}", manager.lines());
        assert_eq!(count("STOPPING=1"), 1, "{:?}", manager.lines());
        let ready = place("READY=1");
        assert!(last("EXTEND_TIMEOUT_USEC=15000000") < ready);
        assert!(place("WATCHDOG=1") > ready);
    }
}

#[test]
fn the_watchdog_of_another_process_is_left_to_it() {
    let mut manager = Manager::at_path("other");
    let variables = [("WATCHDOG_USEC", "20000"), ("WATCHDOG_PID", "1")];
    let mut daemon = Daemon::start(&manager, &variables);
    daemon.say("run");
    manager.wait_for("STATUS=running, healthy");
    daemon.say("drain");
    manager.wait_for("STOPPING=1");
    daemon.end();
    let lines = manager.lines();
    assert!(!lines.contains(&"WATCHDOG=1".to_owned()), "{lines:?}");
}

/// A service manager that has gone, as in a container that is started with its variables.
#[test]
fn a_daemon_whose_service_manager_is_missing_lives_as_any_other() {
    let manager = Manager::at_path("gone");
    manager.go();
    let mut daemon = Daemon::start(&manager, &[]);
    daemon.say("run");
    daemon.say("drain");
    daemon.end();
}

#[test]
fn a_listener_that_was_passed_on_is_served() {
    let manager = Manager::at_path("passed");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    // Clients may come before the daemon.
    let early = TcpStream::connect(address).expect("it listens");
    let daemon = Daemon::start_with(&manager, listener.into());
    assert_eq!(status(early), "HTTP/1.1 200 OK");
    let later = TcpStream::connect(address).expect("it listens");
    assert_eq!(status(later), "HTTP/1.1 200 OK");
    daemon.end();

    let path = file("passed.sock");
    let listener = UnixListener::bind(&path).expect("it is free");
    let daemon = Daemon::start_with(&manager, listener.into());
    let client = UnixStream::connect(&path).expect("it listens");
    assert_eq!(status(client), "HTTP/1.1 200 OK");
    daemon.end();
    std::fs::remove_file(&path).expect("the file is its maker's");
}

fn status(mut stream: impl Read + Write) -> String {
    let request = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request).expect("it is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer.lines().next().unwrap_or_default().to_owned()
}
