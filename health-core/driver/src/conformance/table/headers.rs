//! RFC 9112 §5: `field-name ":" OWS field-value OWS`, one line each.

use super::super::answer::{ok, refused};
use super::super::case::{Case, field, raw};

pub(super) fn cases() -> Vec<Case> {
    [names(), values(), folds(), ignored()]
        .into_iter()
        .flatten()
        .collect()
}

fn names() -> Vec<Case> {
    vec![
        field(
            "name_of_every_token_character",
            "!#$%&'*+-.^_`|~09azAZ: x",
            ok(),
        ),
        field("name_of_one_byte", "x: y", ok()),
        field("name_of_256_bytes", "x".repeat(256) + ": y", ok()),
        // RFC 9112 §5.1: MUST be 400; a name and a name with a space are two to different parsers.
        field("space_before_colon", "X-Test : x", refused(400)),
        field("tab_before_colon", "X-Test\t: x", refused(400)),
        field(
            "space_before_colon_of_host",
            "X: y\r\nHost : conformance",
            refused(400),
        ),
        field("name_empty", ": x", refused(400)),
        field("colon_missing", "X-Test", refused(400)),
        field("colon_missing_with_value", "X-Test x", refused(400)),
        field("name_with_space", "X Test: x", refused(400)),
        field("name_with_parenthesis", "X(Test): x", refused(400)),
        field("name_with_comma", "X,Test: x", refused(400)),
        field("name_with_slash", "X/Test: x", refused(400)),
        field("name_with_semicolon", "X;Test: x", refused(400)),
        field("name_with_equals", "X=Test: x", refused(400)),
        field("name_with_at", "X@Test: x", refused(400)),
        field("name_with_bracket", "X[0]: x", refused(400)),
        field("name_with_brace", "X{0}: x", refused(400)),
        field("name_with_angle_bracket", "<X>: x", refused(400)),
        field("name_with_question_mark", "X?: x", refused(400)),
        field("name_with_backslash", "X\\Test: x", refused(400)),
        field("name_in_quotes", "\"X\": x", refused(400)),
        field("name_with_nul", "X\0Test: x", refused(400)),
        field("name_with_control_octet", "X\x01Test: x", refused(400)),
        field("name_with_delete", "X\x7fTest: x", refused(400)),
        field("name_with_high_octet", b"X\xe9Test: x", refused(400)),
        field("name_with_next_line_octet", b"X\x85: x", refused(400)),
        field("name_with_no_break_space", b"X\xa0: x", refused(400)),
        field("name_of_dots_for_another", "Content.Length: 5", ok()),
    ]
}

/// RFC 9110 §5.5: field-vchar, SP and HTAB; other control octets are dangerous in any reader.
fn values() -> Vec<Case> {
    vec![
        field("value_empty", "X-Test:", ok()),
        field("value_of_spaces", "X-Test:    ", ok()),
        field("value_without_space", "X-Test:x", ok()),
        field("value_with_tabs_around", "X-Test:\t x \t", ok()),
        field("value_with_tab_within", "X-Test: a\tb", ok()),
        field("value_with_colons", "X-Test: a:b::c", ok()),
        field(
            "value_with_every_visible_character",
            "X-Test: !\"#$%&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~",
            ok(),
        ),
        field("value_in_utf_8", "X-Test: Gesundheit, größer", ok()),
        field("value_of_high_octets", b"X-Test: \x80\x85\xa0\xff", ok()),
        field("value_with_nul", "X-Test: a\0b", refused(400)),
        field("value_with_soh", "X-Test: a\x01b", refused(400)),
        field("value_with_bell", "X-Test: a\x07b", refused(400)),
        field("value_with_backspace", "X-Test: a\x08b", refused(400)),
        field("value_with_vertical_tab", "X-Test: a\x0bb", refused(400)),
        field("value_with_form_feed", "X-Test: a\x0cb", refused(400)),
        field("value_with_escape", "X-Test: a\x1bb", refused(400)),
        field("value_with_unit_separator", "X-Test: a\x1fb", refused(400)),
        field("value_with_delete", "X-Test: a\x7fb", refused(400)),
        field("value_that_begins_with_nul", "X-Test:\0", refused(400)),
    ]
}

/// RFC 9112 §5.2: 400, or the fold replaced by spaces. Joining lines is what hides a field.
fn folds() -> Vec<Case> {
    let before_first = |name, bytes: &str| {
        raw(
            name,
            format!("GET /health HTTP/1.1\r\n{bytes}Host: conformance\r\n\r\n"),
            refused(400),
        )
    };
    vec![
        field("fold_by_space", "X-Test: a\r\n b", refused(400)),
        field("fold_by_tab", "X-Test: a\r\n\tb", refused(400)),
        field("fold_of_an_empty_value", "X-Test:\r\n b", refused(400)),
        field("fold_of_spaces", "X-Test: a\r\n   ", refused(400)),
        field(
            "fold_that_looks_like_a_field",
            "X-Test: a\r\n Content-Length: 5",
            refused(400),
        ),
        raw(
            "fold_of_host",
            "GET /health HTTP/1.1\r\nHost:\r\n conformance\r\n\r\n",
            refused(400),
        ),
        // RFC 9112 §2.2: whitespace between the start line and the first field.
        before_first("space_before_first_field", " "),
        before_first("tab_before_first_field", "\t"),
        before_first("line_of_a_space_before_first_field", " \r\n"),
        before_first("folded_field_before_first_field", " X: y\r\n"),
    ]
}

/// Fields that mean something elsewhere. A probe asks for the state now, whole, as it is.
fn ignored() -> Vec<Case> {
    vec![
        field(
            "repeated_unknown_field",
            "X-Test: a\r\nX-Test: b\r\nx-test: c",
            ok(),
        ),
        field(
            "accept_encoding",
            "Accept-Encoding: gzip, br;q=1.0, *;q=0",
            ok().without("content-encoding"),
        ),
        field("range", "Range: bytes=0-1", ok().without("content-range")),
        field("if_none_match", "If-None-Match: *", ok()),
        field(
            "if_modified_since",
            "If-Modified-Since: Fri, 31 Dec 9999 23:59:59 GMT",
            ok(),
        ),
        field("if_match", "If-Match: \"x\"", ok()),
        field("method_override", "X-HTTP-Method-Override: DELETE", ok()),
        field(
            "url_override",
            "X-Original-URL: /nothing\r\nX-Rewrite-URL: /nothing",
            ok(),
        ),
        field(
            "forwarded",
            "Forwarded: for=192.0.2.1;host=a\r\nX-Forwarded-For: 127.0.0.1",
            ok(),
        ),
        field(
            "authorization_that_is_not_ours",
            "Authorization: Basic eDp5",
            ok(),
        ),
        field(
            "upgrade_to_websocket",
            "Connection: Upgrade\r\nUpgrade: websocket",
            ok(),
        ),
        field("trailer_announced", "Trailer: X-Test", ok()),
        field("te", "TE: trailers, deflate;q=0.5", ok()),
        field("max_forwards", "Max-Forwards: 0", ok()),
    ]
}
