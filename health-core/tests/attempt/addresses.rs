//! A name with several addresses: which is tried when, and whose failure is the verdict.

use std::net::SocketAddr;
use std::time::Duration;

use health_core::check::probe::{Attempt, AttemptStep, Destination, ProbePhase};
use health_core::{Class, Kind};

use crate::{OPEN, address, at, begin, connected, ends, probe};

/// RFC 8305 §5, and the first failure that is the target's counts.
#[test]
fn the_next_address_is_tried_beside_a_silent_one() {
    let probe = probe("tcp://h:80");
    let mut attempt = Attempt::new(&probe, &OPEN, at(0), at(10_000)).expect("not a command");
    let all = ["[2001:db8::1]:80", "192.0.2.1:80", "192.0.2.2:80"].map(address);
    let [first, second, third] = all.map(Destination::Tcp);
    let step = |to, until| AttemptStep::Connect {
        to,
        until: at(until),
    };
    attempt.handle_resolved(at(100), all);
    assert_eq!(attempt.step(), step(first, 350));
    attempt.handle_timeout(at(349));
    assert_eq!(attempt.step(), step(first, 350));
    attempt.handle_timeout(at(350));
    assert_eq!(attempt.step(), step(second, 600));
    // It fails: the next one is begun at once.
    attempt.handle_error(at(400), Kind::Unreachable, "");
    assert_eq!(attempt.step(), step(third, 10_000));
    attempt.handle_connect_error(at(5_000), third, Kind::Refused, "os error 111");
    // The first one is still under way.
    assert_eq!(attempt.step(), step(first, 10_000));
    attempt.handle_connect_error(at(5_001), third, Kind::Reset, "it has failed before");
    attempt.handle_connected(at(5_002), third, None);
    assert_eq!(attempt.step(), step(first, 10_000));

    attempt.handle_timeout(at(10_000));
    let message = "connection refused while connecting";
    let report = ends(attempt, Class::Failure, Some(Kind::Refused), message);
    let connect = report.timings.get(ProbePhase::Connect);
    assert_eq!(connect, Some(Duration::from_millis(9_900)));
    let cause = report.outcome.cause.expect("a cause");
    assert_eq!(cause.reveal(), "os error 111");
}

/// Whichever stands first is used, in whatever order they were begun.
#[test]
fn an_address_that_answers_late_is_not_given_up() {
    let probe = probe("tcp://h:80");
    let all = ["192.0.2.1:80", "192.0.2.2:80", "192.0.2.3:80"].map(address);
    for (index, winner) in all.into_iter().enumerate() {
        let mut attempt = Attempt::new(&probe, &OPEN, at(0), at(4_000)).expect("not a command");
        attempt.handle_resolved(at(0), all);
        attempt.handle_timeout(at(250));
        attempt.handle_timeout(at(500));
        attempt.handle_connected(at(2_500), Destination::Tcp(winner), None);
        let report = ends(attempt, Class::Success, None, "");
        assert_eq!(report.address, Some(winner), "{index}");
    }
    // Not one that has not been begun.
    let mut attempt = Attempt::new(&probe, &OPEN, at(0), at(4_000)).expect("not a command");
    attempt.handle_resolved(at(0), all);
    attempt.handle_connected(at(1), Destination::Tcp(all[1]), None);
    assert!(matches!(attempt.step(), AttemptStep::Connect { .. }));
}

/// With little time left each address still has its turn.
#[test]
fn many_addresses_share_a_short_time() {
    let probe = probe("tcp://h:80");
    let mut attempt = begin(&probe, &OPEN);
    let all = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(|last| SocketAddr::from(([192, 0, 2, last], 80)));
    attempt.handle_resolved(at(0), all);
    for (index, expected) in all.into_iter().enumerate() {
        let AttemptStep::Connect { to, until } = attempt.step() else {
            panic!("{:?}", attempt.step());
        };
        assert_eq!(to, Destination::Tcp(expected));
        assert_eq!(until, at(100 * (index as u64 + 1)));
        attempt.handle_timeout(until);
    }
    let message = "timeout while connecting";
    let _ = ends(attempt, Class::Failure, Some(Kind::Timeout), message);
}

/// A shortage of ours may have hidden an address that answers, so nothing counts against the target;
/// but what was begun before may still answer.
#[test]
fn a_shortage_of_ours_begins_no_further_address() {
    let probe = probe("tcp://h:80");
    let all = ["192.0.2.1:80", "192.0.2.2:80", "192.0.2.3:80"].map(address);
    let [first, second, _] = all.map(Destination::Tcp);
    for shortage in [Kind::Descriptors, Kind::Memory] {
        let begin = || {
            let mut attempt = begin(&probe, &OPEN);
            attempt.handle_resolved(at(0), all);
            attempt.handle_timeout(at(250));
            attempt.handle_connect_error(at(251), second, shortage, "");
            let until = at(1_000);
            assert_eq!(attempt.step(), AttemptStep::Connect { to: first, until });
            attempt
        };
        let mut attempt = begin();
        attempt.handle_connected(at(700), first, None);
        let _ = ends(attempt, Class::Success, None, "");
        let mut attempt = begin();
        attempt.handle_connect_error(at(700), first, Kind::Refused, "");
        assert_eq!(attempt.into_report().outcome.class, Class::Indeterminate);
        let mut attempt = begin();
        attempt.handle_timeout(at(1_000));
        assert_eq!(attempt.into_report().outcome.class, Class::Indeterminate);
    }
}

/// `localhost` is `127.0.0.1` and `::1` in a container without IPv6, where its numbers say so
/// (moby/moby#37616), and nobody listens.
#[test]
#[cfg(target_os = "linux")]
fn without_ipv6_a_dead_target_of_two_families_is_refused() {
    const ECONNREFUSED: i32 = 111;
    let v4 = address("127.0.0.1:9102");
    let v6 = address("[::1]:9102");
    // EADDRNOTAVAIL, ENETUNREACH, EHOSTUNREACH, EAFNOSUPPORT, EPROTONOSUPPORT, EACCES, EPERM.
    for no_ipv6 in [99, 101, 113, 97, 93, 13, 1] {
        for order in [[v4, v6], [v6, v4]] {
            let probe = probe("http://localhost:9102/health");
            let mut attempt = begin(&probe, &OPEN);
            attempt.handle_resolved(at(0), order);
            let mut tried = Vec::new();
            while let AttemptStep::Connect { to, .. } = attempt.step() {
                let number = if to == Destination::Tcp(v6) {
                    no_ipv6
                } else {
                    ECONNREFUSED
                };
                let error = Kind::from_errno(number, ProbePhase::Connect);
                attempt.handle_connect_error(at(1), to, error, "");
                tried.push(to);
            }
            assert_eq!(tried, order.map(Destination::Tcp), "{no_ipv6}");
            let message = "connection refused while connecting";
            let _ = ends(attempt, Class::Failure, Some(Kind::Refused), message);
        }
    }
}

/// What one address cannot be reached by says little of the target: the others are tried, in any
/// order, and a failure that is the target's own is the verdict.
#[test]
fn an_address_that_is_of_no_use_here_hides_nothing() {
    use Kind::{Ports, Refused, Timeout, Unreachable};
    let probe = probe("tcp://db.example:80");
    let refused = "connection refused while connecting";
    let no_route = "no route to the target while connecting";
    let no_port = "prober has no local port left";
    for (errors, class, kind, message) in [
        ([Refused, Ports], Class::Failure, Refused, refused),
        ([Ports, Refused], Class::Failure, Refused, refused),
        ([Refused, Unreachable], Class::Failure, Refused, refused),
        ([Unreachable, Refused], Class::Failure, Refused, refused),
        ([Unreachable, Ports], Class::Failure, Unreachable, no_route),
        ([Ports, Unreachable], Class::Failure, Unreachable, no_route),
        ([Ports, Ports], Class::Indeterminate, Ports, no_port),
        (
            [Timeout, Refused],
            Class::Failure,
            Timeout,
            "timeout while connecting",
        ),
        ([Refused, Timeout], Class::Failure, Refused, refused),
    ] {
        let mut attempt = begin(&probe, &OPEN);
        attempt.handle_resolved(at(0), [address("[::1]:80"), address("127.0.0.1:80")]);
        attempt.handle_error(at(1), errors[0], "first");
        let next = Destination::Tcp(address("127.0.0.1:80"));
        assert!(
            matches!(attempt.step(), AttemptStep::Connect { to, .. } if to == next),
            "{errors:?}"
        );
        attempt.handle_error(at(2), errors[1], "second");
        ends(attempt, class, Some(kind), message);
    }

    // The silence of an address is the target's, too.
    let mut attempt = begin(&probe, &OPEN);
    attempt.handle_resolved(
        at(0),
        [address("192.0.2.1:80"), address("[2001:db8::1]:80")],
    );
    attempt.handle_timeout(at(500));
    attempt.handle_error(at(501), Ports, "");
    attempt.handle_timeout(at(1_000));
    let message = "timeout while connecting";
    let _ = ends(attempt, Class::Failure, Some(Timeout), message);

    // The address behind it answers.
    let mut attempt = begin(&probe, &OPEN);
    attempt.handle_resolved(at(0), [address("[::1]:80"), address("127.0.0.1:80")]);
    attempt.handle_error(at(1), Ports, "");
    connected(&mut attempt, at(2));
    assert_eq!(attempt.into_report().outcome.class, Class::Success);

    // Other shortages of ours end it at once: the next address would meet them as well.
    let mut attempt = begin(&probe, &OPEN);
    attempt.handle_resolved(at(0), [address("192.0.2.1:80"), address("192.0.2.2:80")]);
    attempt.handle_error(at(1), Kind::Descriptors, "");
    let message = "prober has no descriptors left";
    let _ = ends(
        attempt,
        Class::Indeterminate,
        Some(Kind::Descriptors),
        message,
    );
}
