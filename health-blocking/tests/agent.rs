//! HAProxy itself reads the agent's line.
#![cfg(unix)]

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use health_blocking::{Health, Server, Service};

const PATIENCE: Duration = Duration::from_secs(20);

/// HAProxy, ended with the test, and the lines it writes.
struct Proxy(Child, Receiver<String>);

impl Proxy {
    fn spawn(configuration: &Path) -> Self {
        let mut command = Command::new("haproxy");
        let command = command.arg("-db").arg("-f").arg(configuration);
        let mut child = command.stderr(Stdio::piped()).spawn().expect("it starts");
        let written = BufReader::new(child.stderr.take().expect("it is piped"));
        let (lines, read) = mpsc::channel();
        thread::spawn(move || {
            for line in written.lines().map_while(Result::ok) {
                let _ = lines.send(line);
            }
        });
        Self(child, read)
    }

    /// Waits until it says this of the server.
    fn wait_for(&self, change: &str) {
        let wanted = format!("Server daemon/one {change}");
        let mut seen = Vec::new();
        loop {
            let line = self.1.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("not {wanted:?} but {seen:#?}"));
            if line.contains(&wanted) {
                return;
            }
            seen.push(line);
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn haproxy_follows_the_agent() {
    if Command::new("haproxy")
        .arg("-v")
        .stdout(Stdio::null())
        .status()
        .is_err()
    {
        eprintln!("NOT CHECKED: haproxy is not installed");
        return;
    }
    let health = Health::new("svc", "1.0.0");
    health.set_running();
    let gate = health.gate("cache").expect("a free name");
    let server = Server::bind("127.0.0.1:0", &health).expect("a free port");
    let server = server.service(Service::new().agent_check());
    let handle = server.spawn().expect("a thread");
    let agent = handle.local_addr().expect("it is bound");
    // What the traffic would go to. Its check is that it can be connected to, which always holds.
    let traffic = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = traffic.local_addr().expect("it is bound");

    let folder = std::env::temp_dir().join(format!("agent-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let (stats, file) = (folder.join("stats"), folder.join("haproxy.cfg"));
    let configuration = format!(
        "global\n stats socket {}\ndefaults\n mode tcp\n timeout connect 2s\n timeout client 2s\n \
         timeout server 2s\n timeout check 2s\nbackend daemon\n server one {address} check inter 100ms agent-check \
         agent-addr {} agent-port {} agent-inter 100ms\n",
        stats.display(),
        agent.ip(),
        agent.port(),
    );
    std::fs::write(&file, configuration).expect("a file");
    let proxy = Proxy::spawn(&file);

    proxy.wait_for("is DOWN");
    gate.release();
    proxy.wait_for("is UP");
    health.begin_drain();
    proxy.wait_for("enters drain state");
    let _ = std::fs::remove_dir_all(&folder);
}
