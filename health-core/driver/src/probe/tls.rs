//! HTTPS, by rustls.

use std::fs;
use std::io::{Read, Write};
use std::sync::{Arc, OnceLock};

use health_core::check::probe::{ClientIdentity, Tls, Trust};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, SignatureScheme,
    StreamOwned,
};

/// A connection, and its handshake. Its end without `close_notify` is an error, not an end.
pub type TlsWire<S> = StreamOwned<ClientConnection, S>;

/// A connection over `wire` before its handshake.
///
/// # Errors
///
/// One of our own settings.
pub fn open<S: Read + Write>(wire: S, settings: &Tls, name: &str) -> Result<TlsWire<S>, String> {
    let bad_name = |_| format!("server name {name:?}");
    let name = ServerName::try_from(name.to_owned()).map_err(bad_name)?;
    let config = config(settings)?;
    let session = ClientConnection::new(config, name).map_err(|error| error.to_string())?;
    Ok(StreamOwned::new(session, wire))
}

/// The system's roots are read once; named files at every attempt, so that new ones are used.
fn config(settings: &Tls) -> Result<Arc<ClientConfig>, String> {
    static SYSTEM: OnceLock<Result<Arc<ClientConfig>, String>> = OnceLock::new();
    match settings {
        Tls {
            trust: Trust::System,
            identity: None,
            ..
        } => SYSTEM
            .get_or_init(|| build(&Tls::default()).map(Arc::new))
            .clone(),
        _ => build(settings).map(Arc::new),
    }
}

fn build(settings: &Tls) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match &settings.trust {
        Trust::Insecure => Arc::new(Anybody(Arc::clone(&provider))),
        trust => {
            let roots = Arc::new(roots(trust)?);
            WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider))
                .build()
                .map_err(|error| error.to_string())?
        }
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    match &settings.identity {
        None => Ok(config.with_no_client_auth()),
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
                .map_err(|error| error.to_string())
        }
    }
}

fn roots(trust: &Trust) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    match trust {
        Trust::CaFile(path) => {
            for certificate in certificates(path)? {
                let added = roots.add(certificate);
                added.map_err(|error| format!("{path}: {error}"))?;
            }
        }
        // What a system's store holds beyond what rustls understands is nobody's error.
        Trust::System | Trust::Insecure => {
            let found = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(found.certs);
        }
    }
    if roots.is_empty() {
        return Err("there is no root certificate; name a file with one".to_owned());
    }
    Ok(roots)
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

/// [`Trust::Insecure`]: believes whoever holds the key of the certificate shown, and asks no
/// further.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
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
