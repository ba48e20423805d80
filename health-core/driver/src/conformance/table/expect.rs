//! RFC 9110 §10.1.1: a client that waits for `100 Continue` gets the final status instead, at once.

use super::super::answer::{not_allowed, not_found, ok, options, refused};
use super::super::case::{Case, field, get, head, raw};

pub(super) fn cases() -> Vec<Case> {
    let waiting = |name, line: &str, answer| {
        raw(
            name,
            head(line, "Expect: 100-continue\r\nContent-Length: 5"),
            answer,
        )
    };
    vec![
        waiting("continue_get", "GET /health HTTP/1.1", ok().closes()),
        waiting(
            "continue_head",
            "HEAD /health HTTP/1.1",
            ok().for_head().closes(),
        ),
        waiting(
            "continue_options",
            "OPTIONS /health HTTP/1.1",
            options(200).closes(),
        ),
        waiting(
            "continue_post",
            "POST /health HTTP/1.1",
            not_allowed().closes(),
        ),
        waiting(
            "continue_on_unknown_path",
            "POST /nothing HTTP/1.1",
            not_found().closes(),
        ),
        // RFC 9110 §10.1.1: an HTTP/1.0 client's expectation is to be ignored.
        waiting(
            "continue_in_http_1_0",
            "POST /health HTTP/1.0",
            not_allowed().closes(),
        ),
        field(
            "continue_chunked",
            "Expect: 100-continue\r\nTransfer-Encoding: chunked",
            ok().closes(),
        ),
        field(
            "continue_in_upper_case",
            "Expect: 100-CONTINUE\r\nContent-Length: 5",
            ok().closes(),
        ),
        field(
            "continue_of_too_much",
            "Expect: 100-continue\r\nContent-Length: 65537",
            refused(413),
        ),
        field(
            "continue_of_malformed_length",
            "Expect: 100-continue\r\nContent-Length: x",
            refused(400),
        ),
        raw(
            "continue_but_body_sent_at_once",
            [
                head(
                    "GET /health HTTP/1.1",
                    "Expect: 100-continue\r\nContent-Length: 5",
                ),
                b"hello".to_vec(),
            ]
            .concat(),
            ok().closes(),
        ),
        raw(
            "continue_but_request_instead_of_body",
            [
                head(
                    "GET /health HTTP/1.1",
                    "Expect: 100-continue\r\nContent-Length: 5",
                ),
                get("/version"),
            ]
            .concat(),
            ok().closes(),
        ),
        // No body: nothing to wait for, and no interim answer either.
        field("continue_without_body", "Expect: 100-continue", ok()),
        field(
            "continue_with_empty_body",
            "Expect: 100-continue\r\nContent-Length: 0",
            ok(),
        ),
        field("expectation_unknown", "Expect: 200-ok", ok()),
        field("expectation_empty", "Expect:", ok()),
        field("expectation_list", "Expect: 100-continue, x=y", ok()),
    ]
}
