//! RFC 9112 §9.3, RFC 9110 §7.6.1: options are tokens in a list, in any case; `close` wins.

use super::super::answer::{Answer, not_allowed, not_found, ok, options, refused, unavailable};
use super::super::case::{Case, Daemon, field, head, raw};

pub(super) fn cases() -> Vec<Case> {
    let option = |name, value: &str, answer| field(name, format!("Connection: {value}"), answer);
    let closing = |name, line: &str, answer: Answer| {
        raw(name, head(line, "Connection: close"), answer.closes())
    };
    vec![
        option("close", "close", ok().closes()),
        option("close_in_mixed_case", "Close", ok().closes()),
        option("close_in_upper_case", "CLOSE", ok().closes()),
        option("close_first_of_list", "close, x", ok().closes()),
        option("close_last_of_list", "x, y, close", ok().closes()),
        option("close_in_list_without_spaces", "x,close,y", ok().closes()),
        option(
            "close_in_list_with_tabs",
            "x\t,\tclose\t,\ty",
            ok().closes(),
        ),
        option("close_among_empty_elements", ", ,close,,", ok().closes()),
        option("close_and_keep_alive", "close, keep-alive", ok().closes()),
        option("keep_alive_and_close", "keep-alive, close", ok().closes()),
        option("close_and_upgrade", "Upgrade, close", ok().closes()),
        field(
            "close_on_the_second_line",
            "Connection: x\r\nConnection: close",
            ok().closes(),
        ),
        field(
            "close_on_the_first_line",
            "Connection: close\r\nConnection: keep-alive",
            ok().closes(),
        ),
        field(
            "close_after_keep_alive_line",
            "Connection: keep-alive\r\nconnection: close",
            ok().closes(),
        ),
        closing("close_with_head", "HEAD /health HTTP/1.1", ok().for_head()),
        closing(
            "close_with_options",
            "OPTIONS /health HTTP/1.1",
            options(200),
        ),
        closing("close_with_post", "POST /health HTTP/1.1", not_allowed()),
        closing(
            "close_on_unknown_path",
            "GET /nothing HTTP/1.1",
            not_found(),
        ),
        closing("close_while_failing", "GET /health HTTP/1.1", unavailable()).when(Daemon::Failing),
        closing("close_in_http_1_2", "GET /health HTTP/1.2", ok()),
        // Not the token `close`.
        option("closed", "closed", ok()),
        option("x_close", "x-close", ok()),
        option("close_in_quotes", "\"close\"", ok()),
        option("close_with_parameter", "close;q=1", ok()),
        option("close_with_value", "close=1", ok()),
        option("close_and_word_without_comma", "close x", ok()),
        option("keep_alive", "keep-alive", ok()),
        option("keep_alive_in_mixed_case", "Keep-Alive", ok()),
        option("option_unknown", "x", ok()),
        option("option_empty", "", ok()),
        option("option_of_commas", ",,", ok()),
        field(
            "close_in_another_field",
            "Proxy-Connection: close\r\nX-Connection: close",
            ok(),
        ),
        field(
            "keep_alive_parameters",
            "Connection: keep-alive\r\nKeep-Alive: timeout=1, max=1",
            ok(),
        ),
        field("option_names_host", "Connection: Host", ok()),
        field(
            "close_with_space_before_colon",
            "Connection : close",
            refused(400),
        ),
    ]
}
