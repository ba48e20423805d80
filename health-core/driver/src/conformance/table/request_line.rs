//! RFC 9112 §3: `method SP request-target SP HTTP-version`, one SP each, nothing before or behind.
//!
//! The lenient splitting that §3 permits is how two parsers come to see two different targets.

use super::super::answer::{not_allowed, ok, refused};
use super::super::case::{Case, get, line, raw};

pub(super) fn cases() -> Vec<Case> {
    let after_empty_lines =
        |count: usize| ["\r\n".repeat(count).into_bytes(), get("/health")].concat();
    vec![
        line(
            "two_spaces_before_target",
            "GET  /health HTTP/1.1",
            refused(400),
        ),
        line(
            "two_spaces_before_version",
            "GET /health  HTTP/1.1",
            refused(400),
        ),
        line("tab_before_target", "GET\t/health HTTP/1.1", refused(400)),
        line("tab_before_version", "GET /health\tHTTP/1.1", refused(400)),
        line("tab_beside_space", "GET \t/health HTTP/1.1", refused(400)),
        line(
            "vertical_tab_as_separator",
            "GET\x0b/health HTTP/1.1",
            refused(400),
        ),
        line(
            "form_feed_as_separator",
            "GET /health\x0cHTTP/1.1",
            refused(400),
        ),
        line(
            "carriage_return_as_separator",
            "GET\r/health HTTP/1.1",
            refused(400),
        ),
        line(
            "no_break_space_as_separator",
            b"GET\xa0/health HTTP/1.1",
            refused(400),
        ),
        line("leading_space", " GET /health HTTP/1.1", refused(400)),
        line("leading_tab", "\tGET /health HTTP/1.1", refused(400)),
        line("trailing_space", "GET /health HTTP/1.1 ", refused(400)),
        line("trailing_tab", "GET /health HTTP/1.1\t", refused(400)),
        line("fourth_word", "GET /health HTTP/1.1 HTTP/1.1", refused(400)),
        line(
            "space_in_target",
            "GET /health /live HTTP/1.1",
            refused(400),
        ),
        // HTTP/0.9: its answer would have no status line, and any garbage would get one.
        line("no_version", "GET /health", refused(400)),
        raw("no_version_and_no_fields", "GET /health\r\n", refused(400)),
        line("no_version_but_a_space", "GET /health ", refused(400)),
        line("no_target", "GET HTTP/1.1", refused(400)),
        line("method_alone", "GET", refused(400)),
        line("spaces_alone", "   ", refused(400)),
        line("no_method", "/health HTTP/1.1", refused(400)),
        line("method_with_colon", "GET: /health HTTP/1.1", refused(400)),
        line(
            "method_with_parenthesis",
            "GE(T /health HTTP/1.1",
            refused(400),
        ),
        line("method_with_slash", "GET/ /health HTTP/1.1", refused(400)),
        line(
            "method_with_quotes",
            "\"GET\" /health HTTP/1.1",
            refused(400),
        ),
        line("method_with_nul", "GE\0T /health HTTP/1.1", refused(400)),
        line(
            "method_with_delete",
            "GE\x7fT /health HTTP/1.1",
            refused(400),
        ),
        line(
            "method_with_high_octet",
            b"G\xc9T /health HTTP/1.1",
            refused(400),
        ),
        line(
            "method_with_byte_order_mark",
            "\u{feff}GET /health HTTP/1.1",
            refused(400),
        ),
        line(
            "method_of_every_token_character",
            "!#$%&'*+-.^_`|~09azAZ /health HTTP/1.1",
            not_allowed(),
        ),
        line("field_line_in_its_place", "Host: conformance", refused(400)),
        // RFC 9112 §2.2: at least one empty line before a request SHOULD be ignored, for clients
        // that send one behind a body; without a bound it would be an endless head.
        raw("empty_line_before", after_empty_lines(1), ok()),
        raw("eight_empty_lines_before", after_empty_lines(8), ok()),
        raw(
            "nine_empty_lines_before",
            after_empty_lines(9),
            refused(400),
        ),
        raw("nine_empty_lines_alone", "\r\n".repeat(9), refused(400)),
        raw(
            "bare_lf_before",
            [&b"\n"[..], &get("/health")].concat(),
            refused(400),
        ),
        raw(
            "bare_cr_before",
            [&b"\r"[..], &get("/health")].concat(),
            refused(400),
        ),
        raw(
            "line_of_a_space_before",
            [&b" \r\n"[..], &get("/health")].concat(),
            refused(400),
        ),
    ]
}
