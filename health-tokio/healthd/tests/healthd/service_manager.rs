//! `healthd monitor` under a service manager; for `healthd run` see `run/service_manager.rs`.
#![cfg(target_os = "linux")]

use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::time::Instant;

use super::backend::Backend;
use super::daemon::{Daemon, PATIENCE, Place};

/// Waits for a message with this line; returns all lines up to it.
pub(crate) fn wait_for(socket: &UnixDatagram, line: &str) -> Vec<String> {
    let patience = socket.set_read_timeout(Some(PATIENCE));
    patience.expect("a socket");
    let mut lines = Vec::new();
    let began = Instant::now();
    while !lines.iter().any(|it| it == line) {
        // Signs of life come for ever.
        assert!(began.elapsed() < PATIENCE, "no {line} after {lines:?}");
        let mut buffer = [0; 4096];
        let length = socket.recv(&mut buffer);
        let length = length.unwrap_or_else(|_| panic!("no {line} after {lines:?}"));
        let message = String::from_utf8_lossy(&buffer[..length]);
        lines.extend(message.lines().map(str::to_owned));
    }
    lines
}

/// What it watches is down from the beginning: it has started all the same.
#[test]
fn a_monitor_reports_that_it_runs_lives_and_stops() {
    let place = Place::new("notify");
    let mut backend = Backend::start();
    let target = format!("a={}", backend.url());
    backend.stop();
    let path = place.path("notify.sock");
    let socket = UnixDatagram::bind(&path).expect("it is free");
    let mut command = place.command();
    command.env("NOTIFY_SOCKET", &path);
    command.env("WATCHDOG_USEC", "400000");
    let args = ["--interval", "300ms", "--target", &target].map(str::to_owned);
    let daemon = Daemon::start_with(command, &args);
    wait_for(&socket, "READY=1");
    wait_for(&socket, "WATCHDOG=1");
    daemon.stop();
    let rest = wait_for(&socket, "STOPPING=1");
    assert!(!rest.contains(&"READY=1".to_owned()), "{rest:?}");
}

#[test]
fn a_monitor_answers_on_the_listener_that_it_is_given() {
    let place = Place::new("passed");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let own = place.command();
    // A shell moves its standard input to where a service manager puts a listener.
    let mut command = Command::new("sh");
    command.arg("-c");
    command.arg(r#"LISTEN_PID=$$ exec "$0" "$@" 3<&0 </dev/null"#);
    command.arg(own.get_program());
    command.envs(
        own.get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    command.env("LISTEN_FDS", "1");
    command.env("LISTEN_FDNAMES", "health");
    command.stdin(Stdio::from(OwnedFd::from(listener)));
    let daemon = Daemon::start_with(command, &[]);
    assert_eq!(daemon.address(), address.to_string());
    daemon.wait_for_body("/health", r#""service":"healthd""#);
    daemon.stop();
    TcpStream::connect(address).expect_err("it was the last to have it");
}
