//! `X-Request-Id`: what the client calls its request is said back, if it can do no harm.

use health_core::server::{RequestLog, Service};

use super::super::answer::{Answer, not_found, ok, options, refused, unavailable};
use super::super::case::{Case, Daemon, expect, field, head, raw, script, send};

pub(super) fn cases() -> Vec<Case> {
    [echoes(), ignored(), logged()]
        .into_iter()
        .flatten()
        .collect()
}

const ID: &str = "6f1c2b3a-4d5e-6f70";

fn echoes() -> Vec<Case> {
    let named = |answer: Answer| answer.with("x-request-id", ID);
    let ask = |name, line: &str, answer: Answer| {
        raw(
            name,
            head(format!("{line} HTTP/1.1"), format!("X-Request-Id: {ID}")),
            answer,
        )
    };
    vec![
        ask("id_said_back", "GET /health", named(ok())),
        ask(
            "id_said_back_while_failing",
            "GET /health",
            named(unavailable()),
        )
        .when(Daemon::Failing),
        ask(
            "id_said_back_to_head",
            "HEAD /health",
            named(ok()).for_head(),
        ),
        ask(
            "id_said_back_to_options",
            "OPTIONS /health",
            named(options(200)),
        ),
        ask(
            "id_said_back_for_nothing",
            "GET /nothing",
            named(not_found()),
        ),
        field(
            "id_in_any_case_of_its_name",
            format!("x-rEQUEST-id:{ID}"),
            named(ok()),
        ),
        field(
            "id_repeated",
            format!("X-Request-Id: {ID}\r\nX-Request-Id: b"),
            named(ok()),
        ),
        field(
            "id_of_visible_ascii",
            "X-Request-Id: !\"#~",
            ok().with("x-request-id", "!\"#~"),
        ),
        // The next request on the connection is another one.
        script(
            "id_is_forgotten",
            [
                send(head("GET /health HTTP/1.1", format!("X-Request-Id: {ID}"))),
                expect(named(ok())),
                send(head("GET /health HTTP/1.1", "")),
                expect(ok().without("x-request-id")),
            ],
        ),
    ]
}

fn ignored() -> Vec<Case> {
    let silent = || ok().without("x-request-id");
    vec![
        field("id_of_nobody", "X-Request: a", silent()),
        field("id_empty", "X-Request-Id:", silent()),
        field("id_with_a_space", "X-Request-Id: a b", silent()),
        field("id_with_a_tab", "X-Request-Id: a\tb", silent()),
        field("id_above_ascii", "X-Request-Id: gr\u{fc}n", silent()),
        field(
            "id_too_long",
            format!("X-Request-Id: {}", "a".repeat(65)),
            silent(),
        ),
        // It would be said back to somebody's terminal.
        field(
            "id_with_an_escape",
            "X-Request-Id: a\x1b[2J",
            refused(400).without("x-request-id"),
        ),
    ]
}

/// With a log every request has a name.
fn logged() -> Vec<Case> {
    let log: fn(Service) -> Service = |it| it.log_requests(RequestLog::All, |_| {});
    vec![
        field(
            "id_made_for_the_log",
            "X-Test: log",
            ok().has_field("x-request-id"),
        )
        .service(log),
        field(
            "id_of_the_client_in_the_log",
            "X-Request-Id: a",
            ok().with("x-request-id", "a"),
        )
        .service(log),
        field(
            "id_made_instead_of_a_bad_one",
            "X-Request-Id: a b",
            ok().has_field("x-request-id"),
        )
        .service(log),
        raw(
            "id_made_for_a_refusal",
            "GET\r\n\r\n",
            refused(400).has_field("x-request-id"),
        )
        .service(log),
    ]
}
