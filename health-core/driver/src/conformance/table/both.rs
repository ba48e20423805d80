//! RFC 9112 §6.1: `Content-Length` together with `Transfer-Encoding`.
//!
//! A server MAY reject it and MUST close. It is the raw material of request smuggling and nothing
//! else sends it, so it is always 400, whatever the two say.

use super::super::answer::refused;
use super::super::case::{Case, field, head, raw};

pub(super) fn cases() -> Vec<Case> {
    let both = |name, fields: &str| field(name, fields, refused(400));
    let both_in = |name, line: &str| {
        raw(
            name,
            head(line, "Content-Length: 5\r\nTransfer-Encoding: chunked"),
            refused(400),
        )
    };
    vec![
        both(
            "length_then_coding",
            "Content-Length: 5\r\nTransfer-Encoding: chunked",
        ),
        both(
            "coding_then_length",
            "Transfer-Encoding: chunked\r\nContent-Length: 5",
        ),
        both(
            "both_apart",
            "Content-Length: 5\r\nX: y\r\nTransfer-Encoding: chunked",
        ),
        both(
            "zero_length_and_coding",
            "Content-Length: 0\r\nTransfer-Encoding: chunked",
        ),
        both(
            "true_length_and_coding",
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
        ),
        both(
            "invalid_length_and_coding",
            "Content-Length: x\r\nTransfer-Encoding: chunked",
        ),
        both(
            "empty_length_and_coding",
            "Content-Length:\r\nTransfer-Encoding: chunked",
        ),
        both(
            "length_too_large_and_coding",
            "Content-Length: 65537\r\nTransfer-Encoding: chunked",
        ),
        both(
            "length_and_identity",
            "Content-Length: 5\r\nTransfer-Encoding: identity",
        ),
        both(
            "length_and_unknown_coding",
            "Content-Length: 5\r\nTransfer-Encoding: x",
        ),
        both(
            "length_and_empty_coding",
            "Content-Length: 5\r\nTransfer-Encoding:",
        ),
        both(
            "length_twice_and_coding",
            "Content-Length: 5\r\nContent-Length: 5\r\nTransfer-Encoding: chunked",
        ),
        both(
            "length_and_coding_twice",
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        ),
        both(
            "both_in_other_cases",
            "CONTENT-LENGTH: 5\r\ntransfer-encoding: CHUNKED",
        ),
        both(
            "both_and_keep_alive",
            "Connection: keep-alive\r\nContent-Length: 5\r\nTransfer-Encoding: chunked",
        ),
        both_in("both_with_post", "POST /health HTTP/1.1"),
        both_in("both_with_options", "OPTIONS /health HTTP/1.1"),
        both_in("both_on_unknown_path", "POST /nothing HTTP/1.1"),
        both_in("both_in_http_1_0", "GET /health HTTP/1.0"),
    ]
}
