//! One target of a monitor: its document, and the page for people.

use super::super::answer::{Answer, for_browser, not_allowed, not_found, ok, options, probe};
use super::super::case::{Case, get, head, raw};
use super::super::watched::watched;
use super::access::unauthorized;
use super::asked::BEARER;

pub(super) fn cases() -> Vec<Case> {
    let with = |name, line: &str, fields: &str, answer: Answer| {
        raw(name, head(format!("{line} HTTP/1.1"), fields), answer)
            .service(|it| it.targets(&watched()))
    };
    let private = |name, fields: &str, answer: Answer| {
        let line = "GET /targets/web-1";
        with(name, line, fields, answer).service(|it| it.targets(&watched()).token("s3cret"))
    };
    let browser = "Accept: text/html";
    vec![
        with(
            "target",
            "GET /targets/web-1",
            "",
            ok().says("status", "unhealthy"),
        ),
        with(
            "target_name",
            "GET /targets/web-2",
            "",
            ok().says("name", "web-2"),
        ),
        with(
            "target_encoded",
            "GET /targets/web%2D1",
            "",
            ok().says("name", "web-1"),
        ),
        with("target_by_head", "HEAD /targets/web-1", "", ok().for_head()),
        with(
            "target_by_options",
            "OPTIONS /targets/web-1",
            "",
            options(200),
        ),
        with("target_by_post", "POST /targets/web-1", "", not_allowed()),
        with("target_of_no_name", "GET /targets/nobody", "", not_found()),
        with(
            "target_of_a_bad_name",
            "GET /targets/a%2Fb",
            "",
            not_found(),
        ),
        with("target_and_a_slash", "GET /targets/web-1/", "", not_found()),
        with(
            "target_history_of_no_program",
            "GET /targets/web-1/history",
            "",
            not_found(),
        ),
        with(
            "target_in_text",
            "GET /targets/web-1?format=text",
            "",
            probe(406),
        ),
        with(
            "target_for_a_browser",
            "GET /targets/web-1",
            browser,
            for_browser(200),
        ),
        private("target_without_token", "", unauthorized()),
        private("target_with_token", BEARER, ok().has("checks")),
        raw("target_of_no_monitor", get("/targets/web-1"), not_found()),
    ]
}
