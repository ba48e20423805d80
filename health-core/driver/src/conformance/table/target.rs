//! RFC 9112 §3.2: the request target, and which bytes name a path of ours.
//!
//! Paths match byte for byte. Nothing is decoded, folded or normalised, so no two spellings lead to
//! one path, and nothing is ever redirected: a prober may count a redirect as healthy.

use super::super::answer::{not_found, ok, options, refused, unavailable};
use super::super::case::{Case, Daemon, expect, get, line, script, send, target};

pub(super) fn cases() -> Vec<Case> {
    [origin_form(), spellings(), malformed(), absolute_form()]
        .into_iter()
        .flatten()
        .collect()
}

fn origin_form() -> Vec<Case> {
    vec![
        script(
            "prefix_without_its_slash",
            [send(get("/actuator/health")), expect(ok())],
        )
        .service(|it| it.prefix("actuator/")),
        target("exclude_encoded", "/ready?exclude=d%62", ok()).when(Daemon::Failing),
        target("query", "/health?x=1", ok()),
        target("query_empty", "/health?", ok()),
        target("query_on_the_root", "/?cache=buster", ok()),
        target("query_with_two_question_marks", "/health??", ok()),
        target("query_with_path_in_it", "/health?/../../etc/passwd", ok()),
        target("query_with_url_in_it", "/health?next=http://a/b", ok()),
        target("query_percent_encoded", "/health?x=%00%ff", ok()),
        target(
            "query_of_an_unknown_path",
            "/nothing?x=/health",
            not_found(),
        ),
        target("query_of_a_component", "/health/check/db?x", ok()),
        target("query_does_not_hide_the_state", "/ready?x=1", unavailable()).when(Daemon::Failing),
    ]
}

/// All of these would be a path of ours after some normalisation.
fn spellings() -> Vec<Case> {
    vec![
        target("double_slash", "//health/live", not_found()),
        target("double_slash_within", "/health//live", not_found()),
        target("trailing_slash", "/health/", not_found()),
        target("trailing_dot", "/health.", not_found()),
        target("dot_segment", "/./health", not_found()),
        target("dot_dot_segment", "/x/../health", not_found()),
        target("dot_dot_at_the_root", "/../health", not_found()),
        target("encoded_slash", "/health%2Flive", not_found()),
        target("encoded_letter", "/%68ealth", not_found()),
        target("encoded_dots", "/%2e%2e/health", not_found()),
        target("encoded_question_mark", "/health%3Fx", not_found()),
        target("path_parameter", "/health;x", not_found()),
        target("backslash", "/health\\live", not_found()),
        target("backslash_first", "/\\health", not_found()),
        target("upper_case", "/HEALTH", not_found()),
        target("prefix_of_a_path", "/healt", not_found()),
        target("path_and_more", "/healthzz", not_found()),
        target("path_within_another", "/a/health", not_found()),
        target("component_without_name", "/health/check/", not_found()),
        target("component_without_slash", "/health/check", not_found()),
        target(
            "component_with_slash_behind",
            "/health/check/db/",
            not_found(),
        ),
        target("component_encoded", "/health/check/d%62", not_found()),
        target("component_in_upper_case", "/health/check/DB", not_found()),
        target(
            "component_name_too_long",
            format!("/health/check/{}", "x".repeat(65)),
            not_found(),
        ),
        target("file_of_the_system", "/../../../../etc/passwd", not_found()),
        target("favicon", "/favicon.ico", not_found()),
    ]
}

fn malformed() -> Vec<Case> {
    vec![
        target("fragment", "/health#x", refused(400)),
        target("fragment_after_query", "/health?x#y", refused(400)),
        target("fragment_alone", "#", refused(400)),
        target("no_leading_slash", "health", refused(400)),
        target("dot_first", "./health", refused(400)),
        target("query_alone", "?x", refused(400)),
        target("asterisk_with_get", "*", refused(400)),
        target("asterisk_and_more", "*/health", refused(400)),
        target("authority_form_with_get", "conformance:80", refused(400)),
        line(
            "authority_form_with_connect",
            "CONNECT conformance:443 HTTP/1.1",
            refused(400),
        ),
        target("nul", "/health\0", refused(400)),
        target("nul_in_query", "/health?\0", refused(400)),
        target("control_octet", "/hea\x01lth", refused(400)),
        target("escape_octet", "/health\x1b[2J", refused(400)),
        target("delete_octet", "/health\x7f", refused(400)),
        target("high_octet", b"/health\xff", refused(400)),
        target("utf_8", "/gesundheit/ä", refused(400)),
        target("utf_8_in_query", "/health?ä", refused(400)),
        // Not allowed by RFC 3986 §2, but harmless: no path of ours has such a byte.
        target("encoding_broken", "/health%zz", not_found()),
        target("encoding_cut_short", "/health%2", not_found()),
        target("encoded_nul", "/health%00", not_found()),
        target(
            "quote_and_angle_brackets",
            "/<script>\"x\"</script>",
            not_found(),
        ),
        target("braces_pipe_caret_backtick", "/{a|b}^`c`", not_found()),
        target("square_brackets", "/health[0]", not_found()),
    ]
}

/// RFC 9112 §3.2.2: MUST be accepted, also by a server that is not a proxy.
fn absolute_form() -> Vec<Case> {
    vec![
        target(
            "absolute",
            "http://conformance/health",
            ok().says("status", "healthy"),
        ),
        target("absolute_https", "https://conformance/health", ok()),
        target(
            "absolute_scheme_in_upper_case",
            "HTTP://conformance/health",
            ok(),
        ),
        target("absolute_with_port", "http://conformance:9102/health", ok()),
        target(
            "absolute_with_empty_port",
            "http://conformance:/health",
            ok(),
        ),
        target(
            "absolute_ipv4",
            "http://127.0.0.1:9102/version",
            ok().has("version"),
        ),
        target("absolute_ipv6", "http://[::1]:9102/health", ok()),
        target("absolute_with_query", "http://conformance/health?x=1", ok()),
        // RFC 9110 §4.2.3: an empty path is the root's.
        target("absolute_without_path", "http://conformance", ok()),
        target(
            "absolute_without_path_but_query",
            "http://conformance?x",
            ok(),
        ),
        target(
            "absolute_of_another_host",
            "http://elsewhere.example/health",
            ok(),
        ),
        target(
            "absolute_of_unknown_path",
            "http://conformance/nothing",
            not_found(),
        ),
        target(
            "absolute_with_double_slash",
            "http://conformance//health",
            not_found(),
        ),
        line(
            "absolute_with_options",
            "OPTIONS http://conformance/health HTTP/1.1",
            options(200),
        ),
        line(
            "absolute_in_http_1_0",
            "GET http://conformance/health HTTP/1.0",
            ok().closes(),
        ),
        target(
            "absolute_with_user",
            "http://user@conformance/health",
            refused(400),
        ),
        target(
            "absolute_with_password",
            "http://user:word@conformance/health",
            refused(400),
        ),
        target(
            "absolute_with_empty_user",
            "http://@conformance/health",
            refused(400),
        ),
        target("absolute_without_authority", "http:///health", refused(400)),
        target(
            "absolute_with_port_alone",
            "http://:80/health",
            refused(400),
        ),
        target("absolute_with_one_slash", "http:/health", refused(400)),
        target("absolute_without_slashes", "http:health", refused(400)),
        target(
            "absolute_with_fragment",
            "http://conformance/health#x",
            refused(400),
        ),
        target(
            "absolute_with_port_of_letters",
            "http://conformance:http/health",
            refused(400),
        ),
        target(
            "absolute_with_two_ports",
            "http://conformance:1:2/health",
            refused(400),
        ),
        target(
            "absolute_with_open_bracket",
            "http://[::1/health",
            refused(400),
        ),
        target(
            "absolute_with_broken_encoding",
            "http://conform%zz/health",
            refused(400),
        ),
        target(
            "absolute_with_backslash",
            "http://conformance\\@a/health",
            refused(400),
        ),
        target("absolute_ftp", "ftp://conformance/health", refused(400)),
        target("absolute_file", "file:///health", refused(400)),
        target("absolute_javascript", "javascript:alert(1)", refused(400)),
    ]
}
