//! HTTPS probes of a server whose own certificate the operator has named, and how its streams end.
#![cfg(all(unix, feature = "tls"))]

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use health_blocking::probe::{
    Class, Condition, HttpProbe, Kind, Outcome, Probe, Prober, Tls, Trust,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A directory of this test's own, gone when dropped.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What `openssl req -x509` makes: a certificate that is its own authority. `None` without openssl.
fn certificate() -> Option<(Folder, Arc<ServerConfig>)> {
    let path = std::env::temp_dir().join(format!("health-https-{}", std::process::id()));
    fs::create_dir_all(&path).expect("a directory");
    let folder = Folder(path);
    let mut openssl = Command::new("openssl");
    openssl.args("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes".split(' '));
    openssl.args("-days 1 -subj /CN=own -addext subjectAltName=IP:127.0.0.1".split(' '));
    openssl.args(["-keyout", "key.pem", "-out", "cert.pem"]);
    let Ok(made) = openssl.current_dir(&folder.0).output() else {
        eprintln!("!!! NOT TESTED: there is no openssl");
        return None;
    };
    assert!(made.status.success(), "{made:?}");
    let read = |name| fs::read(folder.0.join(name)).expect("written");
    let chain = vec![CertificateDer::from_pem_slice(&read("cert.pem")).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_slice(&read("key.pem")).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("its key");
    Some((folder, Arc::new(config)))
}

/// Answers every request with these bytes, and ends the stream, with `close_notify` if it is polite.
fn server(config: Arc<ServerConfig>, answer: &'static str, is_polite: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            let session = ServerConnection::new(Arc::clone(&config)).expect("a session");
            let mut stream = StreamOwned::new(session, socket);
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(answer.as_bytes());
            if is_polite {
                stream.conn.send_close_notify();
            }
            let _ = stream.flush();
            // Not a reset: the client's own end is read as well.
            let _ = stream.sock.shutdown(std::net::Shutdown::Write);
            let _ = stream.sock.read(&mut [0; 1024]);
        }
    });
    address
}

#[test]
fn how_a_stream_ends() {
    let Some((folder, config)) = certificate() else {
        return;
    };
    let mut tls = Tls::default();
    let ca = folder.0.join("cert.pem");
    tls.trust = Trust::CaFile(ca.to_str().expect("UTF-8").into());
    let outcome = |answer, is_polite| -> Outcome {
        let address = server(Arc::clone(&config), answer, is_polite);
        let http = HttpProbe::builder(format!("https://{address}/")).tls(tls.clone());
        let http = http.expect(Condition::body_contains("{}"));
        let probe = Probe::from(http.build().expect("a probe"));
        Prober::new().probe(&probe, Duration::from_secs(20)).outcome
    };
    let length = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
    let to_the_end = "HTTP/1.1 200 OK\r\n\r\n{}";
    for (answer, is_polite) in [
        (length, true),
        (length, false),
        (chunked, true),
        (chunked, false),
        (to_the_end, true),
    ] {
        let outcome = outcome(answer, is_polite);
        assert_eq!(outcome.class, Class::Success, "{answer:?}: {outcome:?}");
    }
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}";
    let head = "HTTP/1.1 200 OK\r\nContent-Le";
    for (answer, phase) in [
        (to_the_end, "reading the response body"),
        (half, "reading the response body"),
        (head, "waiting for the response head"),
        ("", "waiting for the response head"),
    ] {
        let outcome = outcome(answer, false);
        assert_eq!(
            (outcome.class, outcome.kind),
            (Class::Failure, Some(Kind::Reset))
        );
        let message = format!("TLS connection closed without close_notify while {phase}");
        assert_eq!(outcome.message.as_str(), message, "{answer:?}");
    }
}
