//! The course of an exchange: steps, deadlines, times, and who closes.

use std::sync::Arc;
use std::time::Duration;

use health_core::Class;
use health_core::Instant;
use health_core::check::exchange::{
    Condition, Exchange, FailureKind, HttpProbe, ProbePhase, Report, Step,
};

use crate::{SECOND, START, begun, builder, run};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn plain() -> Arc<HttpProbe> {
    Arc::new(builder().build().unwrap())
}

fn keeping() -> Arc<HttpProbe> {
    Arc::new(builder().keep_alive(true).build().unwrap())
}

fn at(millis: u64) -> Instant {
    START + Duration::from_millis(millis)
}

fn said(report: &Report) -> (Option<FailureKind>, &str) {
    (report.failure, report.outcome.message.as_str())
}

#[test]
fn a_timeout_names_the_part_and_keeps_the_times() {
    let mut exchange = Exchange::new(plain(), START, START + SECOND);
    exchange.handle_timeout(at(999));
    assert_eq!(
        exchange.step(),
        Step::Write {
            until: START + SECOND
        }
    );
    exchange.handle_timeout(at(1_000));
    let report = exchange.into_report();
    let text = "timeout while sending the request";
    assert_eq!(said(&report), (Some(FailureKind::Timeout), text));
    assert_eq!(
        (report.timings.send, report.timings.head),
        (Some(SECOND), None)
    );

    let mut exchange = Exchange::new(plain(), START, START + SECOND);
    exchange.handle_sent(at(100));
    exchange.handle_input(at(300), b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
    assert_eq!(exchange.part(), Some(ProbePhase::Body));
    exchange.handle_input(at(400), b"ok");
    exchange.handle_timeout(at(1_500));
    let report = exchange.into_report();
    let text = "timeout while reading the response body";
    assert_eq!(said(&report), (Some(FailureKind::Timeout), text));
    assert_eq!(report.status, Some(200));
    let times = [
        report.timings.send,
        report.timings.head,
        report.timings.body,
    ];
    assert_eq!(
        times,
        [100, 200, 1_200].map(|millis| Some(Duration::from_millis(millis)))
    );
}

#[test]
fn what_comes_at_the_deadline_comes_too_late() {
    let ends: [fn(&mut Exchange, Instant); 3] = [
        |exchange, now| exchange.handle_input(now, OK),
        |exchange, now| exchange.handle_eof(now),
        |exchange, now| exchange.handle_error(now, "connection reset"),
    ];
    for end in ends {
        let mut exchange = begun(&plain());
        end(&mut exchange, START + SECOND);
        assert_eq!(exchange.step(), Step::Close);
        assert_eq!(exchange.into_report().failure, Some(FailureKind::Timeout));
    }
    let mut exchange = begun(&plain());
    exchange.handle_input(at(999), &OK[..10]);
    // A clock that runs backwards does not win time.
    exchange.handle_input(at(0), &OK[10..]);
    assert_eq!(
        exchange.report().unwrap().timings.head,
        Some(Duration::from_millis(999))
    );
}

#[test]
fn the_server_is_given_time_to_close_first() {
    let mut exchange = begun(&plain());
    exchange.handle_input(at(10), OK);
    assert_eq!(exchange.step(), Step::Linger { until: at(60) });
    let report = exchange.report().cloned().expect("ready before the wait");
    assert_eq!(report.outcome.class, Class::Success);
    exchange.handle_input(at(20), b"noise");
    exchange.handle_timeout(at(59));
    assert_eq!(
        exchange.step(),
        Step::Linger { until: at(60) },
        "no bytes prolong it"
    );
    exchange.handle_timeout(at(60));
    assert_eq!(exchange.step(), Step::Close);
    assert_eq!(exchange.into_report(), report);

    let mut exchange = begun(&plain());
    exchange.handle_input(at(980), OK);
    assert_eq!(
        exchange.step(),
        Step::Linger { until: at(1_000) },
        "within the deadline"
    );
    exchange.handle_error(at(981), "connection reset");
    assert_eq!(exchange.step(), Step::Close);
    assert_eq!(
        exchange.into_report().outcome.class,
        Class::Success,
        "it had answered"
    );

    let mut exchange = begun(&plain());
    exchange.handle_input(at(1), b"HTTP/1.0 200 OK\r\n\r\nok");
    exchange.handle_eof(at(2));
    assert_eq!(exchange.step(), Step::Close, "it has closed first");
}

#[test]
fn a_connection_is_kept_only_if_both_want_it_and_nothing_is_left_on_it() {
    let answers: [(&[u8], bool); 10] = [
        (OK, true),
        (b"HTTP/1.1 204 X\r\nConnection: keep-alive\r\n\r\n", true),
        (b"HTTP/1.0 204 X\r\nConnection: Keep-Alive\r\n\r\n", true),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            true,
        ),
        (b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n", true),
        (b"HTTP/1.0 204 X\r\n\r\n", false),
        (b"HTTP/1.1 204 X\r\nConnection: x, Close\r\n\r\n", false),
        (b"HTTP/1.1 204 X\r\n\r\nHTTP/1.1 200 OK\r\n", false),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\r\n",
            false,
        ),
        (
            b"HTTP/1.1 204 X\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n",
            false,
        ),
    ];
    for (answer, kept) in answers {
        let mut exchange = begun(&keeping());
        exchange.handle_input(START, answer);
        let expected = if kept {
            Step::Keep
        } else {
            Step::Linger { until: at(50) }
        };
        assert_eq!(exchange.step(), expected, "{}", answer.escape_ascii());
        exchange.handle_input(START, b"surplus");
        assert_ne!(exchange.step(), Step::Keep);

        let mut exchange = begun(&plain());
        exchange.handle_input(START, answer);
        assert_eq!(
            exchange.step(),
            Step::Linger { until: at(50) },
            "close was asked for"
        );
    }
    assert!(
        !keeping()
            .request()
            .windows(10)
            .any(|part| part == b"Connection")
    );
}

#[test]
fn a_broken_connection_is_told_from_a_closed_one() {
    let mut exchange = Exchange::new(plain(), START, START + SECOND);
    exchange.handle_error(START, "broken pipe");
    let text = "broken pipe while sending the request";
    assert_eq!(
        said(exchange.report().unwrap()),
        (Some(FailureKind::NoResponse), text)
    );

    let mut exchange = begun(&plain());
    exchange.handle_input(START, b"HTTP/1.1 200 OK\r\n\r\nhalf");
    exchange.handle_error(START, "connection reset");
    let text = "connection reset while reading the response body";
    assert_eq!(
        said(exchange.report().unwrap()),
        (Some(FailureKind::Closed), text)
    );

    let mut exchange = Exchange::new(plain(), START, START + SECOND);
    exchange.handle_input(START, b"220 mail.example ESMTP\r\n");
    let text = "answer before the request was sent";
    assert_eq!(
        said(exchange.report().unwrap()),
        (Some(FailureKind::Protocol), text)
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
    let mut exchange = begun(&plain());
    exchange.handle_input(at(70), b"HTTP");
    let report = exchange.into_report();
    assert_eq!(report.timings.head, Some(Duration::from_millis(70)));
    assert_eq!(report.outcome.class, Class::Indeterminate);
    let text = "cancelled while waiting for the response head";
    assert_eq!(said(&report), (None, text));
}

#[test]
fn the_answer_to_head_has_no_body() {
    let probe = Arc::new(builder().method("HEAD").build().unwrap());
    for framing in ["Content-Length: 99", "Transfer-Encoding: chunked", "X: y"] {
        let mut exchange = begun(&probe);
        exchange.handle_input(
            START,
            format!("HTTP/1.1 200 OK\r\n{framing}\r\n\r\n").as_bytes(),
        );
        let report = exchange.report().expect("complete");
        assert_eq!(report.outcome.class, Class::Success, "{framing}");
    }
}

#[test]
fn an_accepted_status_of_one_is_said_so() {
    let probe = Arc::new(builder().accept_status(200..=200).build().unwrap());
    let report = run(&probe, [b"HTTP/1.1 204 X\r\n\r\n".as_slice()], false);
    let text = "HTTP 204 No Content (accepted: 200)";
    assert_eq!(said(&report), (Some(FailureKind::Status), text));
}

#[test]
fn conditions_are_judged_in_order_and_soft_ones_warn() {
    let probe = builder()
        .expect(Condition::header("X-Ready"))
        .expect(Condition::header_equals("X-Role", "primary").soft())
        .expect(Condition::json_at("/status", "ok"));
    let probe = Arc::new(probe.build().unwrap());
    let judged = |headers: &str, body: &str| {
        let length = body.len();
        let answer = format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
        let report = run(&probe, [answer.as_bytes()], false);
        (
            report.outcome.class,
            report.failure,
            report.outcome.message.as_str().to_owned(),
        )
    };
    let good = r#"{"status":"ok"}"#;
    let all = "x-ready:\r\nX-Role: replica\r\nx-role:  primary \r\n";
    assert_eq!(judged(all, good), (Class::Success, None, String::new()));
    let text = "header X-Ready is missing".to_owned();
    assert_eq!(
        judged("", "{}"),
        (Class::Failure, Some(FailureKind::Header), text)
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
        (Class::Failure, Some(FailureKind::Body), text)
    );
    let text = "body is not valid JSON".to_owned();
    assert_eq!(
        judged(all, "{"),
        (Class::Failure, Some(FailureKind::Body), text)
    );
}

#[test]
fn the_body_is_quoted_in_private_and_only_when_asked_for() {
    let answer = b"HTTP/1.1 500 hunter2\r\nX: hunter2\r\nContent-Length: 7\r\n\r\nhunter2";
    for capture in [false, true] {
        let probe = Arc::new(builder().capture_body(capture).build().unwrap());
        let mut exchange = begun(&probe);
        exchange.handle_input(START, &answer[..answer.len() - 1]);
        assert!(!format!("{exchange:?}").contains("hunter"));
        exchange.handle_input(START, b"2");
        let report = exchange.report().unwrap();
        assert!(!format!("{exchange:?} {report:?}").contains("hunter"));
        let cause = report.outcome.cause.as_ref().map(|cause| cause.reveal());
        assert_eq!(cause, capture.then_some("body: hunter2"));
    }
    let condition = Condition::body_contains("ok");
    let probe = Arc::new(builder().expect(condition).build().unwrap());
    let answer = b"HTTP/1.1 200 OK\r\n\r\nhunter2";
    let report = run(&probe, [answer.as_slice()], true);
    assert_eq!(report.failure, Some(FailureKind::Body));
    let cause = report.outcome.cause;
    assert_eq!(cause, None, "it was read for a condition only");

    let probe = Arc::new(builder().capture_body(true).build().unwrap());
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
    let mut exchange = begun(&plain());
    exchange.handle_input(START, b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n");
    exchange.handle_input(START, &[b'x'; 9_000]);
    assert_eq!(exchange.buffered(), 0);
}
