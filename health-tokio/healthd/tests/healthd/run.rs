//! `healthd run` as people run it: real processes, real signals, real sockets.

mod checks;
mod commands;
mod ends;
mod external;
mod notices;
mod service_manager;
mod signals;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::ops::Deref;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::daemon::{Daemon, PATIENCE, Place, lines_of};

/// A `healthd run` that runs; killed at the end, if nobody has stopped it.
pub(crate) struct Run {
    daemon: Daemon,
    output: Mutex<Receiver<String>>,
}

/// A command that finds the groups of this place, and no registry.
fn command(place: &Place) -> Command {
    let mut command = place.command();
    command.env_remove("HEALTHD_DB");
    command.current_dir(place.path(""));
    command
}

impl Run {
    /// With these flags, and a script as its program.
    fn start(place: &Place, flags: &[&str], script: &str) -> Self {
        let words = ["--", "/bin/sh", "-c", script];
        Self::start_with(command(place), &[flags, &words].concat())
    }

    fn start_with(mut command: Command, args: &[&str]) -> Self {
        command.arg("run").args(args);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("healthd");
        let errors = lines_of(child.stderr.take().expect("piped"));
        let output = lines_of(child.stdout.take().expect("piped"));
        let first = errors.recv_timeout(PATIENCE).expect("a line");
        Self {
            daemon: Daemon::new(child, &first, errors),
            output: Mutex::new(output),
        }
    }

    /// The next line that a replica has written.
    fn line(&self) -> String {
        let output = self.output.lock().expect("unpoisoned");
        output.recv_timeout(PATIENCE).expect("a line")
    }

    /// How it ends by itself.
    fn end(mut self) -> ExitStatus {
        self.daemon.wait()
    }
}

impl Deref for Run {
    type Target = Daemon;

    fn deref(&self) -> &Daemon {
        &self.daemon
    }
}

/// What a command prints, which must succeed.
fn out(place: &Place, args: &[&str]) -> String {
    let output = command(place).args(args).output().expect("healthd");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {error}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// How a command fails.
fn fails(place: &Place, args: &[&str]) -> (i32, String) {
    let output = command(place).args(args).output().expect("healthd");
    let error = String::from_utf8(output.stderr).expect("UTF-8");
    (output.status.code().expect("a code"), error)
}

/// The document of a group, once it is as it should be.
fn wait_for(place: &Place, name: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let text = out(place, &["inspect", name, "--json"]);
        let group: Value = serde_json::from_str(&text).expect("JSON");
        if is_so(&group) {
            return group;
        }
        assert!(began.elapsed() < PATIENCE, "{group:#}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// Whether there is a process of this number that has not ended.
fn is_alive(pid: u64) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    let state = stat.ok().and_then(|it| {
        let (_, rest) = it.rsplit_once(')')?;
        rest.split_whitespace().next().map(str::to_owned)
    });
    state.is_some_and(|state| state != "Z")
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "not: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Not a test: the program of a group, which answers every request with 500. It is this test program
/// itself, so that nothing else has to be installed.
#[test]
#[ignore = "the program of a group, started by a test"]
fn app_that_answers_500() {
    // Started by nobody.
    let (Ok(port), Ok(_)) = (std::env::var("PORT"), std::env::var("HEALTHD_INSTANCE")) else {
        return;
    };
    let port: u16 = port.parse().expect("a port");
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("bound");
    for stream in listener.incoming() {
        let mut stream = stream.expect("accepted");
        let _ = stream.read(&mut [0; 1_024]);
        let answer =
            "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        let _ = stream.write_all(answer.as_bytes());
    }
}
