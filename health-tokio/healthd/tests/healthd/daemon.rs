//! A `healthd` process, and the place its registry is in.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How long a test waits for what has to happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Asks again and again until it is so.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "no {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// A directory of its own, gone at the end.
pub(crate) struct Place(PathBuf);

impl Place {
    pub(crate) fn new(test: &str) -> Self {
        let id = std::process::id();
        let path = std::env::temp_dir().join(format!("healthd-test-{id}-{test}"));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A command on this registry.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_healthd"));
        command.env("HEALTHD_DB", self.path("healthd.db"));
        command.env("HEALTHD_LISTEN", "127.0.0.1:0");
        command.env("HEALTHD_RUN_DIR", self.path("run"));
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command().args(args).output().expect("healthd")
    }

    /// What a command prints, which must succeed.
    pub(crate) fn out(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {error}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// How a command fails.
    pub(crate) fn fails(&self, args: &[&str]) -> (i32, String) {
        Self::failure(&self.run(args))
    }

    /// How a command fails that is not told where its registry is: it would be here.
    pub(crate) fn fails_at_home(&self, args: &[&str]) -> (i32, String) {
        let mut command = self.command();
        command
            .env_remove("HEALTHD_DB")
            .env("STATE_DIRECTORY", &self.0);
        command.current_dir(&self.0);
        Self::failure(&command.args(args).output().expect("healthd"))
    }

    fn failure(output: &Output) -> (i32, String) {
        let error = String::from_utf8(output.stderr.clone()).expect("UTF-8");
        (output.status.code().expect("a code"), error)
    }

    /// Whether a server is active, and how often it failed in a row: what is in the file.
    pub(crate) fn server(&self, name: &str) -> (bool, u64) {
        let text = self.out(&["inspect", name, "--json"]);
        let target: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let check = &target["checks"][0];
        let is_active = check["is_active"].as_bool().expect("a flag");
        (
            is_active,
            check["consecutive_failures"].as_u64().expect("a number"),
        )
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The lines that come, as they come.
pub(crate) fn lines_of(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// A monitor that runs; killed at the end, if nobody has stopped it.
pub(crate) struct Daemon {
    child: Child,
    address: String,
    lines: Mutex<Receiver<String>>,
    seen: Mutex<Vec<String>>,
}

impl Daemon {
    pub(crate) fn start(place: &Place, args: &[String]) -> Self {
        Self::start_with(place.command(), args)
    }

    /// With what has been set of this command.
    pub(crate) fn start_with(mut command: Command, args: &[String]) -> Self {
        command.arg("monitor").args(args);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("healthd");
        let lines = lines_of(child.stderr.take().expect("piped"));
        let mut first = String::new();
        let mut out = BufReader::new(child.stdout.take().expect("piped"));
        out.read_line(&mut first).expect("a line");
        Self::new(child, &first, lines)
    }

    /// One that has said where it listens.
    pub(crate) fn new(child: Child, first: &str, lines: Receiver<String>) -> Self {
        let address = first.trim().strip_prefix("listening on http://");
        Self {
            child,
            address: address
                .unwrap_or_else(|| panic!("said {first:?}"))
                .to_owned(),
            lines: Mutex::new(lines),
            seen: Mutex::default(),
        }
    }

    /// The first log line, said or to be said, that has all of these parts. Each is given once.
    pub(crate) fn wait_for(&self, parts: &[&str]) -> String {
        let fits = |line: &str| parts.iter().all(|part| format!("{line} ").contains(part));
        let mut seen = self.seen.lock().expect("unpoisoned");
        if let Some(at) = seen.iter().position(|line| fits(line)) {
            return seen.remove(at);
        }
        let lines = self.lines.lock().expect("unpoisoned");
        loop {
            match lines.recv_timeout(PATIENCE) {
                Ok(line) if fits(&line) => return line,
                Ok(line) => seen.push(line),
                Err(_) => panic!("no line with {parts:?} in\n{}", seen.join("\n")),
            }
        }
    }

    /// Whether a line that was passed over by [`wait_for`](Self::wait_for) has this in it.
    pub(crate) fn has_said(&self, part: &str) -> bool {
        let seen = self.seen.lock().expect("unpoisoned");
        seen.iter().any(|line| line.contains(part))
    }

    /// Asks until the body has this in it: components are told once a second.
    pub(crate) fn wait_for_body(&self, path: &str, part: &str) {
        let began = Instant::now();
        loop {
            let body = self.get(path);
            if body.contains(part) {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "no {part} in {body}");
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// The body of a page of the monitor's own endpoint.
    pub(crate) fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("the endpoint");
        let request = format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("asked");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answered");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a head");
        body.to_owned()
    }

    /// Where its endpoint listens.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([name, &self.pid().to_string()])
            .status();
        assert!(sent.expect("kill").success());
    }

    /// Waits until it has ended.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().expect("gone")
    }

    /// As `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }

    /// As a supervisor does it; it has to end with 0.
    pub(crate) fn stop(mut self) {
        self.signal("-TERM");
        assert!(self.child.wait().expect("gone").success());
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
