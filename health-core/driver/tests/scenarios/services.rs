//! nginx, Redis, PostgreSQL.

use std::process::Command;

use super::server::{Directory, Server, free_port, installed};

/// Answers 200 at `/` and 500 at `/bad`, on each of its ports.
pub(crate) struct Nginx {
    pub(crate) ports: Vec<u16>,
    _server: Server,
    _directory: Directory,
}

impl Nginx {
    pub(crate) fn start(replicas: usize) -> Option<Self> {
        let program = installed("nginx", &["/usr/sbin/nginx"])?;
        let directory = Directory::new();
        let ports: Vec<_> = (0..replicas).map(|_| free_port()).collect();
        let servers: String = ports
            .iter()
            .map(|port| {
                format!(
                    "server {{ listen 127.0.0.1:{port}; location / {{ return 200 ok; }} \
                     location /bad {{ return 500; }} }}\n"
                )
            })
            .collect();
        let text = format!(
            "daemon off; master_process off; pid nginx.pid; error_log stderr;\n\
             events {{}}\nhttp {{ access_log off; client_body_temp_path t1; proxy_temp_path t2; \
             fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;\n{servers}}}\n"
        );
        let file = directory.write("nginx.conf", &text);
        let mut command = Command::new(program);
        command.arg("-p").arg(directory.path()).args(["-c", &file]);
        let server = Server::start(&mut command, ports[0]);
        Some(Self {
            ports,
            _server: server,
            _directory: directory,
        })
    }
}

pub(crate) struct Redis {
    pub(crate) port: u16,
    _server: Server,
    _directory: Directory,
}

impl Redis {
    pub(crate) fn start(port: Option<u16>) -> Option<Self> {
        let program = installed("redis-server", &[])?;
        let directory = Directory::new();
        let port = port.unwrap_or_else(free_port);
        let mut command = Command::new(program);
        command
            .args([
                "--port",
                &port.to_string(),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
            ])
            .arg("--dir")
            .arg(directory.path());
        let server = Server::start(&mut command, port);
        Some(Self {
            port,
            _server: server,
            _directory: directory,
        })
    }
}

/// Prepared and not running, until told.
pub(crate) struct Postgres {
    pub(crate) port: u16,
    bin: String,
    server: Option<Server>,
    directory: Directory,
}

impl Postgres {
    pub(crate) fn prepare() -> Option<Self> {
        installed("pg_isready", &[])?;
        // Debian keeps the server's programs out of PATH, by version.
        let versions = (12..=20).rev();
        let usual: Vec<_> = versions
            .map(|version| format!("/usr/lib/postgresql/{version}/bin/initdb"))
            .collect();
        let usual: Vec<_> = usual.iter().map(String::as_str).collect();
        let initdb = installed("initdb", &usual)?;
        let bin = initdb.trim_end_matches("initdb").to_owned();
        let directory = Directory::new();
        if is_root() {
            // It refuses to run as root.
            own(&directory);
        }
        let data = directory.file("data");
        let made = as_postgres(&initdb)
            .args(["-D", &data, "-A", "trust", "-U", "postgres", "--no-sync"])
            .output()
            .expect("initdb");
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        Some(Self {
            port: free_port(),
            bin,
            server: None,
            directory,
        })
    }

    pub(crate) fn start(&mut self) {
        let sockets = self.directory.path().to_str().expect("text");
        let mut command = as_postgres(&format!("{}postgres", self.bin));
        command
            .args([
                "-D",
                &self.directory.file("data"),
                "-p",
                &self.port.to_string(),
            ])
            .args(["-h", "127.0.0.1", "-k", sockets, "-F"]);
        self.server = Some(Server::start(&mut command, self.port));
    }

    pub(crate) fn stop(&mut self) {
        self.server = None;
    }
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().expect("id");
    output.stdout == b"0\n"
}

fn own(directory: &Directory) {
    let owned = Command::new("chown")
        .arg("postgres")
        .arg(directory.path())
        .status();
    assert!(owned.expect("chown").success());
}

/// `program`, as the user postgres if we are root. `setpriv` becomes the program, so that the
/// process we know is its own.
fn as_postgres(program: &str) -> Command {
    if is_root() {
        let mut command = Command::new("setpriv");
        command.args([
            "--reuid",
            "postgres",
            "--regid",
            "postgres",
            "--clear-groups",
            program,
        ]);
        command.current_dir("/");
        command
    } else {
        Command::new(program)
    }
}
