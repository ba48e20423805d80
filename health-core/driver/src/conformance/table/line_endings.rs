//! RFC 9112 §2.2: every line of a head ends in CRLF.
//!
//! A recipient MAY take a lone LF for a line's end. We refuse it, as we refuse a lone CR: where one
//! parser sees one line and the next sees two, a field can be smuggled past the first.

use super::super::answer::{ok, refused};
use super::super::case::{Case, raw};

pub(super) fn cases() -> Vec<Case> {
    let bad = |name, input: &[u8]| raw(name, input, refused(400));
    vec![
        raw(
            "crlf_everywhere",
            "GET /health HTTP/1.1\r\nHost: a\r\n\r\n",
            ok(),
        ),
        bad("lf_everywhere", b"GET /health HTTP/1.1\nHost: a\n\n"),
        // The price of the rule: a probe typed by hand in this way is told that it is wrong.
        bad("lf_everywhere_in_http_1_0", b"GET /health HTTP/1.0\n\n"),
        bad(
            "lf_after_request_line",
            b"GET /health HTTP/1.1\nHost: a\r\n\r\n",
        ),
        bad(
            "lf_after_field",
            b"GET /health HTTP/1.1\r\nHost: a\nX: y\r\n\r\n",
        ),
        bad(
            "lf_after_last_field",
            b"GET /health HTTP/1.1\r\nHost: a\n\r\n",
        ),
        bad("lf_as_last_line", b"GET /health HTTP/1.1\r\nHost: a\r\n\n"),
        bad("lf_lf_at_the_end", b"GET /health HTTP/1.1\r\nHost: a\n\n"),
        bad(
            "lf_cr_instead_of_crlf",
            b"GET /health HTTP/1.1\n\rHost: a\n\r\n\r",
        ),
        bad("lf_in_target", b"GET /hea\nlth HTTP/1.1\r\nHost: a\r\n\r\n"),
        bad("lf_in_method", b"G\nET /health HTTP/1.1\r\nHost: a\r\n\r\n"),
        bad(
            "lf_in_field_name",
            b"GET /health HTTP/1.1\r\nHo\nst: a\r\n\r\n",
        ),
        bad(
            "lf_in_field_value",
            b"GET /health HTTP/1.1\r\nHost: a\r\nX: y\nz\r\n\r\n",
        ),
        bad("cr_everywhere", b"GET /health HTTP/1.1\rHost: a\r\r"),
        bad(
            "cr_after_request_line",
            b"GET /health HTTP/1.1\rHost: a\r\n\r\n",
        ),
        bad(
            "cr_after_field",
            b"GET /health HTTP/1.1\r\nHost: a\rX: y\r\n\r\n",
        ),
        bad(
            "cr_cr_lf_after_request_line",
            b"GET /health HTTP/1.1\r\r\nHost: a\r\n\r\n",
        ),
        bad(
            "cr_cr_lf_after_field",
            b"GET /health HTTP/1.1\r\nHost: a\r\r\n\r\n",
        ),
        bad(
            "cr_cr_lf_at_the_end",
            b"GET /health HTTP/1.1\r\nHost: a\r\n\r\r\n",
        ),
        bad("cr_in_method", b"G\rET /health HTTP/1.1\r\nHost: a\r\n\r\n"),
        bad("cr_in_target", b"GET /hea\rlth HTTP/1.1\r\nHost: a\r\n\r\n"),
        bad(
            "cr_in_version",
            b"GET /health HTTP/\r1.1\r\nHost: a\r\n\r\n",
        ),
        bad(
            "cr_in_field_name",
            b"GET /health HTTP/1.1\r\nHo\rst: a\r\n\r\n",
        ),
        bad(
            "cr_in_field_value",
            b"GET /health HTTP/1.1\r\nHost: a\r\nX: y\rz\r\n\r\n",
        ),
        bad(
            "cr_before_colon",
            b"GET /health HTTP/1.1\r\nHost\r: a\r\n\r\n",
        ),
        bad(
            "cr_after_colon",
            b"GET /health HTTP/1.1\r\nHost:\ra\r\n\r\n",
        ),
        bad(
            "crlf_before_colon",
            b"GET /health HTTP/1.1\r\nHost\r\n: a\r\n\r\n",
        ),
        bad(
            "cr_lf_with_space_between",
            b"GET /health HTTP/1.1\r \nHost: a\r\n\r\n",
        ),
        bad(
            "next_line_octet_as_line_end",
            b"GET /health HTTP/1.1\x85Host: a\r\n\r\n",
        ),
        bad(
            "unicode_line_separator_as_line_end",
            "GET /health HTTP/1.1\u{2028}Host: a\r\n\r\n".as_bytes(),
        ),
    ]
}
