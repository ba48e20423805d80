//! What a program answers itself about a target: who may ask for it, and how.

use super::super::answer::{Answer, not_allowed, not_found, ok, options, probe, unavailable};
use super::super::asked::{asked, closed};
use super::super::case::{Case, head, raw};
use super::access::{forbidden, unauthorized};

pub(super) const BEARER: &str = "Authorization: Bearer s3cret";

pub(super) fn cases() -> Vec<Case> {
    let all = [reads(), actions(), queries(), origins()];
    all.into_iter().flatten().collect()
}

/// Its program stands behind it, and everybody may read.
fn ask(name: &'static str, line: &str, fields: &str, answer: Answer) -> Case {
    raw(name, head(format!("{line} HTTP/1.1"), fields), answer)
        .service(|it| asked(it).token("s3cret"))
}

fn post(name: &'static str, path: &str, fields: &str, answer: Answer) -> Case {
    ask(name, &format!("POST /targets/web-1/{path}"), fields, answer)
}

fn reads() -> Vec<Case> {
    let history = "/targets/web-1/history";
    vec![
        ask(
            "asked",
            &format!("GET {history}"),
            "",
            ok().says("name", "web-1"),
        ),
        ask(
            "asked_by_head",
            &format!("HEAD {history}"),
            "",
            ok().for_head(),
        ),
        ask(
            "asked_by_options",
            &format!("OPTIONS {history}"),
            "",
            options(200),
        ),
        ask(
            "asked_by_post",
            &format!("POST {history}"),
            BEARER,
            not_allowed(),
        ),
        ask(
            "asked_by_delete",
            &format!("DELETE {history}"),
            BEARER,
            not_allowed(),
        ),
        ask(
            "asked_of_nobody",
            "GET /targets/nobody/history",
            "",
            not_found(),
        ),
        ask(
            "asked_of_a_bad_name",
            "GET /targets/a%20b/history",
            "",
            not_found(),
        ),
        ask(
            "asked_for_no_path",
            "GET /targets/web-1/nothing",
            "",
            not_found(),
        ),
        ask(
            "asked_for_more_path",
            "GET /targets/web-1/history/x",
            "",
            not_found(),
        ),
        ask(
            "asked_of_no_target",
            "GET /targets//history",
            "",
            not_found(),
        ),
        ask(
            "asked_too_much",
            "GET /targets/web-1/full",
            "",
            unavailable().retry_after(),
        ),
        ask(
            "asked_with_a_body",
            &format!("GET {history}"),
            "Content-Length: 1",
            ok().closes(),
        ),
        ask(
            "asked_without_token",
            &format!("GET {history}"),
            "",
            unauthorized(),
        )
        .service(|it| closed(it).token("s3cret")),
        ask(
            "asked_for_nobody",
            &format!("GET {history}?x"),
            BEARER,
            forbidden(),
        )
        .service(|it| asked(it).token("s3cret").verdicts_only()),
        raw(
            "asked_in_http_1_0",
            format!("GET {history} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
            ok().keeps_1_0(),
        )
        .service(asked),
    ]
}

fn actions() -> Vec<Case> {
    let not_that = || {
        not_allowed()
            .without_fields()
            .with("allow", "POST, OPTIONS")
    };
    let done = || ok().says("done", "");
    vec![
        post("action", "pause", BEARER, done()),
        post(
            "action_with_a_reason",
            "pause?why=new+disk%21",
            BEARER,
            ok().says("done", "new disk!"),
        ),
        post(
            "action_of_no_length",
            "pause?a",
            &format!("{BEARER}\r\nContent-Length: 0"),
            done(),
        ),
        post(
            "action_refused",
            "resume",
            BEARER,
            probe(409).says("error", "it is not paused"),
        ),
        post("action_without_token", "pause", "", unauthorized()),
        post(
            "action_with_a_wrong_token",
            "pause",
            "Authorization: Bearer s3cre",
            unauthorized(),
        ),
        post(
            "action_with_basic",
            "pause",
            "Authorization: Basic s3cret",
            unauthorized(),
        ),
        post(
            "action_with_the_token_elsewhere",
            "pause",
            "X-API-Key: s3cret",
            unauthorized(),
        ),
        post(
            "action_with_the_token_in_a_cookie",
            "pause",
            "Cookie: token=s3cret",
            unauthorized(),
        ),
        post(
            "action_where_no_token_is",
            "pause",
            BEARER,
            probe(403).says("error", "Actions need a token, and this endpoint has none"),
        )
        .service(asked),
        post("action_on_verdicts_only", "pause", BEARER, probe(403))
            .service(|it| asked(it).token("s3cret").verdicts_only()),
        // Whatever a closure says.
        post("action_by_authorize", "pause", "", unauthorized()).service(|it| {
            asked(it)
                .token("s3cret")
                .authorize(|_| Some(health_core::server::Access::Detailed))
        }),
        ask(
            "action_by_get",
            "GET /targets/web-1/pause",
            BEARER,
            not_that(),
        ),
        ask(
            "action_by_head",
            "HEAD /targets/web-1/pause",
            BEARER,
            not_that().for_head(),
        ),
        ask(
            "action_by_put",
            "PUT /targets/web-1/pause",
            BEARER,
            not_that(),
        ),
        // Method names are case-sensitive.
        ask(
            "action_by_small_post",
            "post /targets/web-1/pause",
            BEARER,
            not_that(),
        ),
        ask(
            "action_by_options",
            "OPTIONS /targets/web-1/pause",
            BEARER,
            options(200)
                .without_fields()
                .with("allow", "POST, OPTIONS")
                .with("content-length", "0"),
        ),
        post(
            "action_with_a_body",
            "pause",
            &format!("{BEARER}\r\nContent-Length: 2"),
            probe(400)
                .says(
                    "error",
                    "the request has no body: parameters stand in the query",
                )
                .closes(),
        ),
        post(
            "action_with_chunks",
            "pause",
            &format!("{BEARER}\r\nTransfer-Encoding: chunked"),
            probe(400).closes(),
        ),
    ]
}

fn queries() -> Vec<Case> {
    const TEXT: &str = "the query is NAME=VALUE&NAME=VALUE in UTF-8, encoded with % and two digits, without control characters";
    let bad = |name, query: &str, error| {
        post(
            name,
            &format!("pause?{query}"),
            BEARER,
            probe(400).says("error", error),
        )
    };
    vec![
        bad("asked_with_a_broken_encoding", "why=%2", TEXT),
        bad("asked_with_a_line_end", "why=a%0Ab", TEXT),
        bad("asked_with_what_is_no_text", "why=%ff", TEXT),
        bad(
            "asked_twice_the_same",
            "for=1h&for=2h",
            "each parameter of the query stands there once",
        ),
        bad(
            "asked_with_nine_parameters",
            "a&b&c&d&e&f&g&h&i",
            "the query has at most 8 parameters and 1024 bytes",
        ),
        // Who may not act does not learn what would be allowed.
        post(
            "asked_badly_without_token",
            "pause?why=%2",
            "",
            unauthorized(),
        ),
    ]
}

/// A listed origin may read. It may not act, and nothing tells its browser otherwise.
fn origins() -> Vec<Case> {
    const PAGE: &str = "Origin: https://status.example.com";
    let listed = |name, line: &str, fields: &str, answer: Answer| {
        let fields = format!("{PAGE}\r\n{fields}");
        ask(name, line, &fields, answer).service(|it| {
            let origin = "https://status.example.com".parse().expect("an origin");
            asked(it).token("s3cret").allow_origins([origin])
        })
    };
    let silent = |answer: Answer| {
        answer
            .without("access-control-allow-origin")
            .without("access-control-allow-methods")
            .without("access-control-allow-headers")
    };
    let preflight = || {
        options(204)
            .without_fields()
            .without("content-length")
            .without("allow")
    };
    vec![
        listed(
            "asked_from_a_listed_origin",
            "GET /targets/web-1/history",
            BEARER,
            ok().with("access-control-allow-origin", "https://status.example.com"),
        ),
        listed(
            "action_from_a_listed_origin",
            "POST /targets/web-1/pause",
            BEARER,
            silent(ok()),
        ),
        listed(
            "action_from_a_listed_origin_is_not_announced",
            "OPTIONS /targets/web-1/pause",
            "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization",
            silent(preflight()),
        ),
    ]
}
