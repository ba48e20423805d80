//! HTTP/1.0: no `Host` needed, and no second request unless the client asks for it (RFC 9112 §9.3).

use super::super::answer::{
    Answer, not_allowed, not_found, ok, options, options_asterisk, unavailable,
};
use super::super::case::{Case, Daemon, raw};

pub(super) fn cases() -> Vec<Case> {
    let plain = |name, line: &str, answer: Answer| {
        raw(name, format!("{line} HTTP/1.0\r\n\r\n"), answer.closes())
    };
    let kept = |name, line: &str, answer: Answer| {
        let request = format!("{line} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        raw(name, request, answer.keeps_1_0())
    };
    let option = |name, value: &str, answer: Answer| {
        raw(
            name,
            format!("GET /health HTTP/1.0\r\nConnection: {value}\r\n\r\n"),
            answer,
        )
    };
    vec![
        plain("v1_0_get", "GET /healthz", ok()),
        plain("v1_0_head", "HEAD /health", ok().for_head()),
        plain("v1_0_options", "OPTIONS /health", options(200)),
        plain("v1_0_options_asterisk", "OPTIONS *", options_asterisk()),
        plain("v1_0_post", "POST /health", not_allowed()),
        plain("v1_0_unknown_path", "GET /nothing", not_found()),
        plain("v1_0_query", "GET /health?x=1", ok()),
        plain("v1_0_starting", "GET /ready", unavailable().retry_after()).when(Daemon::Starting),
        plain("v1_0_draining", "GET /ready", unavailable().retry_after()).when(Daemon::Draining),
        raw(
            "v1_0_with_host",
            "GET /health HTTP/1.0\r\nHost: conformance\r\n\r\n",
            ok().closes(),
        ),
        raw(
            "v1_0_with_empty_host",
            "GET /health HTTP/1.0\r\nHost:\r\n\r\n",
            ok().closes(),
        ),
        kept("v1_0_keep_alive", "GET /health", ok()),
        kept("v1_0_keep_alive_head", "HEAD /health", ok().for_head()),
        kept("v1_0_keep_alive_options", "OPTIONS /health", options(200)),
        kept(
            "v1_0_keep_alive_options_asterisk",
            "OPTIONS *",
            options_asterisk(),
        ),
        kept("v1_0_keep_alive_post", "POST /health", not_allowed()),
        kept("v1_0_keep_alive_unknown_path", "GET /nothing", not_found()),
        kept("v1_0_keep_alive_failing", "GET /health", unavailable()).when(Daemon::Failing),
        // While draining no connection is kept, whoever asks.
        raw(
            "v1_0_keep_alive_draining",
            "GET /live HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            ok().closes(),
        )
        .when(Daemon::Draining),
        option(
            "v1_0_keep_alive_in_mixed_case",
            "Keep-Alive",
            ok().keeps_1_0(),
        ),
        option("v1_0_keep_alive_in_list", "x, keep-alive", ok().keeps_1_0()),
        option(
            "v1_0_keep_alive_and_close",
            "keep-alive, close",
            ok().closes(),
        ),
        option(
            "v1_0_close_and_keep_alive",
            "close, keep-alive",
            ok().closes(),
        ),
        option("v1_0_close", "close", ok().closes()),
        option("v1_0_option_unknown", "x", ok().closes()),
        option(
            "v1_0_option_not_quite_keep_alive",
            "keep-alives",
            ok().closes(),
        ),
        raw(
            "v1_0_keep_alive_field_is_no_option",
            "GET /health HTTP/1.0\r\nKeep-Alive: timeout=5\r\n\r\n",
            ok().closes(),
        ),
        // RFC 9112 §C.2.2: a proxy that does not know the field passes it on.
        raw(
            "v1_0_proxy_connection_is_no_option",
            "GET /health HTTP/1.0\r\nProxy-Connection: keep-alive\r\n\r\n",
            ok().closes(),
        ),
        raw(
            "v1_0_keep_alive_twice_then_not",
            "GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n\
             GET /ready HTTP/1.0\r\nConnection: keep-alive\r\n\r\n\
             GET /live HTTP/1.0\r\n\r\n",
            [ok().keeps_1_0(), ok().keeps_1_0(), ok().closes()],
        ),
        raw(
            "v1_0_keep_alive_then_1_1",
            "GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n\
             GET /ready HTTP/1.1\r\nHost: conformance\r\n\r\n",
            [ok().keeps_1_0(), ok()],
        ),
    ]
}
