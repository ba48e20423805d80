//! Certificates that an operator has named: those that lead to one of them, and they themselves.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

/// Believes what leads to one of some certificates, and each of these, for its names and dates, if a
/// server shows it itself.
///
/// webpki refuses the latter if it says of itself that it is an authority, as what `openssl req -x509`
/// makes does, and if somebody else has signed it. Other clients believe it: the operator has named it.
#[derive(Debug)]
pub(super) struct Named {
    chains: Arc<WebPkiServerVerifier>,
    certificates: Vec<CertificateDer<'static>>,
}

impl Named {
    /// `chains` believes what leads to one of these `certificates`.
    pub(super) const fn new(
        chains: Arc<WebPkiServerVerifier>,
        certificates: Vec<CertificateDer<'static>>,
    ) -> Self {
        Self {
            chains,
            certificates,
        }
    }
}

impl ServerCertVerifier for Named {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        use CertificateError::{Expired, ExpiredContext, NotValidYet, NotValidYetContext};

        let chain = self.chains.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        match chain {
            // The dates of the certificate itself are checked before all else.
            Err(Error::InvalidCertificate(
                Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. },
            )) => chain,
            Err(_) if self.certificates.contains(end_entity) => {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            _ => chain,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let chains = &self.chains;
        chains.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let chains = &self.chains;
        chains.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chains.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rustls::pki_types::pem::PemObject;

    use super::super::named_verifier;
    use super::*;

    /// Signed by itself, and an authority: what `openssl req -x509` makes. For `localhost` and 127.0.0.1
    /// from the end of November 2026 to November 2036, as the others.
    const SELF: &str = "\
-----BEGIN CERTIFICATE-----
MIIBbzCCARSgAwIBAgIULGlh22t9YYCKxKh9nwv8Y44Yb6owCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEc2VsZjAeFw0yNjExMzAxNDI3NTdaFw0zNjExMjcxNDI3NTda
MA8xDTALBgNVBAMMBHNlbGYwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATVxZ+l
7ZbYdJWYSoTuXa5mA4fUAE3S6Wsg4zzj2hM7hmKmm5kHDK8SDEefLJUS4LGCvSOy
nwfOzh3S4c7RJ4zro04wTDAPBgNVHRMBAf8EBTADAQH/MBoGA1UdEQQTMBGCCWxv
Y2FsaG9zdIcEfwAAATAdBgNVHQ4EFgQUyJzB7sETkngJMs5twO8kvMXL3hIwCgYI
KoZIzj0EAwIDSQAwRgIhAIiNI0fkRl12aSd1i1oKkdtejjW78grGlUpQKrogQPoA
AiEAtKd/Ig6bRKU4xUrR/sIfVXRWJLKkYPabNr7txCcbHoM=
-----END CERTIFICATE-----
";
    /// An authority, and what it has signed, which is none.
    const AUTHORITY: &str = "\
-----BEGIN CERTIFICATE-----
MIIBazCCARCgAwIBAgIUSMMpzkRDu/evAc0McsHikiXWyyswCgYIKoZIzj0EAwIw
DTELMAkGA1UEAwwCY2EwHhcNMjYxMTMwMTQyNzU3WhcNMzYxMTI3MTQyNzU3WjAN
MQswCQYDVQQDDAJjYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABPeOfKcNsGtl
WWqtUYa6K+idAjTCTPUvLSoBp1ZBBniHlcJxEw162a443jXfUcR7h7Q/C9iBRvGJ
jTDx+d/8d1yjTjBMMA8GA1UdEwEB/wQFMAMBAf8wGgYDVR0RBBMwEYIJbG9jYWxo
b3N0hwR/AAABMB0GA1UdDgQWBBTBNi9fkgpxN7VUp56uP+VfADMdPTAKBggqhkjO
PQQDAgNJADBGAiEAmIp1CYORdjDDvYLvxmMqBaagSv7+MRvJsyqqBjZIn5UCIQDW
x99xc6QxacRaJDxEjhCBDT+yfEJ+sqZgrjZet/lcmQ==
-----END CERTIFICATE-----
";
    const SIGNED: &str = "\
-----BEGIN CERTIFICATE-----
MIIBhzCCAS2gAwIBAgIUf5RzVj1GhfBSZBg40VLjwzNHjGkwCgYIKoZIzj0EAwIw
DTELMAkGA1UEAwwCY2EwHhcNMjYxMTMwMTQyNzU3WhcNMzYxMTI3MTQyNzU3WjAP
MQ0wCwYDVQQDDARsZWFmMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9sYmZtTc
5xSsu2xWjYcudJOfZMa3O1JJKWxJ810jWnHMuLj7GCzmqrfJl7NByWG3hnZFOV0Q
aBBBG6nZbJRGVqNpMGcwCQYDVR0TBAIwADAaBgNVHREEEzARgglsb2NhbGhvc3SH
BH8AAAEwHQYDVR0OBBYEFKHp6EBQPOafphtVJTuqJqgG+nFSMB8GA1UdIwQYMBaA
FME2L1+SCnE3tVSnnq4/5V8AMx09MAoGCCqGSM49BAMCA0gAMEUCIQCiEkfht4jA
gQN8m+2llOaVpoT3qufGfPYuM/lgwDfuSgIgMwIwO5ZxQzSr/go9UMkbRZKeKMDL
DC51naOciMDLJ0M=
-----END CERTIFICATE-----
";
    /// 1 January of 2027, of 2026 and of 2037.
    const THEN: u64 = 1_798_761_600;
    const EARLY: u64 = 1_767_225_600;
    const LATE: u64 = 2_114_380_800;

    fn parsed(pem: &str) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate")
    }

    /// Whether a server of that name that shows `shown` is believed if `named` is in the file.
    fn is_believed(named: &str, shown: &str, name: &str, at: u64) -> bool {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = named_verifier(vec![parsed(named)], "ca.pem", &provider).expect("roots");
        let name = ServerName::try_from(name).expect("a name");
        let now = UnixTime::since_unix_epoch(Duration::from_secs(at));
        let verified = verifier.verify_server_cert(&parsed(shown), &[], &name, &[], now);
        verified.is_ok()
    }

    #[test]
    fn a_certificate_that_is_named_itself_is_believed() {
        for pem in [SELF, AUTHORITY, SIGNED] {
            assert!(is_believed(pem, pem, "localhost", THEN));
            assert!(is_believed(pem, pem, "127.0.0.1", THEN));
        }
        assert!(is_believed(AUTHORITY, SIGNED, "localhost", THEN), "a chain");
    }

    #[test]
    fn only_for_its_names_and_dates() {
        for pem in [SELF, AUTHORITY, SIGNED] {
            assert!(!is_believed(pem, pem, "other.example", THEN));
            assert!(!is_believed(pem, pem, "127.0.0.2", THEN));
            assert!(!is_believed(pem, pem, "localhost", EARLY));
            assert!(!is_believed(pem, pem, "localhost", LATE));
        }
    }

    #[test]
    fn and_no_other() {
        for (named, shown) in [
            (SELF, AUTHORITY),
            (AUTHORITY, SELF),
            (SELF, SIGNED),
            (SIGNED, AUTHORITY),
            (SIGNED, SELF),
        ] {
            assert!(!is_believed(named, shown, "localhost", THEN));
        }
    }
}
