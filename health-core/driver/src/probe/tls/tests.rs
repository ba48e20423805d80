//! Sessions without a socket, with certificates that `openssl` makes.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::process::Command;

use rustls::{HandshakeKind, ServerConfig, ServerConnection};

use super::*;

/// A directory of this test's own, gone when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("health-tls-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        let path = self.0.join(name);
        path.to_str().expect("UTF-8").to_owned()
    }

    /// Runs `openssl` here. False if there is none.
    fn openssl(&self, arguments: &str) -> bool {
        let mut openssl = Command::new("openssl");
        let made = openssl.args(arguments.split(' ')).current_dir(&self.0);
        let Ok(made) = made.output() else {
            assert!(std::env::var_os("CI").is_none(), "there is no openssl");
            eprintln!("!!! NOT TESTED: there is no openssl");
            return false;
        };
        assert!(made.status.success(), "{made:?}");
        true
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A certificate for 127.0.0.1 that is its own authority, for so many days.
fn own(name: &str, days: u32) -> Option<Folder> {
    let folder = Folder::new(name);
    let made = folder.openssl(&format!(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days {days} -subj /CN={name} \
         -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem",
    ));
    made.then_some(folder)
}

/// The way from one end to the other, and back.
#[derive(Default)]
struct Pipe {
    sent: Vec<u8>,
    came: VecDeque<u8>,
}

impl Read for Pipe {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self.came.is_empty() {
            true => Err(io::ErrorKind::WouldBlock.into()),
            false => self.came.read(bytes),
        }
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sent.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Makes a handshake; what the server sends behind it, as tickets, is read too.
fn handshake(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> TlsWire<Pipe> {
    let mut client = open(Pipe::default(), Arc::clone(client), "127.0.0.1").expect("a session");
    let mut server = ServerConnection::new(Arc::clone(server)).expect("a session");
    for _ in 0..6 {
        while client.conn.wants_write() {
            client.conn.write_tls(&mut client.sock).expect("written");
        }
        let sent = std::mem::take(&mut client.sock.sent);
        let mut sent = &sent[..];
        while !sent.is_empty() {
            server.read_tls(&mut sent).expect("read");
            server.process_new_packets().expect("TLS");
        }
        let mut answer = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut answer).expect("written");
        }
        client.sock.came.extend(answer);
        while !client.sock.came.is_empty() {
            client.conn.read_tls(&mut client.sock).expect("read");
            client.conn.process_new_packets().expect("TLS");
        }
    }
    assert!(!client.conn.is_handshaking());
    client
}

fn server(folder: &Folder, chain: &str) -> Arc<ServerConfig> {
    let chain = certificates(&folder.path(chain)).expect("certificates");
    let key = read(&folder.path("key.pem")).expect("a key");
    let key = PrivateKeyDer::from_pem_slice(&key).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key);
    Arc::new(config.expect("its key"))
}

fn client(folder: &Folder, file: &str) -> Arc<ClientConfig> {
    let trust = Trust::CaFile(folder.path(file).into());
    Arc::new(build(&trust, None).expect("settings"))
}

/// Else an expired certificate is believed for as long as the server takes its tickets back.
#[test]
fn no_session_is_resumed() {
    let Some(folder) = own("resumed", 90) else {
        return;
    };
    let (client, server) = (client(&folder, "cert.pem"), server(&folder, "cert.pem"));
    for _ in 0..3 {
        let kind = handshake(&client, &server).conn.handshake_kind();
        assert_eq!(kind, Some(HandshakeKind::Full));
    }
}

#[cfg(feature = "expect")]
#[test]
fn of_a_chain_the_first_to_expire_counts() {
    let Some(folder) = own("chain", 20) else {
        return;
    };
    // It signs a certificate that outlives it.
    for step in [
        "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=leaf \
         -addext subjectAltName=IP:127.0.0.1 -keyout key.leaf -out leaf.csr",
        "x509 -req -in leaf.csr -CA cert.pem -CAkey key.pem -days 300 -copy_extensions copy \
         -out leaf.pem",
    ] {
        assert!(folder.openssl(step));
    }
    let both = [folder.path("leaf.pem"), folder.path("cert.pem")].map(|it| read(&it).expect("PEM"));
    fs::write(folder.path("chain.pem"), both.concat()).expect("written");
    fs::rename(folder.path("key.leaf"), folder.path("key.pem")).expect("renamed");
    let client = client(&folder, "cert.pem");
    for (chain, days) in [("leaf.pem", 300), ("chain.pem", 20)] {
        let wire = handshake(&client, &server(&folder, chain));
        let expires = expiry(&wire).expect("shown").as_millis() / 1_000;
        let now = crate::Clock::start().moment().unix.as_millis() / 1_000;
        let left = expires - now;
        let hours = (days * 24 - 1)..=(days * 24);
        assert!(hours.contains(&(left / 3_600)), "{chain}: {left} s");
    }
}
