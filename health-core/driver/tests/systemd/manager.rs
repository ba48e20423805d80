//! A service manager, and the daemon that it starts.

use std::env;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::IS_DAEMON;

const PATIENCE: Duration = Duration::from_secs(20);

/// A file of this test program.
pub(crate) fn file(name: &str) -> PathBuf {
    let file = env::temp_dir().join(format!("health-systemd-{}-{name}", std::process::id()));
    let _ = std::fs::remove_file(&file);
    file
}

/// Receives what a daemon sends to `$NOTIFY_SOCKET`.
pub(crate) struct Manager {
    address: String,
    socket: UnixDatagram,
    /// All lines so far.
    lines: Vec<String>,
}

impl Manager {
    pub(crate) fn at_path(test: &str) -> Self {
        let file = file(test);
        let socket = UnixDatagram::bind(&file).expect("it is free");
        Self::new(file.display().to_string(), socket)
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn at_abstract_name(test: &str) -> Option<Self> {
        use std::os::linux::net::SocketAddrExt;
        use std::os::unix::net::SocketAddr;

        let name = format!("health-systemd-{}-{test}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).expect("a name");
        let socket = UnixDatagram::bind_addr(&address).expect("it is free");
        Some(Self::new(format!("@{name}"), socket))
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn at_abstract_name(_: &str) -> Option<Self> {
        None
    }

    fn new(address: String, socket: UnixDatagram) -> Self {
        Self {
            address,
            socket,
            lines: Vec::new(),
        }
    }

    /// Leaves nothing at its address.
    pub(crate) fn go(&self) {
        let _ = std::fs::remove_file(&self.address);
    }

    /// Waits for a line that has not been waited for.
    pub(crate) fn wait_for(&mut self, line: &str) {
        loop {
            let new = self.receive(PATIENCE);
            assert!(!new.is_empty(), "no {line} after {:?}", self.lines);
            if new.iter().any(|it| it == line) {
                return;
            }
        }
    }

    pub(crate) fn expect_silence(&mut self, time: Duration) {
        let new = self.receive(time);
        assert!(new.is_empty(), "{new:?} after {:?}", self.lines);
    }

    pub(crate) fn read_the_rest(&mut self) {
        while !self.receive(Duration::from_millis(1)).is_empty() {}
    }

    /// All lines that were received.
    pub(crate) fn lines(&self) -> &[String] {
        &self.lines
    }

    /// The lines of one message; none if there is none in that time.
    fn receive(&mut self, limit: Duration) -> Vec<String> {
        let limited = self.socket.set_read_timeout(Some(limit));
        limited.expect("a socket");
        let mut buffer = [0; 4096];
        let length = self.socket.recv(&mut buffer).unwrap_or(0);
        let message = String::from_utf8_lossy(&buffer[..length]);
        let lines: Vec<_> = message.lines().map(str::to_owned).collect();
        self.lines.extend_from_slice(&lines);
        lines
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        self.go();
    }
}

/// This program as a daemon; it is killed at the end if it has not ended.
pub(crate) struct Daemon(Child);

impl Daemon {
    pub(crate) fn start(manager: &Manager, variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env::current_exe().expect("a path"));
        command.envs(variables.iter().copied());
        command.stderr(Stdio::inherit());
        Self::spawn(manager, command)
    }

    /// One that gets this listener as descriptor 3. Its standard error, where the shell takes it from, is
    /// lost.
    pub(crate) fn start_with(manager: &Manager, listener: OwnedFd) -> Self {
        let script = r#"LISTEN_PID=$$ exec "$0" "$@" 3>&2 2>/dev/null"#;
        let mut command = Command::new("sh");
        command.arg("-c").arg(script);
        command.arg(env::current_exe().expect("a path"));
        command
            .env("LISTEN_FDS", "1")
            .env("LISTEN_FDNAMES", "health");
        command.stderr(Stdio::from(listener));
        Self::spawn(manager, command)
    }

    fn spawn(manager: &Manager, mut command: Command) -> Self {
        command.args(["--exact", "systemd::daemon", "--nocapture"]);
        command.env(IS_DAEMON, "1");
        command.env("NOTIFY_SOCKET", &manager.address);
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        Self(command.spawn().expect("a program"))
    }

    pub(crate) fn say(&mut self, line: &str) {
        let input = self.0.stdin.as_mut().expect("a pipe");
        writeln!(input, "{line}").expect("it reads");
    }

    /// Closes its standard input, with which it stops.
    pub(crate) fn end(mut self) {
        drop(self.0.stdin.take());
        assert!(self.0.wait().expect("a child").success());
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
