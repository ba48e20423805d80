//! Server-sent events (WHATWG HTML §9.2): what a page or a script sees that follows the daemon.

use super::super::answer::{not_allowed, not_found, ok, options, probe, refused};
use super::super::case::Op::{
    Closed, Drain, Evict, Fail, Gone, HalfClose, Publish, Silent, StreamEnd,
};
use super::super::case::{
    Case, Daemon, Op, event, expect, get, head, line, raw, script, send, send_last, stream,
    stream_1_0, target, wait_ms,
};

const OPENING: &[&str] = &["retry: 3000\nevent: snapshot\nid: 2\ndata: {\"status\":\"healthy\""];
const FIRST_STATS: &[&str] = &["event: stats\ndata: {\"loop\":1}"];
const FAILED: &[&str] = &[
    "event: transition\nid: 3\ndata: {\"id\":3,",
    "\"what\":\"component\",\"name\":\"db\",\"from\":\"healthy\",\"to\":\"unhealthy\"",
];
const UNHEALTHY: &[&str] =
    &["event: snapshot\nid: 3\ndata: {\"status\":\"unhealthy\",\"healthy\":false,"];

/// Asks for the stream, and reads what it begins with.
fn opened(then: impl IntoIterator<Item = Op>) -> Vec<Op> {
    let ops = [
        send(get("/health/events")),
        stream(),
        event(OPENING),
        event(FIRST_STATS),
    ];
    ops.into_iter().chain(then).collect()
}

/// Asks with these fields, and reads what these events have.
fn resumed(
    name: &'static str,
    path: &str,
    field: &str,
    events: &[&'static [&'static str]],
) -> Case {
    let request = head(format!("GET {path} HTTP/1.1"), field);
    let ops = [send(request), stream()];
    script(
        name,
        ops.into_iter()
            .chain(events.iter().map(|parts| event(parts)))
            .collect::<Vec<_>>(),
    )
}

pub(super) fn cases() -> Vec<Case> {
    const RETRY_RESET: &[&str] = &["retry: 3000\nevent: reset\ndata: {\"after\":"];
    // Later than others: who is in stays in for a while.
    const EVICTED: &[&str] = &["retry: ", "\nevent: end\ndata: {\"phase\":\"running\"}"];
    // A number that JavaScript cannot hold, or that the client never sent, is not echoed.
    const RETRY_RESET_OF_NO_ID: &[&str] = &["retry: 3000\nevent: reset\ndata: {\"first_id\":1,"];
    const FIRST: &[&str] = &[
        "event: transition\nid: 1\ndata: {\"id\":1,",
        "\"name\":\"db\"",
    ];
    const SECOND: &[&str] = &[
        "event: transition\nid: 2\ndata: {\"id\":2,",
        "\"what\":\"phase\"",
    ];
    const RETRY_SECOND: &[&str] = &["retry: 3000\nevent: transition\nid: 2\ndata: {"];
    const SNAPSHOT: &[&str] = &["event: snapshot\nid: 2\ndata: {"];
    const RETRY_SNAPSHOT: &[&str] = &["retry: 3000\nevent: snapshot\nid: 2\ndata: {"];
    const DRAINING: &[&str] = &["event: snapshot\nid: 3\ndata: {\"status\":\"draining\""];
    const DRAINS: &[&str] = &["event: transition\nid: 3\ndata: {", "\"to\":\"draining\""];
    const END: &[&str] = &["event: end\ndata: {\"phase\":\"draining\"}"];
    let off = |limits: &mut health_core::server::Limits| limits.streams = 0;
    vec![
        script(
            "events_of_a_failing_component",
            opened([Silent, Fail, event(FAILED), event(UNHEALTHY), Silent]),
        ),
        script(
            "events_of_published_values",
            opened([Publish(2), event(&["event: stats\ndata: {\"loop\":2}"])]),
        ),
        script(
            "events_of_published_values_with_their_age",
            [
                send(get("/health/events?verbose")),
                stream(),
                event(OPENING),
                event(&[
                    "event: stats\ndata: {\"loop\":{\"age_ms\":",
                    ",\"value\":1}}",
                ]),
                Publish(2),
                event(&[
                    "event: stats\ndata: {\"loop\":{\"age_ms\":",
                    ",\"value\":2}}",
                ]),
            ],
        ),
        script(
            "events_end_with_the_drain",
            opened([Drain, event(DRAINS), event(DRAINING), event(END), StreamEnd]),
        ),
        script(
            "events_while_draining_come_once",
            [
                send(get("/health/events")),
                stream(),
                event(&["retry: 3000\nevent: snapshot\nid: 3\ndata: {\"status\":\"draining\""]),
                event(FIRST_STATS),
                event(END),
                StreamEnd,
            ],
        )
        .when(Daemon::Draining),
        script(
            "events_while_starting",
            [
                send(get("/health/events")),
                stream(),
                event(&["id: 0\ndata: {\"status\":\"unknown\""]),
            ],
        )
        .when(Daemon::Starting),
        script(
            "events_in_http_1_0_end_with_the_connection",
            [
                send("GET /health/events HTTP/1.0\r\n\r\n"),
                stream_1_0(),
                event(OPENING),
                event(FIRST_STATS),
                Fail,
                event(FAILED),
                event(UNHEALTHY),
                Drain,
                event(&["id: 4"]),
                event(&["id: 4"]),
                event(END),
                StreamEnd,
            ],
        ),
        script(
            "events_to_head",
            [
                send(head("HEAD /health/events HTTP/1.1", b"")),
                stream(),
                Closed,
            ],
        ),
        script(
            "events_to_head_in_http_1_0",
            [
                send("HEAD /health/events HTTP/1.0\r\n\r\n"),
                stream_1_0(),
                Closed,
            ],
        ),
        script(
            "events_behind_other_answers",
            [
                send([get("/live"), get("/health/events")].concat()),
                expect(ok()),
                stream(),
                event(OPENING),
            ],
        ),
        script(
            "nothing_behind_events_is_answered",
            [
                send([get("/health/events"), get("/live")].concat()),
                stream(),
                event(OPENING),
                event(FIRST_STATS),
                Silent,
            ],
        ),
        script(
            "what_comes_later_behind_events_is_dropped",
            opened([send(get("/live")), Silent, Fail, event(FAILED)]),
        ),
        script(
            "events_end_when_the_client_has_gone",
            opened([HalfClose, StreamEnd]),
        ),
        script(
            "a_fin_right_behind_does_not_cancel_the_events",
            [
                send_last(get("/health/events")),
                stream(),
                event(OPENING),
                event(FIRST_STATS),
                StreamEnd,
            ],
        ),
        script(
            "a_stream_is_evicted",
            opened([Evict, event(EVICTED), StreamEnd, Gone]),
        )
        .limits(|limits| limits.connections = 1),
        script(
            "a_silent_stream_is_alive",
            opened([wait_ms(60), event(&[":"]), wait_ms(60), event(&[":"])]),
        )
        .limits(|limits| limits.stream_heartbeat = std::time::Duration::from_millis(50)),
        script(
            "the_heartbeat_of_a_stream_is_15_s",
            opened([wait_ms(14_999), Silent, wait_ms(1), event(&[":"])]),
        )
        .virtual_only(),
        script(
            "a_stream_does_not_idle",
            opened([wait_ms(600_000), event(&[":"])]),
        )
        .virtual_only(),
        resumed(
            "events_resume_by_query",
            "/health/events?after=1",
            "",
            &[RETRY_SECOND, SNAPSHOT, FIRST_STATS],
        ),
        resumed(
            "events_resume_by_header",
            "/health/events",
            "Last-Event-ID: 1",
            &[RETRY_SECOND, SNAPSHOT],
        ),
        resumed(
            "events_header_wins_over_query",
            "/health/events?after=0",
            "Last-Event-ID: 2",
            &[RETRY_SNAPSHOT],
        ),
        resumed(
            "events_from_the_beginning",
            "/health/events?after=0",
            "",
            &[
                &["retry: 3000\nevent: transition\nid: 1\n"],
                SECOND,
                SNAPSHOT,
            ],
        ),
        resumed(
            "events_of_another_life",
            "/health/events?after=3",
            "",
            &[RETRY_RESET, FIRST, SECOND, SNAPSHOT],
        ),
        resumed(
            "events_after_a_huge_number",
            "/health/events?after=99999999999999999999",
            "",
            &[RETRY_RESET_OF_NO_ID, FIRST],
        ),
        resumed(
            "events_after_an_id_of_others",
            "/health/events",
            "Last-Event-ID: x",
            &[RETRY_RESET_OF_NO_ID, FIRST],
        ),
        // WHATWG HTML §9.2.4: an empty id is none, and some clients send it.
        resumed(
            "events_after_a_blank_id",
            "/health/events",
            "Last-Event-ID:",
            &[RETRY_SNAPSHOT],
        ),
        resumed(
            "events_after_a_blank_id_and_a_query",
            "/health/events?after=1",
            "Last-Event-ID:  ",
            &[RETRY_SECOND, SNAPSHOT],
        ),
        target(
            "events_after_no_number",
            "/health/events?after=x",
            probe(400).says("error", "after is the number of a transition"),
        ),
        target(
            "events_after_nothing",
            "/health/events?after=",
            probe(400).says("error", "after is the number of a transition"),
        ),
        target(
            "history_after_no_number",
            "/health/history?after=-1",
            probe(400).says("error", "after is the number of a transition"),
        ),
        target(
            "history_after_a_number",
            "/health/history?after=1",
            ok().has("reset"),
        ),
        target(
            "history_without_a_cursor",
            "/health/history",
            ok().has("transitions"),
        ),
        line(
            "options_of_events",
            "OPTIONS /health/events HTTP/1.1",
            options(200),
        ),
        line(
            "post_to_events",
            "POST /health/events HTTP/1.1",
            not_allowed(),
        ),
        target("no_streams_no_events", "/health/events", not_found()).limits(off),
        raw(
            "events_without_host",
            "GET /health/events HTTP/1.1\r\n\r\n",
            refused(400),
        ),
    ]
}
