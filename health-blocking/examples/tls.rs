//! The endpoint over TLS, with a thread for each connection. Verdicts are for everybody; details are
//! for who shows a certificate of the operators' CA.
//!
//! ```console
//! $ cargo run -p health-blocking --features tls --example tls server.pem server.key clients-ca.pem
//! $ curl --cacert ca.pem https://127.0.0.1:9443/health/ready
//! {"status":"healthy"}
//! $ curl --cacert ca.pem --cert me.pem --key me.key https://127.0.0.1:9443/stats
//! {"requests":17}
//! ```

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use health_blocking::Access;
use health_blocking::{CloseReason, Health, Peer, Service, Stream, serve_connection};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

struct Tls(StreamOwned<ServerConnection, TcpStream>);

impl Read for Tls {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Tls {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Stream for Tls {
    fn set_read_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.0.sock.set_read_timeout(Some(timeout))
    }

    fn set_write_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.0.sock.set_write_timeout(Some(timeout))
    }

    fn finish(&mut self) -> io::Result<()> {
        self.0.conn.send_close_notify();
        self.0.flush()?;
        self.0.sock.shutdown(Shutdown::Write)
    }
}

/// A client may come without a certificate; one that another CA has signed ends the handshake.
pub(crate) fn config(chain: &str, key: &str, ca: &str) -> Result<ServerConfig, Box<dyn Error>> {
    let mut clients = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(ca)? {
        clients.add(certificate?)?;
    }
    let verifier = WebPkiClientVerifier::builder(Arc::new(clients));
    let verifier = verifier.allow_unauthenticated().build()?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(chain)?.collect();
    let key = PrivateKeyDer::from_pem_file(key)?;
    let config = ServerConfig::builder().with_client_cert_verifier(verifier);
    Ok(config.with_single_cert(chain?, key)?)
}

/// Whose certificate was verified is who it says; which of them may see details is decided here.
pub(crate) fn service() -> Service {
    Service::new().authorize(|request| request.peer().identity().map(|_| Access::Detailed))
}

fn converse(
    mut tcp: TcpStream,
    config: Arc<ServerConfig>,
    service: &Arc<Service>,
    health: &Health,
) -> Result<CloseReason, Box<dyn Error>> {
    let mut session = ServerConnection::new(config)?;
    tcp.set_read_timeout(Some(Duration::from_secs(10)))?;
    while session.is_handshaking() {
        session.complete_io(&mut tcp)?;
    }
    let address = tcp.peer_addr()?.ip();
    let peer = match session.peer_certificates() {
        Some([certificate, ..]) => Peer::identified(Some(address), certificate),
        _ => Peer::Ip(address),
    };
    let mut stream = Tls(StreamOwned::new(session, tcp));
    let reason = serve_connection(&mut stream, peer, service, health)?;
    stream.finish()?;
    Ok(reason)
}

/// Serves for ever.
pub(crate) fn serve(
    listener: &TcpListener,
    config: ServerConfig,
    service: Service,
    health: &Health,
) {
    let (config, service) = (Arc::new(config), Arc::new(service));
    for tcp in listener.incoming().flatten() {
        let (config, service, health) = (config.clone(), service.clone(), health.clone());
        thread::spawn(move || match converse(tcp, config, &service, &health) {
            Ok(reason) => println!("{reason:?}"),
            Err(error) => eprintln!("{error}"),
        });
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [chain, key, ca] = &arguments[..] else {
        return Err("usage: tls CHAIN.pem KEY.pem CLIENTS-CA.pem".into());
    };
    let health = Health::new("shop", env!("CARGO_PKG_VERSION"));
    health.stats("requests")?.set(&17)?;
    health.set_running();
    let listener = TcpListener::bind("127.0.0.1:9443")?;
    serve(&listener, config(chain, key, ca)?, service(), &health);
    Ok(())
}
