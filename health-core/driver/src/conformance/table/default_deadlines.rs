//! The default deadlines, to the millisecond: 10 s for a head, 75 s between requests, 10 s for a
//! write, 1 s for a last answer. In virtual time they cost nothing.

use super::super::answer::{ok, refused};
use super::super::case::{Case, Op, expect, get, head, script, send, trickle, wait_ms};
use super::eof_and_timeouts::PART;

pub(super) fn cases() -> Vec<Case> {
    let cases = [
        script(
            "default_silence_10_s",
            [wait_ms(9_999), Op::Silent, wait_ms(1), Op::Closed],
        ),
        script(
            "default_head_10_s_from_accept",
            [
                wait_ms(5_000),
                send(PART),
                wait_ms(4_999),
                Op::Silent,
                wait_ms(1),
                expect(refused(408)),
                Op::Closed,
            ],
        ),
        script(
            "default_head_10_s_however_it_trickles",
            [
                trickle("GET /heal", 1_000),
                Op::Silent,
                send("t"),
                wait_ms(1_000),
                expect(refused(408)),
                Op::Closed,
            ],
        ),
        script(
            "default_head_in_the_last_millisecond",
            [send(PART), wait_ms(9_999), send("\r\n"), expect(ok())],
        ),
        script(
            "default_head_10_s_from_the_first_byte_of_the_next",
            [
                send(get("/health")),
                expect(ok()),
                wait_ms(60_000),
                send("G"),
                wait_ms(9_999),
                Op::Silent,
                wait_ms(1),
                expect(refused(408)),
                Op::Closed,
            ],
        ),
        script(
            "default_head_deadline_is_not_moved_by_an_empty_line",
            [
                send("\r\n"),
                wait_ms(5_000),
                send("GET"),
                wait_ms(4_999),
                Op::Silent,
                wait_ms(1),
                expect(refused(408)),
                Op::Closed,
            ],
        ),
        script(
            "default_idle_75_s",
            [
                send(get("/health")),
                expect(ok()),
                wait_ms(74_999),
                Op::Silent,
                wait_ms(1),
                Op::Closed,
            ],
        ),
        script(
            "default_idle_is_counted_from_the_last_answer",
            [
                send(get("/health")),
                expect(ok()),
                wait_ms(60_000),
                send(get("/health")),
                expect(ok()),
                wait_ms(74_999),
                Op::Silent,
                wait_ms(1),
                Op::Closed,
            ],
        ),
        script(
            "default_idle_survives_a_scrape_interval_for_a_day",
            (0..1_440)
                .flat_map(|_| [send(get("/health")), expect(ok()), wait_ms(60_000)])
                .collect::<Vec<_>>(),
        ),
        script(
            "default_finish_1_s",
            [
                send("bad\r\n"),
                expect(refused(400)),
                Op::Closed,
                wait_ms(999),
                Op::NotGone,
                wait_ms(1),
                Op::Gone,
            ],
        ),
        // RFC 9112 §9.6: closing on bytes under way resets the connection and may lose the answer.
        script(
            "default_finish_1_s_for_a_body",
            [
                send(head("GET /health HTTP/1.1", "Content-Length: 5")),
                expect(ok().closes()),
                Op::Closed,
                wait_ms(999),
                Op::NotGone,
                wait_ms(1),
                Op::Gone,
            ],
        ),
        script(
            "default_finish_1_s_for_a_request_too_many",
            [
                send(
                    [
                        head("GET /health HTTP/1.1", "Connection: close"),
                        get("/version"),
                    ]
                    .concat(),
                ),
                expect(ok().closes()),
                Op::Closed,
                wait_ms(999),
                Op::NotGone,
                wait_ms(1),
                Op::Gone,
            ],
        ),
        script(
            "default_finish_is_not_moved_by_bytes",
            [
                send("bad\r\n"),
                expect(refused(400)),
                Op::Closed,
                trickle("xxxxxxxxxx", 100),
                Op::Gone,
            ],
        ),
        script(
            "default_write_10_s",
            [
                Op::Flood(get("/health")),
                wait_ms(9_999),
                Op::NotGone,
                wait_ms(1),
                Op::Gone,
            ],
        ),
        script(
            "fin_in_the_last_millisecond",
            [wait_ms(9_999), Op::HalfClose, Op::Closed],
        ),
    ];
    cases.into_iter().map(Case::virtual_only).collect()
}
