//! What others are told of the targets that a monitor watches.

use super::super::answer::{Answer, not_allowed, not_found, ok, ok_in_some_form, options, probe};
use super::super::case::{Case, get, head, raw};
use super::super::watched::watched;

const READY: &str = r#"[{"targets":["[::1]:6379"],"labels":{"target":"cache"}},{"targets":["web-2.example:8080"],"labels":{"target":"web-2","group":"web"}}]"#;
const FIRST_READY: &str = r#"[{"targets":["[::1]:6379"],"labels":{"target":"cache"}}]"#;
const LAST_READY: &str =
    r#"[{"targets":["web-2.example:8080"],"labels":{"target":"web-2","group":"web"}}]"#;
const AFTER: &str = "after is the next of another answer, or the name of a target: 1 to 64 characters of A-Z a-z 0-9 _ . : -";

pub(super) fn cases() -> Vec<Case> {
    let with = |name, path: &str, answer: Answer| {
        raw(name, get(path), answer).service(|it| it.targets(&watched()))
    };
    let method = |name, line: &str, answer: Answer| {
        raw(name, head(format!("{line} HTTP/1.1"), ""), answer).service(|it| it.targets(&watched()))
    };
    // The request is a good one but for its query: the connection stays.
    let bad = |name, path: &str, error| with(name, path, probe(400).says("error", error));
    vec![
        with("targets", "/targets", ok().holds("total", "4")),
        with("targets_healthy", "/targets?x", ok().holds("healthy", "3")),
        with("targets_end", "/targets?y", ok().holds("next", "null")),
        with(
            "targets_of_a_status",
            "/targets?status=inactive",
            ok().holds("targets", "[]"),
        ),
        with(
            "targets_of_a_status_are_counted_with_all",
            "/targets?status=inactive",
            ok().holds("unhealthy", "1"),
        ),
        with(
            "targets_after_the_last",
            "/targets?after=web-2",
            ok().holds("targets", "[]"),
        ),
        with(
            "targets_after_a_name_that_is_none",
            "/targets?after=zzz",
            ok().holds("targets", "[]"),
        ),
        bad("targets_after_no_name", "/targets?after=a/b", AFTER),
        bad(
            "targets_of_no_status",
            "/targets?status=well",
            "status is one of: healthy, degraded, unhealthy, unknown, inactive, deregistered, answers-again",
        ),
        // What URL libraries make of a legal name, and what the last of several says.
        with(
            "targets_after_an_encoded_name",
            "/targets?after=web%2d2",
            ok().holds("targets", "[]"),
        ),
        bad(
            "targets_after_a_broken_encoding",
            "/targets?after=web%2",
            AFTER,
        ),
        with(
            "targets_of_the_last_status",
            "/targets?status=bad&status=inactive",
            ok().holds("targets", "[]"),
        ),
        with(
            "targets_after_the_last_name",
            "/targets?after=a/b&after=zzz",
            ok().holds("targets", "[]"),
        ),
        bad(
            "targets_of_a_last_status_that_is_none",
            "/targets?status=inactive&status=well",
            "status is one of: healthy, degraded, unhealthy, unknown, inactive, deregistered, answers-again",
        ),
        with("targets_ready", "/targets?ready", ok().exactly(READY)),
        with("targets_ready_1", "/targets?ready=1", ok().exactly(READY)),
        with(
            "targets_ready_limited",
            "/targets?ready&limit=1",
            ok().exactly(FIRST_READY),
        ),
        with(
            "targets_ready_after",
            "/targets?ready&limit=9&after=cache",
            ok().exactly(LAST_READY),
        ),
        with(
            "targets_limited",
            "/targets?limit=3",
            ok().holds("next", r#""healthy~disk""#),
        ),
        with(
            "targets_behind_the_first_page",
            "/targets?after=healthy~disk",
            ok().holds("next", "null"),
        ),
        with(
            "targets_behind_the_last_of_a_status",
            "/targets?after=unhealthy%7Eweb-1&status=unhealthy",
            ok().holds("targets", "[]"),
        ),
        with(
            "targets_by_name",
            "/targets?after=cache&limit=1",
            ok().holds("next", r#""disk""#),
        ),
        bad(
            "targets_after_no_status",
            "/targets?after=well~web-1",
            AFTER,
        ),
        bad("targets_after_a_status", "/targets?after=healthy~", AFTER),
        bad("targets_after_two", "/targets?after=healthy~a~b", AFTER),
        bad(
            "targets_of_no_limit",
            "/targets?limit=0",
            "limit is a number from 1 to 1000",
        ),
        bad(
            "targets_ready_beyond_the_limit",
            "/targets?ready&limit=1001",
            "limit is a number from 1 to 1000",
        ),
        with("targets_ready_0", "/targets?ready=0", ok().has("targets")),
        with(
            "targets_not_ready_last",
            "/targets?ready&ready=0",
            ok().has("targets"),
        ),
        with(
            "targets_ready_last",
            "/targets?ready=false&ready=true",
            ok().exactly(READY),
        ),
        with("targets_exactly", "/targets/", not_found()),
        method("targets_by_head", "HEAD /targets", ok().for_head()),
        method("targets_by_options", "OPTIONS /targets", options(200)),
        method("targets_by_post", "POST /targets", not_allowed()),
        method(
            "targets_by_post_with_a_flaw",
            "POST /targets?status=well",
            not_allowed(),
        ),
        // Who watches nothing has no such path.
        raw("targets_of_nobody", get("/targets"), not_found()),
        raw(
            "targets_of_nobody_ready",
            get("/targets?ready"),
            not_found(),
        ),
        method_of_nobody(),
        with("targets_without_token", "/targets", probe(401))
            .service(|it| it.targets(&watched()).token("s3cret")),
        with("targets_ready_without_token", "/targets?ready", probe(401))
            .service(|it| it.targets(&watched()).token("s3cret")),
        with("targets_for_nobody", "/targets", probe(403))
            .service(|it| it.targets(&watched()).verdicts_only()),
        // A verdict, and no names: for everybody.
        with(
            "targets_in_the_document",
            "/health",
            ok().holds("targets", r#"{"total":4,"healthy":3}"#),
        )
        .service(|it| it.targets(&watched()).verdicts_only()),
        with("targets_beside_metrics", "/metrics", ok_in_some_form()),
    ]
}

/// As any other path that is none.
fn method_of_nobody() -> Case {
    let line = head("OPTIONS /targets HTTP/1.1", "");
    raw("targets_of_nobody_by_options", line, not_found())
}
