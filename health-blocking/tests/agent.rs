//! HAProxy itself reads the agent's line.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use health_blocking::{Health, Server, Service};

const PATIENCE: Duration = Duration::from_secs(20);

/// HAProxy, ended with the test.
struct Proxy(Child);

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What HAProxy thinks of the server: the field `status` of `show stat`.
fn status(stats: &Path) -> Option<String> {
    let mut stream = UnixStream::connect(stats).ok()?;
    stream.write_all(b"show stat\n").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let mut lines = text.trim_start_matches("# ").lines();
    let column = lines.next()?.split(',').position(|name| name == "status")?;
    let row = lines.find(|line| line.starts_with("daemon,one,"))?;
    row.split(',').nth(column).map(str::to_owned)
}

fn wait_for(stats: &Path, wanted: impl Fn(&str) -> bool, what: &str) {
    let begin = Instant::now();
    loop {
        let seen = status(stats);
        if seen.as_deref().is_some_and(&wanted) {
            return;
        }
        assert!(begin.elapsed() < PATIENCE, "{seen:?} instead of {what}");
        thread::sleep(Duration::from_millis(20));
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
    let mut command = Command::new("haproxy");
    command.arg("-db").arg("-f").arg(&file);
    let _proxy = Proxy(command.stderr(Stdio::null()).spawn().expect("it starts"));

    wait_for(&stats, |status| status.starts_with("DOWN"), "DOWN");
    gate.release();
    wait_for(&stats, |status| status == "UP", "UP");
    health.begin_drain();
    wait_for(&stats, |status| status.starts_with("DRAIN"), "DRAIN");
    let _ = std::fs::remove_dir_all(&folder);
}
