//! What a request may cost: 414, 431 and 413, exactly at their borders (RFC 9112 §3, RFC 6585 §5).
//!
//! A limit is reached by bytes, not by lines: the answer comes when the byte too many has come, not
//! when its line ends, for an attacker's line never does.

use super::super::answer::{Answer, ok, refused};
use super::super::case::{Case, Op, expect, field, get, head, line, raw, script, send};

pub(super) fn cases() -> Vec<Case> {
    [
        request_line(),
        whole_head(),
        fields(),
        endless(),
        settings(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A request line of exactly so many bytes, CRLF not counted.
fn line_of(length: usize) -> String {
    let padding = length - "GET /health? HTTP/1.1".len();
    format!("GET /health?{} HTTP/1.1", "x".repeat(padding))
}

/// A head of exactly so many bytes, its last CRLF counted, in a few long fields.
fn head_of(length: usize) -> Vec<u8> {
    let mut head = b"GET /health HTTP/1.1\r\nHost: conformance\r\n".to_vec();
    while head.len() + 2 < length {
        let mut rest = length - 2 - head.len();
        // A field line takes at least five bytes: leave none over that no line could fill.
        if rest > 4_000 {
            rest = if rest - 4_000 < 5 { rest - 5 } else { 4_000 };
        }
        head.extend_from_slice(b"x: ");
        head.resize(head.len() + rest - 5, b'y');
        head.extend_from_slice(b"\r\n");
    }
    [head, b"\r\n".to_vec()].concat()
}

/// So many field lines in all, `Host` counted.
fn fields_of(count: usize) -> Vec<u8> {
    let lines: Vec<_> = (1..count).map(|number| format!("x-{number}: y")).collect();
    head("GET /health HTTP/1.1", lines.join("\r\n"))
}

fn request_line() -> Vec<Case> {
    vec![
        line("uri_of_3_kilobytes", line_of(3_000), ok()),
        line("uri_of_nearly_8_kilobytes", line_of(7_900), ok()),
        line("request_line_of_8192", line_of(8_192), ok()),
        line("request_line_of_8193_is_414", line_of(8_193), refused(414)),
        line(
            "request_line_of_16384_is_414",
            line_of(16_384),
            refused(414),
        ),
        line(
            "request_line_of_100_kilobytes_is_414",
            line_of(100_000),
            refused(414),
        ),
        line(
            "method_of_9_kilobytes_is_414",
            "X".repeat(9_000) + " /health HTTP/1.1",
            refused(414),
        ),
        line(
            "version_of_9_kilobytes_is_414",
            "GET /health HTTP/1.".to_owned() + &"1".repeat(9_000),
            refused(414),
        ),
        raw(
            "empty_lines_do_not_count_as_request_line",
            ["\r\n\r\n", &line_of(8_192), "\r\nHost: a\r\n\r\n"].concat(),
            ok(),
        ),
        // The first byte that is wrong decides: here the line ends before it is too long.
        line(
            "long_line_after_malformed_one",
            format!("GET\r\n{}", "x".repeat(9_000)),
            refused(400),
        ),
    ]
}

fn whole_head() -> Vec<Case> {
    vec![
        field(
            "cookie_of_7_kilobytes",
            format!("Cookie: {}", "c".repeat(7_000)),
            ok(),
        ),
        raw(
            "uri_and_cookie_of_7_kilobytes",
            head(line_of(7_000), format!("Cookie: {}", "c".repeat(7_000))),
            ok(),
        ),
        raw("head_of_8_kilobytes", head_of(8_192), ok()),
        raw("head_of_16384", head_of(16_384), ok()),
        raw("head_of_16385_is_431", head_of(16_385), refused(431)),
        raw("head_of_20_kilobytes_is_431", head_of(20_000), refused(431)),
        raw("head_of_60_kilobytes_is_431", head_of(60_000), refused(431)),
        field(
            "value_of_16_kilobytes_is_431",
            format!("x: {}", "y".repeat(16_384)),
            refused(431),
        ),
        field(
            "name_of_16_kilobytes_is_431",
            "x".repeat(16_384),
            refused(431),
        ),
        raw(
            "limit_is_per_head",
            [head_of(10_000), head_of(10_000), head_of(10_000)].concat(),
            [ok(), ok(), ok()],
        ),
        raw(
            "small_head_then_a_large_one_is_431",
            [get("/health"), head_of(16_385)].concat(),
            [ok(), refused(431)],
        ),
    ]
}

fn fields() -> Vec<Case> {
    vec![
        raw("fields_90", fields_of(90), ok()),
        raw("fields_100", fields_of(100), ok()),
        raw("fields_101_is_431", fields_of(101), refused(431)),
        raw("fields_200_is_431", fields_of(200), refused(431)),
        raw("fields_1000_is_431", fields_of(1_000), refused(431)),
        raw(
            "fields_are_counted_per_head",
            [fields_of(60), fields_of(60)].concat(),
            [ok(), ok()],
        ),
        raw(
            "fields_101_of_one_name_is_431",
            head("GET /health HTTP/1.1", ["x:"; 100].join("\r\n")),
            refused(431),
        ),
    ]
}

/// Heads and bodies that never end: refused while they come, whatever follows is thrown away.
fn endless() -> Vec<Case> {
    let cut_off = |name, before: &str, endless: &str, answer: Answer| {
        let bytes = before.to_owned() + &endless.repeat(20_000 / endless.len());
        script(name, [send(bytes), expect(answer), Op::Closed])
    };
    let head = "GET /health HTTP/1.1\r\nHost: conformance\r\n";
    vec![
        cut_off("endless_method", "", "X", refused(414)),
        cut_off("endless_target", "GET /health?", "x", refused(414)),
        cut_off("endless_version", "GET /health HTTP/1.", "1", refused(414)),
        cut_off("endless_empty_lines", "", "\r\n", refused(400)),
        cut_off("endless_field_name", head, "x", refused(431)),
        cut_off(
            "endless_field_value",
            &format!("{head}x: "),
            "y",
            refused(431),
        ),
        cut_off(
            "endless_long_fields",
            head,
            &format!("x: {}\r\n", "y".repeat(1_000)),
            refused(431),
        ),
        cut_off("endless_short_fields", head, "x:\r\n", refused(431)),
        cut_off(
            "endless_body",
            &format!("{head}Content-Length: 65536\r\n\r\n"),
            "x",
            ok().closes(),
        ),
        cut_off(
            "endless_chunks",
            &format!("{head}Transfer-Encoding: chunked\r\n\r\n"),
            "1\r\nx\r\n",
            ok().closes(),
        ),
        // What is thrown away after the end has a bound too: 64 KiB, then the connection is gone.
        script(
            "endless_rest_after_an_error",
            [
                send("bad\r\n"),
                expect(refused(400)),
                Op::Closed,
                send("x".repeat(70_000)),
                Op::Gone,
            ],
        ),
        script(
            "endless_rest_after_a_body",
            [
                send(format!("{head}Content-Length: 5\r\n\r\n")),
                expect(ok().closes()),
                Op::Closed,
                send("x".repeat(70_000)),
                Op::Gone,
            ],
        ),
    ]
}

/// All limits are settings.
fn settings() -> Vec<Case> {
    let length = |name, value: u64, answer| {
        field(name, format!("Content-Length: {value}"), answer).limits(|limits| limits.body = 10)
    };
    vec![
        line("request_line_set_to_64", line_of(64), ok()).limits(|limits| limits.request_line = 64),
        line("request_line_set_to_64_is_414", line_of(65), refused(414))
            .limits(|limits| limits.request_line = 64),
        raw("head_set_to_256", head_of(256), ok()).limits(|limits| limits.head = 256),
        raw("head_set_to_256_is_431", head_of(257), refused(431))
            .limits(|limits| limits.head = 256),
        raw("fields_set_to_3", fields_of(3), ok()).limits(|limits| limits.fields = 3),
        raw("fields_set_to_3_is_431", fields_of(4), refused(431))
            .limits(|limits| limits.fields = 3),
        length("body_set_to_10", 10, ok().closes()),
        length("body_set_to_10_is_413", 11, refused(413)),
    ]
}
