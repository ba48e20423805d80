//! RFC 9112 §2.3: `"HTTP/" DIGIT "." DIGIT`, case-sensitive; only major 1 is served.

use super::super::answer::{ok, refused};
use super::super::case::{Case, line, raw};

pub(super) fn cases() -> Vec<Case> {
    let version =
        |name, version: &str, answer| line(name, format!("GET /health {version}"), answer);
    vec![
        line(
            "http_1_1",
            "GET /health?1.1 HTTP/1.1",
            ok().without("connection"),
        ),
        // RFC 9110 §2.5: a higher minor of the same major is answered as the one we know.
        version("http_1_2", "HTTP/1.2", ok()),
        version("http_1_9", "HTTP/1.9", ok()),
        raw(
            "http_1_2_without_host_is_400",
            "GET /health HTTP/1.2\r\n\r\n",
            refused(400),
        ),
        // Well-formed, another major: RFC 9110 §15.6.6.
        version("http_0_9_is_505", "HTTP/0.9", refused(505)),
        version("http_0_0_is_505", "HTTP/0.0", refused(505)),
        version("http_2_0_is_505", "HTTP/2.0", refused(505)),
        version("http_3_0_is_505", "HTTP/3.0", refused(505)),
        version("http_9_9_is_505", "HTTP/9.9", refused(505)),
        // The version stands before the fields, so it decides.
        raw(
            "http_2_0_without_host_is_505",
            "GET /health HTTP/2.0\r\n\r\n",
            refused(505),
        ),
        raw(
            "http_2_0_with_bad_field_is_505",
            "GET /health HTTP/2.0\r\n: x\r\n\r\n",
            refused(505),
        ),
        line(
            "http_2_0_on_unknown_path_is_505",
            "GET /nothing HTTP/2.0",
            refused(505),
        ),
        line(
            "http_2_0_with_unknown_method_is_505",
            "FETCH /health HTTP/2.0",
            refused(505),
        ),
        // Malformed: a number of two digits is not a minor.
        version("two_digit_minor", "HTTP/1.10", refused(400)),
        version("two_digit_minor_with_zero", "HTTP/1.01", refused(400)),
        version("two_digit_minor_32", "HTTP/1.32", refused(400)),
        version("two_digit_major", "HTTP/01.1", refused(400)),
        version("two_digit_major_11", "HTTP/11.1", refused(400)),
        version("three_numbers", "HTTP/1.1.1", refused(400)),
        version("major_alone", "HTTP/1", refused(400)),
        version("major_2_alone", "HTTP/2", refused(400)),
        version("minor_missing", "HTTP/1.", refused(400)),
        version("major_missing", "HTTP/.1", refused(400)),
        version("numbers_missing", "HTTP/", refused(400)),
        version("slash_missing", "HTTP1.1", refused(400)),
        version("slash_as_backslash", "HTTP\\1.1", refused(400)),
        version("slash_as_space", "HTTP 1.1", refused(400)),
        version("slash_twice", "HTTP//1.1", refused(400)),
        version("dot_as_comma", "HTTP/1,1", refused(400)),
        version("space_within", "HTTP/1 .1", refused(400)),
        version("letter_as_minor", "HTTP/1.x", refused(400)),
        version("letter_as_major", "HTTP/x.1", refused(400)),
        version("hexadecimal_minor", "HTTP/1.A", refused(400)),
        version("plus_sign", "HTTP/+1.1", refused(400)),
        version("minus_sign", "HTTP/-1.1", refused(400)),
        version("letter_behind", "HTTP/1.1a", refused(400)),
        version("nul_behind", "HTTP/1.1\0", refused(400)),
        version("arabic_digit", "HTTP/1.\u{661}", refused(400)),
        version("lower_case", "http/1.1", refused(400)),
        version("mixed_case", "Http/1.1", refused(400)),
        version("letter_before", "XHTTP/1.1", refused(400)),
        version("https", "HTTPS/1.1", refused(400)),
        version("another_protocol", "ICAP/1.0", refused(400)),
    ]
}
