//! CORS (WHATWG Fetch §3.2): off, and with one page that may read the answers.

use super::super::answer::{Answer, not_allowed, not_found, ok, options, probe, refused};
use super::super::case::{Case, Daemon, head, raw};

const PAGE: &str = "https://status.example.com";

pub(super) fn cases() -> Vec<Case> {
    [off(), on(), preflights()].into_iter().flatten().collect()
}

fn silent(answer: Answer) -> Answer {
    answer
        .without("access-control-allow-origin")
        .without("access-control-allow-credentials")
        .without("access-control-allow-methods")
}

fn readable(answer: Answer) -> Answer {
    answer
        .with("access-control-allow-origin", PAGE)
        .without("access-control-allow-credentials")
        .with("vary", "Origin")
}

const PREFLIGHT_VARY: &str =
    "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";

/// 204, and what may be sent.
fn preflight() -> Answer {
    probe_of_nothing()
        .with("access-control-allow-origin", PAGE)
        .with("access-control-allow-methods", "GET, HEAD, OPTIONS")
        .with(
            "access-control-allow-headers",
            "Authorization, Last-Event-ID, X-Request-Id, X-API-Key",
        )
        .with("access-control-max-age", "600")
        .with("vary", PREFLIGHT_VARY)
        .without("access-control-allow-credentials")
}

fn probe_of_nothing() -> Answer {
    options(204)
        .without_fields()
        .without("content-length")
        .without("allow")
}

fn off() -> Vec<Case> {
    let ask = |name, line: &str, fields: &str, answer: Answer| {
        raw(name, head(format!("{line} HTTP/1.1"), fields), answer)
    };
    let silent = |answer| silent(answer).without("vary");
    vec![
        ask(
            "origin_while_off",
            "GET /health",
            "Origin: https://a.example",
            silent(ok()),
        ),
        // It is HAProxy's check with odd fields.
        ask(
            "preflight_while_off",
            "OPTIONS /health",
            "Origin: https://a.example\r\nAccess-Control-Request-Method: GET",
            silent(options(200)),
        ),
    ]
}

fn on() -> Vec<Case> {
    let ask = |name, line: &str, fields: &str, answer: Answer| {
        raw(name, head(format!("{line} HTTP/1.1"), fields), answer).service(|it| {
            let pages = [PAGE, "http://localhost:3000"];
            it.allow_origins(pages.map(|page| page.parse().expect("an origin")))
        })
    };
    let from_page = "Origin: https://status.example.com";
    let varies = |answer| silent(answer).with("vary", "Origin");
    vec![
        ask("origin_listed", "GET /health", from_page, readable(ok())),
        ask(
            "origin_listed_for_stats",
            "GET /stats",
            from_page,
            readable(ok()),
        ),
        ask(
            "origin_listed_second",
            "GET /health",
            "Origin: http://localhost:3000",
            ok().with("access-control-allow-origin", "http://localhost:3000"),
        ),
        ask(
            "origin_listed_while_failing",
            "GET /health",
            from_page,
            readable(probe(503)),
        )
        .when(Daemon::Failing),
        ask(
            "origin_listed_for_head",
            "HEAD /health",
            from_page,
            readable(ok()).for_head(),
        ),
        ask(
            "origin_listed_for_options",
            "OPTIONS /health",
            from_page,
            readable(options(200)),
        ),
        ask(
            "origin_listed_for_nothing",
            "GET /nothing",
            from_page,
            readable(not_found()),
        ),
        ask(
            "origin_listed_for_post",
            "POST /health",
            from_page,
            readable(not_allowed()),
        ),
        ask("origin_of_nobody", "GET /health", "", varies(ok())),
        ask(
            "origin_not_listed",
            "GET /health",
            "Origin: https://evil.example",
            varies(ok()),
        ),
        // Each of these has got past somebody's comparison.
        ask(
            "origin_longer",
            "GET /health",
            "Origin: https://status.example.com.evil.example",
            varies(ok()),
        ),
        ask(
            "origin_shorter",
            "GET /health",
            "Origin: https://status.example",
            varies(ok()),
        ),
        ask(
            "origin_of_another_scheme",
            "GET /health",
            "Origin: http://status.example.com",
            varies(ok()),
        ),
        ask(
            "origin_with_a_port",
            "GET /health",
            "Origin: https://status.example.com:443",
            varies(ok()),
        ),
        ask("origin_null", "GET /health", "Origin: null", varies(ok())),
        ask("origin_asterisk", "GET /health", "Origin: *", varies(ok())),
        ask(
            "origin_listed_in_a_malformed_request",
            "GET /health",
            "Origin: https://status.example.com\r\nX : y",
            silent(refused(400)),
        ),
    ]
}

fn preflights() -> Vec<Case> {
    let ask = |name, line: &str, fields: &str, answer: Answer| {
        raw(name, head(format!("{line} HTTP/1.1"), fields), answer).service(|it| {
            it.token("s3cret")
                .allow_origins([PAGE.parse().expect("an origin")])
        })
    };
    let of_page = "Origin: https://status.example.com\r\nAccess-Control-Request-Method: GET\r\n\
                   Access-Control-Request-Headers: authorization";
    vec![
        ask(
            "preflight_for_health",
            "OPTIONS /health",
            of_page,
            preflight(),
        ),
        // Browsers send no token with it.
        ask(
            "preflight_for_stats",
            "OPTIONS /stats",
            of_page,
            preflight(),
        ),
        ask(
            "preflight_while_failing",
            "OPTIONS /health",
            of_page,
            preflight(),
        )
        .when(Daemon::Failing),
        ask(
            "preflight_for_nothing",
            "OPTIONS /nothing",
            of_page,
            not_found().with("vary", PREFLIGHT_VARY),
        ),
        ask(
            "preflight_of_another_page",
            "OPTIONS /health",
            "Origin: https://evil.example\r\nAccess-Control-Request-Method: GET",
            silent(probe_of_nothing()).with("vary", PREFLIGHT_VARY),
        ),
        ask(
            "preflight_without_an_origin",
            "OPTIONS /health",
            "Access-Control-Request-Method: GET",
            silent(options(200)),
        ),
        ask(
            "preflight_without_a_method",
            "OPTIONS /health",
            "Origin: https://status.example.com",
            readable(options(200)),
        ),
        ask(
            "preflight_that_is_none",
            "GET /health",
            of_page,
            readable(ok()),
        ),
        ask(
            "preflight_for_a_key_of_another_name",
            "OPTIONS /health",
            of_page,
            probe_of_nothing().with(
                "access-control-allow-headers",
                "Authorization, Last-Event-ID, X-Request-Id, X-Key",
            ),
        )
        .service(|it| {
            let it = it.api_key_header("X-Key").expect("a name");
            it.allow_origins([PAGE.parse().expect("an origin")])
        }),
    ]
}
