//! RFC 9112 §3.2: exactly one `Host` in HTTP/1.1, and its value is `uri-host [ ":" port ]`.
//!
//! Its value decides nothing here, but a proxy in front may have routed by it, and by another one.

use super::super::answer::{ok, refused};
use super::super::case::{Case, raw};

pub(super) fn cases() -> Vec<Case> {
    let fields = |name, fields: &str, answer| {
        raw(
            name,
            format!("GET /health HTTP/1.1\r\n{fields}\r\n"),
            answer,
        )
    };
    let host = |name, value: &[u8], answer| {
        raw(
            name,
            [b"GET /health HTTP/1.1\r\nHost: ", value, b"\r\n\r\n"].concat(),
            answer,
        )
    };
    vec![
        fields("host_missing", "", refused(400)),
        fields(
            "host_missing_among_others",
            "Accept: */*\r\nX-Host: a\r\n",
            refused(400),
        ),
        raw(
            "host_missing_in_http_1_0",
            "GET /health HTTP/1.0\r\n\r\n",
            ok().closes(),
        ),
        raw(
            "host_missing_with_absolute_form",
            "GET http://a/health HTTP/1.1\r\n\r\n",
            refused(400),
        ),
        raw(
            "host_missing_on_unknown_path",
            "GET /nothing HTTP/1.1\r\n\r\n",
            refused(400),
        ),
        raw(
            "host_missing_with_asterisk",
            "OPTIONS * HTTP/1.1\r\n\r\n",
            refused(400),
        ),
        raw(
            "host_missing_with_head",
            "HEAD /health HTTP/1.1\r\n\r\n",
            refused(400).for_head(),
        ),
        fields("host_twice_equal", "Host: a\r\nHost: a\r\n", refused(400)),
        fields(
            "host_twice_different",
            "Host: a\r\nHost: b\r\n",
            refused(400),
        ),
        fields(
            "host_twice_apart",
            "Host: a\r\nX: y\r\nhost: a\r\n",
            refused(400),
        ),
        fields("host_twice_empty", "Host:\r\nHost:\r\n", refused(400)),
        fields(
            "host_twice_and_first_empty",
            "Host:\r\nHost: a\r\n",
            refused(400),
        ),
        raw(
            "host_twice_in_http_1_0",
            "GET /health HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
            refused(400),
        ),
        raw(
            "host_malformed_in_http_1_0",
            "GET /health HTTP/1.0\r\nHost: a/b\r\n\r\n",
            refused(400),
        ),
        fields("host_last", "X: y\r\nAccept: */*\r\nHost: a\r\n", ok()),
        fields("host_name_in_lower_case", "host: a\r\n", ok()),
        fields("host_name_in_upper_case", "HOST: a\r\n", ok()),
        fields("host_without_space", "Host:a\r\n", ok()),
        fields("host_with_tabs_around", "Host:\ta\t\r\n", ok()),
        fields("host_with_spaces_around", "Host:   a   \r\n", ok()),
        fields("host_empty", "Host:\r\n", ok()),
        fields("host_of_spaces", "Host:   \r\n", ok()),
        host("host_other_than_the_target", b"elsewhere.example", ok()),
        host("host_with_port", b"conformance:9102", ok()),
        host("host_with_empty_port", b"conformance:", ok()),
        host("host_ipv4", b"127.0.0.1", ok()),
        host("host_ipv6", b"[::1]", ok()),
        host("host_ipv6_with_port", b"[fe80::1]:9102", ok()),
        host("host_ipv6_with_ipv4", b"[::ffff:127.0.0.1]", ok()),
        host("host_ip_of_the_future", b"[v1.a:b]", ok()),
        host("host_with_trailing_dot", b"conformance.", ok()),
        host("host_with_underscore", b"my_host", ok()),
        host("host_with_every_sub_delimiter", b"a!$&'()*+,;=~-._", ok()),
        host("host_percent_encoded", b"a%20b", ok()),
        host("host_with_user", b"user@conformance", refused(400)),
        host("host_with_path", b"conformance/health", refused(400)),
        host("host_with_scheme", b"http://conformance", refused(400)),
        host("host_with_query", b"conformance?x", refused(400)),
        host("host_with_fragment", b"conformance#x", refused(400)),
        host("host_with_space_within", b"a b", refused(400)),
        host("host_with_tab_within", b"a\tb", refused(400)),
        host("host_list", b"a, b", refused(400)),
        host(
            "host_with_port_of_letters",
            b"conformance:http",
            refused(400),
        ),
        host("host_with_two_ports", b"conformance:80:80", refused(400)),
        host("host_with_negative_port", b"conformance:-1", refused(400)),
        host("host_ipv6_without_brackets", b"::1", refused(400)),
        host("host_ipv6_open", b"[::1", refused(400)),
        host("host_ipv6_with_letters_behind", b"[::1]x", refused(400)),
        host("host_ipv6_of_other_letters", b"[::g]", refused(400)),
        host(
            "host_ipv6_with_too_many_groups",
            b"[1:2:3:4:5:6:7:8:9]",
            refused(400),
        ),
        host("host_brackets_empty", b"[]", refused(400)),
        host(
            "host_brackets_around_a_name",
            b"[conformance]",
            refused(400),
        ),
        host("host_with_closing_bracket", b"a]", refused(400)),
        host("host_with_backslash", b"a\\b", refused(400)),
        host("host_in_quotes", b"\"a\"", refused(400)),
        host("host_with_angle_brackets", b"<a>", refused(400)),
        host("host_with_caret", b"a^b", refused(400)),
        host("host_with_pipe", b"a|b", refused(400)),
        host("host_with_braces", b"{a}", refused(400)),
        host("host_encoding_broken", b"a%zz", refused(400)),
        host("host_encoding_cut_short", b"a%4", refused(400)),
        host("host_with_nul", b"a\0b", refused(400)),
        host("host_with_high_octet", b"a\xffb", refused(400)),
        host("host_in_utf_8", "größe".as_bytes(), refused(400)),
    ]
}
