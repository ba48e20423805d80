//! Expectations beyond status and simple conditions: lists of statuses, limits on time, patterns.

use std::time::Duration;

use health_core::check::probe::{Condition, HttpProbeBuilder, Probe, Report};
use health_core::{Class, Kind};

use super::{MAX_BODY, SECOND, START, begun, builder, built, run};

const fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// An answer whose last byte comes after so long.
fn answered_after(probe: &Probe, took: Duration, answer: &[u8]) -> Report {
    let mut attempt = begun(probe);
    let (first, last) = answer.split_at(answer.len() - 1);
    attempt.handle_input(START, first);
    attempt.handle_input(START + took, last);
    attempt.handle_eof(START + took);
    attempt.into_report()
}

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[track_caller]
fn judged(report: &Report, class: Class, kind: Option<Kind>, message: &str) {
    let outcome = &report.outcome;
    assert_eq!(outcome.message.as_str(), message);
    assert_eq!((outcome.class, outcome.kind), (class, kind));
}

#[test]
fn statuses_may_be_a_list() {
    let probe = builder().accept_status(200..=200).accept_status(204..=204);
    let probe = built(probe.accept_status(300..=399));
    for (status, is_accepted) in [
        (200, true),
        (201, false),
        (204, true),
        (299, false),
        (300, true),
        (399, true),
        (400, false),
    ] {
        let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n");
        let report = run(&probe, [answer.as_bytes()], true);
        assert_eq!(
            report.outcome.class == Class::Success,
            is_accepted,
            "{status}"
        );
        if status == 400 {
            let text = "HTTP 400 Bad Request (accepted: 200, 204, 300-399)";
            judged(&report, Class::Failure, Some(Kind::BadStatus), text);
        }
    }
}

#[test]
fn a_response_may_take_too_long() {
    let probe = built(builder().soft_latency(millis(100)).max_latency(millis(300)));
    for took in [0, 100] {
        let report = answered_after(&probe, millis(took), OK);
        judged(&report, Class::Success, None, "");
    }
    let soft = "response took longer than 100ms";
    let report = answered_after(&probe, Duration::from_micros(100_001), OK);
    judged(&report, Class::Warning, Some(Kind::SoftLimit), soft);
    let report = answered_after(&probe, millis(300), OK);
    judged(&report, Class::Warning, Some(Kind::SoftLimit), soft);
    let cause = report.outcome.cause.expect("the time");
    assert_eq!(cause.reveal(), "the response took 300ms");
    let hard = "response took longer than 300ms";
    let report = answered_after(&probe, millis(301), OK);
    judged(&report, Class::Failure, Some(Kind::TooSlow), hard);
}

#[test]
fn another_failure_says_more_than_a_slow_answer() {
    let slow = |probe: HttpProbeBuilder| {
        let probe = probe.soft_latency(millis(100)).max_latency(millis(300));
        built(probe)
    };
    let probe = slow(builder());
    let refused = b"HTTP/1.1 500 X\r\nContent-Length: 1\r\n\r\nx";
    let report = answered_after(&probe, millis(400), refused);
    assert_eq!(report.outcome.kind, Some(Kind::BadStatus));
    let mut attempt = begun(&probe);
    attempt.handle_timeout(START + SECOND);
    assert_eq!(attempt.into_report().outcome.kind, Some(Kind::Timeout));
    // A warning of another condition is kept beside a soft limit, and lost to a hard one.
    let probe = slow(builder().expect(Condition::header("X-Cache").soft()));
    let report = answered_after(&probe, millis(200), OK);
    judged(&report, Class::Warning, None, "header X-Cache is missing");
    let report = answered_after(&probe, millis(400), OK);
    assert_eq!(report.outcome.kind, Some(Kind::TooSlow));
}

#[test]
fn limits_that_mean_nothing_are_refused() {
    for (field, builder) in [
        ("latency", builder().max_latency(Duration::ZERO)),
        ("soft latency", builder().soft_latency(Duration::ZERO)),
        (
            "soft latency",
            builder().soft_latency(SECOND).max_latency(SECOND),
        ),
        ("redirects", builder().follow_redirects(11)),
        (
            "expected pattern",
            builder().expect(Condition::body_matches("(")),
        ),
        (
            "method",
            builder()
                .method("HEAD")
                .expect(Condition::body_matches("a")),
        ),
        (
            "status",
            builder().accept_status(200..=200).accept_status(100..=199),
        ),
    ] {
        let refused = builder.build().expect_err(field);
        assert_eq!(refused.field(), field, "{refused}");
    }
}

#[test]
fn a_pattern_is_searched_in_the_body() {
    let probe = built(builder().expect(Condition::body_matches("^(ok|fine)$")));
    for (body, is_match) in [("ok", true), ("fine", true), ("okay", false), ("", false)] {
        let length = body.len();
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
        let report = run(&probe, answer.as_bytes().chunks(1), false);
        assert_eq!(report.outcome.class == Class::Success, is_match, "{body}");
        if !is_match {
            let text = r#"body does not match "^(ok|fine)$""#;
            judged(&report, Class::Failure, Some(Kind::BadBody), text);
        }
    }
}

#[test]
fn of_a_long_body_a_pattern_keeps_the_first_64_kib() {
    let never = Condition::body_contains("never").soft();
    let probe = built(builder().expect(Condition::body_matches("z")).expect(never));
    let mut answer = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    answer.resize(answer.len() + MAX_BODY, b'a');
    answer.push(b'z');
    // Its memory is tested on the way.
    let report = run(&probe, answer.chunks(5_000), true);
    let text = r#"body does not match "z" in its first 65536 bytes"#;
    judged(&report, Class::Failure, Some(Kind::BadBody), text);
}
