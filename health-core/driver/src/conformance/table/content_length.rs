//! RFC 9110 §8.6, RFC 9112 §6.3: one `Content-Length`, one number, digits only.
//!
//! A body is announced, never read: the answer says `Connection: close`, so nobody has to agree on
//! where the next request would begin. Whether the body comes or not makes no difference.

use super::super::answer::{not_allowed, not_found, ok, options, refused};
use super::super::case::{Case, field, head, raw};

pub(super) fn cases() -> Vec<Case> {
    let length =
        |name, value: &[u8], answer| field(name, [b"Content-Length: ", value].concat(), answer);
    let with_body = |name, line: &str, answer| {
        raw(
            name,
            [head(line, "Content-Length: 5"), b"hello".to_vec()].concat(),
            answer,
        )
    };
    vec![
        // No body: nothing is different.
        length("zero", b"0", ok()),
        length("zeros", b"000", ok()),
        field("zero_with_tabs_around", "Content-Length:\t0\t", ok()),
        field("zero_without_space", "content-length:0", ok()),
        raw(
            "zero_with_post",
            head("POST /health HTTP/1.1", "Content-Length: 0"),
            not_allowed(),
        ),
        raw(
            "zero_on_unknown_path",
            head("GET /nothing HTTP/1.1", "Content-Length: 0"),
            not_found(),
        ),
        // A body: the answer its method deserves, then the end.
        with_body("body_of_get", "GET /health HTTP/1.1", ok().closes()),
        with_body(
            "body_of_head",
            "HEAD /health HTTP/1.1",
            ok().for_head().closes(),
        ),
        with_body(
            "body_of_options",
            "OPTIONS /health HTTP/1.1",
            options(200).closes(),
        ),
        with_body(
            "body_of_post",
            "POST /health HTTP/1.1",
            not_allowed().closes(),
        ),
        with_body(
            "body_of_put",
            "PUT /health HTTP/1.1",
            not_allowed().closes(),
        ),
        with_body(
            "body_of_delete",
            "DELETE /health HTTP/1.1",
            not_allowed().closes(),
        ),
        with_body(
            "body_of_unknown_method",
            "FETCH /health HTTP/1.1",
            not_allowed().closes(),
        ),
        with_body(
            "body_on_unknown_path",
            "GET /nothing HTTP/1.1",
            not_found().closes(),
        ),
        with_body("body_in_http_1_0", "GET /health HTTP/1.0", ok().closes()),
        length("body_announced_but_not_sent", b"5", ok().closes()),
        length("body_of_one_byte", b"1", ok().closes()),
        length("leading_zeros_are_decimal", b"003", ok().closes()),
        length("leading_zeros_are_not_octal", b"0200000", refused(413)),
        length(
            "many_leading_zeros",
            b"00000000000000000000000000000003",
            ok().closes(),
        ),
        raw(
            "http_1_0_keep_alive_with_body",
            head(
                "GET /health HTTP/1.0",
                "Connection: keep-alive\r\nContent-Length: 1",
            ),
            ok().closes(),
        ),
        // RFC 9110 §15.5.14: too large. Refused by its digits, nothing of that size is made.
        length("largest", b"65536", ok().closes()),
        length("one_more_than_the_largest", b"65537", refused(413)),
        length("one_terabyte", b"1099511627776", refused(413)),
        length("two_to_the_63", b"9223372036854775808", refused(413)),
        length("two_to_the_64", b"18446744073709551616", refused(413)),
        length(
            "two_to_the_64_and_three",
            b"18446744073709551619",
            refused(413),
        ),
        // In arithmetic that wraps it is 4.
        length(
            "two_to_the_64_and_four",
            b"18446744073709551620",
            refused(413),
        ),
        length(
            "forty_digits",
            b"9999999999999999999999999999999999999999",
            refused(413),
        ),
        raw(
            "too_large_with_post",
            head("POST /health HTTP/1.1", "Content-Length: 65537"),
            refused(413),
        ),
        raw(
            "too_large_on_unknown_path",
            head("GET /nothing HTTP/1.1", "Content-Length: 65537"),
            refused(413),
        ),
        // Not 1*DIGIT.
        length("empty", b"", refused(400)),
        length("spaces", b"   ", refused(400)),
        length("plus_before", b"+5", refused(400)),
        length("minus_before", b"-5", refused(400)),
        length("minus_zero", b"-0", refused(400)),
        length("plus_zero", b"+0", refused(400)),
        length("letters", b"five", refused(400)),
        length("letter_after", b"5a", refused(400)),
        length("hexadecimal", b"0x5", refused(400)),
        length("fraction", b"5.0", refused(400)),
        length("exponent", b"5e1", refused(400)),
        length("underscore", b"1_0", refused(400)),
        length("in_quotes", b"\"5\"", refused(400)),
        length("with_parameter", b"5;x=y", refused(400)),
        length("two_numbers", b"5 5", refused(400)),
        length("two_numbers_with_tab", b"5\t5", refused(400)),
        length("list_of_equals", b"5, 5", refused(400)),
        length("list_of_equals_without_space", b"5,5", refused(400)),
        length("list_of_different", b"5, 6", refused(400)),
        length("list_of_zeros", b"0, 0", refused(400)),
        length("list_with_empty_element", b"5,", refused(400)),
        length("list_that_begins_empty", b",5", refused(400)),
        length("nul_after_number", b"5\0", refused(400)),
        length("vertical_tab_after", b"5\x0b", refused(400)),
        length("no_break_space_after", b"5\xa0", refused(400)),
        length("full_width_digit", "\u{ff15}".as_bytes(), refused(400)),
        // RFC 9112 §6.3 lets a recipient merge equal ones; two parsers may not merge the same way.
        field(
            "length_twice_equal",
            "Content-Length: 5\r\nContent-Length: 5",
            refused(400),
        ),
        field(
            "length_twice_different",
            "Content-Length: 5\r\nContent-Length: 6",
            refused(400),
        ),
        field(
            "length_twice_zero",
            "Content-Length: 0\r\nContent-Length: 0",
            refused(400),
        ),
        field(
            "length_twice_equal_in_value",
            "Content-Length: 5\r\nContent-Length: 05",
            refused(400),
        ),
        field(
            "length_twice_apart",
            "Content-Length: 5\r\nX: y\r\ncontent-length: 5",
            refused(400),
        ),
        field(
            "length_twice_and_one_empty",
            "Content-Length:\r\nContent-Length: 5",
            refused(400),
        ),
        field(
            "length_twice_and_one_too_large",
            "Content-Length: 5\r\nContent-Length: 65537",
            refused(400),
        ),
        raw(
            "malformed_in_http_1_0",
            head("GET /health HTTP/1.0", "Content-Length: x"),
            refused(400),
        ),
        raw(
            "malformed_on_unknown_path",
            head("GET /nothing HTTP/1.1", "Content-Length: x"),
            refused(400),
        ),
        field(
            "another_field_of_a_similar_name",
            "Content_Length: 5\r\nX-Content-Length: 5",
            ok(),
        ),
    ]
}
