//! Until when the certificates are valid that a server has shown.

use health_core::UnixTime;
use rustls::pki_types::CertificateDer;
use x509_parser::parse_x509_certificate;

/// When the first of them expires. Those that cannot be read, which no client believes, are left out.
pub(super) fn earliest(chain: &[CertificateDer<'_>]) -> Option<UnixTime> {
    chain.iter().filter_map(not_after).min()
}

fn not_after(certificate: &CertificateDer<'_>) -> Option<UnixTime> {
    let (_, parsed) = parse_x509_certificate(certificate).ok()?;
    // A date before 1970 is past in any case.
    let secs = u64::try_from(parsed.validity().not_after.timestamp()).unwrap_or(0);
    Some(UnixTime::from_millis(secs.saturating_mul(1_000)))
}
