//! The course of an exchange: steps, deadlines, times, and who closes.

use std::time::Duration;

use health_core::check::probe::{Attempt, AttemptStep, Condition, Probe, ProbePhase, Report};
use health_core::{Class, Instant, Kind};

use crate::{SECOND, START, begun, builder, built, connected, run};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn plain() -> Probe {
    built(builder())
}

fn at(millis: u64) -> Instant {
    START + Duration::from_millis(millis)
}

fn said(report: &Report) -> (Option<Kind>, &str) {
    (report.outcome.kind, report.outcome.message.as_str())
}

#[test]
fn a_timeout_names_the_part_and_keeps_the_times() {
    let probe = plain();
    let mut attempt = connected(&probe);
    attempt.handle_timeout(at(999));
    assert_eq!(
        attempt.step(),
        AttemptStep::Write {
            until: START + SECOND
        }
    );
    attempt.handle_timeout(at(1_000));
    let report = attempt.into_report();
    let text = "timeout while sending the request";
    assert_eq!(said(&report), (Some(Kind::Timeout), text));
    assert_eq!(
        (
            report.timings.get(ProbePhase::Send),
            report.timings.get(ProbePhase::Head)
        ),
        (Some(SECOND), None)
    );

    let mut attempt = connected(&probe);
    attempt.handle_sent(at(100));
    attempt.handle_input(at(300), b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
    assert_eq!(attempt.phase(), Some(ProbePhase::Body));
    attempt.handle_input(at(400), b"ok");
    attempt.handle_timeout(at(1_500));
    let report = attempt.into_report();
    let text = "timeout while reading the response body";
    assert_eq!(said(&report), (Some(Kind::Timeout), text));
    assert_eq!(report.status, Some(200));
    let times = [
        report.timings.get(ProbePhase::Send),
        report.timings.get(ProbePhase::Head),
        report.timings.get(ProbePhase::Body),
    ];
    assert_eq!(
        times,
        [100, 200, 1_200].map(|millis| Some(Duration::from_millis(millis)))
    );
}

#[test]
fn what_comes_at_the_deadline_comes_too_late() {
    let probe = plain();
    let ends: [fn(&mut Attempt<'_>, Instant); 3] = [
        |attempt, now| attempt.handle_input(now, OK),
        |attempt, now| attempt.handle_eof(now),
        |attempt, now| attempt.handle_error(now, Kind::Reset, ""),
    ];
    for end in ends {
        let mut attempt = begun(&probe);
        end(&mut attempt, START + SECOND);
        assert_eq!(attempt.step(), AttemptStep::Close);
        assert_eq!(attempt.into_report().outcome.kind, Some(Kind::Timeout));
    }
    let mut attempt = begun(&probe);
    attempt.handle_input(at(999), &OK[..10]);
    // A clock that runs backwards does not win time.
    attempt.handle_input(at(0), &OK[10..]);
    assert_eq!(
        attempt.report().unwrap().timings.get(ProbePhase::Head),
        Some(Duration::from_millis(999))
    );
}

#[test]
fn the_server_is_given_time_to_close_first() {
    let probe = plain();
    let mut attempt = begun(&probe);
    attempt.handle_input(at(10), OK);
    assert_eq!(attempt.step(), AttemptStep::Linger { until: at(60) });
    let report = attempt.report().cloned().expect("ready before the wait");
    assert_eq!(report.outcome.class, Class::Success);
    attempt.handle_input(at(20), b"noise");
    attempt.handle_timeout(at(59));
    assert_eq!(
        attempt.step(),
        AttemptStep::Linger { until: at(60) },
        "no bytes prolong it"
    );
    attempt.handle_timeout(at(60));
    assert_eq!(attempt.step(), AttemptStep::Close);
    assert_eq!(attempt.into_report(), report);

    let mut attempt = begun(&probe);
    attempt.handle_input(at(980), OK);
    assert_eq!(
        attempt.step(),
        AttemptStep::Linger { until: at(1_000) },
        "within the deadline"
    );
    attempt.handle_error(at(981), Kind::Reset, "");
    assert_eq!(attempt.step(), AttemptStep::Close);
    assert_eq!(
        attempt.into_report().outcome.class,
        Class::Success,
        "it had answered"
    );

    let mut attempt = begun(&probe);
    attempt.handle_input(at(1), b"HTTP/1.0 200 OK\r\n\r\nok");
    attempt.handle_eof(at(2));
    assert_eq!(attempt.step(), AttemptStep::Close, "it has closed first");
}

#[test]
fn no_connection_is_kept_whatever_the_server_offers_and_sends() {
    let answers: [&[u8]; 10] = [
        OK,
        b"HTTP/1.1 204 X\r\nConnection: keep-alive\r\n\r\n",
        b"HTTP/1.0 204 X\r\nConnection: Keep-Alive\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.0 204 X\r\n\r\n",
        b"HTTP/1.1 204 X\r\nConnection: x, Close\r\n\r\n",
        b"HTTP/1.1 204 X\r\n\r\nHTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\r\n",
        b"HTTP/1.1 204 X\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n",
    ];
    let probe = plain();
    for answer in answers {
        let mut attempt = begun(&probe);
        attempt.handle_input(START, answer);
        let expected = AttemptStep::Linger { until: at(50) };
        assert_eq!(attempt.step(), expected, "{}", answer.escape_ascii());
        attempt.handle_input(START, b"surplus");
        assert_eq!(attempt.step(), expected, "close was asked for");
    }
    let attempt = begun(&probe);
    let mut lines = lines_of(attempt.request());
    assert!(lines.any(|line| line == "Connection: close"));
}

fn lines_of(request: &[u8]) -> impl Iterator<Item = &str> {
    std::str::from_utf8(request).unwrap().split("\r\n")
}

#[test]
fn a_broken_connection_is_told_from_a_closed_one() {
    let probe = plain();
    let mut attempt = connected(&probe);
    attempt.handle_error(START, Kind::Reset, "broken pipe");
    let text = "connection reset while sending the request";
    assert_eq!(said(attempt.report().unwrap()), (Some(Kind::Reset), text));

    let mut attempt = begun(&probe);
    attempt.handle_input(START, b"HTTP/1.1 200 OK\r\n\r\nhalf");
    attempt.handle_error(START, Kind::Reset, "");
    let text = "connection reset while reading the response body";
    assert_eq!(said(attempt.report().unwrap()), (Some(Kind::Reset), text));

    let mut attempt = connected(&probe);
    attempt.handle_input(START, b"220 mail.example ESMTP\r\n");
    let text = "answer before the request was sent";
    assert_eq!(
        said(attempt.report().unwrap()),
        (Some(Kind::BadResponse), text)
    );

    let report = run(
        &plain(),
        [b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok".as_slice()],
        true,
    );
    assert_eq!(
        report.outcome.cause.unwrap().reveal(),
        "2 of 5 bytes received"
    );
}

#[test]
fn an_exchange_given_up_says_nothing_about_the_target() {
    let probe = plain();
    let mut attempt = begun(&probe);
    attempt.handle_input(at(70), b"HTTP");
    let report = attempt.into_report();
    assert_eq!(
        report.timings.get(ProbePhase::Head),
        Some(Duration::from_millis(70))
    );
    assert_eq!(report.outcome.class, Class::Indeterminate);
    let text = "cancelled while waiting for the response head";
    assert_eq!(said(&report), (None, text));
}

#[test]
fn the_answer_to_head_has_no_body() {
    let probe = built(builder().method("HEAD"));
    for framing in ["Content-Length: 99", "Transfer-Encoding: chunked", "X: y"] {
        let mut attempt = begun(&probe);
        attempt.handle_input(
            START,
            format!("HTTP/1.1 200 OK\r\n{framing}\r\n\r\n").as_bytes(),
        );
        let report = attempt.report().expect("complete");
        assert_eq!(report.outcome.class, Class::Success, "{framing}");
    }
}

#[test]
fn an_accepted_status_of_one_is_said_so() {
    let probe = built(builder().accept_status(200..=200));
    let report = run(&probe, [b"HTTP/1.1 204 X\r\n\r\n".as_slice()], false);
    let text = "HTTP 204 No Content (accepted: 200)";
    assert_eq!(said(&report), (Some(Kind::BadStatus), text));
}

#[test]
fn conditions_are_judged_in_order_and_soft_ones_warn() {
    let probe = builder()
        .expect(Condition::header("X-Ready"))
        .expect(Condition::header_equals("X-Role", "primary").soft())
        .expect(Condition::json_at("/status", "ok"));
    let probe = built(probe);
    let judged = |headers: &str, body: &str| {
        let length = body.len();
        let answer = format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
        let report = run(&probe, [answer.as_bytes()], false);
        (
            report.outcome.class,
            report.outcome.kind,
            report.outcome.message.as_str().to_owned(),
        )
    };
    let good = r#"{"status":"ok"}"#;
    let all = "x-ready:\r\nX-Role: replica\r\nx-role:  primary \r\n";
    assert_eq!(judged(all, good), (Class::Success, None, String::new()));
    let text = "header X-Ready is missing".to_owned();
    assert_eq!(
        judged("", "{}"),
        (Class::Failure, Some(Kind::BadHeader), text)
    );
    let text = r#"header X-Role is not "primary""#.to_owned();
    assert_eq!(
        judged("X-Ready: 1\r\nX-Role: a\r\n", good),
        (Class::Warning, None, text)
    );
    let text = r#"body has another value than "ok" at "/status""#.to_owned();
    let answer = r#"{"status":"secret"}"#;
    assert_eq!(
        judged(all, answer),
        (Class::Failure, Some(Kind::BadBody), text)
    );
    let text = "body is not valid JSON".to_owned();
    assert_eq!(
        judged(all, "{"),
        (Class::Failure, Some(Kind::BadBody), text)
    );
}

/// RFC 9112 §5.1: whoever passes such a field on removes the blanks.
#[test]
fn blanks_before_a_colon_are_no_part_of_the_name() {
    let probe = built(builder().expect(Condition::header_equals("X-Role", "primary")));
    for (field, class) in [
        ("X-Role : primary", Class::Success),
        ("x-role\t :primary", Class::Success),
        ("X- Role: primary", Class::Failure),
        ("X-Role(: primary", Class::Failure),
    ] {
        let answer = format!("HTTP/1.1 204 X\r\n{field}\r\n\r\n");
        let report = run(&probe, [answer.as_bytes()], false);
        assert_eq!(report.outcome.class, class, "{field}");
    }
}

#[test]
fn the_body_is_quoted_in_private_and_only_when_asked_for() {
    let answer = b"HTTP/1.1 500 hunter2\r\nX: hunter2\r\nContent-Length: 7\r\n\r\nhunter2";
    for capture in [false, true] {
        let probe = built(builder().capture_body(capture));
        let mut attempt = begun(&probe);
        attempt.handle_input(START, &answer[..answer.len() - 1]);
        assert!(!format!("{attempt:?}").contains("hunter"));
        attempt.handle_input(START, b"2");
        let report = attempt.report().unwrap();
        assert!(!format!("{attempt:?} {report:?}").contains("hunter"));
        let cause = report.outcome.cause.as_ref().map(|cause| cause.reveal());
        assert_eq!(cause, capture.then_some("body: hunter2"));
    }
    let condition = Condition::body_contains("ok");
    let probe = built(builder().expect(condition));
    let answer = b"HTTP/1.1 200 OK\r\n\r\nhunter2";
    let report = run(&probe, [answer.as_slice()], true);
    assert_eq!(report.outcome.kind, Some(Kind::BadBody));
    let cause = report.outcome.cause;
    assert_eq!(cause, None, "it was read for a condition only");

    let probe = built(builder().capture_body(true));
    let answer = format!(
        "HTTP/1.1 500 X\r\n\r\n{}{}",
        "a".repeat(5_000),
        "b".repeat(5_000)
    );
    let cause = run(&probe, [answer.as_bytes()], true)
        .outcome
        .cause
        .unwrap();
    let both = "a".repeat(2_048) + "\n... 5904 bytes omitted ...\n" + &"b".repeat(2_048);
    assert_eq!(
        cause.reveal(),
        format!("body: {both}"),
        "both ends fit into a cause"
    );
}

#[test]
fn a_body_nobody_looks_at_is_not_kept() {
    let probe = plain();
    let mut attempt = begun(&probe);
    attempt.handle_input(START, b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n");
    attempt.handle_input(START, &[b'x'; 9_000]);
    assert_eq!(attempt.buffered(), 0);
}
