//! RFC 9112 §9.3.2: requests sent without waiting are answered in order, up to the one that ends.

use super::super::answer::{
    not_allowed, not_found, ok, options, options_asterisk, refused, unavailable,
};
use super::super::case::{Case, Daemon, get, head, raw};

pub(super) fn cases() -> Vec<Case> {
    let version = || get("/version");
    let health = || get("/health");
    let bodiless = |method: &str| head(format!("{method} /health HTTP/1.1"), b"");
    let closing = || head("GET /health HTTP/1.1", "Connection: close");
    vec![
        raw(
            "two",
            [health(), version()].concat(),
            [ok().has("status"), ok().has("version")],
        ),
        raw(
            "two_reversed",
            [version(), health()].concat(),
            [ok().has("version"), ok().has("status")],
        ),
        raw("twenty", health().repeat(20), vec![ok(); 20]),
        raw("a_thousand", get("/live").repeat(1_000), vec![ok(); 1_000]),
        raw(
            "head_get_options",
            [bodiless("HEAD"), health(), bodiless("OPTIONS"), version()].concat(),
            [
                ok().for_head(),
                ok().has("status"),
                options(200),
                ok().has("version"),
            ],
        ),
        raw(
            "head_five_times",
            bodiless("HEAD").repeat(5),
            vec![ok().for_head(); 5],
        ),
        raw(
            "not_found_in_the_middle",
            [health(), get("/nothing"), version()].concat(),
            [ok(), not_found(), ok().has("version")],
        ),
        raw(
            "not_allowed_in_the_middle",
            [health(), bodiless("POST"), version()].concat(),
            [ok(), not_allowed(), ok().has("version")],
        ),
        raw(
            "server_options_in_the_middle",
            [health(), head("OPTIONS * HTTP/1.1", b""), version()].concat(),
            [ok(), options_asterisk(), ok().has("version")],
        ),
        raw(
            "empty_lines_between",
            [health(), b"\r\n\r\n".to_vec(), version()].concat(),
            [ok(), ok().has("version")],
        ),
        raw(
            "eight_empty_lines_before_each",
            ["\r\n".repeat(8).into_bytes(), health()].concat().repeat(3),
            vec![ok(); 3],
        ),
        raw(
            "nine_empty_lines_between",
            [health(), "\r\n".repeat(9).into_bytes(), version()].concat(),
            [ok(), refused(400)],
        ),
        raw(
            "zero_length_body_in_the_middle",
            [
                health(),
                head("GET /health HTTP/1.1", "Content-Length: 0"),
                version(),
            ]
            .concat(),
            [ok(), ok(), ok().has("version")],
        ),
        // Nothing behind these is answered.
        raw(
            "close_in_the_middle",
            [health(), closing(), version()].concat(),
            [ok(), ok().closes()],
        ),
        raw(
            "close_first",
            [closing(), health(), version()].concat(),
            ok().closes(),
        ),
        raw(
            "http_1_0_in_the_middle",
            [
                health(),
                b"GET /health HTTP/1.0\r\n\r\n".to_vec(),
                version(),
            ]
            .concat(),
            [ok(), ok().closes()],
        ),
        raw(
            "body_in_the_middle",
            [
                health(),
                head("GET /health HTTP/1.1", "Content-Length: 5"),
                b"hello".to_vec(),
                version(),
            ]
            .concat(),
            [ok(), ok().closes()],
        ),
        raw(
            "chunked_body_in_the_middle",
            [
                health(),
                head("GET /health HTTP/1.1", "Transfer-Encoding: chunked"),
                b"0\r\n\r\n".to_vec(),
                version(),
            ]
            .concat(),
            [ok(), ok().closes()],
        ),
        raw(
            "post_with_body_in_the_middle",
            [
                health(),
                head("POST /health HTTP/1.1", "Content-Length: 5"),
                b"hello".to_vec(),
                version(),
            ]
            .concat(),
            [ok(), not_allowed().closes()],
        ),
        raw(
            "garbage_behind",
            [health(), b"\x16\x03\x01".to_vec()].concat(),
            [ok(), refused(400)],
        ),
        raw(
            "garbage_in_the_middle",
            [health(), b"bad\r\n".to_vec(), version()].concat(),
            [ok(), refused(400)],
        ),
        raw(
            "missing_host_in_the_middle",
            [
                health(),
                b"GET /health HTTP/1.1\r\n\r\n".to_vec(),
                version(),
            ]
            .concat(),
            [ok(), refused(400)],
        ),
        raw(
            "other_version_in_the_middle",
            [health(), head("GET /health HTTP/2.0", b""), version()].concat(),
            [ok(), refused(505)],
        ),
        raw(
            "too_large_a_body_in_the_middle",
            [
                health(),
                head("GET /health HTTP/1.1", "Content-Length: 65537"),
                version(),
            ]
            .concat(),
            [ok(), refused(413)],
        ),
        raw(
            "answers_may_differ",
            [get("/live"), get("/ready"), get("/stats")].concat(),
            [ok(), unavailable().retry_after(), ok()],
        )
        .when(Daemon::Starting),
        // While draining the first answer is the last.
        raw(
            "draining_after_the_first",
            [get("/live"), get("/live")].concat(),
            ok().closes(),
        )
        .when(Daemon::Draining),
    ]
}
