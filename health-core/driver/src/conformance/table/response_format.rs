//! RFC 9110 §6, RFC 9112 §4: what answers look like, beyond what `response.rs` checks on each.

use super::super::answer::{
    Answer, for_browser, not_allowed, not_found, ok, ok_in_some_form, options, options_asterisk,
    refused, unavailable,
};
use super::super::bare::has_page;
use super::super::case::{Case, Daemon, Op, expect, get, head, line, raw, script, send};

pub(super) fn cases() -> Vec<Case> {
    [heads(), documents(), negotiated(), errors()]
        .into_iter()
        .flatten()
        .collect()
}

/// HEAD gives the fields that GET would give (RFC 9110 §9.3.2), whatever the answer is.
fn heads() -> Vec<Case> {
    let same = |name, path: &str, answer: Answer| {
        let head = head(format!("HEAD {path} HTTP/1.1"), b"");
        script(
            name,
            [
                send(get(path)),
                expect(answer),
                send(head),
                Op::ExpectSameHead,
            ],
        )
    };
    vec![
        same("head_as_get_root", "/", ok()),
        same("head_as_get_health", "/health", ok()),
        same(
            "head_as_get_page",
            if has_page() { "/?format=html" } else { "/" },
            for_browser(200),
        ),
        same("head_as_get_live", "/health/live", ok()),
        same("head_as_get_ready", "/health/ready", ok()),
        same("head_as_get_startup", "/health/startup", ok()),
        same("head_as_get_component", "/health/check/db", ok()),
        same("head_as_get_stats", "/stats", ok()),
        same("head_as_get_version", "/version", ok()),
        same("head_as_get_unknown_path", "/nothing", not_found()),
        same(
            "head_as_get_unknown_component",
            "/health/check/nobody",
            not_found(),
        ),
        same("head_as_get_failing", "/health", unavailable()).when(Daemon::Failing),
        same("head_as_get_starting", "/ready", unavailable()).when(Daemon::Starting),
    ]
}

fn documents() -> Vec<Case> {
    let path = |name, path: &str, answer: Answer| raw(name, get(&format!("{path}?{name}")), answer);
    vec![
        // Google's checks search the first 1,024 bytes, and a person's eye the first line.
        path(
            "status_comes_first",
            "/health",
            ok().begins("{\"status\":\"healthy\""),
        ),
        path(
            "status_comes_first_while_failing",
            "/health",
            unavailable().begins("{\"status\":\"unhealthy\""),
        )
        .when(Daemon::Failing),
        path("live_is_short", "/live", ok().begins("{\"status\":\"")),
        path("ready_is_short", "/ready", ok().begins("{\"status\":\"")),
        path(
            "document_names_the_service",
            "/health",
            ok().says("service", "conformance"),
        ),
        path(
            "document_names_the_version",
            "/health",
            ok().says("version", "1.2.3"),
        ),
        path(
            "document_names_the_phase",
            "/health",
            ok().says("phase", "running"),
        ),
        path("document_has_the_time", "/health", ok().has("timestamp")),
        path(
            "document_has_the_uptime",
            "/health",
            ok().has("uptime_seconds"),
        ),
        path(
            "document_counts_failures",
            "/health",
            ok().has("consecutive_failures"),
        ),
        path("document_has_components", "/health", ok().has("components")),
        path(
            "version_names_it",
            "/version",
            ok().says("version", "1.2.3"),
        ),
        path(
            "ok_has_no_retry_after",
            "/health",
            ok().without("retry-after"),
        ),
        path("ok_has_no_allow", "/live", ok().without("allow")),
        path(
            "kept_connection_says_nothing",
            "/version",
            ok().without("connection"),
        ),
        path("no_cookies", "/ready", ok().without("set-cookie")),
        path("no_redirect", "/healthz", ok().without("location")),
        path(
            "retry_after_while_starting",
            "/ready",
            unavailable().retry_after(),
        )
        .when(Daemon::Starting),
        path(
            "retry_after_while_draining",
            "/ready",
            unavailable().retry_after().closes(),
        )
        .when(Daemon::Draining),
        line(
            "closing_says_so",
            "GET /version HTTP/1.0",
            ok().with("connection", "close").closes(),
        ),
    ]
}

/// RFC 9110 §5.3: the lines of `Accept` are one list.
fn negotiated() -> Vec<Case> {
    let format = |name, format: &str, content_type| {
        let request = get(&format!("/livez?format={format}"));
        raw(
            name,
            request,
            ok_in_some_form().with("content-type", content_type),
        )
    };
    let accept = |name, lines: &str, content_type| {
        let request = head("GET /health HTTP/1.1", lines);
        raw(
            name,
            request,
            ok_in_some_form().with("content-type", content_type),
        )
    };
    vec![
        accept(
            "accept_in_the_second_line",
            "Accept: image/png\r\nAccept: text/plain",
            "text/plain; charset=utf-8",
        ),
        accept(
            "accept_in_lines_of_different_quality",
            "Accept: text/plain;q=0.5\r\nX: y\r\naccept: application/health+json",
            "application/health+json",
        ),
        accept(
            "accept_everything_before_another_line",
            "Accept: */*\r\nAccept: application/json;q=0",
            "text/plain; charset=utf-8",
        ),
        format("format_in_capitals", "JSON", "application/json"),
        format("format_with_capitals", "Text", "text/plain; charset=utf-8"),
        format("format_with_plus", "Health+JSON", "application/health+json"),
        format("format_without_a_value", "", "application/json"),
    ]
}

/// Errors are JSON too, name themselves in a few words, and say whether they close.
fn errors() -> Vec<Case> {
    let close = |status| refused(status).with("connection", "close");
    vec![
        line("error_400", "GET /health?error_400 HTTP/1.1 x", close(400)),
        line(
            "error_404",
            "GET /error HTTP/1.1",
            not_found().without("connection"),
        ),
        line(
            "error_404_is_not_to_be_retried",
            "GET /error/ HTTP/1.1",
            not_found().without("retry-after"),
        ),
        line(
            "error_405",
            "POST /health?error_405 HTTP/1.1",
            not_allowed().without("connection"),
        ),
        raw(
            "error_413",
            head("PUT /health HTTP/1.1", "Content-Length: 65537"),
            close(413),
        ),
        line(
            "error_414",
            "GET /".to_owned() + &"x".repeat(9_000) + " HTTP/1.1",
            close(414),
        ),
        raw(
            "error_431",
            head(
                "GET /error HTTP/1.1",
                "x: ".to_owned() + &"y".repeat(17_000),
            ),
            close(431),
        ),
        line("error_505", "GET /error HTTP/2.0", close(505)),
        // An error to HEAD has no body either: its bytes would be taken for the next answer.
        raw(
            "error_400_to_head",
            head("HEAD /error HTTP/1.1", "x y: z"),
            refused(400).for_head(),
        ),
        raw(
            "error_400_target_to_head",
            head("HEAD error HTTP/1.1", b""),
            refused(400).for_head(),
        ),
        raw(
            "error_413_to_head",
            head("HEAD /error HTTP/1.1", "Content-Length: 65537"),
            refused(413).for_head(),
        ),
        raw(
            "error_431_to_head",
            head(
                "HEAD /error HTTP/1.1",
                "x: ".to_owned() + &"y".repeat(17_000),
            ),
            refused(431).for_head(),
        ),
        raw(
            "error_405_closes_with_a_body",
            head("POST /health HTTP/1.1", "Content-Length: 1"),
            not_allowed().closes(),
        ),
        line(
            "options_has_no_content_type",
            "OPTIONS /livez HTTP/1.1",
            options(200).without("content-type"),
        ),
        line(
            "options_asterisk_has_no_content_type",
            "OPTIONS * HTTP/1.2",
            options_asterisk().without("content-type"),
        ),
    ]
}
