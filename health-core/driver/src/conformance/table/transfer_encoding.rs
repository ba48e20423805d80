//! RFC 9112 §6.1: exactly one line, exactly `chunked`; everything else is 400.
//!
//! A body in a coding that we do not know has no end that we could find, and in each of these
//! spellings some parser has seen `chunked` where another has not.

use super::super::answer::{not_allowed, not_found, ok, options, refused};
use super::super::case::{Case, field, head, raw};

pub(super) fn cases() -> Vec<Case> {
    let coding =
        |name, value: &[u8], answer| field(name, [b"Transfer-Encoding: ", value].concat(), answer);
    let chunked = |name, line: &str, answer| {
        let body = b"0\r\n\r\n".to_vec();
        raw(
            name,
            [head(line, "Transfer-Encoding: chunked"), body].concat(),
            answer,
        )
    };
    vec![
        chunked("chunked_get", "GET /health HTTP/1.1", ok().closes()),
        chunked(
            "chunked_head",
            "HEAD /health HTTP/1.1",
            ok().for_head().closes(),
        ),
        chunked(
            "chunked_options",
            "OPTIONS /health HTTP/1.1",
            options(200).closes(),
        ),
        chunked(
            "chunked_post",
            "POST /health HTTP/1.1",
            not_allowed().closes(),
        ),
        chunked(
            "chunked_on_unknown_path",
            "POST /nothing HTTP/1.1",
            not_found().closes(),
        ),
        chunked("chunked_in_http_1_2", "GET /health HTTP/1.2", ok().closes()),
        // RFC 9112 §6.1: faulty framing even if it is well-formed.
        chunked("chunked_in_http_1_0", "GET /health HTTP/1.0", refused(400)),
        chunked(
            "chunked_in_http_1_0_post",
            "POST /health HTTP/1.0",
            refused(400),
        ),
        raw(
            "chunked_in_http_1_0_keep_alive",
            head(
                "GET /health HTTP/1.0",
                "Connection: keep-alive\r\nTransfer-Encoding: chunked",
            ),
            refused(400),
        ),
        coding("chunked_in_mixed_case", b"Chunked", ok().closes()),
        coding("chunked_in_upper_case", b"CHUNKED", ok().closes()),
        field(
            "chunked_with_tabs_around",
            "transfer-encoding:\tchunked\t",
            ok().closes(),
        ),
        coding("coding_empty", b"", refused(400)),
        coding("coding_identity", b"identity", refused(400)),
        coding("coding_gzip", b"gzip", refused(400)),
        coding("coding_unknown", b"x-unknown", refused(400)),
        coding("coding_gzip_then_chunked", b"gzip, chunked", refused(400)),
        coding("coding_chunked_then_gzip", b"chunked, gzip", refused(400)),
        coding("coding_chunked_twice", b"chunked, chunked", refused(400)),
        coding(
            "coding_identity_then_chunked",
            b"identity, chunked",
            refused(400),
        ),
        coding(
            "coding_chunked_then_identity",
            b"chunked, identity",
            refused(400),
        ),
        coding("coding_list_with_comma_after", b"chunked,", refused(400)),
        coding("coding_list_with_comma_before", b",chunked", refused(400)),
        coding("coding_with_parameter", b"chunked;q=1", refused(400)),
        coding("coding_in_quotes", b"\"chunked\"", refused(400)),
        coding("coding_in_single_quotes", b"'chunked'", refused(400)),
        coding("coding_with_letter_before", b"xchunked", refused(400)),
        coding("coding_with_letter_after", b"chunkedx", refused(400)),
        coding("coding_cut_short", b"chunke", refused(400)),
        coding("coding_with_space_within", b"chun ked", refused(400)),
        coding("coding_after_colon", b": chunked", refused(400)),
        coding("coding_after_vertical_tab", b"\x0bchunked", refused(400)),
        coding("coding_before_nul", b"chunked\0", refused(400)),
        coding("coding_before_no_break_space", b"chunked\xa0", refused(400)),
        coding(
            "coding_with_kelvin_sign",
            "chun\u{212a}ed".as_bytes(),
            refused(400),
        ),
        field(
            "coding_on_two_lines_equal",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            refused(400),
        ),
        field(
            "coding_on_two_lines_gzip",
            "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked",
            refused(400),
        ),
        field(
            "coding_on_two_lines_identity",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
            refused(400),
        ),
        field(
            "coding_on_two_lines_one_empty",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding:",
            refused(400),
        ),
        field(
            "coding_with_space_before_colon",
            "Transfer-Encoding : chunked",
            refused(400),
        ),
        field(
            "coding_folded",
            "Transfer-Encoding:\r\n chunked",
            refused(400),
        ),
        field(
            "coding_in_a_similar_field",
            "Transfer_Encoding: chunked\r\nX-Transfer-Encoding: gzip",
            ok(),
        ),
        raw(
            "coding_malformed_on_unknown_path",
            head("GET /nothing HTTP/1.1", "Transfer-Encoding: gzip"),
            refused(400),
        ),
        raw(
            "coding_malformed_with_head",
            head("HEAD /health HTTP/1.1", "Transfer-Encoding: gzip"),
            refused(400).for_head(),
        ),
    ]
}
