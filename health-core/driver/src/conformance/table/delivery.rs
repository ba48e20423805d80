//! How bytes arrive is no part of what they say: cuts, pauses, and answers that must survive an end.

use super::super::answer::{not_allowed, ok, refused};
use super::super::case::{Case, Op, expect, get, head, script, send, send_last, trickle, wait_ms};

pub(super) fn cases() -> Vec<Case> {
    [cuts(), sequences(), endings()]
        .into_iter()
        .flatten()
        .collect()
}

fn cuts() -> Vec<Case> {
    let cut = |name, first: &str, second: &str| {
        script(
            name,
            [
                send(first),
                Op::Silent,
                wait_ms(5),
                send(second),
                expect(ok()),
            ],
        )
    };
    vec![
        cut(
            "cut_in_method",
            "GE",
            "T /health HTTP/1.1\r\nHost: a\r\n\r\n",
        ),
        cut(
            "cut_in_target",
            "GET /hea",
            "lth HTTP/1.1\r\nHost: a\r\n\r\n",
        ),
        cut(
            "cut_in_version",
            "GET /health HTTP/1",
            ".1\r\nHost: a\r\n\r\n",
        ),
        cut(
            "cut_between_cr_and_lf",
            "GET /health HTTP/1.1\r",
            "\nHost: a\r\n\r\n",
        ),
        cut(
            "cut_after_request_line",
            "GET /health HTTP/1.1\r\n",
            "Host: a\r\n\r\n",
        ),
        cut(
            "cut_in_field_name",
            "GET /health HTTP/1.1\r\nHo",
            "st: a\r\n\r\n",
        ),
        cut(
            "cut_before_field_value",
            "GET /health HTTP/1.1\r\nHost:",
            " a\r\n\r\n",
        ),
        cut(
            "cut_before_empty_line",
            "GET /health HTTP/1.1\r\nHost: a\r\n",
            "\r\n",
        ),
        cut(
            "cut_in_empty_line",
            "GET /health HTTP/1.1\r\nHost: a\r\n\r",
            "\n",
        ),
        cut(
            "cut_in_leading_empty_line",
            "\r",
            "\nGET /health HTTP/1.1\r\nHost: a\r\n\r\n",
        ),
        cut(
            "cut_after_leading_empty_line",
            "\r\n",
            "GET /health HTTP/1.1\r\nHost: a\r\n\r\n",
        ),
        script(
            "slow_but_in_time",
            [trickle(get("/health"), 1), expect(ok())],
        ),
        // The whole of one and a part of the next in one write.
        script(
            "cut_in_second_request",
            [
                send([get("/health"), b"GET /vers".to_vec()].concat()),
                expect(ok().has("status")),
                Op::Silent,
                send("ion HTTP/1.1\r\nHost: a\r\n\r\n"),
                expect(ok().has("version")),
            ],
        ),
        script(
            "bad_byte_after_a_cut",
            [
                send("GET /health HTTP/1.1\r\nHost: a\r"),
                Op::Silent,
                send("X"),
                expect(refused(400)),
                Op::Closed,
            ],
        ),
    ]
}

fn sequences() -> Vec<Case> {
    let exchange = |path: &str| [send(get(path)), expect(ok()), Op::Silent];
    vec![
        script(
            "one_after_the_other",
            [exchange("/health"), exchange("/version")]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>(),
        ),
        script(
            "a_hundred_on_one_connection",
            (0..100)
                .flat_map(|_| exchange("/health/live"))
                .collect::<Vec<_>>(),
        ),
        script(
            "nothing_is_said_first",
            [
                Op::Silent,
                wait_ms(5),
                Op::Silent,
                send(get("/health")),
                expect(ok()),
            ],
        ),
        script(
            "answer_does_not_wait_for_the_body",
            [
                send(head("POST /health HTTP/1.1", "Content-Length: 5")),
                expect(not_allowed().closes()),
                Op::Closed,
            ],
        ),
        script(
            "body_after_the_answer_is_thrown_away",
            [
                send(head("GET /health HTTP/1.1", "Content-Length: 5")),
                expect(ok().closes()),
                Op::Closed,
                send("hello"),
                send(get("/version")),
                Op::Closed,
            ],
        ),
        script(
            "request_after_close_is_not_answered",
            [
                send(head("GET /health HTTP/1.1", "Connection: close")),
                expect(ok().closes()),
                send(get("/version")),
                Op::Ended,
            ],
        ),
        script(
            "request_after_an_error_is_not_answered",
            [
                send("bad\r\n"),
                expect(refused(400)),
                send(get("/version")),
                Op::Closed,
            ],
        ),
        // Without FIN first and reading on, a reset would destroy the answer on its way.
        script(
            "answer_survives_what_follows_an_error",
            [
                send([&b"bad\r\n"[..], &[b'x'; 60_000]].concat()),
                expect(refused(400)),
                Op::Closed,
            ],
        ),
        script(
            "answer_survives_what_follows_a_body",
            [
                send(
                    [
                        head("GET /health HTTP/1.1", "Content-Length: 60000"),
                        vec![b'x'; 60_000],
                    ]
                    .concat(),
                ),
                expect(ok().closes()),
                Op::Closed,
            ],
        ),
    ]
}

/// The client has said all: its FIN ends the connection, not the answers it still waits for.
fn endings() -> Vec<Case> {
    vec![
        script(
            "fin_behind_the_request",
            [
                send(get("/health")),
                Op::HalfClose,
                expect(ok()),
                Op::Closed,
            ],
        ),
        script(
            "fin_behind_http_1_0",
            [
                send("GET /health HTTP/1.0\r\n\r\n"),
                Op::HalfClose,
                expect(ok().closes()),
                Op::Closed,
            ],
        ),
        script(
            "fin_behind_close",
            [
                send(head("GET /health HTTP/1.1", "Connection: close")),
                Op::HalfClose,
                expect(ok().closes()),
                Op::Closed,
            ],
        ),
        script(
            "fin_behind_head",
            [
                send(head("HEAD /health HTTP/1.1", b"")),
                Op::HalfClose,
                expect(ok().for_head()),
                Op::Closed,
            ],
        ),
        script(
            "fin_behind_twenty",
            [send(get("/health").repeat(20)), Op::HalfClose]
                .into_iter()
                .chain((0..20).map(|_| expect(ok())))
                .chain([Op::Closed])
                .collect::<Vec<_>>(),
        ),
        script(
            "fin_with_the_request",
            [send_last(get("/health")), expect(ok().over()), Op::Closed],
        ),
        script(
            "fin_with_twenty",
            [send_last(get("/health").repeat(20))]
                .into_iter()
                .chain((0..20).map(|_| expect(ok().over())))
                .chain([Op::Closed])
                .collect::<Vec<_>>(),
        ),
        // More answers than are written at once.
        script(
            "fin_with_three_hundred",
            [send_last(get("/health").repeat(300))]
                .into_iter()
                .chain((0..300).map(|_| expect(ok().over())))
                .chain([Op::Closed])
                .collect::<Vec<_>>(),
        ),
        script(
            "fin_with_one_and_a_half",
            [
                send_last([get("/health"), b"GET /ver".to_vec()].concat()),
                expect(ok().over()),
                Op::Closed,
            ],
        ),
        script(
            "fin_with_half_a_request",
            [send_last("GET /health HTTP/1.1\r\nHost: a\r\n"), Op::Closed],
        ),
        script(
            "fin_with_a_bad_request",
            [send_last("bad\r\n"), expect(refused(400)), Op::Closed],
        ),
        script(
            "fin_behind_a_bad_request",
            [
                send("bad\r\n"),
                Op::HalfClose,
                expect(refused(400)),
                Op::Closed,
            ],
        ),
        script(
            "fin_behind_a_second_request",
            [
                send(get("/health")),
                expect(ok()),
                send(get("/version")),
                Op::HalfClose,
                expect(ok().has("version")),
                Op::Closed,
            ],
        ),
        script(
            "fin_in_the_body",
            [
                send(head("GET /health HTTP/1.1", "Content-Length: 5")),
                send("he"),
                Op::HalfClose,
                expect(ok().closes()),
                Op::Closed,
            ],
        ),
        script(
            "fin_behind_the_answer",
            [
                send(get("/health")),
                expect(ok()),
                Op::HalfClose,
                Op::Closed,
            ],
        ),
    ]
}
