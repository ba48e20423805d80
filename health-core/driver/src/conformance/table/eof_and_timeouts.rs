//! Ends: what happens when bytes stop, when time runs out, and when the daemon is told to end.
//!
//! Deadlines are totals. Cases that shorten one make the others long, so that it is this one that
//! decides; the defaults themselves, of seconds and minutes, stand in `default_deadlines.rs`.

use std::time::Duration;

use super::super::answer::{ok, refused, unavailable};
use super::super::case::{Case, Daemon, Op, expect, get, script, send, trickle, wait_ms};
use super::default_deadlines;

/// A head under way: two lines of three.
pub(super) const PART: &str = "GET /health HTTP/1.1\r\nHost: conformance\r\n";

pub(super) fn cases() -> Vec<Case> {
    [
        default_deadlines::cases(),
        ends(),
        deadlines(),
        writes(),
        drains(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Nobody answers half a request: its sender is gone.
fn ends() -> Vec<Case> {
    let cut_off = |name, part: &str| script(name, [send(part), Op::HalfClose, Op::Closed]);
    vec![
        script("fin_at_once", [Op::HalfClose, Op::Closed]),
        cut_off("fin_in_method", "GE"),
        cut_off("fin_in_target", "GET /hea"),
        cut_off("fin_after_request_line", "GET /health HTTP/1.1\r\n"),
        cut_off("fin_after_a_field", PART),
        cut_off("fin_in_field_name", "GET /health HTTP/1.1\r\nHo"),
        cut_off("fin_between_cr_and_lf", "GET /health HTTP/1.1\r"),
        cut_off(
            "fin_in_the_last_line",
            "GET /health HTTP/1.1\r\nHost: a\r\n\r",
        ),
        cut_off("fin_after_empty_lines", "\r\n\r\n"),
        script(
            "fin_in_the_second_request",
            [
                send(get("/health")),
                send(PART),
                Op::HalfClose,
                expect(ok()),
                Op::Closed,
            ],
        ),
        script(
            "fin_after_an_exchange",
            [
                send(get("/health")),
                expect(ok()),
                Op::HalfClose,
                Op::Closed,
            ],
        ),
        // The client has seen the end and closes too: nothing is left to wait for.
        script(
            "fin_after_an_error",
            [
                send("bad\r\n"),
                expect(refused(400)),
                Op::Closed,
                Op::HalfClose,
                Op::Gone,
            ],
        ),
    ]
}

/// One deadline is a second, longer than a busy machine stops a process, and the others are far away.
fn deadlines() -> Vec<Case> {
    fn head(limits: &mut health_core::server::Limits) {
        limits.head_timeout = Duration::from_secs(1);
        limits.idle_timeout = Duration::from_secs(100);
    }
    fn idle(limits: &mut health_core::server::Limits) {
        limits.head_timeout = Duration::from_secs(100);
        limits.idle_timeout = Duration::from_secs(1);
    }
    fn finish(limits: &mut health_core::server::Limits) {
        limits.finish_timeout = Duration::from_millis(300);
    }
    vec![
        // RFC 9110 §15.5.9 is for a request that was begun.
        script(
            "silence_is_closed_without_a_word",
            [wait_ms(1_000), Op::Closed],
        )
        .limits(head),
        script(
            "half_a_head_is_408",
            [send(PART), wait_ms(1_000), expect(refused(408)), Op::Closed],
        )
        .limits(head),
        script(
            "half_a_request_line_is_408",
            [
                send("GET /hea"),
                wait_ms(1_000),
                expect(refused(408)),
                Op::Closed,
            ],
        )
        .limits(head),
        script(
            "one_byte_is_408",
            [send("G"), wait_ms(1_000), expect(refused(408)), Op::Closed],
        )
        .limits(head),
        // No pause is longer than 50 ms: a deadline per read would never pass.
        script(
            "slow_head_is_408",
            [
                trickle("GET /health HTTP/1.1\r\nX: y\r\n", 50),
                expect(refused(408)),
                Op::Closed,
            ],
        )
        .limits(head),
        script(
            "slow_second_head_is_408",
            [
                send(get("/health")),
                expect(ok()),
                send(PART),
                wait_ms(1_000),
                expect(refused(408)),
                Op::Closed,
            ],
        )
        .limits(head),
        script(
            "head_deadline_does_not_end_a_kept_connection",
            [
                send(get("/health")),
                expect(ok()),
                wait_ms(1_050),
                Op::Silent,
                send(get("/health")),
                expect(ok()),
            ],
        )
        .limits(head),
        script(
            "rest_of_a_late_head_is_not_answered",
            [
                send(PART),
                wait_ms(1_000),
                expect(refused(408)),
                send("\r\n"),
                send(get("/version")),
                Op::Closed,
            ],
        )
        .limits(head),
        script(
            "idle_connection_is_closed_without_a_word",
            [
                send(get("/health")),
                expect(ok()),
                wait_ms(1_000),
                Op::Closed,
            ],
        )
        .limits(idle),
        script(
            "idle_deadline_is_not_for_the_first_request",
            [
                wait_ms(1_050),
                Op::Silent,
                send(get("/health")),
                expect(ok()),
            ],
        )
        .limits(idle),
        script(
            "idle_deadline_is_not_for_a_head_under_way",
            [
                send([get("/health"), PART.into()].concat()),
                expect(ok()),
                wait_ms(1_050),
                Op::Silent,
                send("\r\n"),
                expect(ok()),
            ],
        )
        .limits(idle),
        script(
            "client_that_does_not_close_is_left",
            [
                send("bad\r\n"),
                expect(refused(400)),
                Op::Closed,
                wait_ms(300),
                Op::Gone,
            ],
        )
        .limits(finish),
        script(
            "client_that_goes_on_slowly_is_left",
            [
                send("bad\r\n"),
                expect(refused(400)),
                Op::Closed,
                trickle("xxxxxxxxxxxxxxx", 20),
                Op::Gone,
            ],
        )
        .limits(finish),
    ]
}

/// A client that asks and does not read is dropped, and meanwhile it is not read from either:
/// otherwise the answers nobody takes would fill the memory.
fn writes() -> Vec<Case> {
    vec![
        script(
            "client_that_never_reads_is_dropped",
            [
                Op::Flood(get("/health").repeat(100)),
                wait_ms(300),
                Op::Gone,
            ],
        )
        .limits(|limits| {
            limits.write_timeout = Duration::from_millis(300);
            limits.idle_timeout = Duration::from_secs(100);
        }),
    ]
}

/// Told to end: nobody waits for connections that wait for nothing, and nobody is cut off.
fn drains() -> Vec<Case> {
    let cases = vec![
        script(
            "drain_closes_an_idle_connection",
            [send(get("/health")), expect(ok()), Op::Drain, Op::Closed],
        ),
        script(
            "drain_lets_a_head_under_way_finish",
            [
                send([get("/health"), b"GET /ready HTTP/1.1\r\nHo".to_vec()].concat()),
                expect(ok()),
                Op::Drain,
                Op::Silent,
                send("st: conformance\r\n\r\n"),
                expect(unavailable().retry_after().closes()),
                Op::Closed,
            ],
        ),
        script(
            "drain_during_an_end_changes_nothing",
            [send("bad\r\n"), expect(refused(400)), Op::Drain, Op::Closed],
        ),
        // Its request may be on its way already, and it may be the one that asks whether we live.
        script(
            "drain_lets_a_new_connection_ask",
            [
                Op::Drain,
                send(get("/live")),
                expect(ok().closes()),
                Op::Closed,
            ],
        ),
        script(
            "drain_twice",
            [
                send(get("/health")),
                expect(ok()),
                Op::Drain,
                Op::Drain,
                Op::Closed,
            ],
        ),
        script(
            "evicted_when_idle",
            [send(get("/health")), expect(ok()), Op::Evict, Op::Closed],
        )
        .limits(|limits| limits.connections = 1),
        script(
            "draining_bad_request",
            [send("bad\r\n"), expect(refused(400)), Op::Closed],
        )
        .when(Daemon::Draining),
    ];
    // Over a socket, whether the daemon's end or the bytes come first would be left to chance.
    let timed = [
        script(
            "drain_lets_the_first_head_finish",
            [
                send("GET /live HTTP/1.1\r\nHo"),
                Op::Drain,
                Op::Silent,
                send("st: conformance\r\n\r\n"),
                expect(ok().closes()),
                Op::Closed,
            ],
        ),
        script(
            "drain_keeps_the_head_deadline",
            [
                send(PART),
                wait_ms(5_000),
                Op::Drain,
                wait_ms(4_999),
                Op::Silent,
                wait_ms(1),
                expect(refused(408)),
                Op::Closed,
            ],
        ),
        script(
            "evicted_before_a_word",
            [wait_ms(2_000), Op::Evict, Op::Closed],
        ),
        script(
            "evicted_while_writing",
            [Op::Flood(get("/health")), Op::Evict, Op::Gone],
        ),
        script(
            "evicted_while_finishing",
            [send("bad\r\n"), expect(refused(400)), Op::Evict, Op::Gone],
        ),
    ];
    cases
        .into_iter()
        .chain(timed.map(Case::virtual_only))
        .collect()
}
