//! RFC 9110 §9: GET, HEAD and OPTIONS on every path of ours, nothing else on any.

use super::super::answer::{
    Answer, not_allowed, not_found, ok, options, options_asterisk, refused, unavailable,
};
use super::super::case::{Case, Daemon, line};

pub(super) fn cases() -> Vec<Case> {
    [allowed(), refused_with_405(), elsewhere()]
        .into_iter()
        .flatten()
        .collect()
}

fn allowed() -> Vec<Case> {
    let ask = |name, start: &str, answer: Answer| line(name, format!("{start} HTTP/1.1"), answer);
    vec![
        ask("head_of_the_root", "HEAD /", ok().for_head()),
        ask("head_of_live", "HEAD /health/live", ok().for_head()),
        ask("head_of_ready", "HEAD /ready", ok().for_head()),
        ask(
            "head_of_a_component",
            "HEAD /health/check/db",
            ok().for_head(),
        ),
        ask("head_of_stats", "HEAD /stats", ok().for_head()),
        ask("head_of_version", "HEAD /version", ok().for_head()),
        ask(
            "head_of_unknown_path",
            "HEAD /nothing",
            not_found().for_head(),
        ),
        ask(
            "head_while_starting",
            "HEAD /ready",
            unavailable().retry_after().for_head(),
        )
        .when(Daemon::Starting),
        ask(
            "head_while_failing",
            "HEAD /health",
            unavailable().for_head(),
        )
        .when(Daemon::Failing),
        ask(
            "head_while_draining",
            "HEAD /ready",
            unavailable().retry_after().for_head().closes(),
        )
        .when(Daemon::Draining),
        // HAProxy's check: the code of OPTIONS is the verdict.
        ask("options_of_the_root", "OPTIONS /", options(200)),
        ask("options_of_health", "OPTIONS /health", options(200)),
        ask(
            "options_of_ready_while_starting",
            "OPTIONS /ready",
            options(503).retry_after(),
        )
        .when(Daemon::Starting),
        ask(
            "options_of_live_while_starting",
            "OPTIONS /live",
            options(200),
        )
        .when(Daemon::Starting),
        ask(
            "options_of_health_while_failing",
            "OPTIONS /health",
            options(503),
        )
        .when(Daemon::Failing),
        ask(
            "options_of_ready_while_draining",
            "OPTIONS /ready",
            options(503).retry_after().closes(),
        )
        .when(Daemon::Draining),
        ask(
            "options_of_a_component",
            "OPTIONS /health/check/db",
            options(200),
        ),
        ask(
            "options_of_a_failing_component",
            "OPTIONS /health/check/db",
            options(503),
        )
        .when(Daemon::Failing),
        ask("options_of_stats", "OPTIONS /stats", options(200)),
        ask("options_of_version", "OPTIONS /version", options(200)),
        ask("options_of_the_server", "OPTIONS *", options_asterisk()),
        ask(
            "options_of_the_server_while_failing",
            "OPTIONS *",
            options_asterisk(),
        )
        .when(Daemon::Failing),
    ]
}

fn refused_with_405() -> Vec<Case> {
    let method =
        |name, method: &str| line(name, format!("{method} /health HTTP/1.1"), not_allowed());
    vec![
        method("post", "POST"),
        method("put", "PUT"),
        method("delete", "DELETE"),
        method("patch", "PATCH"),
        // RFC 9110 §9.3.8: it would reflect credentials.
        method("trace", "TRACE"),
        method("connect_to_a_path", "CONNECT"),
        method("propfind", "PROPFIND"),
        method("m_search", "M-SEARCH"),
        method("query_method", "QUERY"),
        method("purge", "PURGE"),
        method("unknown_method", "FETCH"),
        // RFC 9110 §9.1: methods are case-sensitive.
        method("get_in_lower_case", "get"),
        method("get_in_mixed_case", "Get"),
        method("head_in_lower_case", "head"),
        method("options_in_lower_case", "options"),
        method("get_cut_short", "GE"),
        method("get_and_more", "GETS"),
        method("method_of_one_letter", "X"),
        method("method_of_a_digit", "1"),
        line(
            "method_of_a_thousand_letters",
            "X".repeat(1_000) + " /health HTTP/1.1",
            not_allowed(),
        ),
        line("post_to_the_root", "POST / HTTP/1.1", not_allowed()),
        line(
            "post_to_ready",
            "POST /health/ready HTTP/1.1",
            not_allowed(),
        ),
        line(
            "post_to_a_component",
            "POST /health/check/db HTTP/1.1",
            not_allowed(),
        ),
        line("post_to_stats", "POST /stats HTTP/1.1", not_allowed()),
        line("post_to_version", "POST /version HTTP/1.1", not_allowed()),
        // The method is refused, not the state reported.
        line("post_while_failing", "POST /health HTTP/1.1", not_allowed()).when(Daemon::Failing),
    ]
}

fn elsewhere() -> Vec<Case> {
    let ask = |name, start: &str, answer: Answer| line(name, format!("{start} HTTP/1.1"), answer);
    vec![
        ask("post_to_unknown_path", "POST /nothing", not_found()),
        ask(
            "unknown_method_on_unknown_path",
            "FETCH /nothing",
            not_found(),
        ),
        ask(
            "lower_case_method_on_unknown_path",
            "get /nothing",
            not_found(),
        ),
        ask("options_of_unknown_path", "OPTIONS /nothing", not_found()),
        ask("trace_of_unknown_path", "TRACE /nothing", not_found()),
        ask("head_with_asterisk", "HEAD *", refused(400).for_head()),
        ask("post_with_asterisk", "POST *", refused(400)),
        ask("unknown_method_with_asterisk", "FETCH *", refused(400)),
        ask(
            "lower_case_options_with_asterisk",
            "options *",
            refused(400),
        ),
        ask("options_with_two_asterisks", "OPTIONS **", refused(400)),
        ask(
            "options_with_authority",
            "OPTIONS conformance:80",
            refused(400),
        ),
        ask(
            "unknown_method_with_authority",
            "FETCH conformance:80",
            refused(400),
        ),
    ]
}
