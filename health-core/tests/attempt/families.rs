//! Which family of addresses of a name is connected to.

use super::*;
use health_core::check::probe::{Endpoint, HttpProbe, IpFamily};

const BOTH: [&str; 3] = ["192.0.2.1:80", "[2001:db8::1]:80", "192.0.2.2:80"];

fn of_family(family: IpFamily) -> [Probe; 2] {
    let http = HttpProbe::builder("http://db.example").ip_family(family);
    let tcp: Endpoint = "db.example:80".parse().expect("an endpoint");
    let tcp = tcp.of_family(family).expect("a name has any");
    [
        http.build().expect("a name has any").into(),
        Probe::Tcp(tcp),
    ]
}

#[test]
fn only_addresses_of_the_family_are_tried() {
    for (family, tried) in [
        (IpFamily::Any, &BOTH[..]),
        (IpFamily::V4, &["192.0.2.1:80", "192.0.2.2:80"]),
        (IpFamily::V6, &["[2001:db8::1]:80"]),
    ] {
        for probe in of_family(family) {
            let mut attempt = begin(&probe, &OPEN);
            attempt.handle_resolved(at(0), BOTH.map(address));
            for text in tried {
                let AttemptStep::Connect { to, .. } = attempt.step() else {
                    panic!("{:?}", attempt.step());
                };
                assert_eq!(to, Destination::Tcp(address(text)));
                attempt.handle_connect_error(at(0), to, Kind::Refused, "");
            }
            let text = "connection refused while connecting";
            ends(attempt, Class::Failure, Some(Kind::Refused), text);
        }
    }
}

#[test]
fn a_name_without_an_address_of_the_family_is_a_failure_that_says_so() {
    for probe in of_family(IpFamily::V6) {
        let mut attempt = begin(&probe, &OPEN);
        attempt.handle_resolved(at(0), ["192.0.2.1:80"].map(address));
        let text = "name has no address of the IP family that is wanted";
        ends(attempt, Class::Failure, Some(Kind::NameNotFound), text);
    }
    // None at all is another thing.
    let [probe, _] = of_family(IpFamily::V6);
    let mut attempt = begin(&probe, &OPEN);
    attempt.handle_resolved(at(0), []);
    assert!(
        !attempt
            .into_report()
            .outcome
            .message
            .as_str()
            .contains("family")
    );
}

#[test]
fn an_address_has_its_own_family() {
    let build = |url: &str, family| HttpProbe::builder(url).ip_family(family).build();
    for (url, own, other) in [
        ("http://192.0.2.1/", IpFamily::V4, IpFamily::V6),
        ("http://[2001:db8::1]/", IpFamily::V6, IpFamily::V4),
        ("http://[fe80::1%25eth0]/", IpFamily::V6, IpFamily::V4),
        ("unix:/run/a.sock", IpFamily::Any, IpFamily::V4),
    ] {
        assert!(
            build(url, own).is_ok() && build(url, IpFamily::Any).is_ok(),
            "{url}"
        );
        let refused = build(url, other).expect_err(url);
        assert_eq!(refused.field(), "IP family");
        assert!(refused.allowed().starts_with("allowed is "), "{refused}");
    }
}
