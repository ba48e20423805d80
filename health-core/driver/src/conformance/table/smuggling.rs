//! Requests within requests: whatever a proxy in front made of these bytes, we answer at most the
//! outer one (RFC 9112 §11.2).
//!
//! The inner request asks for `/version`; every case here is one answer, then the end.

use super::super::answer::{Answer, not_allowed, ok, refused};
use super::super::case::{Case, get, head, raw};

pub(super) fn cases() -> Vec<Case> {
    let inner = get("/version");
    let smuggled = |name, line: &str, fields: &str, before: &str, answer: Answer| {
        raw(
            name,
            [&head(line, fields), before.as_bytes(), &inner].concat(),
            answer,
        )
    };
    let get = |name, fields, answer| smuggled(name, "GET /health HTTP/1.1", fields, "", answer);
    let post = |name, fields, before, answer| {
        smuggled(name, "POST /health HTTP/1.1", fields, before, answer)
    };
    vec![
        // The body is the request, as each side of a CL/TE disagreement would have it.
        get("request_as_body", "Content-Length: 44", ok().closes()),
        get(
            "request_as_body_of_another_length",
            "Content-Length: 4",
            ok().closes(),
        ),
        post(
            "request_as_body_of_post",
            "Content-Length: 44",
            "",
            not_allowed().closes(),
        ),
        post(
            "request_behind_body_of_post",
            "Content-Length: 5",
            "hello",
            not_allowed().closes(),
        ),
        post(
            "cl_te",
            "Content-Length: 49\r\nTransfer-Encoding: chunked",
            "0\r\n\r\n",
            refused(400),
        ),
        post(
            "te_cl",
            "Transfer-Encoding: chunked\r\nContent-Length: 4",
            "2c\r\n",
            refused(400),
        ),
        post(
            "te_te",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
            "0\r\n\r\n",
            refused(400),
        ),
        post(
            "te_0",
            "Transfer-Encoding: chunked",
            "0\r\n\r\n",
            not_allowed().closes(),
        ),
        get(
            "cl_cl",
            "Content-Length: 0\r\nContent-Length: 44",
            refused(400),
        ),
        get(
            "cl_cl_reversed",
            "Content-Length: 44\r\nContent-Length: 0",
            refused(400),
        ),
        get("cl_list", "Content-Length: 0, 44", refused(400)),
        get("cl_with_sign", "Content-Length: +44", refused(400)),
        get(
            "cl_with_space_before_colon",
            "Content-Length : 44",
            refused(400),
        ),
        get("cl_in_a_fold", "X: y\r\n Content-Length: 44", refused(400)),
        get(
            "cl_behind_bare_cr",
            "X: y\rContent-Length: 44",
            refused(400),
        ),
        get(
            "cl_behind_bare_lf",
            "X: y\nContent-Length: 44",
            refused(400),
        ),
        get("cl_behind_nul", "X: y\0Content-Length: 44", refused(400)),
        get("cl_with_nul_in_name", "Content-Length\0: 44", refused(400)),
        get(
            "cl_with_cr_after_name",
            "Content-Length\r: 44",
            refused(400),
        ),
        get(
            "te_with_vertical_tab",
            "Transfer-Encoding:\x0bchunked",
            refused(400),
        ),
        get(
            "te_with_space_before_name",
            " Transfer-Encoding: chunked",
            refused(400),
        ),
        get(
            "te_with_crlf_before_colon",
            "Transfer-Encoding\r\n: chunked",
            refused(400),
        ),
        get(
            "te_behind_bare_lf",
            "X: y\nTransfer-Encoding: chunked",
            refused(400),
        ),
        get(
            "te_in_quotes",
            "Transfer-Encoding: \"chunked\"",
            refused(400),
        ),
        smuggled(
            "te_in_http_1_0",
            "POST /health HTTP/1.0",
            "Transfer-Encoding: chunked",
            "0\r\n\r\n",
            refused(400),
        ),
        // A field named in Connection is still a field (RFC 9110 §7.6.1 is for proxies).
        get(
            "cl_as_connection_option",
            "Connection: Content-Length\r\nContent-Length: 44",
            ok().closes(),
        ),
        get(
            "te_as_connection_option",
            "Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked",
            ok().closes(),
        ),
        get(
            "body_behind_an_upgrade",
            "Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 44",
            ok().closes(),
        ),
        get(
            "body_behind_an_expectation",
            "Expect: 100-continue\r\nContent-Length: 44",
            ok().closes(),
        ),
        smuggled(
            "body_of_http_1_0_keep_alive",
            "GET /health HTTP/1.0",
            "Connection: keep-alive\r\nContent-Length: 44",
            "",
            ok().closes(),
        ),
        smuggled(
            "http_1_0_without_keep_alive",
            "GET /health HTTP/1.0",
            "",
            "",
            ok().closes(),
        ),
        smuggled("http_0_9", "GET /health", "", "", refused(400)),
        smuggled(
            "request_in_the_target",
            "GET /health HTTP/1.1\nGET /version HTTP/1.1",
            "",
            "",
            refused(400),
        ),
        get(
            "second_host_in_a_fold",
            "X: y\r\n Host: elsewhere",
            refused(400),
        ),
        get(
            "second_host_with_space_before_colon",
            "Host : elsewhere",
            refused(400),
        ),
        get("close_then_a_request", "Connection: close", ok().closes()),
    ]
}
