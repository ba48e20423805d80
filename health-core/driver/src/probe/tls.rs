//! HTTPS, by rustls: reading the certificates of an attempt, and its session.
//!
//! A file system may hang, so files are read on threads, never in the task of an attempt. Attempts
//! that need the same files at the same time share one reading.

#[cfg(feature = "expect")]
mod expiry;
mod named;
#[cfg(test)]
mod tests;

use std::fs;
use std::io::{Read, Write};
use std::sync::{Arc, OnceLock};
use std::task::{Poll, Waker};

use health_core::check::probe::{ClientIdentity, Tls, Trust};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, SignatureScheme,
    StreamOwned,
};

use crate::pool::{Progress, SharedWork, Wait};
use named::Named;

/// Settings whose files are read at once, those included that nobody waits for any more.
const MOST: usize = 4;

/// A TLS session over a socket. Its end without `close_notify` is an error, not an end.
pub type TlsWire<S> = StreamOwned<ClientConnection, S>;

/// A session over `wire`, before its handshake, with a server of this `name`.
///
/// # Errors
///
/// The name is none that a certificate can be for.
pub fn open<S: Read + Write>(
    wire: S,
    config: Arc<ClientConfig>,
    name: &str,
) -> Result<TlsWire<S>, String> {
    let bad_name = |_| format!("server name {name:?}");
    let name = ServerName::try_from(name.to_owned()).map_err(bad_name)?;
    let session = ClientConnection::new(config, name).map_err(|error| error.to_string())?;
    Ok(StreamOwned::new(session, wire))
}

/// When the first of the certificates expires that the server has shown; `None` before it has.
#[cfg(feature = "expect")]
pub fn expiry<S: Read + Write>(wire: &TlsWire<S>) -> Option<health_core::UnixTime> {
    expiry::earliest(wire.conn.peer_certificates()?)
}

/// The certificates and keys of one attempt, while they are read. Dropped, it leaves the reading to its
/// thread.
///
/// The system's roots are read once; named files at every attempt, so that new ones are used.
#[derive(Debug)]
pub struct ConfigLoad(State);

#[derive(Debug)]
enum State {
    Ready(Arc<ClientConfig>),
    Reading(Wait<Loaded>),
}

type Loaded = Result<Arc<ClientConfig>, String>;

/// What decides about the files.
type Key = (Trust, Option<ClientIdentity>);

/// The system's roots, and no certificate of ours. Only a success is kept.
static SYSTEM: OnceLock<Arc<ClientConfig>> = OnceLock::new();

impl ConfigLoad {
    /// Begins to read the files that `settings` name, or joins a reading that is under way.
    #[must_use]
    pub fn begin(settings: &Tls) -> Self {
        static READING: OnceLock<SharedWork<Key, Loaded>> = OnceLock::new();
        let key = (settings.trust.clone(), settings.identity.clone());
        let is_system = key == (Trust::System, None);
        if let Some(config) = SYSTEM.get().filter(|_| is_system) {
            return Self(State::Ready(Arc::clone(config)));
        }
        let reading = READING.get_or_init(|| SharedWork::new("health-certs", MOST));
        Self(State::Reading(reading.request(key.clone(), move || {
            let config = build(&key.0, key.1.as_ref()).map(Arc::new)?;
            if is_system {
                let _ = SYSTEM.set(Arc::clone(&config));
            }
            Ok(config)
        })))
    }

    /// Ready when all is read; else `waker` is woken when it is.
    pub fn poll(&self, waker: &Waker) -> Poll<()> {
        match &self.0 {
            State::Ready(_) => Poll::Ready(()),
            State::Reading(wait) => wait.poll_over(waker),
        }
    }

    /// What has been read.
    ///
    /// # Errors
    ///
    /// A file cannot be read or understood, or is still being read.
    pub fn finish(self) -> Result<Arc<ClientConfig>, String> {
        match self.0 {
            State::Ready(config) => Ok(config),
            State::Reading(wait) => match wait.progress() {
                Progress::Done(loaded) => loaded,
                Progress::Failed(error) => Err(format!("reading certificates: {error}")),
                Progress::Queued => Err("files that hang take all places".to_owned()),
                Progress::Running => Err("reading certificates takes too long".to_owned()),
            },
        }
    }
}

fn build(trust: &Trust, identity: Option<&ClientIdentity>) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match trust {
        Trust::Insecure => Arc::new(AnyCertificate(Arc::clone(&provider))),
        Trust::System => system_verifier(&provider)?,
        Trust::CaFile(path) => Arc::new(named_verifier(certificates(path)?, path, &provider)?),
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match identity {
        None => config.with_no_client_auth(),
        Some(ClientIdentity {
            certificate_file,
            key_file,
            ..
        }) => {
            let chain = certificates(certificate_file)?;
            let key = PrivateKeyDer::from_pem_slice(&read(key_file)?)
                .map_err(|error| format!("{key_file}: {error}"))?;
            config
                .with_client_auth_cert(chain, key)
                .map_err(|error| error.to_string())?
        }
    };
    // A resumed session shows and checks the certificate of an earlier one, which may have expired since.
    config.resumption = Resumption::disabled();
    Ok(config)
}

fn system_verifier(provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, String> {
    let mut roots = RootCertStore::empty();
    // A certificate of the system's store that rustls does not understand is left out.
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err("there is no root certificate; name a file with one".to_owned());
    }
    chain_verifier(roots, provider)
}

/// Believes the certificates of the file `path`, and what leads to one of them.
fn named_verifier(
    certificates: Vec<CertificateDer<'static>>,
    path: &str,
    provider: &Arc<CryptoProvider>,
) -> Result<Named, String> {
    let mut roots = RootCertStore::empty();
    for certificate in &certificates {
        let added = roots.add(certificate.clone());
        added.map_err(|error| format!("{path}: {error}"))?;
    }
    Ok(Named::new(chain_verifier(roots, provider)?, certificates))
}

fn chain_verifier(
    roots: RootCertStore,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, String> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|error| error.to_string())
}

fn certificates(path: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = read(path)?;
    let parsed: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match parsed {
        Ok(list) if list.is_empty() => Err(format!("{path}: no certificate in it")),
        Ok(list) => Ok(list),
        Err(error) => Err(format!("{path}: {error}")),
    }
}

fn read(path: &str) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{path}: {error}"))
}

/// [`Trust::Insecure`]: accepts any certificate whose key the server holds.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
