//! Whatever becomes of standard output and standard error, targets are judged and kept, and the monitor
//! ends when it is told to.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::backend::Backend;
use super::daemon::{Daemon, Place, wait_until};

#[test]
fn a_full_disk_behind_the_output_stops_nothing() {
    survives("out-full", || (full(), full()));
}

#[test]
fn an_output_that_nobody_holds_open_stops_nothing() {
    survives("out-gone", || (gone(), gone()));
}

#[test]
fn an_output_that_nobody_reads_stops_nothing() {
    let (out, out_held) = unread();
    let (err, err_held) = unread();
    survives("out-unread", || (out, err));
    drop((out_held, err_held));
}

#[test]
fn a_log_whose_reader_leaves_after_a_line_stops_nothing() {
    let (mut reader, writer) = UnixStream::pair().expect("a pair");
    thread::spawn(move || reader.read_exact(&mut [0]));
    survives("out-head", || (Stdio::null(), OwnedFd::from(writer).into()));
}

#[test]
fn closed_outputs_stop_nothing() {
    let place = Place::new("out-closed");
    let mut a = Backend::start();
    let script = format!(
        "exec {} monitor \"$@\" >&- 2>&-",
        env!("CARGO_BIN_EXE_healthd")
    );
    let mut command = Command::new("sh");
    command.args(["-c", &script, "sh"]);
    judges(&place, &mut a, command);
}

/// What cannot be written is counted where people can see it.
#[test]
fn lost_lines_are_counted() {
    let place = Place::new("out-counted");
    let a = Backend::start();
    let mut command = place.command();
    command.args(["monitor", "--log", "debug"]);
    command.stdout(Stdio::null()).stderr(full());
    let mut child = spawn(command, &place, &a);
    let lost = || {
        let status = place.run(&["status", "--json"]).stdout;
        let status: serde_json::Value = serde_json::from_slice(&status).unwrap_or_default();
        status["log"]["lost"].as_u64() > Some(3)
    };
    wait_until("a count of lost lines", lost);
    ends(&mut child);
}

#[test]
fn commands_whose_output_nobody_takes_do_not_panic() {
    let place = Place::new("out-commands");
    for args in [
        &["completions", "bash"][..],
        &["man"],
        &["list"],
        &["--help"],
        &["nonsense"],
    ] {
        for make in [full, gone] {
            let mut command = place.command();
            let output = command.args(args).stdout(make()).stderr(Stdio::piped());
            let output = output.output().expect("healthd");
            let error = String::from_utf8_lossy(&output.stderr);
            assert!(!error.contains("panicked"), "{args:?}: {error}");
        }
    }
}

fn survives(test: &str, outputs: impl FnOnce() -> (Stdio, Stdio)) {
    let place = Place::new(test);
    let mut a = Backend::start();
    let (out, err) = outputs();
    let mut command = place.command();
    command.args(["monitor", "--log", "debug"]);
    command.stdout(out).stderr(err);
    judges(&place, &mut a, command);
}

/// The target dies, is judged and kept, an action is run; then the monitor ends.
fn judges(place: &Place, a: &mut Backend, command: Command) {
    let notes = place.path("notes");
    let script = format!("cat >> {}", notes.display());
    let action = format!("[[action]]\ncommand = [\"sh\", \"-c\", {script:?}]\n");
    fs::write(place.path("healthd.toml"), action).expect("written");
    let mut child = spawn(command, place, a);
    a.wait_for_hits(2);
    a.stop();
    wait_until("a deregistration that is kept", || {
        let shown = place.run(&["inspect", "a"]).stdout;
        String::from_utf8_lossy(&shown).contains("deregistered")
    });
    wait_until("an action", || notes.exists());
    assert_eq!(child.try_wait().expect("a child"), None, "it runs");
    ends(&mut child);
}

fn spawn(mut command: Command, place: &Place, a: &Backend) -> Child {
    let config = place.path("healthd.toml");
    if config.exists() {
        command.arg("--config").arg(config);
    }
    command.args(["--interval", "200ms", "--timeout", "20s"]);
    command.args(["--target", &format!("a={}", a.url())]);
    command.env("HEALTHD_DB", place.path("healthd.db"));
    command.env("HEALTHD_LISTEN", "127.0.0.1:0");
    command.spawn().expect("healthd")
}

fn ends(child: &mut Child) {
    let began = Instant::now();
    let pid = child.id().to_string();
    let sent = Command::new("kill").args(["-TERM", &pid]).status();
    assert!(sent.expect("kill").success());
    // A stop takes 5 s at most; the rest is for a busy machine.
    while began.elapsed() < Duration::from_secs(10) {
        if let Some(status) = child.try_wait().expect("a child") {
            assert_eq!(status.code(), Some(0));
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    let _ = child.wait();
    panic!("it did not end");
}

/// Takes nothing: no space left.
fn full() -> Stdio {
    let file = OpenOptions::new().write(true).open("/dev/full");
    file.map_or_else(|_| Stdio::null(), Stdio::from)
}

/// Takes nothing: broken pipe.
fn gone() -> Stdio {
    let (writer, _) = UnixStream::pair().expect("a pair");
    OwnedFd::from(writer).into()
}

/// Has no place for another byte, and never will.
fn unread() -> (Stdio, UnixStream) {
    let (mut writer, reader) = UnixStream::pair().expect("a pair");
    writer.set_nonblocking(true).expect("set");
    while writer.write(&[b'x'; 1]).is_ok() {}
    writer.set_nonblocking(false).expect("set");
    (OwnedFd::from(writer).into(), reader)
}

/// Also where several results are written at once.
#[test]
fn every_failure_that_counts_has_its_line() {
    let place = Place::new("output-failures");
    let mut a = Backend::start();
    let mut args = ["--interval", "100ms", "--timeout", "20s", "--retries", "9"]
        .map(str::to_owned)
        .to_vec();
    args.extend(["--target".to_owned(), format!("a={}", a.url())]);
    let daemon = Daemon::start(&place, &args);
    daemon.wait_for(&["healthy", "target=a"]);
    a.stop();
    for number in 1..9 {
        let streak = format!("consecutive_failures={number} ");
        daemon.wait_for(&["WARN", "failed", "target=a", &streak, " at="]);
    }
    daemon.wait_for(&["unhealthy", "target=a", "consecutive_failures=9 "]);
    daemon.stop();
}
