//! How long a certificate is still valid, beside everything else that is judged.

use health_core::UnixTime;
use health_core::check::probe::{CertificateLimits, Condition, HttpProbe, StreamProbe, Tls};

use super::*;

const NOW: u64 = 1_796_083_200_000;
const DAY: u64 = 24 * 3_600 * 1_000;

fn limited() -> Tls {
    let mut tls = Tls::default();
    tls.certificate = Some(CertificateLimits::default());
    tls
}

/// The connection stands, with a certificate that is valid for so many days.
fn secured<'p>(probe: &'p Probe, days: u64) -> Attempt<'p> {
    let mut attempt = begin(probe, &OPEN);
    connected(&mut attempt, at(1));
    assert!(matches!(attempt.step(), AttemptStep::Secure { .. }));
    let not_after = UnixTime::from_millis(NOW + days * DAY);
    attempt.handle_certificate(UnixTime::from_millis(NOW), not_after);
    attempt.handle_secured(at(2));
    attempt
}

const SOON: &str = "certificate expires in 10 days (limit: 21 days)";
const NOW_OR_NEVER: &str = "certificate expires in 24 hours (limit: 3 days)";

#[test]
fn over_a_handshake_alone() {
    let limited = StreamProbe::builder("tls://192.0.2.1:636").tls(limited());
    let limited = Probe::from(limited.build().expect("a probe"));
    let expiry = Some(Kind::CertificateExpiry);
    for (days, class, kind, message) in [
        (90, Class::Success, None, ""),
        (10, Class::Warning, None, SOON),
        (1, Class::Failure, expiry, NOW_OR_NEVER),
    ] {
        let report = ends(secured(&limited, days), class, kind, message);
        let expires = UnixTime::from_millis(NOW + days * DAY);
        assert_eq!(report.certificate_expires, Some(expires));
        assert!(report.timings.get(ProbePhase::Secure).is_some());
    }
    // Without limits it is known all the same.
    let unlimited = probe("tls://192.0.2.1:636");
    let report = ends(secured(&unlimited, 1), Class::Success, None, "");
    assert!(report.certificate_expires.is_some());
}

#[test]
fn beside_what_an_answer_says() {
    let builder = || HttpProbe::builder("https://192.0.2.1/").tls(limited());
    let plain = Probe::from(builder().build().expect("a probe"));
    let soft = builder().expect(Condition::header("X").soft());
    let soft = Probe::from(soft.build().expect("a probe"));
    let expiry = Some(Kind::CertificateExpiry);
    let bad = "HTTP 500 Internal Server Error (accepted: 200-399)";
    for (probe, days, status, class, kind, message) in [
        (&plain, 90, 200, Class::Success, None, ""),
        (&plain, 10, 200, Class::Warning, None, SOON),
        (&plain, 1, 200, Class::Failure, expiry, NOW_OR_NEVER),
        (&plain, 1, 500, Class::Failure, Some(Kind::BadStatus), bad),
        (&soft, 10, 200, Class::Warning, None, "header X is missing"),
        (&soft, 1, 200, Class::Failure, expiry, NOW_OR_NEVER),
    ] {
        let mut attempt = secured(probe, days);
        attempt.handle_sent(at(3));
        let answer = format!("HTTP/1.1 {status} x\r\nContent-Length: 0\r\n\r\n");
        attempt.handle_input(at(4), answer.as_bytes());
        attempt.handle_eof(at(5));
        let report = ends(attempt, class, kind, message);
        assert_eq!(report.status, Some(status));
    }
}

#[test]
fn what_is_ours_stays_ours() {
    let limited = HttpProbe::builder("https://192.0.2.1/").tls(limited());
    let limited = Probe::from(limited.build().expect("a probe"));
    let mut attempt = secured(&limited, 1);
    attempt.handle_error(at(3), Kind::Memory, "no buffer");
    let message = "prober has no memory left";
    ends(attempt, Class::Indeterminate, Some(Kind::Memory), message);
}

#[test]
fn a_certificate_at_another_step_is_ignored() {
    let plain = probe("tcp://192.0.2.1:1");
    let mut attempt = begin(&plain, &OPEN);
    attempt.handle_certificate(UnixTime::from_millis(NOW), UnixTime::from_millis(NOW));
    connected(&mut attempt, at(1));
    let report = ends(attempt, Class::Success, None, "");
    assert_eq!(report.certificate_expires, None);
}

/// A driver that does not know of limits must not make a success of them.
#[test]
fn nobody_says_how_long_it_is_valid() {
    let limited = StreamProbe::builder("tls://192.0.2.1:636").tls(limited());
    let limited = Probe::from(limited.build().expect("a probe"));
    let mut attempt = begin(&limited, &OPEN);
    connected(&mut attempt, at(1));
    attempt.handle_secured(at(2));
    let message = "prober cannot tell until when the certificate is valid";
    ends(
        attempt,
        Class::Indeterminate,
        Some(Kind::Certificates),
        message,
    );
}
