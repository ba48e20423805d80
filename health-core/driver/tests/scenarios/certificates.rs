//! Certificates that expire soon, shown by `openssl s_server`: over HTTPS, and by a handshake alone.

use std::process::Command;

use health_core::check::probe::{
    AddressPolicy, CertificateLimits, HttpProbe, Probe, Report, StreamProbe, Tls, Trust,
};
use health_core::{Class, Kind};

use super::LIMIT;
use super::server::{Directory, Server, free_port, installed};
use crate::driver;

/// It signs itself, between these dates.
const AUTHORITY: &str = "[ca]\ndefault_ca = own\n[own]\ndatabase = index.txt\nnew_certs_dir = .\n\
                         default_md = sha256\npolicy = any\ncopy_extensions = copy\nrand_serial = yes\n[any]\n\
                         commonName = supplied\n";

fn openssl(directory: &Directory, arguments: &str) -> String {
    let mut openssl = Command::new("openssl");
    let made = openssl.args(arguments.split_whitespace());
    let made = made
        .current_dir(directory.path())
        .output()
        .expect("openssl");
    assert!(made.status.success(), "{made:?}");
    String::from_utf8(made.stdout).expect("text")
}

/// A server whose certificate, for 127.0.0.1, is its own authority.
struct Secure {
    directory: Directory,
    port: u16,
    _server: Server,
}

impl Secure {
    /// Its certificate is made by this command of `openssl`, of `key.pem` and `request.pem`.
    fn start(certify: &str) -> Self {
        let directory = Directory::new();
        directory.write("authority", AUTHORITY);
        directory.write("index.txt", "");
        openssl(
            &directory,
            "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=own \
             -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out request.pem",
        );
        openssl(&directory, certify);
        let port = free_port();
        let mut command = Command::new("openssl");
        let command = command.args(["s_server", "-quiet", "-www", "-accept"]);
        let command = command.arg(format!("127.0.0.1:{port}"));
        let command = command.args(["-key", "key.pem", "-cert", "cert.pem"]);
        let server = Server::start(command.current_dir(directory.path()), port);
        Self {
            directory,
            port,
            _server: server,
        }
    }

    fn valid_for(days: u32) -> Self {
        let certify =
            "x509 -req -in request.pem -signkey key.pem -copy_extensions copy -out cert.pem";
        Self::start(&format!("{certify} -days {days}"))
    }

    /// What `openssl` says, in seconds since 1970.
    fn end_date(&self) -> u64 {
        let said = openssl(
            &self.directory,
            "x509 -in cert.pem -noout -enddate -dateopt iso_8601",
        );
        let date = said.trim().strip_prefix("notAfter=").expect("a date");
        let secs = Command::new("date").args(["-d", date, "+%s"]).output();
        let secs = String::from_utf8(secs.expect("date").stdout).expect("text");
        secs.trim().parse().expect("a number")
    }

    /// Over HTTPS, and by a handshake alone.
    fn probe(&self, trust: &Trust) -> [Report; 2] {
        let mut tls = Tls::default();
        tls.trust = trust.clone();
        tls.certificate = Some(CertificateLimits::default());
        let http = HttpProbe::builder(format!("https://127.0.0.1:{}/", self.port));
        let http = http.tls(tls.clone()).build().expect("a probe");
        let bare = StreamProbe::builder(format!("tls://127.0.0.1:{}", self.port));
        let bare = bare.tls(tls).build().expect("a probe");
        [Probe::from(http), Probe::from(bare)]
            .map(|probe| driver::probe(AddressPolicy::new(), &probe, LIMIT))
    }

    fn trusts(&self) -> [Trust; 2] {
        let own = Trust::CaFile(self.directory.file("cert.pem").into());
        [own, Trust::Insecure]
    }
}

#[test]
fn a_certificate_that_expires_soon() {
    if installed("openssl", &[]).is_none() {
        return;
    }
    let expiry = Some(Kind::CertificateExpiry);
    let soon = "certificate expires in 9 days (limit: 21 days)";
    let very_soon = "certificate expires in 23 hours (limit: 3 days)";
    for (days, class, kind, message) in [
        (90, Class::Success, None, ""),
        (10, Class::Warning, None, soon),
        (1, Class::Failure, expiry, very_soon),
    ] {
        let server = Secure::valid_for(days);
        for trust in server.trusts() {
            for report in server.probe(&trust) {
                let outcome = &report.outcome;
                assert_eq!((outcome.class, outcome.kind), (class, kind), "{report:?}");
                assert_eq!(outcome.message.as_str(), message);
                let expires = report.certificate_expires.expect("known");
                assert_eq!(expires.as_millis(), server.end_date() * 1_000);
            }
        }
    }
}

/// It fails the handshake, with the reason; where anything is believed, it is judged all the same.
#[test]
fn a_certificate_that_has_expired() {
    if installed("openssl", &[]).is_none() {
        return;
    }
    let server = Secure::start(
        "ca -config authority -batch -selfsign -notext -keyfile key.pem -outdir . \
         -in request.pem -out cert.pem -startdate 20250101000000Z -enddate 20250201000000Z",
    );
    let [own, any] = server.trusts();
    for report in server.probe(&own) {
        let outcome = report.outcome;
        assert_eq!(
            (outcome.class, outcome.kind),
            (Class::Failure, Some(Kind::Tls))
        );
        let cause = outcome.cause.expect("the reason");
        assert!(cause.reveal().contains("expired"), "{}", cause.reveal());
        assert_eq!(report.certificate_expires, None);
    }
    for report in server.probe(&any) {
        let outcome = report.outcome;
        assert_eq!(outcome.kind, Some(Kind::CertificateExpiry), "{outcome:?}");
        assert!(outcome.message.as_str().starts_with("certificate expired "));
        let expires = report.certificate_expires.expect("known");
        assert_eq!(expires.as_millis(), server.end_date() * 1_000);
    }
}
