//! One attempt over a socket, every way it can go, without one.
#![allow(clippy::std_instead_of_alloc, clippy::std_instead_of_core)]

mod addresses;
mod certificate;
#[cfg(feature = "expect")]
mod families;
#[cfg(feature = "expect")]
mod talking;

use std::net::SocketAddr;
use std::time::Duration;

use health_core::Instant;
use health_core::check::probe::{
    AddressPolicy, Attempt, AttemptStep, Destination, Probe, ProbePhase, Report,
};
use health_core::{Class, Kind};

static OPEN: AddressPolicy = AddressPolicy::new();

fn at(millis: u64) -> Instant {
    Instant::from_micros(millis * 1_000)
}

fn probe(text: &str) -> Probe {
    text.parse().expect(text)
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect(text)
}

fn begin<'p>(probe: &'p Probe, policy: &'p AddressPolicy) -> Attempt<'p> {
    Attempt::new(probe, policy, at(0), at(1_000)).expect("not a command")
}

/// The connection of the step stands.
fn connected(attempt: &mut Attempt<'_>, now: Instant) {
    let AttemptStep::Connect { to, .. } = attempt.step() else {
        panic!("{:?}", attempt.step());
    };
    attempt.handle_connected(now, to, None);
}

#[track_caller]
fn ends(attempt: Attempt<'_>, class: Class, kind: Option<Kind>, message: &str) -> Report {
    assert_eq!(attempt.step(), AttemptStep::Close);
    let report = attempt.into_report();
    assert_eq!(report.outcome.message.as_str(), message);
    assert_eq!((report.outcome.class, report.outcome.kind), (class, kind));
    report
}

#[test]
fn a_whole_https_attempt_with_its_times() {
    let probe = probe("https://db.example:8443/h");
    let mut attempt = begin(&probe, &OPEN);
    attempt.handle_resolved(at(10), [address("192.0.2.1:8443")]);
    let to = Destination::Tcp(address("192.0.2.1:8443"));
    let until = at(1_000);
    assert_eq!(attempt.step(), AttemptStep::Connect { to, until });
    attempt.handle_connected(at(30), to, None);
    let name = "db.example";
    assert_eq!(attempt.step(), AttemptStep::Secure { name, until });
    attempt.handle_secured(at(60));
    assert_eq!(attempt.step(), AttemptStep::Write { until });
    assert!(
        attempt
            .request()
            .starts_with(b"GET /h HTTP/1.1\r\nHost: db.example:8443\r\n")
    );
    attempt.handle_sent(at(70));
    assert_eq!(attempt.step(), AttemptStep::Read { until });
    attempt.handle_input(at(120), b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
    attempt.handle_input(at(200), b"ok");
    let until = at(250);
    assert_eq!(attempt.step(), AttemptStep::Linger { until });
    let early = attempt.report().cloned();
    attempt.handle_eof(at(210));
    assert_eq!(attempt.report(), early.as_ref(), "known before the close");
    let report = ends(attempt, Class::Success, None, "");
    let times: Vec<_> = report
        .timings
        .iter()
        .map(|(name, took)| (name, took.as_millis()))
        .collect();
    let expected = [
        ("dns", 10),
        ("connect", 20),
        ("tls", 30),
        ("send", 10),
        ("wait", 50),
        ("body", 80),
    ];
    assert_eq!(times, expected);
    assert_eq!(
        report.took,
        Duration::from_millis(200),
        "waiting for the server's FIN is not in it"
    );
    assert_eq!(
        (report.status, report.address),
        (Some(200), Some(address("192.0.2.1:8443")))
    );
}

#[test]
fn the_time_that_a_connection_took_is_kept() {
    let probe = probe("tcp://192.0.2.1:1");
    let mut attempt = begin(&probe, &OPEN);
    connected(&mut attempt, at(30));
    let report = ends(attempt, Class::Success, None, "");
    let took = report.timings.get(ProbePhase::Connect);
    assert_eq!(took, Some(Duration::from_millis(30)));
}

#[test]
fn the_part_that_ran_is_named_at_the_deadline() {
    let secure = probe("https://h/");
    type Act = fn(&mut Attempt<'_>);
    let steps: [(&str, Act); 5] = [
        ("timeout while connecting", |it| {
            it.handle_resolved(at(1), [address("192.0.2.1:443")]);
        }),
        ("timeout while in the TLS handshake", |it| {
            connected(it, at(1));
        }),
        ("timeout while sending the request", |it| {
            it.handle_secured(at(1));
        }),
        ("timeout while waiting for the response head", |it| {
            it.handle_sent(at(1));
        }),
        ("timeout while reading the response body", |it| {
            it.handle_input(at(1), b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nx");
        }),
    ];
    for count in 1..=steps.len() {
        let mut attempt = begin(&secure, &OPEN);
        steps[..count]
            .iter()
            .for_each(|(_, step)| step(&mut attempt));
        attempt.handle_timeout(at(1_000));
        ends(
            attempt,
            Class::Failure,
            Some(Kind::Timeout),
            steps[count - 1].0,
        );
    }
}

#[test]
fn what_comes_at_the_deadline_comes_too_late() {
    let probe = probe("tcp://192.0.2.1:80");
    let mut attempt = begin(&probe, &OPEN);
    connected(&mut attempt, at(1_000));
    ends(
        attempt,
        Class::Failure,
        Some(Kind::Timeout),
        "timeout while connecting",
    );
}

/// A resolver that does not answer is ours. It is given up before the attempt's own deadline, behind
/// which a late driver could not say whose the silence was.
#[test]
fn a_name_that_is_not_resolved_in_time_says_nothing_of_the_target() {
    for (text, timeout, until) in [
        ("http://h/", 1_000, 900),
        ("https://h/", 10_000, 9_800),
        ("tcp://h:80", 100, 90),
    ] {
        let (probe, message) = (probe(text), "prober cannot ask its resolver");
        let begin = || Attempt::new(&probe, &OPEN, at(0), at(timeout)).expect("not a command");
        let attempt = begin();
        let AttemptStep::Resolve { until: given, .. } = attempt.step() else {
            panic!("{:?}", attempt.step());
        };
        assert_eq!(given, at(until));
        for late in [until, timeout, timeout + 5_000] {
            let mut attempt = begin();
            attempt.handle_timeout(at(late));
            ends(attempt, Class::Indeterminate, Some(Kind::Resolver), message);
            let mut attempt = begin();
            attempt.handle_resolved(at(late), [address("192.0.2.1:80")]);
            ends(attempt, Class::Indeterminate, Some(Kind::Resolver), message);
            let mut attempt = begin();
            attempt.handle_error(at(late), Kind::NameNotFound, "");
            ends(attempt, Class::Indeterminate, Some(Kind::Resolver), message);
        }
        let mut attempt = begin();
        attempt.handle_error(at(until - 1), Kind::NameNotFound, "");
        ends(
            attempt,
            Class::Failure,
            Some(Kind::NameNotFound),
            "no such name",
        );
    }
}

#[test]
fn our_own_trouble_ends_it_at_once_and_says_nothing_of_the_target() {
    let probe = probe("http://h/");
    let mut attempt = begin(&probe, &OPEN);
    attempt.handle_resolved(at(1), ["192.0.2.1:80", "192.0.2.2:80"].map(address));
    attempt.handle_error(at(2), Kind::Descriptors, "");
    let message = "prober has no descriptors left";
    ends(
        attempt,
        Class::Indeterminate,
        Some(Kind::Descriptors),
        message,
    );

    let mut attempt = begin(&probe, &OPEN);
    attempt.handle_error(at(2), Kind::Resolver, "");
    let message = "prober cannot ask its resolver";
    ends(attempt, Class::Indeterminate, Some(Kind::Resolver), message);

    let mut attempt = begin(&probe, &OPEN);
    attempt.handle_resolved(at(1), [address("192.0.2.1:80")]);
    connected(&mut attempt, at(2));
    attempt.handle_error(at(3), Kind::Memory, "");
    let message = "prober has no memory left";
    ends(attempt, Class::Indeterminate, Some(Kind::Memory), message);
}

#[test]
fn a_denied_address_is_never_connected_to() {
    let policy = AddressPolicy::new().deny(AddressPolicy::METADATA);
    let named = probe("http://rebound.example/");
    let mut attempt = begin(&named, &policy);
    attempt.handle_resolved(at(1), [address("169.254.169.254:80")]);
    let message = "address denied by policy";
    ends(attempt, Class::Failure, Some(Kind::AddressDenied), message);

    let literal = probe("http://[::ffff:169.254.169.254]/");
    let attempt = begin(&literal, &policy);
    ends(attempt, Class::Failure, Some(Kind::AddressDenied), message);
}

#[test]
fn a_name_without_addresses_does_not_exist() {
    let probe = probe("tcp://h:80");
    let mut attempt = begin(&probe, &OPEN);
    attempt.handle_resolved(at(1), []);
    ends(
        attempt,
        Class::Failure,
        Some(Kind::NameNotFound),
        "no such name",
    );
}

#[test]
fn the_time_of_a_lookup_that_found_nothing_is_kept() {
    let probe = probe("tcp://h:80");
    let mut attempt = begin(&probe, &OPEN);
    attempt.handle_resolved(at(7), []);
    let report = attempt.into_report();
    assert_eq!(
        report.timings.get(ProbePhase::Resolve),
        Some(Duration::from_millis(7))
    );
    assert_eq!(report.took, Duration::from_millis(7));
}

/// An error of our own says nothing about the target; what was seen of it until then is evidence.
#[test]
fn an_error_of_our_own_in_the_response_keeps_what_had_come() {
    let probe = probe("http://192.0.2.1/");
    let mut attempt = begin(&probe, &OPEN);
    connected(&mut attempt, at(1));
    attempt.handle_sent(at(3));
    attempt.handle_input(at(7), b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
    attempt.handle_error(at(15), Kind::Memory, "");
    let message = "prober has no memory left";
    let report = ends(attempt, Class::Indeterminate, Some(Kind::Memory), message);
    let timings: Vec<_> = report
        .timings
        .iter()
        .map(|(_, it)| it.as_millis())
        .collect();
    assert_eq!(timings, [1, 2, 4, 8], "connect, send, wait, body");
    let took = Duration::from_millis(15);
    assert_eq!((report.status, report.took), (Some(200), took));
}

#[test]
fn a_connection_to_itself_is_refused() {
    let probe = probe("tcp://127.0.0.1:40000");
    let mut attempt = begin(&probe, &OPEN);
    let itself = address("127.0.0.1:40000");
    attempt.handle_connected(at(1), Destination::Tcp(itself), Some(itself));
    let message = "connection refused while connecting";
    ends(attempt, Class::Failure, Some(Kind::Refused), message);
}

#[test]
fn a_reset_after_a_whole_answer_is_no_news() {
    let probe = probe("unix:/run/a.sock:/");
    let mut attempt = begin(&probe, &OPEN);
    let (to, until) = (Destination::Unix("/run/a.sock"), at(1_000));
    assert_eq!(attempt.step(), AttemptStep::Connect { to, until });
    connected(&mut attempt, at(1));
    attempt.handle_sent(at(2));
    attempt.handle_input(at(3), b"HTTP/1.1 204 No Content\r\n\r\n");
    attempt.handle_error(at(4), Kind::Reset, "");
    ends(attempt, Class::Success, None, "");
}

#[test]
fn given_up_it_says_nothing() {
    let probe = probe("tcp://192.0.2.1:80");
    let report = begin(&probe, &OPEN).into_report();
    assert_eq!(report.outcome.class, Class::Indeterminate);
}

#[test]
fn errors_of_the_system_are_told_apart() {
    use health_core::check::probe::ProbePhase::{Connect, Spawn};
    #[cfg(target_os = "linux")]
    for (number, part, expected) in [
        (24, Connect, Kind::Descriptors),
        (23, Spawn, Kind::Descriptors),
        (12, Spawn, Kind::Memory),
        (105, Connect, Kind::Memory),
        (99, Connect, Kind::Ports),
        (11, Spawn, Kind::Processes),
        (11, Connect, Kind::Refused),
        (2, Spawn, Kind::CommandNotFound),
        (13, Spawn, Kind::CommandNotFound),
        (26, Spawn, Kind::CommandBusy),
        (26, Connect, Kind::Io),
        (2, Connect, Kind::Refused),
        (111, Connect, Kind::Refused),
        (104, Connect, Kind::Reset),
        (101, Connect, Kind::Unreachable),
        (113, Connect, Kind::Unreachable),
        (97, Connect, Kind::Unreachable),
        (93, Connect, Kind::Unreachable),
        (110, Connect, Kind::Timeout),
        (5, Connect, Kind::Io),
    ] {
        assert_eq!(Kind::from_errno(number, part), expected, "{number} {part}");
    }
    let none = "failed to lookup address information: Name or service not known";
    assert_eq!(Kind::from_resolver(none), Kind::NameNotFound);
    let later = "failed to lookup address information: Temporary failure in name resolution";
    assert_eq!(Kind::from_resolver(later), Kind::Resolver);
}
